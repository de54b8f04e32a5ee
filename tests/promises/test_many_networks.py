"""Somebody has networks without end and one address that is not his: what it gets him (RL-10)."""

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.promises.states import rows

VICTIM = "vera@example.com"


async def ask_sign_up(house: FrontDoor, source: str) -> Person:
    person = house.browser(source=source)
    await person.get("/sign-up")
    await person.press("Create account", name="Eve", email=VICTIM, password=PASSWORD)
    return person


async def ask_reset(house: FrontDoor, source: str) -> Person:
    person = house.browser(source=source)
    await person.get("/forgot-password")
    await person.press("Send code", email=VICTIM)
    return person


async def mails(house: FrontDoor) -> Counter[str]:
    await house.deliver()
    return Counter(one.purpose for one in house.inbox() if one.to == VICTIM)


async def test_one_customer_fills_no_mailbox(house: FrontDoor) -> None:
    """RL-10: past an address's usual mails a whole IPv6 /48 or IPv4 /24 gets one more an hour."""
    for n in range(9):
        await ask_sign_up(house, f"2001:db8:1:{n}::1")
    for n in range(4):
        await ask_sign_up(house, f"198.51.100.{n}")
    assert (await mails(house))["sign_up"] == 5 + 1 + 1

    other = await ask_sign_up(house, "192.0.2.1")

    assert other.path == "/sign-up/code", other.text


async def test_resets_of_one_customer_fill_no_mailbox(house: FrontDoor) -> None:
    """RL-10: the same of resets; the owner still gets one an hour in a network of their own."""
    await house.sign_up(house.browser(), VICTIM)
    for n in range(9):
        await ask_reset(house, f"2001:db8:1:{n}::1")
    assert (await mails(house))["reset"] == 5 + 1

    assert (await ask_reset(house, "192.0.2.1")).path == "/forgot-password/code"


@pytest.mark.parametrize("has_account", [True, False])
async def test_spellings_of_one_address_have_one_count(
    house: FrontDoor, *, has_account: bool
) -> None:
    """RL-10, EN-01: letters whose folded forms differ, and which are one address, are counted as
    one, with an account and without."""
    spellings = ["\u0390@example.com", "\u0399\u0308\u0301@example.com"]
    if has_account:
        await house.sign_up(house.browser(), spellings[0])
    asked = []
    for n in range(12):
        person = house.browser(source=f"2001:db8:1:{n}::1")
        await person.get("/forgot-password")
        await person.press("Send code", email=spellings[n % 2])
        asked.append(person.path)

    assert asked.count("/forgot-password/code") == 5 + 1


async def thieves(house: FrontDoor) -> None:
    """Five browsers of different networks that know the password, each with its mailed code."""
    for n in range(5):
        thief = house.browser(source=f"203.0.{n}.1")
        await house.password(thief, VICTIM)
        await thief.press("Send code")
        assert "six-digit code" in thief.text


async def test_a_thief_of_a_password_keeps_nobody_at_the_wall(house: FrontDoor) -> None:
    """RL-10: past the usual mails a set-up goes on with one an hour, of ten digits."""
    await house.sign_up(house.browser(), VICTIM)
    await thieves(house)

    owner = house.browser(source="192.0.2.1")
    await house.password(owner, VICTIM)
    await owner.press("Send code")

    assert "ten-digit code" in owner.text
    await house.deliver()
    [code] = [one.code for one in house.inbox() if one.to == VICTIM and len(one.code or "") == 10]
    await owner.press("Verify", code=str(code))
    assert owner.path == "/set-up", owner.text


async def test_a_thief_of_a_password_ends_no_set_up(house: FrontDoor) -> None:
    """OC-10: a set-up whose mailbox is proven goes on however often others begin."""
    owner = house.browser()
    await house.sign_up(owner, VICTIM)
    await thieves(house)

    await house.set_up_phone(owner)

    assert owner.path == "/", owner.text


async def test_nobody_guesses_his_way_to_an_address(house: FrontDoor) -> None:
    """EF-08: past an address's usual mails its sign-up codes are ten digits, and still work."""
    usual = [await ask_sign_up(house, f"203.0.{n}.1") for n in range(5)]
    assert all("six-digit code" in one.text for one in usual)

    owner = await ask_sign_up(house, "192.0.2.1")

    assert "ten-digit code" in owner.text
    challenges = await rows(house, "challenges")
    assert Counter(one["digits"] for one in challenges) == {6: 5, 10: 1}
    await owner.press("Verify", code="123456")
    assert "The code has 10 digits" in owner.text
    await house.deliver()
    sent = [one.code for one in house.inbox() if one.to == VICTIM and len(one.code or "") == 10]
    await owner.press("Verify", code=str(sent[0]))
    assert owner.path == "/set-up", owner.text


@pytest.mark.parametrize("has_password", [False, True], ids=["sign-up", "wall"])
async def test_mailed_codes_are_guessed_fifty_times_a_year(
    house: FrontDoor, has_password: bool
) -> None:
    """OC-08: ten codes a year that nobody proved are short, whoever asks: fifty guesses in a
    million, and no more."""
    if has_password:
        await house.sign_up(house.browser(), VICTIM)
    for n in range(24):
        house.clock.advance(seconds=12 * 3600)
        thief = house.browser(source=f"203.0.{n}.1")
        if has_password:
            await house.password(thief, VICTIM)
            await thief.press("Send code")
        else:
            await ask_sign_up(house, f"203.0.{n}.1")
        await house.deliver()
    codes = [one.code or "" for one in house.inbox() if one.to == VICTIM]
    # With a password there is the owner's own sign-up before them, which was proven.
    assert Counter(map(len, codes)) == {6: 11 if has_password else 10, 10: 14}

    house.clock.advance(seconds=366 * 86_400)
    owner = await ask_sign_up(house, "192.0.2.1")
    assert "six-digit code" in owner.text


async def _signs_up_late(house: FrontDoor) -> None:
    """The first code goes unread until it has ended; the second is right."""
    person = await ask_sign_up(house, "192.0.2.1")
    house.clock.advance(seconds=1801)
    await person.press("Resend")
    await person.press("Verify", code=await house.code("email", to=VICTIM))
    assert person.path == "/set-up", person.text


async def _comes_back_to_the_wall(house: FrontDoor) -> None:
    await house.sign_up(house.browser(), VICTIM)
    person = house.browser(source="192.0.2.1")
    await house.password(person, VICTIM)
    await person.press("Send code")
    await person.press("Verify", code=await house.code("email", to=VICTIM))
    assert person.path == "/set-up", person.text


async def _has_no_account(house: FrontDoor) -> None:
    """What the others are compared with."""


OWNERS = (_has_no_account, _signs_up_late, _comes_back_to_the_wall)


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.__name__[1:])
async def test_the_year_of_an_address_tells_of_no_account(
    either_house: FrontDoor, owner: Callable[[FrontDoor], Awaitable[None]]
) -> None:
    """EN-01: whoever counts the short codes of a sign-up finds ten, with an account and without."""
    await owner(either_house)
    asked = []
    for n in range(12):
        either_house.clock.advance(seconds=24 * 3600)
        page = (await ask_sign_up(either_house, f"203.0.{n}.1")).text
        asked.append("six-digit code" in page)

    assert asked == [True] * 10 + [False] * 2


async def test_a_taken_address_looks_the_same_when_crowded(house: FrontDoor) -> None:
    """EN-06: the pages of a taken address ask for ten digits where those of a free one do."""
    await house.sign_up(house.browser(), VICTIM)
    for n in range(5):
        await ask_sign_up(house, f"203.0.{n}.1")

    assert "ten-digit code" in (await ask_sign_up(house, "192.0.2.1")).text
