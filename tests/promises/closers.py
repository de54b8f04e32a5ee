"""Somebody on the way to closing the own account, as pages lead there."""

from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.promises.states import Member

DAY = 24 * 3600
CLOSE = "Close my account"
KEEP = "Keep my account"


async def at_the_proof(house: FrontDoor, ada: Member) -> Person:
    """Settings open, what happens read, and the page that asks for both factors before them."""
    person = ada.person
    await house.open_settings(person)
    await person.follow("See what happens")
    await person.follow("Go on")
    assert person.path == "/settings/close/confirm", person.text
    return person


async def ask(house: FrontDoor, ada: Member) -> Person:
    """The closing is asked for; the account closes in seven days."""
    person = await at_the_proof(house, ada)
    await person.press(CLOSE, password=PASSWORD, code=ada.next_code())
    assert person.path == "/settings/close", person.text
    return person


async def come(house: FrontDoor, *, days: float = 7) -> None:
    """The day comes, and the worker does what is due."""
    await house.let_time_pass(seconds=days * DAY)
