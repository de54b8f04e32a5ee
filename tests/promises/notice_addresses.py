"""Somebody sets a second address for notices, step by step, and reads what arrives there."""

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import Member, member, rows

SECOND = "ada.second@example.org"
PAGE = "/settings/notice-address"
CODE = "/settings/notice-address/code"
IS_SET = "Notices go to your second address too"


async def ask(person: Person, to: str = SECOND) -> Person:
    """The form of a second address, sent by a session whose proofs are fresh."""
    await person.get(PAGE)
    await person.press("Send code", email=to)
    return person


async def choose(house: FrontDoor, person: Person, to: str = SECOND) -> Person:
    """The whole way: the address, and the code that came there."""
    await ask(person, to)
    assert person.path == CODE, person.text
    await person.press("Verify", code=await house.code("email", to=to))
    assert IS_SET in person.text, person.text
    return person


async def remove(person: Person) -> Person:
    await person.get(f"{PAGE}/remove")
    await person.press("Remove")
    return person


async def told_twice(house: FrontDoor, to: str = SECOND) -> Member:
    """Somebody whose account tells a second mailbox too; the session's proofs are fresh."""
    ada = await member(house)
    await ada.step_up()
    await choose(house, ada.person, to)
    return ada


async def standing(house: FrontDoor) -> int:
    """How many second addresses there are that were not ended."""
    return len([one for one in await rows(house, "notice_addresses") if one["ended_by"] is None])
