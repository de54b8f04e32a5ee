"""Set-ups of phones and apps: what is refused before a message leaves, and when one is over."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from tests.attack import journal, rows, wrong
from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from tests.person import Person
from tests.promises.states import add_app, add_phone, member, recover, standing
from vestibule.storage.database import Transaction

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


async def give_apps(house: FrontDoor, count: int) -> None:
    """As if the one account had set up so many apps more, each like its first."""
    (first,) = [one for one in await standing(house) if one["kind"] == "totp"]
    names = ", ".join(first)
    values = ", ".join(":id" if name == "id" else name for name in first)

    async def copy(tx: Transaction, copy_id: str) -> int:
        return await tx.execute(
            f"INSERT INTO authenticators ({names}) SELECT {values} FROM authenticators"  # noqa: S608 - our own names
            " WHERE id = :first",
            id=copy_id,
            first=first["id"],
        )

    for turn in range(count):
        await house.database.transact(partial(copy, copy_id=f"{turn:022}"))


async def test_phones_take_no_place_of_an_app(house: FrontDoor) -> None:
    """TO-07: beside a phone and four apps a fifth app is set up, and a sixth is not."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    await give_apps(house, 3)

    await add_app(house, ada.person)

    await ada.person.get("/settings/app")
    await ada.person.press("Show the QR code")
    assert "You have five apps. Remove one first." in ada.person.text


async def test_owner_of_five_lost_apps_sets_up_one(house: FrontDoor) -> None:
    """E, TO-07: a recovery replaces all apps, so their number keeps nobody out of it."""
    ada = await member(house)
    await give_apps(house, 4)
    person = house.browser()
    house.clock.advance(seconds=MINUTE)
    await recover(house, person, ada.recovery_code, ada.email)
    await house.save_recovery_code(person)
    await person.get("/set-up/app")
    await person.press("Show the QR code")
    secret = house.secret_on(person)

    await person.press("Verify", code=house.app_code(secret), app_name="New app")

    assert person.path == "/", person.text
    assert [one["name"] for one in await standing(house)] == ["New app"]


async def test_button_pressed_again_shows_the_same_secret(house: FrontDoor) -> None:
    """C.5: Back and the button again leave the secret that was scanned; it binds."""
    person = await at_the_wall(house)
    action, data = person.filled("Authentication app")
    await person.post(action, data)
    secret = house.secret_on(person)
    await person.post(action, data)
    assert house.secret_on(person) == secret

    await person.press("Verify", code=house.app_code(secret), app_name="App")

    assert [one["kind"] for one in await standing(house)] == ["totp"]
    assert len(await journal(house, "enrollment_started")) == 1


async def test_codes_of_a_set_up_are_of_its_account(house: FrontDoor) -> None:
    """TF-03, AU-01: what a set-up sends is counted with its account, and a wrong code of it is in
    the account's journal."""
    person = await at_the_wall(house)
    (account,) = await rows(house, "SELECT id FROM accounts")
    await ask_text(person)
    code = await house.code("sms")

    await person.press("Verify", code=wrong(code))

    texts = await rows(house, "SELECT account_id FROM outbox WHERE channel = 'sms'")
    assert [one["account_id"] for one in texts] == [account["id"]]
    (failed,) = await journal(house, "challenge_fail")
    assert (failed.account_id, failed.details["purpose"]) == (account["id"], "enroll")


async def test_app_takes_the_place_of_a_phone_that_was_begun(house: FrontDoor) -> None:
    """R5: whoever goes over to an app leaves no set-up of the phone: its page leads back to the
    number, its code binds nothing, and the app is set up."""
    person = await at_the_wall(house)
    await ask_text(person)
    form = person.filled("Verify", code=await house.code("sms"))
    await person.get("/set-up/app")
    await person.press("Show the QR code")
    secret = house.secret_on(person)

    await person.get("/set-up/phone/code")
    assert (person.status, person.path) == (200, "/set-up/phone")
    await person.post(*form)
    assert OVER in person.text
    await person.get("/set-up/app")
    await person.press("Verify", code=house.app_code(secret), app_name="App")

    assert [one["kind"] for one in await standing(house)] == ["totp"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("", "Authenticator"), ("  My   app ", "My app"), ("x" * 60, "x" * 60), ("x" * 61, None)],
)
async def test_app_is_called_as_it_was_named(
    house: FrontDoor, typed: str, kept: str | None
) -> None:
    """C.5: an app has the name that was typed, of sixty characters at most, or a plain one."""
    person = await at_the_wall(house)
    await person.press("Authentication app")
    secret = house.secret_on(person)

    await person.press("Verify", code=house.app_code(secret), app_name=typed)

    assert [one["name"] for one in await standing(house)] == ([] if kept is None else [kept])


async def test_wrong_code_of_an_app_binds_nothing(house: FrontDoor) -> None:
    """EF-10: a code that the secret never shows is told as wrong; the right one binds after it."""
    person = await at_the_wall(house)
    await person.press("Authentication app")
    secret = house.secret_on(person)

    await person.press("Verify", code=wrong(house.app_code(secret)), app_name="App")

    assert (person.status, person.path) == (200, "/set-up/app")
    assert await standing(house) == []
    await person.press("Verify", code=house.app_code(secret), app_name="App")
    assert len(await standing(house)) == 1
