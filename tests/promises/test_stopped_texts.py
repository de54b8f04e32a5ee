"""A number that sent STOP, or whose sender somebody forged, keeps nobody out in silence."""

from pathlib import Path

from tests.answers import ADA, notice, told
from tests.attack import journal
from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from tests.person import Person
from tests.promises.states import add_phone, member
from vestibule.flows.opt_outs import opted_in, opted_out

NUMBER = "+447400123456"


async def stop(house: FrontDoor) -> None:
    house.clock.advance(seconds=3600)
    await opted_out(house.built.means, NUMBER, "text")


async def phone_only(house: FrontDoor) -> Person:
    """A known browser of somebody who has a number and nothing else, in front of the doors."""
    owner, _ = await house.member()
    await stop(house)
    await owner.press("Sign out")
    return owner


async def test_stop_is_told_by_mail(house: FrontDoor) -> None:
    """NO-01: the account whose number takes no more texts hears so by mail, with what to do."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    await opted_out(house.built.means, NUMBER, "text")

    mail = await notice(house, "texts_stopped")

    for said in ("ending in 56", "START", "change the number", "forged", "Help and support"):
        assert said in mail.text, mail.text
    assert NUMBER not in mail.text
    noted = await journal(house, "number_opted_out")
    assert [one.account_id is not None for one in noted] == [True]
    assert "asked for no more texts" in (await _activity(ada.person))


async def _activity(person: Person) -> str:
    await person.get("/activity")
    return person.text


async def test_every_account_of_the_number_is_told(house: FrontDoor) -> None:
    """NO-01: a number that two accounts share is two mails, and a third account hears nothing."""
    await house.member()
    house.clock.advance(seconds=60)
    await house.member("bea@example.com")
    await house.member_with_app("cy@example.com")

    await stop(house)

    for email, mails in ((ADA, 1), ("bea@example.com", 1), ("cy@example.com", 0)):
        assert (await told(house, to=email))["texts_stopped"] == mails, email


async def test_stop_again_and_again_is_three_mails_a_day(house: FrontDoor) -> None:
    """NO-04: who forges STOP and START all day long fills no mailbox."""
    await house.member()

    for _ in range(6):
        await stop(house)
        await opted_in(house.built.means, NUMBER)

    assert (await told(house))["texts_stopped"] == 3


async def test_settings_say_it_at_the_number(house: FrontDoor) -> None:
    """The settings page says that texts are stopped, and what to do, until START."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    await ada.person.get("/settings")
    assert "START" not in ada.person.text
    await opted_out(house.built.means, NUMBER, "text")

    await ada.person.get("/settings")
    assert "Texts to this number are stopped" in ada.person.text
    assert "START" in ada.person.text
    await opted_in(house.built.means, NUMBER)

    await ada.person.get("/settings")
    assert "START" not in ada.person.text


async def test_owner_of_a_phone_alone_signs_in_by_call(house: FrontDoor) -> None:
    """R4: after a STOP the page says why no text came, and a call opens the second door."""
    owner = await phone_only(house)

    await house.password(owner)

    assert owner.path == "/sign-in/code"
    assert "asked not to get our texts. Text START" in owner.text, owner.text
    await owner.follow("Try another way")
    await owner.press("Voice call to the number ending in 56")
    await owner.press("Verify", code=await house.code("voice"))
    assert owner.path == "/", owner.text


async def test_where_no_call_leaves_the_page_says_what_to_do(tmp_path: Path) -> None:
    """R4: with voice closed the page names START, and the recovery code stands beside it."""
    over = sqlite_database(tmp_path / "house.db")
    closed: dict[str, object] = {"routes_voice__xx": {"GB": ""}}
    async with front_door(over, tmp_path, settings=closed) as house:
        owner = await phone_only(house)
        await house.password(owner)

        assert "Text START" in owner.text, owner.text
        await owner.follow("Try another way")
        assert "Enter recovery code" in owner.text

        await opted_in(house.built.means, NUMBER)
        await owner.get("/sign-in/code")
        await owner.press("Send code by text message")
        await owner.press("Verify", code=await house.code("sms"))
        assert owner.path == "/", owner.text
    await over.close()
