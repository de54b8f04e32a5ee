"""Passkeys that are copied, doubted, lost or erased; and keys and databases that change."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests import passkey_doors as doors
from tests.answers import ADA, NEW_PASSWORD, answer_mail, link, notice, thief_inside, told
from tests.attack import count, journal
from tests.front_door import FrontDoor, front_door
from tests.passkey_doors import ALONE, RESET, SECOND, STEP_UP, Keeper, asked, hand_in, keeper
from tests.person import Person
from tests.promises import closers
from tests.promises.disasters import Disaster
from tests.promises.states import (
    ask_reset,
    is_inside,
    member,
    recover,
    rows,
    standing,
)
from tests.promises.test_key_rotation import Operator
from tests.soft_passkey import create, text_of
from vestibule.crypto.seal import Place
from vestibule.flows.restored import make_safe

pytestmark = pytest.mark.anyio

DAY = 24 * 3600
COPIED = "may have been copied"


# --- counters ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [0, 1, 6, 7])
@pytest.mark.parametrize("door", [ALONE, SECOND, STEP_UP])
async def test_a_counter_that_stands_is_a_copy(house: FrontDoor, door: str, shown: int) -> None:
    """PK-04: a count of no more than the last is refused at every door, noted, and told."""
    ada = await keeper(house, sign_count=7)
    person = house.browser()
    if door == SECOND:
        await ada.password(person)
    elif door == ALONE:
        await person.get("/sign-in")
    else:
        person = ada.person
        house.clock.advance(seconds=660)
        await house.open_settings(person)
        await person.get("/settings/confirm")
    inside = await is_inside(person)

    await doors.prove(person, door, ada.passkey.counted(shown))

    assert COPIED in person.text
    assert await is_inside(person) is inside
    (noted,) = await journal(house, "passkey_copied")
    assert noted.reason == "passkey_copied"
    assert noted.outcome == "failure"
    assert (await told(house))["passkey_copied"] == 1
    assert COPIED in str((await notice(house, "passkey_copied")).subject)
    (stored,) = await rows(house, "passkeys")
    assert stored["sign_count"] == 7


async def test_a_counter_that_goes_up_is_kept(either_house: FrontDoor) -> None:
    """PK-04: each use is kept, so that the one before it is a copy from then on."""
    house, ada = either_house, await keeper(either_house, sign_count=7)

    for shown in (8, 100, 2**32 - 1):
        person = await doors.sign_in_alone(house.browser(), ada.passkey.counted(shown))
        assert await is_inside(person), shown
        (stored,) = await rows(house, "passkeys")
        assert stored["sign_count"] == shown
    again = await doors.sign_in_alone(house.browser(), ada.passkey.counted(100))

    assert COPIED in again.text
    assert not await is_inside(again)


async def test_a_synced_passkey_counts_nothing(either_house: FrontDoor) -> None:
    """PK-04: 0 after 0 is what a synced passkey says each time, and is accepted."""
    house, ada = either_house, await keeper(either_house)

    for _ in range(3):
        assert await is_inside(await doors.sign_in_alone(house.browser(), ada.passkey))

    assert await journal(house, "passkey_copied") == []


async def test_what_cannot_be_copied_does_not_become_so(house: FrontDoor) -> None:
    """PK-02: BE is said once for good; whether it is copied (BS) may change."""
    ada = await keeper(house, be=False, bs=False)
    for told_so in (replace(ada.passkey, be=True), replace(ada.passkey, be=True, bs=True)):
        assert not await is_inside(await doors.sign_in_alone(house.browser(), told_so))
    assert await is_inside(await doors.sign_in_alone(house.browser(), ada.passkey))


# --- not me -----------------------------------------------------------------------------------


async def test_the_thiefs_passkey_is_suspended(either_house: FrontDoor) -> None:
    """R8: the answer to the notice suspends what the doubted session added; it proves nothing
    after, anywhere, and what signed in by it is out."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    stolen = await doors.add(thief, name="Thief's")
    path = await link(house, "method_added")
    successor = await doors.sign_in_alone(house.browser(source="198.51.100.70"), stolen)
    assert await is_inside(successor)

    await answer_mail(house, path)

    assert [one["kind"] for one in await standing(house)] == ["totp"]
    assert not await is_inside(successor)
    assert not await is_inside(thief)
    again = await doors.sign_in_alone(house.browser(), stolen)
    assert "That passkey was not accepted" in again.text
    assert not await is_inside(again)
    asking = house.browser()
    await ask_reset(asking, ADA)
    await asking.press("Verify", code=await house.code("email", to=ADA))
    assert asking.path == "/forgot-password/second-factor"
    answer = await asking.post(f"{RESET}/options", {}, follow=False)
    assert answer.status_code == 409


async def test_who_a_thiefs_passkey_let_in_is_reached(house: FrontDoor) -> None:
    """R8: cause and not the clock: what a sign-in by the thief's passkey added goes too."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    first = await doors.add(thief, name="First")
    path = await link(house, "method_added")
    keeper_of_it = Keeper(house, ada, first)
    successor = await keeper_of_it.step_up(
        await doors.sign_in_alone(house.browser(source="198.51.100.70"), first)
    )
    await doors.add(successor, name="Second")

    await answer_mail(house, path)

    assert [one["kind"] for one in await standing(house)] == ["totp"]


async def test_a_passkey_that_went_does_not_come_back(house: FrontDoor) -> None:
    """R8: one that was removed, and is missed, is not asked in the reset that follows, as an app
    or a phone would be: its device makes another in a moment."""
    ada = await keeper(house)
    person = await ada.step_up()
    key = next(one for one in await standing(house) if one["kind"] == "passkey")
    await person.post(f"/settings/passkeys/{key['id']}/remove", {})
    await answer_mail(house, await link(house, "method_removed"))
    asking = house.browser()
    await ask_reset(asking, ADA)
    await asking.press("Verify", code=await house.code("email", to=ADA))

    await asking.get("/forgot-password/second-factor/methods")

    assert "asskey" not in asking.text
    answer = await asking.post(f"{RESET}/options", {}, follow=False)
    assert answer.status_code == 409


# --- reset ------------------------------------------------------------------------------------


async def at_the_second_factor(house: FrontDoor) -> Person:
    person = house.browser(source="198.51.100.44")
    await ask_reset(person, ADA)
    await person.press("Verify", code=await house.code("email", to=ADA))
    assert person.path == "/forgot-password/second-factor", person.text
    return person


async def by_passkey(person: Person, ada: Keeper) -> Person:
    await doors.prove(person, RESET, ada.passkey)
    assert person.path == "/forgot-password/new", person.text
    await person.press("Set new password", new_password=NEW_PASSWORD)
    return person


async def test_a_reset_by_passkey_counts_at_once(either_house: FrontDoor) -> None:
    """B.3: in a browser that nobody knows too, since no copy of a number proves it; nobody is
    signed in by it (AR-01), and a possession is enough beside the mailbox."""
    house, ada = either_house, await keeper(either_house)
    held = replace(ada, passkey=replace(ada.passkey, uv=False))

    person = await by_passkey(await at_the_second_factor(house), held)

    assert person.path == "/sign-in"
    assert "counts from" not in person.text
    assert not await is_inside(person)
    assert not await is_inside(ada.person)
    assert await rows(house, "waiting_resets") == []
    await house.password(person, ADA, password=NEW_PASSWORD)
    assert person.path == "/sign-in/code", person.text


async def test_a_resets_question_is_its_own(house: FrontDoor) -> None:
    """PK-01: what a reset asked is answered in that reset, once, within five minutes."""
    ada = await keeper(house)
    first = await at_the_second_factor(house)
    second = await at_the_second_factor(house)
    theirs = ada.passkey.sign(await asked(second, RESET))
    await asked(first, RESET)
    await hand_in(first, RESET, theirs)
    assert first.path == "/forgot-password/second-factor"
    answer = ada.passkey.sign(await asked(first, RESET))
    house.clock.advance(seconds=300)

    await hand_in(first, RESET, answer)

    assert first.path == "/forgot-password/second-factor"
    await by_passkey(first, ada)


# --- the recovery code ------------------------------------------------------------------------


async def test_a_lost_passkey_goes_with_recovery(either_house: FrontDoor) -> None:
    """RC-04: the recovery code replaces what was lost, the passkey too, which is void at once."""
    house, ada = either_house, await keeper(either_house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ADA)
    await house.save_recovery_code(person)

    await person.get("/set-up")
    await person.press("Authentication app")
    code = house.app_code(house.secret_on(person))
    await person.press("Verify", code=code, app_name="New app")
    await house.answer_review(person)

    assert person.path == "/", person.text
    assert [one["kind"] for one in await standing(house)] == ["totp"]
    gone = await doors.sign_in_alone(house.browser(), ada.passkey)
    assert not await is_inside(gone)


async def test_a_passkey_can_take_the_place_of_the_lost(either_house: FrontDoor) -> None:
    """RC-04, SU-02: bound in a recovery, it signs in at once and changes nothing for a day, and
    it can be made on the device that had the lost one."""
    house, ada = either_house, await keeper(either_house)
    person = house.browser()
    await recover(house, person, ada.recovery_code, ADA)
    await house.save_recovery_code(person)
    await person.get(doors.WALL)
    options = await asked(person, doors.WALL)
    assert options.get("excludeCredentials", []) == []
    passkey, attestation = create(options)
    assert passkey.user_handle == ada.passkey.user_handle
    await hand_in(person, doors.WALL, attestation)
    await house.answer_review(person)
    assert person.path == "/", person.text
    assert [one["kind"] for one in await standing(house)] == ["passkey"]

    house.clock.advance(seconds=60)
    other = await doors.sign_in_alone(house.browser(), passkey)
    await house.answer_review(other)
    for one in (person, other):
        await house.open_settings(one)
        await one.get("/settings/app")
        assert one.path != "/settings/app", one.text
    await other.get("/settings/confirm")
    await doors.prove(other, STEP_UP, passkey)
    await other.get("/settings/app")
    assert other.path != "/settings/app", other.text
    house.clock.advance(seconds=DAY)
    later = await doors.sign_in_alone(house.browser(), passkey)
    await house.open_settings(later)
    await later.get("/settings/app")
    assert later.path == "/settings/app", later.text


# --- closing ----------------------------------------------------------------------------------


async def test_a_closed_account_keeps_no_passkey(either_house: FrontDoor) -> None:
    """SE-09: credential, handle and questions are erased on the day, and open nothing."""
    house, ada = either_house, await keeper(either_house)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/close/confirm")
    await doors.prove(ada.person, doors.CLOSE, ada.passkey)
    assert ada.person.path == "/settings/close", ada.person.text

    await closers.come(house)

    assert await count(house, "passkeys") == 0
    assert await count(house, "passkey_users") == 0
    (left,) = await rows(house, "authenticators")
    place = Place("authenticators", "secret_sealed", str(left["id"]))
    assert left["name"] == house.built.means.seal.open(left["secret_sealed"], place) == ""
    await house.let_time_pass(seconds=3600)
    assert await count(house, "passkey_questions") == 0
    gone = await doors.sign_in_alone(house.browser(), ada.passkey)
    assert "That passkey was not accepted" in gone.text


# --- what is stored ---------------------------------------------------------------------------


async def test_no_row_names_the_credential(either_house: FrontDoor) -> None:
    """KY-06: ids, public keys and handles are sealed, and questions are kept as digests."""
    house, ada = either_house, await keeper(either_house)
    person = house.browser()
    await person.get("/sign-in")
    options = await asked(person, ALONE)

    stored = str([await rows(house, table) for table in ("passkeys", "passkey_users")])
    stored += str([await rows(house, t) for t in ("authenticators", "passkey_questions", "events")])

    for secret in (ada.passkey.credential_id, doors.handle_of(ada.passkey)):
        assert secret.hex() not in stored
        assert str(secret)[2:-1] not in stored
        assert text_of(secret) not in stored
    assert options["challenge"] not in stored


async def test_questions_go_when_they_are_late(house: FrontDoor) -> None:
    """PK-01: a question that nobody answered is gone with the worker's next round."""
    person = house.browser()
    await person.get("/sign-in")
    await asked(person, ALONE)
    assert await count(house, "passkey_questions") == 1

    await house.let_time_pass(seconds=DAY)

    assert await count(house, "passkey_questions") == 0


# --- keys and copies --------------------------------------------------------------------------


async def test_a_passkey_outlives_the_root_key(either_house: FrontDoor, tmp_path: Path) -> None:
    """KY-03: after the root changed and the old one is gone a passkey signs in, a question of
    before is answered, and a further one has the same handle."""
    house, ada = either_house, await keeper(either_house)
    operator = Operator(house, tmp_path)
    person = house.browser()
    await person.get("/sign-in")
    answer = ada.passkey.sign(await asked(person, ALONE))

    await operator.publish()
    operator.activate()
    resealed = await operator.reseal()

    assert resealed.unreadable == 0
    await hand_in(person, ALONE, answer)
    assert await is_inside(person), person.text
    await operator.retire()
    await person.get("/")
    await ada.step_up(person)
    second = await doors.add(person, name="Second")
    assert second.user_handle == ada.passkey.user_handle
    assert await is_inside(await doors.sign_in_alone(house.browser(), second))


async def test_a_restore_ends_open_questions(disaster: Disaster) -> None:
    """KY-06: what was asked before the loss is answered no more; the passkey itself signs in, and
    another password is set, which its mailbox proves."""
    database = disaster.store.open()
    async with front_door(database, disaster.folder) as house:
        ada = await keeper(house, sign_count=7)
        person = house.browser()
        await person.get("/sign-in")
        answer = ada.passkey.counted(8).sign(await asked(person, ALONE))
        await disaster.back_up(house)
        await hand_in(person, ALONE, answer)
        assert await is_inside(person)
        url = await disaster.put_back()
        async with disaster.house_over(url, like=house) as again:
            assert await count(again, "passkey_questions") == 1
            await make_safe(again.built.means, disaster.mark, after=0)
            assert await count(again, "passkey_questions") == 0
            replayed = again.browser()
            for one in person.client.cookies.jar:
                if one.name == "visit":
                    replayed.client.cookies.set(
                        one.name, str(one.value), domain="localhost.local", path="/"
                    )
            await replayed.get("/sign-in")
            await hand_in(replayed, ALONE, answer)
            assert not await is_inside(replayed)
            owner = await doors.sign_in_alone(again.browser(), ada.passkey.counted(9))
            assert owner.path in {"/settings", "/new-password"}, owner.text
            events = [json.loads(one["details"]) for one in await rows(again, "events")]
            assert any("questions to passkeys 1" in str(one.get("ended")) for one in events)


async def test_a_sign_in_that_is_not_theirs_is_told(house: FrontDoor) -> None:
    """NO-01: a sign-in by passkey from a new browser is told as any other is."""
    ada = await keeper(house)
    before = (await told(house))["new_browser"]

    await doors.sign_in_alone(house.browser(agent="Mozilla/5.0 (X11) Firefox/140"), ada.passkey)

    assert (await told(house))["new_browser"] == before + 1
