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
