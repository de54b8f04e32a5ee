"""Changes wait until the browser is known: who relays a sign-in page gains a day's wait (R11)."""

from tests.answers import ADA
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import (
    Member,
    add_app,
    cookie,
    copy_of,
    is_inside,
    member,
    put_cookie,
    rows,
    snapshot,
    standing,
)
from vestibule.storage import accounts
from vestibule.web.doors import DOORS
from vestibule.web.guard import Needs

DAY = 24 * 3600
NEW_PASSWORD = "a heron on the weathervane"


async def relay(house: FrontDoor, ada: Member) -> Person:
    """A copied sign-in page: it holds password, second factor and mailed code, all fresh."""
    house.clock.advance(seconds=3600)
    person = house.browser(source="198.51.100.66")
    await house.password(person, ADA)
    await person.press("Verify", code=ada.next_code())
    await house.open_settings(person)
    return person


async def try_every_change(house: FrontDoor, person: Person) -> set[str]:
    """Post every change with plausible fields; where each one leads. Nothing may change."""
    bound = (await standing(house))[0]["id"]
    before = await snapshot(house, but=("events",))
    await person.get("/settings")
    csrf = next(f.fields["csrf"] for f in person.page.forms)
    answers = set()
    for door in DOORS:
        if door.needs is not Needs.STEP_UP or door.post is None:
            continue
        data = {
            "csrf": csrf,
            "app_name": "Mine now",
            "channel": "sms",
            "code": "000000",
            "country": "GB",
            "method": bound,
            "new_password": NEW_PASSWORD,
            "phone": "07400 123499",
        }
        answer = await person.client.post(door.path.replace("{app_id}", bound), data=data)
        answers.add(answer.headers["location"])
    assert await snapshot(house, but=("events",)) == before
    return answers


async def test_relaying_proxy_changes_nothing_for_a_day(house: FrontDoor) -> None:
    """R11: with every proof fresh a new browser changes nothing, is told why, and from when."""
    ada = await member(house)
    person = await relay(house, ada)

    assert await try_every_change(house, person) == {"/settings/wait"}

    await person.get("/settings/app")
    assert person.path == "/settings/wait"
    assert "It can change things from 24 Nov 2026, 11:01 UTC" in person.text
    assert "the one you set up with" in person.text
    await person.get("/settings/confirm")
    assert person.path == "/settings/wait"


async def test_dashboard_makes_no_code_in_a_new_browser(house: FrontDoor) -> None:
    """R11: where no recovery code was ever saved, a new browser still makes none by one press."""
    person = house.browser()
    await house.sign_up(person, ADA)
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")
    await person.press("Verify", code=await house.code("sms"))
    house.clock.advance(seconds=3600)
    thief = house.browser(source="198.51.100.66")
    await house.sign_in(thief)
    before = await rows(house, "recovery_codes")

    await thief.press("Make a new code")

    assert "It can change things from" in thief.text
    assert await rows(house, "recovery_codes") == before


async def test_day_ends_to_the_second(house: FrontDoor) -> None:
    """R11: 24 hours after the first full sign-in of a browser it changes things, no sooner."""
    ada = await member(house)
    person = await relay(house, ada)
    (known,) = [
        one["created_at"]
        for one in await rows(house, "known_browsers")
        if one["created_at"] > (await rows(house, "accounts"))[0]["created_at"]
    ]
    house.clock.advance(seconds=DAY - 300 - (house.clock() - known).total_seconds())
    await house.password(person, ADA)
    await person.press("Verify", code=ada.next_code())
    await house.open_settings(person)
    house.clock.advance(seconds=DAY - 1 - (house.clock() - known).total_seconds())
    await person.get("/settings/password")
    assert person.path == "/settings/wait"

    house.clock.advance(seconds=1)

    await person.get("/settings/password")
    assert person.path == "/settings/password", person.text


async def test_browser_of_the_set_up_is_known_at_once(house: FrontDoor) -> None:
    """R11: who has just set up can add a second app in the same browser, and after signing in."""
    ada = await member(house)
    await ada.step_up()
    await add_app(house, ada.person)
    await ada.person.press("Sign out")
    house.clock.advance(seconds=60)

    again = await ada.sign_in(ada.person)
    await ada.step_up(again)
    await again.get("/settings/phone")

    assert again.path == "/settings/phone", again.text


async def test_session_carried_elsewhere_changes_nothing(house: FrontDoor) -> None:
    """R11: a stolen session cookie without its browser's mark, or with the thief's, waits."""
    ada = await member(house)
    await ada.step_up()
    thief = house.browser(source="198.51.100.66")
    put_cookie(thief, "session", str(cookie(ada.person, "session")))
    await thief.get("/settings/app")
    assert thief.path == "/settings/wait"
    put_cookie(thief, "browser", "A" * 43)
    assert await try_every_change(house, thief) == {"/settings/wait"}


async def test_reducing_needs_no_wait(house: FrontDoor) -> None:
    """R11: a new browser ends sessions at once: to reduce is always open."""
    ada = await member(house)
    person = await relay(house, ada)

    await person.get("/sessions")
    await person.press("End all other sessions")

    assert not await is_inside(ada.person)
    assert await is_inside(person)


async def test_signing_in_again_starts_no_new_day(house: FrontDoor) -> None:
    """R11: the day counts from a browser's first full sign-in, however often it signs in."""
    ada = await member(house)
    person = await relay(house, ada)
    for _ in range(3):
        house.clock.advance(seconds=8 * 3600)
        await person.press("Sign out")
        await ada.sign_in(person)

    await ada.step_up(person)

    await person.get("/settings/app")
    assert person.path == "/settings/app", person.text


async def test_demanded_password_waits_for_the_mailbox(house: FrontDoor) -> None:
    """R11: a thief of password and app, from a new browser, sets no password by guessing first."""
    ada = await member(house)
    (account,) = await rows(house, "accounts")
    await house.database.transact(
        lambda tx: accounts.require_new_password(tx, account["id"], house.clock())
    )
    thief = await ada.sign_in_as_far_as_it_goes(house.browser(source="198.51.100.66"))
    assert thief.path == "/settings", thief.text
    before = await snapshot(house, but=("events",))

    for path in ("/", "/new-password", "/sessions", "/settings/password"):
        await thief.get(path)
        assert thief.path == "/settings", path
    await thief.post("/new-password", {"new_password": NEW_PASSWORD})

    assert await snapshot(house, but=("events",)) == before
    assert (await thief.client.get("/session")).status_code == 401
    await house.prove_mailbox(thief)
    assert thief.path == "/new-password", thief.text


async def test_waiting_for_a_day_does_not_replace_the_mailbox(house: FrontDoor) -> None:
    """R11: a browser that came after the demand proves the mailbox on every later day as well."""
    ada = await member(house)
    (account,) = await rows(house, "accounts")
    await house.database.transact(
        lambda tx: accounts.require_new_password(tx, account["id"], house.clock())
    )
    thief = await ada.sign_in_as_far_as_it_goes(house.browser(source="198.51.100.66"))
    house.clock.advance(seconds=25 * 3600)

    await ada.sign_in_as_far_as_it_goes(thief)

    assert thief.path == "/settings", thief.text
    await thief.post("/new-password", {"new_password": NEW_PASSWORD})
    assert [one["epoch"] for one in await rows(house, "passwords")] == [1]


async def test_known_browser_sets_the_demanded_password_at_once(house: FrontDoor) -> None:
    """R11: the browser of the set-up is asked for no mailed code before it."""
    ada = await member(house)
    (account,) = await rows(house, "accounts")
    await house.database.transact(
        lambda tx: accounts.require_new_password(tx, account["id"], house.clock())
    )
    await ada.person.press("Sign out")

    await ada.sign_in(ada.person)

    assert ada.person.path == "/new-password", ada.person.text


async def test_gate_and_step_up_change_the_session_id(house: FrontDoor) -> None:
    """SE-05: a cookie copied before the mailed code, or before the step-up, is dead after it."""
    ada = await member(house)
    before_gate = copy_of(house, ada.person)
    await house.open_settings(ada.person)
    assert not await is_inside(before_gate)
    before_step_up = copy_of(house, ada.person)
    await ada.person.get("/settings/confirm")

    await ada.person.press("Confirm", password=ada.password, code=ada.next_code())

    assert not await is_inside(before_step_up)
    assert await is_inside(ada.person)
