"""The cookie of a visit names a browser before anybody is known: it opens nothing (SE-05)."""

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import Reach, cookie, put_cookie, replacement, wall

EMAILS: dict[Reach, str] = {replacement: "lost@example.com", wall: "wall@example.com"}


async def with_visit_of(house: FrontDoor, person: Person, email: str) -> Person:
    """Somebody else who knows the password, and the mark that this browser had from the start."""
    other = house.browser(source="198.51.100.66")
    put_cookie(other, "visit", cookie(person, "visit") or "")
    await house.password(other, email)
    return other


@pytest.mark.parametrize("reach", [replacement, wall], ids=lambda reach: reach.__name__)
async def test_visit_and_password_pick_up_no_proof(house: FrontDoor, reach: Reach) -> None:
    """SE-05: who shares a visit and knows the password stands before the next proof, not after."""
    person = await reach(house)

    other = await with_visit_of(house, person, EMAILS[reach])

    assert other.path in {"/sign-in/code", "/set-up/email"}, other.text
    await other.get("/set-up/app")
    assert other.path in {"/sign-in/code", "/set-up/email"}, other.text
    await person.get("/set-up")
    assert person.path == "/set-up", person.text
