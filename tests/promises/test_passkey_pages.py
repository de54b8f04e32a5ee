"""The pages around a passkey: what they offer beside it, and to whom."""

import json
from pathlib import Path

import pytest

from tests import passkey_doors as doors
from tests.answers import ADA
from tests.attack import count
from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from tests.passkey_doors import ALONE, SECOND, STEP_UP, asked, hand_in, keeper
from tests.promises.states import (
    SEEN_OR_HELD,
    add_phone,
    copy_of,
    is_inside,
    member,
    rows,
    snapshot,
    standing,
)
from tests.soft_passkey import create
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import passkey_set_up
from vestibule.flows.work import NOBODY
from vestibule.storage import sessions

pytestmark = pytest.mark.anyio

OFFER = "Sign in with a passkey from now on?"


# --- the second door --------------------------------------------------------------------------


async def test_a_default_passkey_leaves_the_other_ways(house: FrontDoor) -> None:
    """R7, R9: where the passkey is asked first, every other way is one press away, and no script
    is needed for it; its page takes no code."""
    ada = await keeper(house)
    person = await ada.step_up()
    await person.get("/settings/method")
    await person.press("Save", method="passkey")
    assert {one["default_channel"] for one in await rows(house, "accounts")} == {"passkey"}

    other = await ada.password()
    assert "Passkeys need JavaScript" in other.text
    await other.post("/sign-in/code", {"code": ada.member.next_code()})
    assert "Use your passkey here" in other.text
    assert await count(house, "strikes") == 0
    await other.get("/sign-in/code")
    await other.follow("Try another way")
    await other.press("Phone app")
    await other.press("Verify", code=ada.member.next_code())
    assert await is_inside(other), other.text

    again = await ada.password()
    await doors.prove(again, SECOND, ada.passkey)
    assert await is_inside(again), again.text


async def test_another_way_leads_to_the_passkey(house: FrontDoor) -> None:
    """R7: several passkeys are one way, since the browser lets people choose among them."""
    ada = await keeper(house)
    second = await doors.add(await ada.step_up(), name="Key ring")
    person = await ada.password()
    await person.get("/sign-in/methods")
    assert person.text.count("asskey") == 1, person.text

    await person.press("asskey")
    options = await asked(person, SECOND)
    await hand_in(person, SECOND, second.sign(options))

    assert len(options["allowCredentials"]) == 2
    assert await is_inside(person), person.text


async def test_a_browser_that_goes_on_as_somebody_else(house: FrontDoor) -> None:
    """EF-06: a passkey alone in a browser that has somebody's password behind it opens its own
    account, and the half sign-in of the other opens nothing there."""
    ada, eve = await keeper(house), await keeper(house, "eve@example.com")
    person = await ada.password()
    await doors.sign_in_alone(person, eve.passkey)
    assert person.path == "/", person.text
    newest = max(await rows(house, "sessions"), key=lambda one: one["signed_in_at"])
    whose = {one["id"]: one["email"] for one in await rows(house, "accounts")}
    assert whose[newest["account_id"]] == "eve@example.com"
    await person.press("Sign out")

    await person.get("/sign-in/code")

    assert person.path == "/sign-in"


# --- forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", [ALONE, f"{ALONE}/options"])
async def test_no_door_without_the_forms_token(house: FrontDoor, door: str) -> None:
    """EF-07, WB-01: another site's post neither asks nor answers, and nothing is kept of it."""
    await keeper(house)
    person = house.browser()
    await person.get("/sign-in")

    for token in ("", "x" * 43):
        answer = await person.client.post(door, data={"csrf": token, "credential": "{}"})
        assert answer.status_code == 403
    answer = await person.client.get(door)
    assert answer.status_code in {404, 405}
    assert await count(house, "passkey_questions") == 0


async def test_options_are_not_kept_by_anybody(house: FrontDoor) -> None:
    """SE-10: what is asked is JSON for our own script, which no cache keeps."""
    person = house.browser()
    await person.get("/sign-in")

    answer = await person.post(f"{ALONE}/options", {}, follow=False)

    assert answer.headers["content-type"].startswith("application/json")
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert list(answer.json()) == ["options"]


async def test_nobody_looks_after_anothers_passkey(house: FrontDoor) -> None:
    """AD-05: neither renamed nor removed by its id."""
    ada, eve = await keeper(house), await keeper(house, "eve@example.com")
    whose = {one["email"]: one["id"] for one in await rows(house, "accounts")}
    keys = [one for one in await standing(house) if one["kind"] == "passkey"]
    (theirs,) = [one["id"] for one in keys if one["account_id"] == whose[ADA]]
    person = await eve.step_up()
    before = await snapshot(house, but=("events",), without=SEEN_OR_HELD | {"gate_used_at"})

    for act in ("rename", "remove"):
        await person.get(f"/settings/passkeys/{theirs}/{act}")
        assert "Passkey" not in person.text or person.path == "/settings"
        await person.get("/settings")
        await person.post(f"/settings/passkeys/{theirs}/{act}", {"app_name": "Mine"})

    after = await snapshot(house, but=("events",), without=SEEN_OR_HELD | {"gate_used_at"})
    assert after == before
    assert await is_inside(await doors.sign_in_alone(house.browser(), ada.passkey))


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "<b>x</b>", "n" * 60])
async def test_a_name_of_any_kind(house: FrontDoor, name: str) -> None:
    """PK-06: a passkey without a name gets one, and a name is shown as it was typed, harmless."""
    ada = await keeper(house)
    person = await ada.step_up()

    await doors.add(person, name=name)

    assert person.status == 200
    assert "<b>x</b>" not in person.response.text
    assert all(one["name"] for one in await standing(house))


async def test_a_name_that_is_too_long(house: FrontDoor) -> None:
    """PK-06: it is refused in a sentence, and the passkey can be handed in again."""
    ada = await keeper(house)
    person = await ada.step_up()
    await person.get(doors.ADD)
    attestation = create(await asked(person, doors.ADD))[1]

    await hand_in(person, doors.ADD, attestation, app_name="n" * 61)
    assert person.path == doors.ADD
    assert await count(house, "passkeys") == 1
    await hand_in(person, doors.ADD, attestation, app_name="Key ring")

    assert await count(house, "passkeys") == 2, person.text


# --- the wall ---------------------------------------------------------------------------------


async def test_the_wall_opens_for_its_own_only(house: FrontDoor) -> None:
    """EF-08, EN-05: before the mailbox is proven nothing is asked; the password alone of an account
    that has a method binds nothing."""
    ada = await keeper(house)
    await house.sign_up(house.browser(), "eve@example.com")
    wall, pending = house.browser(), await ada.password()
    await house.password(wall, "eve@example.com")
    assert wall.path == "/set-up/email"
    for person in (wall, pending):
        for door in (doors.WALL, f"{doors.WALL}/options"):
            answer = await person.post(door, {"credential": "{}"}, follow=False)
            assert answer.status_code == 303
            assert answer.headers["location"] in {"/set-up/email", "/sign-in/code"}
    assert await count(house, "enrollments") == 0


async def test_a_set_up_is_of_its_own_browser(house: FrontDoor) -> None:
    """PK-01: what one pending set-up was asked, another one of the same account does not bind."""
    first, second = house.browser(), house.browser()
    await house.sign_up(first, "eve@example.com")
    await house.password(second, "eve@example.com")
    await second.press("Send code")
    await second.press("Verify", code=await house.code("email", to="eve@example.com"))
    assert second.path == "/set-up", second.text
    for person in (first, second):
        await person.get(doors.WALL)
    theirs = create(await asked(first, doors.WALL))[1]
    await asked(second, doors.WALL)

    await hand_in(second, doors.WALL, theirs)

    assert await count(house, "passkeys") == 0
    assert not await is_inside(second)
    await hand_in(first, doors.WALL, theirs)
    await house.save_recovery_code(first)
    assert await is_inside(first)


# --- what is offered --------------------------------------------------------------------------


async def test_it_is_offered_once(house: FrontDoor) -> None:
    """R1 (product 6): after a sign-in by text, once; not to who has one, nor after an app."""
    owner = await member(house)
    await house.open_settings(owner.person)
    await add_phone(house, owner.person)
    if owner.person.path.endswith("/recovery-code"):
        await house.save_recovery_code(owner.person)
    by_app = await owner.sign_in()
    assert OFFER not in by_app.text

    seen = []
    for _ in range(2):
        person = house.browser()
        house.clock.advance(seconds=120)
        await house.password(person)
        await person.get("/sign-in/methods")
        await person.press("Text")
        await person.press("Verify", code=await house.code("sms"))
        assert person.path == "/", person.text
        seen.append(OFFER in person.text)
        await person.get("/sessions")
        await person.get("/")

    assert seen == [True, False]


async def test_password_managers_find_the_pages(house: FrontDoor) -> None:
    """R9: where to add one and where to look after them, for everybody and without a cookie."""
    answer = await house.browser().client.get("/.well-known/passkey-endpoints")

    assert answer.status_code == 200
    assert json.loads(answer.text) == {
        "enroll": "http://localhost/settings/passkey",
        "manage": "http://localhost/settings",
    }
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("origin", ["http://127.0.0.1", "http://[::1]"])
async def test_an_address_has_no_passkeys(tmp_path: Path, origin: str) -> None:
    """PK-07: browsers make none for a host without a name, so none is offered there."""
    over = sqlite_database(tmp_path / "house.db")
    async with front_door(over, tmp_path, settings={"public_origin": origin}) as house:
        person = house.browser()
        person.client.base_url = origin
        await person.get("/sign-in")
        assert person.status == 200, person.text
        assert "passkey" not in person.text
        answer = await person.client.get("/.well-known/passkey-endpoints")
        assert answer.status_code == 404
    await over.close()


async def test_a_stolen_cookie_has_no_passkey(house: FrontDoor) -> None:
    """SU-03: whoever has the session's cookie is asked for the passkey, and has none."""
    ada = await keeper(house)
    house.clock.advance(seconds=660)
    await house.open_settings(ada.person)
    thief = copy_of(house, ada.person)
    await thief.get("/settings/confirm")
    mine = await keeper(house, "eve@example.com")

    await hand_in(thief, STEP_UP, mine.passkey.sign(await asked(thief, STEP_UP)))

    answer = await thief.client.get("/settings/method", follow_redirects=False)
    assert answer.status_code == 303


async def test_a_refused_set_up_uses_its_question_up(house: FrontDoor) -> None:
    """PK-01: a sound answer that may not be bound now, as from a carried cookie, is used up too."""
    ada = await keeper(house)
    person = await ada.step_up()
    await person.get(doors.ADD)
    attestation = create(await asked(person, doors.ADD))[1]
    newest = max(await rows(house, "sessions"), key=lambda one: one["second_factor_at"])
    session = await house.database.read(lambda tx: sessions.get(tx, newest["id"], house.clock()))
    assert session is not None

    refused = await passkey_set_up.finish(
        house.built.means, NOBODY, session, answer=attestation, name=""
    )
    await hand_in(person, doors.ADD, attestation)

    assert refused == Refused(Reason.BROWSER_NOT_KNOWN)
    assert "That took longer than we wait" in person.text
    assert await count(house, "passkeys") == 1
