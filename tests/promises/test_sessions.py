"""Sessions: made by two proofs only, renewed with every proof, and over when they should be."""

from base64 import urlsafe_b64decode

import pytest

from tests.front_door import FrontDoor
from tests.promises.states import (
    Member,
    add_app,
    add_phone,
    ask_reset,
    cookie,
    copy_of,
    digest,
    is_inside,
    member,
    put_cookie,
    recover,
    rows,
    snapshot,
)
from vestibule.entropy import SystemEntropy
from vestibule.flows import work
from vestibule.settings import Settings

NEW = "a heron on the weathervane"
IDLE, ABSOLUTE = 30 * 60, 12 * 3600


async def test_sign_in_renews_every_cookie(house: FrontDoor) -> None:
    """EF-06: after the second factor the pending record is gone and its cookie opens nothing."""
    ada = await member(house)
    person = house.browser()
    await house.password(person, ada.email)
    pending, thief = cookie(person, "pending"), copy_of(house, person)
    await person.press("Verify", code=ada.next_code())

    assert cookie(person, "pending") is None
    assert cookie(person, "session") not in {None, pending}
    assert await rows(house, "sign_ins") == []
    for path in ("/sign-in/code", "/sign-in/methods", "/sign-in/recovery-code", "/", "/settings"):
        await thief.get(path)
        assert thief.path == "/sign-in", path
    put_cookie(thief, "session", str(pending))
    assert not await is_inside(thief)


async def test_session_cookie_chosen_by_a_stranger_is_not_taken_up(house: FrontDoor) -> None:
    """EF-06: a session or pending cookie that was planted before a sign-in is never the one."""
    ada = await member(house)
    person, planted = house.browser(), "planted" * 6
    for name in ("session", "pending"):
        put_cookie(person, name, planted)
    await house.password(person, ada.email)
    assert cookie(person, "pending") != planted
    await person.press("Verify", code=ada.next_code())

    assert cookie(person, "session") != planted
    stranger = house.browser()
    put_cookie(stranger, "session", planted)
    assert not await is_inside(stranger)


async def test_gate_and_step_up_change_the_session_cookie(house: FrontDoor) -> None:
    """SE-05: a session cookie copied before the gate or the step-up is dead after it."""
    ada = await member(house)
    house.clock.advance(seconds=11 * 60)
    before_gate = copy_of(house, ada.person)
    await house.open_settings(ada.person)
    before_step_up = copy_of(house, ada.person)
    await ada.person.get("/settings/confirm")
    await ada.person.press("Confirm", password=ada.password, code=ada.next_code())

    assert await is_inside(ada.person)
    assert not await is_inside(before_gate)
    assert not await is_inside(before_step_up)


async def test_resuming_changes_the_session_cookie(house: FrontDoor) -> None:
    """SE-05: a cookie copied from a resting session is dead once its person is back."""
    ada = await member(house)
    house.clock.advance(seconds=IDLE + 1)
    thief = copy_of(house, ada.person)
    await ada.person.get("/")
    await ada.person.press("Continue", password=ada.password)

    assert await is_inside(ada.person)
    await thief.get("/resume")
    assert thief.path == "/sign-in"


async def test_password_change_changes_the_session_cookie(house: FrontDoor) -> None:
    """SE-05: whoever copied the session's own cookie is out once its password changes."""
    ada = await member(house)
    await house.open_settings(ada.person)
    thief = copy_of(house, ada.person)
    await ada.person.get("/settings/password")
    await ada.person.press("Change password", new_password=NEW)

    assert ada.person.path == "/settings", ada.person.text
    assert await is_inside(ada.person)
    assert not await is_inside(thief)


async def test_idle_limit(house: FrontDoor) -> None:
    """SE-03: a session rests after thirty minutes without an act, and not a second sooner."""
    ada = await member(house)
    for _ in range(3):
        house.clock.advance(seconds=IDLE - 1)
        assert await is_inside(ada.person)

    house.clock.advance(seconds=IDLE + 1)
    await ada.person.get("/sessions")
    assert ada.person.path == "/resume"
    assert (await ada.person.client.get("/session")).status_code == 401


async def test_absolute_limit(house: FrontDoor) -> None:
    """SE-03: a session ends twelve hours after its sign-in, however busy, and not sooner."""
    ada = await member(house)
    for _ in range(24):
        house.clock.advance(seconds=IDLE - 1)
        assert await is_inside(ada.person)
    house.clock.advance(seconds=ABSOLUTE - 24 * (IDLE - 1) - 1)
    assert await is_inside(ada.person)

    house.clock.advance(seconds=2)
    await ada.person.get("/")
    assert ada.person.path == "/sign-in"


async def test_polling_is_no_activity(house: FrontDoor) -> None:
    """SE-03: what a page asks for by itself keeps no session awake."""
    ada = await member(house)
    await house.open_settings(ada.person)
    await add_phone(house, ada.person)
    for _ in range(9):
        house.clock.advance(seconds=IDLE / 9)
        for path in ("/settings/confirm/delivery", "/settings/phone/delivery"):
            await ada.person.client.get(path)
    house.clock.advance(seconds=1)

    assert not await is_inside(ada.person)


@pytest.mark.parametrize(("hours", "minutes"), [(24, 60), (1, 5)])
def test_limits_are_capped(hours: int, minutes: int) -> None:
    """SE-03: an operator may set up to 24 hours and 60 minutes, and no more."""
    kept = Settings(session_hours=hours, session_idle_minutes=minutes)
    assert (kept.session_hours, kept.session_idle_minutes) == (hours, minutes)
    for wrong in ({"session_hours": 25}, {"session_idle_minutes": 61}):
        with pytest.raises(ValueError, match="less than or equal"):
            Settings.model_validate(wrong)


async def test_password_resumes_until_the_absolute_limit(house: FrontDoor) -> None:
    """SE-04: a resting session goes on after the password; past its absolute limit both doors."""
    ada = await member(house)
    (before,) = await rows(house, "sessions")
    house.clock.advance(seconds=ABSOLUTE - 2)
    await ada.person.get("/")
    assert ada.person.path == "/resume"
    await ada.person.press("Continue", password="something else entirely")
    assert ada.person.path == "/resume"
    await ada.person.press("Continue", password=ada.password)
    assert ada.person.path == "/"
    (after,) = await rows(house, "sessions")
    assert (after["id"], after["expires_at"]) == (before["id"], before["expires_at"])
    assert after["second_factor_at"] == before["second_factor_at"]

    house.clock.advance(seconds=3)
    await ada.person.get("/")
    assert ada.person.path == "/sign-in"
    await ada.person.post("/resume", {"password": ada.password})
    assert ada.person.path == "/sign-in"


async def test_form_of_a_resting_session_leads_to_its_password(house: FrontDoor) -> None:
    """SE-04: a form that is posted from a resting session changes nothing and asks to resume."""
    ada = await member(house)
    await ada.person.get("/sessions")
    action, data = ada.person.filled("Sign out")
    house.clock.advance(seconds=IDLE + 1)
    before = await snapshot(house, but=("events",))
    for path in ("/settings/open", "/sessions"):
        answer = await ada.person.client.post(path, data={**data, "end": "all"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/resume"), path
    assert await snapshot(house, but=("events",)) == before

    await ada.person.client.post(action, data=data)
    assert await rows(house, "sessions") == []


async def test_resuming_is_no_step_up(house: FrontDoor) -> None:
    """SE-04: the password that resumes a session opens no change: the second factor is old."""
    ada = await member(house)
    house.clock.advance(seconds=IDLE + 1)
    await ada.person.get("/")
    await ada.person.press("Continue", password=ada.password)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/phone")

    assert ada.person.path == "/settings/confirm"


async def test_sign_out_ends_the_record(house: FrontDoor) -> None:
    """SE-06: signing out ends the session for every copy of its cookie and clears the browser."""
    ada = await member(house)
    thief = copy_of(house, ada.person)
    await ada.person.get("/")
    action, data = ada.person.filled("Sign out")
    answer = await ada.person.client.post(action, data=data)

    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert await rows(house, "sessions") == []
    assert not await is_inside(thief)
    assert cookie(ada.person, "session") is None


async def test_sign_out_of_a_pending_sign_in(house: FrontDoor) -> None:
    """SE-06: signing out before the second door ends the pending sign-in for its copies too."""
    ada = await member(house)
    person = house.browser()
    await house.password(person, ada.email)
    thief = copy_of(house, person)
    await person.press("Sign out")

    await thief.get("/sign-in/code")
    assert thief.path == "/sign-in"
    assert await rows(house, "sign_ins") == []


async def test_sign_out_ends_all_that_the_browser_has_open(house: FrontDoor) -> None:
    """SE-06: signing out ends a pending sign-in and a reset beside the session, copies and all."""
    ada, bob = await member(house), await member(house, "bob@example.com")
    other = house.browser()
    await house.password(other, bob.email)
    put_cookie(ada.person, "pending", str(cookie(other, "pending")))
    await ask_reset(ada.person, bob.email)
    thief = copy_of(house, ada.person)
    await ada.person.get("/")
    await ada.person.press("Sign out")

    for path, back in (
        ("/", "/sign-in"),
        ("/sign-in/code", "/sign-in"),
        ("/forgot-password/code", "/forgot-password"),
    ):
        await thief.get(path)
        assert thief.path == back, path
    assert await is_inside(bob.person)


async def test_sign_out_is_on_every_page(house: FrontDoor) -> None:
    """SE-06: every page of somebody who is known has the button, and no GET signs out."""
    ada = await member(house)
    await house.open_settings(ada.person)
    for path in ("/", "/settings", "/sessions", "/settings/phone", "/settings/password", "/help"):
        await ada.person.get(path)
        ada.person.form("Sign out")
    assert (await ada.person.client.get("/sign-out")).status_code == 405
    assert await is_inside(ada.person)


async def change_number(ada: Member) -> None:
    await add_phone(ada.house, ada.person, "07400 123457")


async def change_password(ada: Member) -> None:
    await ada.person.get("/settings/password")
    await ada.person.press("Change password", new_password=NEW)


async def bind_app(ada: Member) -> None:
    await add_app(ada.house, ada.person)


async def remove_phone(ada: Member) -> None:
    await ada.person.get("/settings/phone/remove")
    await ada.person.press("Remove")


async def change_default(ada: Member) -> None:
    await ada.person.get("/settings/method")
    await ada.person.post("/settings/method", {"method": "voice"})


@pytest.mark.parametrize(
    "change", [change_number, change_password, bind_app, remove_phone, change_default]
)
async def test_a_change_ends_other_browsers(house: FrontDoor, change: object) -> None:
    """SE-07: a change in one browser ends every other session and pending sign-in at once."""
    assert callable(change)
    ada = await member(house)
    await house.open_settings(ada.person)
    await add_phone(house, ada.person)
    other, waiting = await ada.sign_in(), house.browser()
    await house.password(waiting, ada.email)
    await ada.step_up()
    before = await snapshot(house)

    await change(ada)

    assert ada.person.path in {"/settings", "/settings/recovery-code"}, ada.person.text
    assert await snapshot(house) != before
    assert await is_inside(ada.person)
    await other.get("/")
    assert other.path == "/sign-in"
    await waiting.get("/sign-in/code")
    assert waiting.path == "/sign-in"


async def test_recovery_ends_other_browsers(house: FrontDoor) -> None:
    """SE-07: a sign-in with the recovery code ends every session of before."""
    ada = await member(house)
    other = await ada.sign_in()
    await recover(house, house.browser(), ada.recovery_code, ada.email)

    assert not await is_inside(ada.person)
    assert not await is_inside(other)


async def test_ids_are_kept_as_digests(house: FrontDoor) -> None:
    """SE-01: no bearer token stands in the database, only its digest, and each has 256 bits."""
    ada = await member(house)
    waiting = house.browser()
    await house.password(waiting, ada.email)
    tokens = [
        *((name, cookie(ada.person, name)) for name in ("session", "browser")),
        ("pending", cookie(waiting, "pending")),
    ]
    dump = repr(await snapshot(house))
    for name, token in tokens:
        assert token is not None
        assert len(token) >= 43, name
        assert token not in dump, name
        assert repr(digest(token))[2:-1] in dump, name


def test_hundred_thousand_ids_are_distinct() -> None:
    """SE-01: of 10^5 ids that the system draws no two are equal, nor is what is stored of them;
    each has 256 bits, and its stored form is its SHA-256 and nothing of itself."""
    entropy = SystemEntropy()

    tokens = [entropy.token() for _ in range(100_000)]
    kept = {work.digest(token) for token in tokens}

    assert len(set(tokens)) == len(kept) == 100_000
    assert {len(token) for token in tokens} == {43}
    assert work.digest(tokens[0]) == digest(tokens[0])
    # Each of the 256 bits is set in about half of them.
    drawn = [int.from_bytes(urlsafe_b64decode(token + "=")) for token in tokens[:10_000]]
    for bit in range(256):
        assert 4_500 < sum(one >> bit & 1 for one in drawn) < 5_500


async def test_shown_id_is_no_token(house: FrontDoor) -> None:
    """SE-01: nothing of a session's id can be used as its cookie, though pages show it."""
    ada = await member(house)
    await ada.sign_in()
    await ada.person.get("/sessions")
    shown = [r["id"] for r in await rows(house, "sessions") if r["id"] in ada.person.response.text]
    assert shown
    for one in shown:
        stranger = house.browser()
        put_cookie(stranger, "session", one)
        assert not await is_inside(stranger)
