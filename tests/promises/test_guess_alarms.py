"""What the operators hear of guesses at one account (AU-05)."""

from tests.answers import ADA
from tests.attack import journal
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import Member, member


async def alarms(house: FrontDoor, name: str) -> list[str | None]:
    """The accounts that alarms of this name speak of."""
    raised = [one.details for one in await journal(house, "alarm_raised")]
    return [one.get("account") for one in raised if one["alarm"] == name]


async def account_id(house: FrontDoor) -> str:
    accepted = await journal(house, "authn_password_success")
    return str(accepted[-1].account_id)


async def wrong_codes(house: FrontDoor, number: int) -> None:
    """Five wrong codes in a new browser, once the pauses are over."""
    house.clock.advance(seconds=3700)
    thief = house.browser(source=f"198.51.{number}.7")
    await house.password(thief, ADA)
    for _ in range(5):
        await thief.press("Verify", code="000000")


async def test_twenty_strikes_raise_an_alarm(house: FrontDoor) -> None:
    """AU-05: the twentieth wrong code after one password tells the operators, and not before."""
    await member(house)
    for number in range(3):
        await wrong_codes(house, number)
    assert await alarms(house, "strikes") == []

    await wrong_codes(house, 3)

    assert await alarms(house, "strikes") == [await account_id(house)]


async def test_what_a_killed_process_left_undone_is_made_up(house: FrontDoor) -> None:
    """RL-05, AU-05: a process that died after the twentieth guess, before it demanded another
    password, has told nobody; the owner's next sign-in sets one, and the operators hear of it."""
    ada = await member(house)
    for number in range(4):
        await wrong_codes(house, number)
    await house.database.transact(
        lambda tx: tx.execute("UPDATE accounts SET new_password_required_at = NULL")
    )
    house.clock.advance(seconds=3700)
    told = len(await alarms(house, "strikes"))

    await ada.person.press("Sign out")
    await ada.sign_in(ada.person)

    assert ada.person.path == "/new-password", ada.person.text
    assert len(await alarms(house, "strikes")) == told + 1


async def replay(house: FrontDoor, ada: Member, times: int) -> Person:
    """A code that opened the door is typed again elsewhere."""
    used = ada.next_code()
    await house.password(ada.person, ADA)
    await ada.person.press("Verify", code=used)
    thief = house.browser(source="198.51.100.66")
    await house.password(thief, ADA)
    for _ in range(times):
        await thief.press("Verify", code=used)
    return thief


async def signed_out(house: FrontDoor) -> Member:
    ada = await member(house)
    await ada.person.press("Sign out")
    return ada


async def test_slip_with_a_used_code_raises_none(house: FrontDoor) -> None:
    """AU-05: who types a used code once or twice is no alarm."""
    await replay(house, await signed_out(house), 2)

    assert len(await journal(house, "authn_token_reuse")) == 2
    assert await alarms(house, "replays") == []


async def test_burst_of_used_codes_raises_one_an_hour(house: FrontDoor) -> None:
    """AU-05: the third used code within an hour is an alarm, once for the account and hour."""
    ada = await signed_out(house)

    await replay(house, ada, 4)

    assert len(await journal(house, "authn_token_reuse")) == 4
    assert await alarms(house, "replays") == [await account_id(house)]
