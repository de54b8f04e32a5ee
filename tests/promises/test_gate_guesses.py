"""Somebody has the password and a second factor, and not the mailbox: guesses at its code (EM-04).

Each session has five wrong codes, and the next session is soon opened.
"""

import asyncio

from tests.attack import all_at_once, journal, rows, wrong
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import Member, member
from vestibule.domain.event import EventName

HOUR = 3600
DAY = 24 * HOUR
MOST = 50
"""The figure of the promise, said again: the house's own could be wrong with it."""


async def thief_at_the_gate(house: FrontDoor, ada: Member) -> tuple[Person, str]:
    """A fresh session of a thief with the app, and the code that only the owner sees."""
    thief = await ada.sign_in(house.browser(source="198.51.100.66"))
    await thief.press("User Settings")
    return thief, await house.code("email")


async def guess_five(house: FrontDoor, ada: Member) -> None:
    thief, code = await thief_at_the_gate(house, ada)
    for by in range(1, 6):
        await thief.press("Verify", code=wrong(code, by=by)[:6])


async def test_fifty_guesses_a_year_are_short(house: FrontDoor) -> None:
    """EM-04: fifty six-digit codes are compared, whatever the number of sessions; then they have
    ten digits, and the owner's own opens settings as before."""
    ada = await member(house)

    for _ in range(10):
        house.clock.advance(seconds=HOUR)
        await guess_five(house, ada)

    assert len(await journal(house, EventName.GATE_FAILED)) == MOST
    thief, code = await thief_at_the_gate(house, ada)
    assert (len(code), "ten-digit code" in thief.text) == (10, True)
    await thief.press("Verify", code=wrong(code)[:6])
    assert len(await journal(house, EventName.GATE_FAILED)) == MOST
    await thief.press("Verify", code=code)
    assert "Two-factor authentication" in thief.text, thief.text
    assert await rows(house, "SELECT * FROM strikes") == []


async def test_the_page_says_how_long_the_next_code_is(house: FrontDoor) -> None:
    """EM-04: before it is sent too: six digits, and ten past the fifty."""
    ada = await member(house)
    await ada.person.get("/settings")
    assert "We send a six-digit code to" in ada.person.text
    for _ in range(10):
        house.clock.advance(seconds=HOUR)
        await guess_five(house, ada)

    house.clock.advance(seconds=HOUR)
    await ada.sign_in(ada.person)
    await ada.person.get("/settings")
    assert "We send a ten-digit code to" in ada.person.text


async def test_they_are_counted_for_a_year(house: FrontDoor) -> None:
    """EM-04: the fifty are those of a year: 364 days after the last the next code is long yet."""
    ada = await member(house)
    for _ in range(10):
        house.clock.advance(seconds=HOUR)
        await guess_five(house, ada)

    house.clock.advance(seconds=364 * DAY)
    _, code = await thief_at_the_gate(house, ada)
    assert len(code) == 10
    house.clock.advance(seconds=DAY)
    _, code = await thief_at_the_gate(house, ada)
    assert len(code) == 6


async def test_no_year_has_more_than_fifty(house: FrontDoor) -> None:
    """EM-04: nor the days around the end of a year that began with one guess: who guessed once, and
    goes on a year later less a day, has 49 left, and none when that year is over."""
    ada = await member(house)
    thief, code = await thief_at_the_gate(house, ada)
    await thief.press("Verify", code=wrong(code))
    house.clock.advance(seconds=364 * DAY)
    for _ in range(10):
        house.clock.advance(seconds=HOUR)
        await guess_five(house, ada)
    house.clock.advance(seconds=DAY)

    _, code = await thief_at_the_gate(house, ada)
    assert len(code) == 10
    assert len(await journal(house, EventName.GATE_FAILED)) == MOST


async def test_short_code_that_is_out_gives_way(house: FrontDoor) -> None:
    """EM-04: the owner, whose short code was out when the fifty came to their end, waits for no
    timer: the longer one is sent as soon as it is asked for, and opens settings."""
    ada = await member(house)
    for _ in range(9):
        await guess_five(house, ada)
        house.clock.advance(seconds=HOUR)
    await ada.sign_in(ada.person)
    await ada.person.press("User Settings")
    short = await house.code("email")
    await guess_five(house, ada)

    await ada.person.press("Verify", code=short)
    assert "we use longer ones here" in ada.person.text, ada.person.text
    await ada.person.press("Send code")
    long = await house.code("email")
    assert (len(short), len(long)) == (6, 10)
    await ada.person.press("Verify", code=long)
    assert "Two-factor authentication" in ada.person.text, ada.person.text
    # A long one was no guess of the fifty, so it gives none back.
    _, code = await thief_at_the_gate(house, ada)
    assert len(code) == 10


async def test_each_account_has_its_own_fifty(house: FrontDoor) -> None:
    """EM-04, R4: guesses at one account make nobody else's code longer."""
    ada = await member(house)
    eve = await member(house, "eve@example.com")
    for _ in range(10):
        await guess_five(house, ada)
        house.clock.advance(seconds=HOUR)

    await eve.sign_in(eve.person)
    await eve.person.press("User Settings")

    assert len(await house.code("email", to="eve@example.com")) == 6


async def test_guesses_at_once_are_no_more(either_house: FrontDoor) -> None:
    """EM-04: ten sessions whose codes are out already share what is left of the fifty."""
    house = either_house
    ada = await member(house)
    await guess_five(house, ada)
    house.clock.advance(seconds=HOUR)
    thieves = [await thief_at_the_gate(house, ada) for _ in range(10)]

    guesses = [
        all_at_once(thief, "Verify", [{"code": wrong(code, by=by)} for by in range(1, 6)])
        for thief, code in thieves
    ]
    await asyncio.gather(*guesses)

    assert len(await journal(house, EventName.GATE_FAILED)) == MOST


async def test_right_codes_are_no_guesses(house: FrontDoor) -> None:
    """EM-04: whoever opens settings every day goes on with six digits."""
    ada = await member(house)
    for _ in range(3):
        house.clock.advance(seconds=HOUR)
        await ada.sign_in(ada.person)
        await house.open_settings(ada.person)

    counted = await rows(
        house, "SELECT hits FROM throttles WHERE kind = :kind", kind="gate-guesses-year"
    )
    assert counted == []
