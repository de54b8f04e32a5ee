"""A country may have routes of its own; without any for a channel, that way is closed there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.attack import rows
from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """No calls to Britain, no texts to France."""
    over = sqlite_database(tmp_path / "house.db")
    own: dict[str, object] = {"routes_voice__xx": {"GB": ""}, "routes_sms__xx": {"FR": ""}}
    async with front_door(over, tmp_path, settings=own) as built:
        yield built
    await over.close()


async def test_country_is_written_with_the_message(house: FrontDoor) -> None:
    """A text carries the region of its number; a mail carries none."""
    await house.member()

    found = await rows(house, "SELECT DISTINCT channel, country FROM outbox ORDER BY channel")

    assert [tuple(row.values()) for row in found] == [("email", None), ("sms", "GB")]


async def test_closed_way_is_not_offered(house: FrontDoor) -> None:
    """Where calls are closed nobody is offered one; at sign-in the text is the only way."""
    person, _ = await house.member()
    await person.press("Sign out")
    house.clock.advance(seconds=60)
    await house.password(person)

    assert "Call me instead" not in person.text
    await person.get("/sign-in/methods")
    assert "call" not in person.text.lower().replace("recovery", "")


async def test_closed_way_is_refused_at_set_up(house: FrontDoor) -> None:
    """A number of a country without texts is told so, and a call to it still works."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")

    await person.press("Send code by text message", country="FR", phone="06 12 34 56 78")
    assert person.path == "/set-up/phone", person.text
    await person.press("Call me", country="FR", phone="06 12 34 56 78")

    assert person.path == "/set-up/phone/code", person.text
    assert (await house.message("voice")).to == "+33612345678"
    assert "Text me instead" not in person.text
