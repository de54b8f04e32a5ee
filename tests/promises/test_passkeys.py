"""A passkey's question and answer: each is used once, by who was asked, for what was asked."""

import asyncio
from dataclasses import replace

import pytest

from tests import passkey_doors as doors
from tests.attack import count, journal, rows
from tests.front_door import FrontDoor
from tests.passkey_doors import ALONE, SECOND, STEP_UP, Keeper, asked, hand_in, keeper
from tests.person import Person
from tests.promises.states import add_app, cookie, copy_of, is_inside, member
from tests.soft_passkey import create

pytestmark = pytest.mark.anyio

TOO_LATE = "That took longer than we wait"
WRONG = "That passkey was not accepted"


async def at_first_page(ada: Keeper) -> Person:
    person = ada.house.browser()
    await person.get("/sign-in")
    return person


async def at_second_door(ada: Keeper) -> Person:
    return await ada.password()


async def at_step_up(ada: Keeper) -> Person:
    """Inside in a browser of its own, where changes are closed."""
    person = await doors.sign_in_alone(ada.house.browser(), ada.passkey)
    ada.house.clock.advance(seconds=11 * 60)
    return await at_confirm(ada, person)


async def at_confirm(ada: Keeper, person: Person) -> Person:
    await ada.house.open_settings(person)
    await person.get("/settings/confirm")
    return person


PLACES = {ALONE: at_first_page, SECOND: at_second_door, STEP_UP: at_step_up}


async def is_through(person: Person, door: str) -> bool:
    """Whether the door let this browser in, or changes are open to it now."""
    if door == STEP_UP:
        answer = await person.client.get("/settings/method", follow_redirects=False)
        return answer.status_code == 200
    return await is_inside(person)


# --- the plain ways -------------------------------------------------------------------------


@pytest.mark.parametrize("door", PLACES)
async def test_a_passkey_opens_each_door(either_house: FrontDoor, door: str) -> None:
    """R2, PK-03: alone, after the password, and before a change; the session's id is another one
    after it (SE-05)."""
    ada = await keeper(either_house)
    person = await PLACES[door](ada)
    before = cookie(person, "session")
    assert not await is_through(person, door)

    await doors.prove(person, door, ada.passkey)

    assert await is_through(person, door), person.text
    assert cookie(person, "session") not in {None, before}


async def test_a_passkey_can_be_the_first_method(either_house: FrontDoor) -> None:
    """EF-10: at the wall it is bound as a phone or an app would be, and a recovery code is made."""
    house, person = either_house, either_house.browser()
    await house.sign_up(person, "eve@example.com")

    passkey, _ = await doors.at_the_wall(house, person)

    assert person.path == "/", person.text
    await person.press("Sign out")
    await doors.sign_in_alone(person, passkey)
    assert person.path == "/", person.text


async def test_who_was_told_of_a_sign_in_by_passkey(house: FrontDoor) -> None:
    """SE-11: the journal and the session's own page name what proved it, in RFC 8176's words."""
    ada = await keeper(house)
    person = await doors.sign_in_alone(house.browser(), ada.passkey)

    signed_in = (await journal(house, "authn_login_success"))[-1]
    session = (await person.client.get("/session")).json()

    assert signed_in.details["amr"] == "pop,user,mfa"
    assert session["amr"] == ["pop", "user", "mfa"]
    assert session["acr"] == "aal2"


async def test_a_passkey_alone_ends_what_the_password_began(house: FrontDoor) -> None:
    """OC-03: the sign-in that waits in this browser for a code is over, and so is its code."""
    ada = await keeper(house)
    person = await ada.password()
    assert await count(house, "sign_ins") == 1

    await doors.sign_in_alone(person, ada.passkey)

    assert await is_inside(person), person.text
    assert await count(house, "sign_ins") == 0


# --- once, for who was asked, for what was asked ----------------------------------------------


@pytest.mark.parametrize("door", PLACES)
async def test_an_answer_is_taken_once(either_house: FrontDoor, door: str) -> None:
    """PK-01: the same answer again, in the same browser and in another one, opens nothing."""
    ada = await keeper(either_house)
    person = await PLACES[door](ada)
    # Somebody else's browser, where the same page is open and its own question was asked.
    other = await PLACES[door](ada)
    if door == STEP_UP:
        # Its mailed code was of some minutes ago.
        await at_confirm(ada, person)
    await asked(other, door)
    answer = ada.passkey.sign(await asked(person, door))
    await hand_in(person, door, answer)
    assert await is_through(person, door)

    await hand_in(other, door, answer)

    assert not await is_through(other, door)
    again = person
    if door != STEP_UP:
        await person.get("/")
        await person.press("Sign out")
        again = await PLACES[door](ada)
    held = cookie(again, "session")
    await hand_in(again, door, answer)
    assert TOO_LATE in again.text
    assert cookie(again, "session") == held


@pytest.mark.parametrize("door", PLACES)
async def test_a_wrong_answer_uses_the_question_up(either_house: FrontDoor, door: str) -> None:
    """PK-01: deleted on first use, success or not: the right answer after a wrong one is late."""
    ada = await keeper(either_house)
    person = await PLACES[door](ada)
    options = await asked(person, door)

    await hand_in(person, door, replace(ada.passkey, origin="http://app.localhost").sign(options))
    assert WRONG in person.text
    await hand_in(person, door, ada.passkey.sign(options))

    assert TOO_LATE in person.text
    assert not await is_through(person, door)


@pytest.mark.parametrize("door", PLACES)
async def test_a_newer_question_takes_the_place(either_house: FrontDoor, door: str) -> None:
    """PK-01: of two questions of one browser the older one is void, and there is one row."""
    ada = await keeper(either_house)
    person = await PLACES[door](ada)
    older = await asked(person, door)
    newer = await asked(person, door)
    assert await count(either_house, "passkey_questions") == 1

    await hand_in(person, door, ada.passkey.sign(older))
    assert not await is_through(person, door)
    await hand_in(person, door, ada.passkey.sign(newer))

    assert await is_through(person, door), person.text


@pytest.mark.parametrize("door", PLACES)
@pytest.mark.parametrize(("seconds", "opens"), [(299, True), (300, False), (301, False)])
async def test_a_question_waits_five_minutes(
    house: FrontDoor, door: str, seconds: int, opens: bool
) -> None:
    """PK-01: to the second."""
    ada = await keeper(house)
    person = await PLACES[door](ada)
    answer = ada.passkey.sign(await asked(person, door))

    house.clock.advance(seconds=seconds)
    await hand_in(person, door, answer)

    assert await is_through(person, door) is opens, person.text
    assert opens or TOO_LATE in person.text


@pytest.mark.parametrize("given", PLACES)
@pytest.mark.parametrize("door", PLACES)
async def test_a_question_is_of_one_door(house: FrontDoor, given: str, door: str) -> None:
    """PK-01: what was asked at one door opens no other, and of no other browser."""
    ada = await keeper(house)
    answer = ada.passkey.sign(await asked(await PLACES[given](ada), given))
    person = await PLACES[door](ada)

    for asks in (False, True):
        if asks:
            await asked(person, door)
        await hand_in(person, door, answer)
        assert TOO_LATE in person.text
        assert not await is_through(person, door)


async def test_a_step_up_opens_no_closing(house: FrontDoor) -> None:
    """PK-01, SU-03: in one session, an answer for a change does not close, nor the reverse."""
    ada = await keeper(house)
    person = await at_step_up(ada)
    for_change = ada.passkey.sign(await asked(person, STEP_UP))
    for_closing = ada.passkey.sign(await asked(person, doors.CLOSE))

    await hand_in(person, doors.CLOSE, for_change)
    await hand_in(person, STEP_UP, for_closing)

    assert not await is_through(person, STEP_UP)
    closing = await rows(house, "SELECT 1 FROM safeguards WHERE closes_at IS NOT NULL")
    assert closing == []


async def test_ceremonies_are_not_swapped(either_house: FrontDoor) -> None:
    """PK-01, PK-02: a set-up's challenge proves nobody, and a proof's challenge binds nothing."""
    house, ada = either_house, await keeper(either_house)
    person = await ada.step_up()
    await person.get(doors.ADD)
    set_up = await asked(person, doors.ADD)
    await hand_in(person, doors.CLOSE, ada.passkey.sign(set_up))
    await hand_in(person, STEP_UP, ada.passkey.sign(set_up))
    assert TOO_LATE in person.text
    await person.get("/settings/confirm")
    proof = await asked(person, STEP_UP)
    await person.get(doors.ADD)
    fresh = await asked(person, doors.ADD)

    _, attestation = create({**fresh, "challenge": proof["challenge"]})
    await hand_in(person, doors.ADD, attestation)

    assert WRONG in person.text
    assert await count(house, "passkeys") == 1


async def test_an_attestation_is_taken_once(either_house: FrontDoor) -> None:
    """PK-01 (CVE-2022-42731): a set-up's answer binds once, in the session that was asked; the
    question is gone after a wrong answer too."""
    house, ada = either_house, await keeper(either_house)
    person = await ada.step_up()
    other = await ada.step_up(await doors.sign_in_alone(house.browser(), ada.passkey))
    for one in (person, other):
        await one.get(doors.ADD)
    theirs = await asked(other, doors.ADD)
    options = await asked(person, doors.ADD)

    await hand_in(person, doors.ADD, create(theirs)[1])
    assert WRONG in person.text
    await hand_in(person, doors.ADD, create(options)[1])
    assert TOO_LATE in person.text
    assert await count(house, "passkeys") == 1

    attestation = create(await asked(person, doors.ADD))[1]
    await hand_in(person, doors.ADD, attestation)
    assert await count(house, "passkeys") == 2
    await person.get(doors.ADD)
    await hand_in(person, doors.ADD, attestation)
    assert TOO_LATE in person.text
    await asked(person, doors.ADD)
    await hand_in(person, doors.ADD, attestation)
    assert WRONG in person.text
    assert await count(house, "passkeys") == 2


@pytest.mark.parametrize(("seconds", "binds"), [(299, True), (300, False)])
async def test_a_set_up_waits_five_minutes(house: FrontDoor, seconds: int, binds: bool) -> None:
    """PK-01: a new passkey too answers within five minutes."""
    ada = await keeper(house)
    person = await ada.step_up()
    await person.get(doors.ADD)
    attestation = create(await asked(person, doors.ADD))[1]

    house.clock.advance(seconds=seconds)
    await hand_in(person, doors.ADD, attestation)

    assert await count(house, "passkeys") == (2 if binds else 1), person.text


# --- at once ----------------------------------------------------------------------------------


async def _all_at_once(people: list[Person], door: str, answers: list[str]) -> list[int]:
    """Every answer leaves its browser before any is taken; their statuses."""
    tokens = [
        next(form.fields["csrf"] for form in one.page.forms if "csrf" in form.fields)
        for one in people
    ]
    given = await asyncio.gather(
        *(
            one.client.post(door, data={"csrf": token, "credential": answer})
            for one, token, answer in zip(people, tokens, answers, strict=True)
        )
    )
    return [one.status_code for one in given]


@pytest.mark.parametrize("door", [ALONE, SECOND])
async def test_sixteen_answers_open_one_session(either_house: FrontDoor, door: str) -> None:
    """PK-01: of sixteen parallel answers to one question exactly one opens a session."""
    ada = await keeper(either_house)
    person = await PLACES[door](ada)
    answer = ada.passkey.sign(await asked(person, door))
    before = await count(either_house, "sessions")

    statuses = await _all_at_once([person] * 16, door, [answer] * 16)

    assert statuses == [303] * 16
    assert await count(either_house, "sessions") == before + 1


async def test_sixteen_browsers_of_one_counter(either_house: FrontDoor) -> None:
    """PK-04: sixteen questions, answered at once with the same count: one opens, and the others
    are taken for copies."""
    ada = await keeper(either_house, sign_count=1)
    people = [await at_first_page(ada) for _ in range(16)]
    answers = [ada.passkey.counted(2).sign(await asked(one, ALONE)) for one in people]
    before = await count(either_house, "sessions")

    statuses = await _all_at_once(people, ALONE, answers)

    assert statuses == [303] * 16
    assert await count(either_house, "sessions") == before + 1
    assert len(await journal(either_house, "passkey_copied")) == 15


async def test_one_attestation_at_once_binds_one(either_house: FrontDoor) -> None:
    """PK-01, PK-02: of eight parallel answers to one set-up one is bound."""
    ada = await keeper(either_house)
    person = await ada.step_up()
    await person.get(doors.ADD)
    attestation = create(await asked(person, doors.ADD))[1]

    statuses = await _all_at_once([person] * 8, doors.ADD, [attestation] * 8)

    assert set(statuses) == {303}
    assert await count(either_house, "passkeys") == 2


async def test_one_credential_of_two_accounts_at_once(either_house: FrontDoor) -> None:
    """PK-02: a credential id is of one account, also where two bind it in the same moment."""
    ada, eve = await keeper(either_house), await keeper(either_house, "eve@example.com")
    people = [await ada.step_up(), await eve.step_up()]
    for one in people:
        await one.get(doors.ADD)
    made, first = create(await asked(people[0], doors.ADD))
    second = made.attest(await asked(people[1], doors.ADD))

    statuses = await _all_at_once(people, doors.ADD, [first, second])

    assert statuses == [303, 303]
    assert await count(either_house, "passkeys") == 3


async def test_a_copied_cookie_is_dead_after_the_passkey(house: FrontDoor) -> None:
    """SU-03, SE-05: who copied the cookie before the step-up has nothing after it."""
    ada = await keeper(house)
    person = await at_step_up(ada)
    thief = copy_of(house, person)

    await doors.prove(person, STEP_UP, ada.passkey)

    assert await is_through(person, STEP_UP)
    assert not await is_inside(thief)


async def test_ten_at_most(house: FrontDoor) -> None:
    """PK-06: an eleventh passkey is refused in a sentence, and nothing is asked."""
    ada = await member(house)
    await house.open_settings(ada.person)
    first = await doors.add(ada.person)
    ada_keeps = Keeper(house, ada, first)
    await ada_keeps.step_up()
    for _ in range(9):
        await doors.add(ada.person)
    await ada.person.get(doors.ADD)

    assert "You have ten passkeys" in await doors.refused(ada.person, doors.ADD)
    await add_app(house, ada.person)
