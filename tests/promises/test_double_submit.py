"""A form sent twice does once what it says: the script that prevents it may be absent."""

import asyncio

from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person


async def _twice(person: Person, button: str, **typed: str) -> None:
    """Both requests leave before either answer is read; the last answer is followed."""
    action, data = person.filled(button, **typed)
    first, second = await asyncio.gather(*(person.client.post(action, data=data) for _ in range(2)))
    assert {first.status_code, second.status_code} == {303}
    await person.get(second.headers["location"])


async def test_password_sent_twice_is_one_sign_in(either_house: FrontDoor) -> None:
    """One text leaves, and its code opens the door of this browser."""
    house = either_house
    person, _ = await house.member()
    await person.press("Sign out")
    house.clock.advance(seconds=60)
    before = len([m for m in house.inbox() if m.channel == "sms"])
    await person.get("/sign-in")

    await _twice(person, "Sign in", email="ada@example.com", password=PASSWORD)
    await house.deliver()

    assert person.path == "/sign-in/code"
    assert len([m for m in house.inbox() if m.channel == "sms"]) == before + 1
    await person.press("Verify", code=await house.code("sms"))
    assert person.path == "/", person.text


async def test_sign_up_sent_twice_is_one_sign_up(either_house: FrontDoor) -> None:
    """One mail leaves, and its code makes the account."""
    house, person = either_house, either_house.browser()
    await person.get("/sign-up")

    await _twice(person, "Create account", name="Ada", email="ada@example.com", password=PASSWORD)
    await house.deliver()

    assert len(house.inbox()) == 1
    await person.press("Verify", code=await house.code("email"))
    assert person.path == "/set-up", person.text


async def test_code_sent_twice_is_one_session(either_house: FrontDoor) -> None:
    """The second of two right codes finds the door open already."""
    house = either_house
    person, _ = await house.member()
    await person.press("Sign out")
    house.clock.advance(seconds=60)
    await house.password(person)

    await _twice(person, "Verify", code=await house.code("sms"))
    await person.get("/")

    assert "You are in" in person.text


async def test_finish_pressed_twice_is_finished(house: FrontDoor) -> None:
    """Nobody is told that the code just saved is not the newest."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")
    await person.press("Verify", code=await house.code("sms"))
    code = person.shown(r'name="shown" value="([^"]+)"')

    await _twice(person, "Finish", last_group=code[-4:])

    assert person.path == "/"
    assert "You are in" in person.text
    assert "Save a recovery code" not in person.text


async def test_form_sent_again_after_back_keeps_the_newest_words(house: FrontDoor) -> None:
    """Back, another password, and again: the account has the last one that was typed."""
    person = house.browser()
    await person.get("/sign-up")
    action, data = person.filled(
        "Create account", name="Ada", email="ada@example.com", password=PASSWORD
    )
    await person.client.post(action, data=data)
    other = "the second lantern of the porch"
    await person.client.post(action, data={**data, "password": other})
    await person.get("/sign-up/code")

    await person.press("Verify", code=await house.code("email"))
    await person.press("Sign out")
    await house.password(person, password=other)

    assert person.path == "/set-up/email", person.text
