"""Set-ups of phones and apps: what is refused before a message leaves, and when one is over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.attack import journal, rows
from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from tests.person import Person
from tests.promises.states import recover, standing

pytestmark = pytest.mark.anyio

MINUTE = 60
OVER = "This set-up took a while, so start it again."


async def at_the_wall(house: FrontDoor) -> Person:
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    return person


async def ask_text(person: Person, phone: str = "07400 123456") -> None:
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone=phone)


async def sent(house: FrontDoor) -> list[str]:
    """The channels of all that left for a phone."""
    await house.deliver()
    return [one.channel for one in house.inbox() if one.channel != "email"]


@pytest.fixture
async def no_calls(tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """A house that calls nobody in Britain."""
    over = sqlite_database(tmp_path / "house.db")
    own: dict[str, object] = {"routes_voice__xx": {"GB": ""}}
    async with front_door(over, tmp_path, settings=own) as house:
        yield house
    await over.close()


async def test_landline_is_called_and_never_texted(house: FrontDoor) -> None:
    """C.3: a number that takes no texts is told so before one is paid for; a call reaches it."""
    person = await at_the_wall(house)

    await ask_text(person, "020 7946 0958")
    assert "This looks like a landline. Choose Call me." in person.text
    assert await sent(house) == []
    assert await journal(house, "enrollment_started") == []
    await person.press("Call me", country="GB", phone="020 7946 0958")

    assert person.path == "/set-up/phone/code", person.text
    assert await sent(house) == ["voice"]


async def test_call_instead_of_a_text_asks_whether_calls_are_open(no_calls: FrontDoor) -> None:
    """TF-02: a hand-made *Call me instead* is told so where calls are closed, and places none."""
    house = no_calls
    person = await at_the_wall(house)
    await ask_text(person)
    house.clock.advance(seconds=MINUTE)

    await person.post("/set-up/phone/send", {"channel": "voice"})

    assert "We cannot reach phones that way here" in person.text
    assert await sent(house) == ["sms"]


async def test_own_number_is_not_proven_again(house: FrontDoor) -> None:
    """C.3, PN-03: whoever types the number in use is told so; nothing leaves, nothing changes."""
    person, _ = await house.member()
    await house.open_settings(person)
    before = len(await sent(house))
    await person.get("/settings/phone")

    await person.press("Send code by text message", country="GB", phone="+44 7400 123456")

    assert "This is your number already." in person.text
    assert len(await sent(house)) == before


async def test_number_that_a_recovery_calls_lost_may_be_proven_in_it(house: FrontDoor) -> None:
    """E: whoever has the old number on a new card binds it again in the recovery."""
    _, code = await house.member()
    house.clock.advance(seconds=MINUTE)
    person = house.browser()
    await recover(house, person, code, "ada@example.com")
    await house.save_recovery_code(person)

    await ask_text(person)
    await person.press("Verify", code=await house.code("sms"))

    assert person.path == "/", person.text
    assert [one["kind"] for one in await standing(house)] == ["phone"]


async def test_number_asked_for_twice_has_one_code(house: FrontDoor) -> None:
    """OC-09: the form of a number sent again leads to its code, which is out already and right."""
    person = await at_the_wall(house)
    await ask_text(person)
    code = await house.code("sms")
    house.clock.advance(seconds=5)

    await ask_text(person)

    assert person.path == "/set-up/phone/code", person.text
    assert await sent(house) == ["sms"]
    await person.press("Verify", code=code)
    assert [one["kind"] for one in await standing(house)] == ["phone"]


@pytest.mark.parametrize(("seconds", "is_over"), [(30 * MINUTE - 1, False), (30 * MINUTE, True)])
async def test_set_up_of_a_phone_lasts_thirty_minutes(
    house: FrontDoor, seconds: int, is_over: bool
) -> None:
    """EF-10: the number that was typed gets codes for half an hour, to the second; then it has
    to be typed anew, and the code that was sent last binds nothing."""
    person = await at_the_wall(house)
    await ask_text(person)
    house.clock.advance(seconds=25 * MINUTE)
    await person.get("/set-up/phone/code")
    await person.press("Resend")
    code = await house.code("sms")
    form = person.filled("Verify", code=code)
    house.clock.advance(seconds=seconds - 25 * MINUTE)

    await person.post("/set-up/phone/send", {"channel": "sms"})
    assert (OVER in person.text) is is_over
    await person.post(*form)

    assert len(await rows(house, "SELECT id FROM authenticators")) == (0 if is_over else 1)


@pytest.mark.parametrize(("seconds", "is_over"), [(10 * MINUTE - 1, False), (10 * MINUTE, True)])
async def test_set_up_of_an_app_lasts_ten_minutes(
    house: FrontDoor, seconds: int, is_over: bool
) -> None:
    """EF-10: a secret that was shown is bound within ten minutes, to the second, or never."""
    person = await at_the_wall(house)
    await person.press("Authentication app")
    secret = house.secret_on(person)
    house.clock.advance(seconds=seconds)

    await person.press("Verify", code=house.app_code(secret), app_name="App")

    assert (OVER in person.text) is is_over
    assert len(await rows(house, "SELECT id FROM authenticators")) == (0 if is_over else 1)
