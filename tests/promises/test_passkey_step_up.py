"""Who has a passkey changes nothing without it: no code, no password stands in for it (SU-04)."""

from dataclasses import replace

import pytest

from tests import passkey_doors as doors
from tests.answers import ADA, told
from tests.attack import count
from tests.front_door import PASSWORD, FrontDoor
from tests.passkey_doors import CLOSE, STEP_UP, Keeper, asked, hand_in, keeper
from tests.person import Person
from tests.promises.states import (
    SEEN_OR_HELD,
    add_app,
    add_phone,
    age_browsers,
    is_inside,
    member,
    rows,
    snapshot,
    standing,
)
from tests.soft_passkey import create, raw_of, text_of
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows import closing, reauthenticate
from vestibule.flows.reauthenticate import Proof
from vestibule.flows.work import NOBODY
from vestibule.storage import sessions
from vestibule.web.doors import DOORS
from vestibule.web.guard import Needs

pytestmark = pytest.mark.anyio

MINUTE = 60
LATER = 11 * MINUTE


async def with_everything(house: FrontDoor) -> Keeper:
    """An account with app, phone and passkey, in its known browser, whose proofs are old."""
    owner = await member(house)
    await house.open_settings(owner.person)
    await add_phone(house, owner.person)
    if owner.person.path.endswith("/recovery-code"):
        owner.recovery_code = await house.save_recovery_code(owner.person)
    passkey = await doors.add(owner.person)
    house.clock.advance(seconds=LATER)
    return Keeper(house, owner, passkey)


async def at_confirm(ada: Keeper, person: Person | None = None) -> Person:
    person = person or ada.person
    await ada.house.open_settings(person)
    await person.get("/settings/confirm")
    return person


async def session_of(house: FrontDoor) -> Session:
    """The newest session, as the flows get it."""
    newest = max(await rows(house, "sessions"), key=lambda one: one["signed_in_at"])
    found = await house.database.read(lambda tx: sessions.get(tx, newest["id"], house.clock()))
    assert found is not None
    return found


async def is_open(person: Person) -> bool:
    answer = await person.client.get("/settings/method", follow_redirects=False)
    return answer.status_code == 200


# --- nothing weaker ---------------------------------------------------------------------------


async def test_the_page_offers_nothing_but_the_passkey(house: FrontDoor) -> None:
    """SU-04: before a change no other way is shown, no code asked for, and none is sent."""
    ada = await with_everything(house)
    before = len(house.inbox())

    person = await at_confirm(ada)

    assert person.path == "/settings/confirm"
    assert "asks for it and for nothing weaker" in person.text
    assert "Try another way" not in person.text
    names = {name for form in person.page.forms for name in form.fields}
    assert names.isdisjoint({"password", "code", "channel", "authenticator"})
    await house.deliver()
    assert [m for m in house.inbox()[before:] if m.channel == "sms" and m.code] == []


@pytest.mark.parametrize("way", ["app", "text", "call"])
async def test_password_and_code_step_nobody_up(either_house: FrontDoor, way: str) -> None:
    """SU-04: password and a right code, posted by hand after any way was asked for, change
    nothing: no code leaves, none is compared, none is counted."""
    house, ada = either_house, await with_everything(either_house)
    person = await at_confirm(ada)
    phone = next(one for one in await rows(house, "authenticators") if one["kind"] == "phone")
    channel = {"app": "totp", "text": "sms", "call": "voice"}[way]
    chosen = {"authenticator": phone["id"], "channel": channel}
    before = len(house.inbox())
    await person.post("/settings/confirm/send", chosen)
    await person.get("/settings/confirm")
    await house.deliver()
    assert [m for m in house.inbox()[before:] if m.channel in {"sms", "voice"}] == []

    code = ada.member.next_code() if way == "app" else "123456"
    await person.post("/settings/confirm", {"password": PASSWORD, "code": code})

    assert "Use your passkey here" in person.text
    assert not await is_open(person)
    assert await count(house, "strikes") == 0
    assert await is_inside(person)


@pytest.mark.parametrize("purpose", [Purpose.STEP_UP, Purpose.CLOSE])
async def test_the_flow_refuses_what_the_page_does_not_offer(
    either_house: FrontDoor, purpose: Purpose
) -> None:
    """SU-04: the flow itself takes neither app nor phone, whatever the session chose before."""
    house, ada = either_house, await with_everything(either_house)
    means, session = house.built.means, await session_of(house)
    for one in await rows(house, "authenticators"):
        if one["kind"] == "passkey":
            continue
        channel = Channel.TOTP if one["kind"] == "totp" else Channel.SMS
        await reauthenticate.switch_step_up(
            means,
            NOBODY,
            session,
            authenticator_id=one["id"],
            channel=channel.value,
            purpose=purpose,
        )
        await house.database.transact(
            lambda tx, one=one, channel=channel: sessions.choose_step_up(  # type: ignore[misc]  # bound
                tx, session.id, authenticator_id=one["id"], channel=channel
            )
        )
        proof = Proof(password=PASSWORD, code=ada.member.next_code())

        outcome = await reauthenticate.submit_step_up(
            means, NOBODY, session, proof, purpose=purpose
        )

        assert outcome == Refused(Reason.PASSKEY_NEEDED)
        view = await reauthenticate.view_step_up(means, NOBODY, session, purpose=purpose)
        assert not isinstance(view, Refused)
        assert view.way.channel is Channel.PASSKEY
        assert view.others == ()


async def test_nobody_closes_it_by_a_code(house: FrontDoor) -> None:
    """SU-04: closing too asks for the passkey: a right app's code with the password closes
    nothing, in the page and in the flow, and the passkey does."""
    ada = await with_everything(house)
    person = ada.person
    await house.open_settings(person)
    await person.get("/settings/close/confirm")
    assert "asks for it and for nothing weaker" in person.text
    await person.post("/settings/close/confirm", {"password": PASSWORD, "code": "123456"})
    assert "Use your passkey here" in person.text
    proof = Proof(password=PASSWORD, code=ada.member.next_code())
    refused = await closing.ask(house.built.means, NOBODY, await session_of(house), proof)
    assert refused == Refused(Reason.PASSKEY_NEEDED)
    assert not any(one["closes_at"] for one in await rows(house, "safeguards"))

    await person.get("/settings/close/confirm")
    await doors.prove(person, CLOSE, ada.passkey)

    assert person.path == "/settings/close", person.text
    assert any(one["closes_at"] for one in await rows(house, "safeguards"))


@pytest.mark.parametrize("way", ["app", "text"])
async def test_a_sign_in_by_code_is_no_step_up(house: FrontDoor, way: str) -> None:
    """SU-04: who has just signed in by app or text, in the known browser, changes nothing before
    the passkey is proven: that sign-in is what a page in between could have relayed."""
    ada = await with_everything(house)
    person = ada.person
    await person.get("/")
    await person.press("Sign out")
    await ada.password(person)
    if way == "text":
        await person.get("/sign-in/methods")
        await person.press("Text")
        await person.press("Verify", code=await house.code("sms"))
    else:
        await person.press("Verify", code=ada.member.next_code())
    assert person.path == "/", person.text
    await house.open_settings(person)
    before = await snapshot(house, but=("events",), without=SEEN_OR_HELD)

    csrf = next(form.fields["csrf"] for form in person.page.forms)
    for door in DOORS:
        if door.needs is not Needs.STEP_UP or door.post is None:
            continue
        for one in await standing(house):
            path = door.path.replace("{app_id}", one["id"])
            answer = await person.client.post(path, data={"csrf": csrf, "app_name": "Mine"})
            assert answer.headers["location"] == "/settings/confirm", path

    after = await snapshot(house, but=("events",), without=SEEN_OR_HELD | {"gate_used_at"})
    for table in after:
        kept = [{k: v for k, v in row.items() if k != "gate_used_at"} for row in before[table]]
        assert after[table] == kept, table
    await person.get("/settings/confirm")
    await doors.prove(person, STEP_UP, ada.passkey)
    assert await is_open(person)


# --- what the passkey must say ----------------------------------------------------------------


@pytest.mark.parametrize("door", [STEP_UP, CLOSE])
async def test_a_step_up_verifies_its_user(house: FrontDoor, door: str) -> None:
    """PK-03: UV=0 is refused before a change and before closing, and the question is used up."""
    ada = await with_everything(house)
    person = await at_confirm(ada)
    options = await asked(person, door)
    assert options["userVerification"] == "required"
    assert len(options["allowCredentials"]) == 1

    await hand_in(person, door, replace(ada.passkey, uv=False).sign(options))

    assert "That passkey was not accepted" in person.text
    assert not await is_open(person)
    assert await count(house, "passkey_questions") == 0


async def test_another_accounts_passkey_steps_nobody_up(house: FrontDoor) -> None:
    """PK-02: a right answer by somebody else's passkey, even with our handle, opens nothing."""
    ada, eve = await with_everything(house), await keeper(house, "eve@example.com")
    person = await at_confirm(ada)
    for handle in (eve.passkey.user_handle, ada.passkey.user_handle, None):
        forged = replace(eve.passkey, user_handle=handle)
        await hand_in(person, STEP_UP, forged.sign(await asked(person, STEP_UP)))
        assert "That passkey was not accepted" in person.text
    assert not await is_open(person)


async def test_without_a_passkey_nothing_is_asked(house: FrontDoor) -> None:
    """SU-04: an account without one is told so, and an answer that nobody asked for is refused."""
    ada, eve = await member(house), await keeper(house, "eve@example.com")
    house.clock.advance(seconds=LATER)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/confirm")

    assert await doors.refused(ada.person, STEP_UP)
    await eve.person.get("/")
    strange = {"challenge": "AAAA"}
    for text in ("", " ", "{}", eve.passkey.sign(strange)):
        await hand_in(ada.person, STEP_UP, text)
        assert not await is_open(ada.person)
    assert ada.person.status == 200


# --- R11 --------------------------------------------------------------------------------------


async def test_a_passkey_opens_changes_in_a_new_browser(house: FrontDoor) -> None:
    """R11: a browser of today changes nothing by app; a passkey opens changes there at once."""
    ada = await with_everything(house)
    person = house.browser()
    await ada.password(person)
    await person.press("Verify", code=ada.member.next_code())
    await house.open_settings(person)
    await person.get("/settings/app")
    assert person.path == "/settings/wait", person.text

    other = await doors.sign_in_alone(house.browser(), ada.passkey)
    await house.open_settings(other)
    await add_app(house, other)

    assert len(await standing(house)) == 4


async def test_a_carried_cookie_changes_nothing(house: FrontDoor) -> None:
    """R11: the session of a passkey, its cookie carried to another browser, changes nothing."""
    ada = await with_everything(house)
    person = await doors.sign_in_alone(house.browser(), ada.passkey)
    await house.open_settings(person)
    thief = house.browser()
    for one in person.client.cookies.jar:
        if one.name == "session":
            thief.client.cookies.set(one.name, str(one.value), domain="localhost.local", path="/")

    await thief.get("/settings/app")

    assert thief.path == "/settings/wait", thief.text


# --- binding and removal ----------------------------------------------------------------------


async def test_binding_needs_step_up_and_is_told(house: FrontDoor) -> None:
    """PK-06, NO-01: nothing is asked for without fresh proofs; a new one is told at every
    address and number, and every other browser is out."""
    ada = await with_everything(house)
    await house.open_settings(ada.person)
    answer = await ada.person.post(f"{doors.ADD}/options", {}, follow=False)
    assert answer.headers["location"] == "/settings/confirm"
    other = await doors.sign_in_alone(house.browser(), ada.passkey)
    before, texts = await told(house), await told(house, to="+447400123456")

    await ada.step_up()
    await doors.add(ada.person, name="Key ring")

    assert (await told(house))["method_added"] == before["method_added"] + 1
    after = await told(house, to="+447400123456")
    assert after["method_added"] == texts["method_added"] + 1
    assert not await is_inside(other)
    assert {"Key ring", "Passkey"} <= {one["name"] for one in await standing(house)}


async def test_removal_needs_step_up_and_is_told(house: FrontDoor) -> None:
    """PK-06, NO-01: removed with its proof only, told, and it opens nothing from then on."""
    ada = await with_everything(house)
    key = next(one for one in await standing(house) if one["kind"] == "passkey")
    remove = f"/settings/passkeys/{key['id']}/remove"
    await house.open_settings(ada.person)
    await ada.person.get(remove)
    assert ada.person.path == "/settings/confirm"
    before = (await told(house))["method_removed"]

    await ada.step_up()
    await ada.person.get(remove)
    await ada.person.press("Remove")

    assert ada.person.path == "/settings", ada.person.text
    assert (await told(house))["method_removed"] == before + 1
    assert not any(one["kind"] == "passkey" for one in await standing(house))
    person = await doors.sign_in_alone(house.browser(), ada.passkey)
    assert person.path == "/sign-in"
    assert not await is_inside(person)


async def test_the_last_method_stays(either_house: FrontDoor) -> None:
    """PK-06, EF-02: an account's only method is not removed, a passkey neither."""
    house, person = either_house, either_house.browser()
    await house.sign_up(person, ADA)
    passkey, _ = await doors.at_the_wall(house, person)
    await house.open_settings(person)
    await person.get("/settings/confirm")
    await doors.prove(person, STEP_UP, passkey)
    (key,) = await standing(house)
    assert "Remove" not in person.text

    await person.post(f"/settings/passkeys/{key['id']}/remove", {})

    assert "You need at least one way" in person.text, person.text
    assert len(await standing(house)) == 1
    await person.get("/")
    await person.press("Sign out")
    await doors.sign_in_alone(person, passkey)
    assert person.path == "/"


async def test_settings_show_name_use_and_copies(house: FrontDoor) -> None:
    """PK-06: name, last use and whether it is on several devices are shown, and follow its use."""
    ada = await keeper(house, bs=False)
    person = await ada.step_up()
    key = next(one for one in await standing(house) if one["kind"] == "passkey")
    await person.get("/settings")
    assert "Passkey, on one device" in person.text
    await person.get(f"/settings/passkeys/{key['id']}/rename")
    await person.press("Save", app_name="Key ring")
    assert "Key ring" in person.text
    house.clock.advance(seconds=3600)

    synced = replace(ada, passkey=replace(ada.passkey, bs=True))
    await synced.step_up(await doors.sign_in_alone(house.browser(), synced.passkey))
    await person.get("/settings")
    other = await doors.sign_in_alone(house.browser(), synced.passkey)
    await house.open_settings(other)

    assert "Passkey, on several devices" in other.text
    assert "last used 23 Nov 2026, 11:0" in other.text


async def test_what_is_asked_of_a_new_one(house: FrontDoor) -> None:
    """PK-05: the handle is 64 drawn bytes, the same for all of an account, another for others."""
    ada, eve = await keeper(house), await keeper(house, "eve@example.com")
    person = await ada.step_up()
    await person.get(doors.ADD)
    options = await asked(person, doors.ADD)
    again = await asked(person, doors.ADD)

    handle = doors.handle_of(ada.passkey)
    assert len(handle) == 64
    assert options["user"]["id"] == again["user"]["id"]
    assert raw_of(options["user"]["id"]) == handle
    assert doors.handle_of(eve.passkey) != handle
    ids = [one["id"] for one in options["excludeCredentials"]]
    assert ids == [text_of(ada.passkey.credential_id)]
    assert options["challenge"] != again["challenge"]
    assert len(raw_of(options["challenge"])) == 32
    held = {str(one["id"]) for one in await rows(house, "accounts")}
    assert not any(one.encode() in handle for one in (*held, "ada", ADA))


async def test_first_passkeys_at_once_have_one_handle(house: FrontDoor) -> None:
    """PK-05: two first set-ups, begun beside each other, do not give an account two handles."""
    ada = await member(house)
    other = await ada.sign_in()
    await age_browsers(house)
    for one in (ada.person, other):
        await ada.step_up(one)
        await one.get(doors.ADD)
    made = [create(await asked(one, doors.ADD)) for one in (ada.person, other)]

    await hand_in(ada.person, doors.ADD, made[0][1])
    await hand_in(other, doors.ADD, made[1][1])

    assert await count(house, "passkey_users") == 1
    assert await count(house, "passkeys") == 1
