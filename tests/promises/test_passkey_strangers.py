"""A passkey alone, where nobody is known, and what that door tells to strangers (EN-05)."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests import passkey_doors as doors
from tests.answers import ADA, told
from tests.attack import count, journal, state, wrong
from tests.front_door import PASSWORD, FrontDoor
from tests.passkey_doors import ALONE, SECOND, STEP_UP, Keeper, asked, hand_in, keeper
from tests.person import Person
from tests.promises.states import is_inside, rows, standing
from tests.soft_passkey import SoftPasskey, altered, create, flipped, text_of
from vestibule.flows import passkeys, supervision
from vestibule.flows.work import NOBODY
from vestibule.storage import accounts, safeguards

pytestmark = pytest.mark.anyio

WRONG = "That passkey was not accepted"
HOUR = 3600


def unmarked(page: str) -> str:
    """A page without what differs on every page: tokens and the address's own number."""
    return re.sub(r'(value|nonce|content|src|href)="[^"]*"', "", page)


async def at_first_page(house: FrontDoor) -> Person:
    person = house.browser(source="198.51.100.7")
    await person.get("/sign-in")
    return person


# --- one answer for all -----------------------------------------------------------------------

FORGED: dict[str, Callable[[SoftPasskey, dict[str, object]], str]] = {
    "wrong signature": lambda one, asked: flipped(one.sign(asked), "signature", at=12),
    "another origin": lambda one, asked: replace(one, origin="http://evil.test").sign(asked),
    "not verified": lambda one, asked: replace(one, uv=False).sign(asked),
    "nobody there": lambda one, asked: replace(one, up=False).sign(asked),
    "no handle": lambda one, asked: replace(one, user_handle=None).sign(asked),
    "an empty handle": lambda one, asked: replace(one, user_handle=b"").sign(asked),
    "a handle nobody has": lambda one, asked: replace(one, user_handle=bytes(64)).sign(asked),
    "bound to one device since": lambda one, asked: replace(one, be=False, bs=False).sign(asked),
    "in another site's frame": lambda one, asked: replace(one, client={"crossOrigin": True}).sign(
        asked
    ),
    "handle exchanged": lambda one, asked: altered(one.sign(asked), userHandle="AAAA"),
}


async def answer_to(house: FrontDoor, credential: Callable[[dict[str, object]], str]) -> str:
    """What a stranger is told: everything that the answer and the page after it say."""
    person = await at_first_page(house)
    options = await asked(person, ALONE)
    token = next(form.fields["csrf"] for form in person.page.forms)
    answer = await person.client.post(
        ALONE, data={"csrf": token, "credential": credential(options)}
    )
    assert answer.status_code == 303
    page = await person.client.get(answer.headers["location"])
    assert not await is_inside(person)
    names = sorted(one for one in answer.headers if one != "content-length")
    return f"{answer.headers['location']} {names} {page.status_code} {unmarked(page.text)}"


async def test_every_fault_is_the_same_one(either_house: FrontDoor) -> None:
    """EN-05, EN-01: an unknown credential, a removed one, a wrong signature, another account's
    handle and every other fault are answered alike, and nothing says whose it is."""
    house, ada = either_house, await keeper(either_house)
    eve = await keeper(house, "eve@example.com")
    stranger = replace(create_unknown(ada), user_handle=ada.passkey.user_handle)
    unknown = await answer_to(house, stranger.sign)
    assert WRONG in unknown
    assert "ada" not in unknown.lower().replace("adap", "")
    gone = await doors.add(await ada.step_up(), name="Gone")
    (key,) = [one for one in await standing(house) if one["name"] == "Gone"]
    await ada.person.post(f"/settings/passkeys/{key['id']}/remove", {})
    assert key["id"] not in {one["id"] for one in await standing(house)}

    assert await answer_to(house, gone.sign) == unknown
    theirs = replace(ada.passkey, user_handle=eve.passkey.user_handle)
    assert await answer_to(house, theirs.sign) == unknown
    for name, forge in FORGED.items():
        told = await answer_to(house, lambda asked, forge=forge: forge(ada.passkey, asked))  # type: ignore[misc]  # bound
        assert told == unknown, name
    right = await doors.sign_in_alone(house.browser(), ada.passkey)
    assert right.path == "/"


def create_unknown(ada: Keeper) -> SoftPasskey:
    """A passkey for this house that nobody ever bound."""
    options = {
        "user": {"id": "AAAA"},
        "rp": {"id": ada.passkey.rp_id},
        "challenge": "AAAA",
    }
    return create(options)[0]


async def test_everybody_is_asked_the_same(either_house: FrontDoor) -> None:
    """EN-05: no credential is named to anybody, whatever browser, cookie or address is known
    there; only the challenge differs, and a page sends none."""
    house, ada = either_house, await keeper(either_house)
    strangers = await at_first_page(house)
    known = ada.person
    await known.get("/")
    await known.press("Sign out")
    await known.get("/sign-in")
    pending = await ada.password()
    await pending.get("/sign-in")

    options = [await asked(one, ALONE) for one in (strangers, known, pending)]

    assert len({doors.without_challenge(one) for one in options}) == 1
    assert len({one["challenge"] for one in options}) == 3
    for one in options:
        assert one.get("allowCredentials", []) == []
        assert one["userVerification"] == "required"
        assert "user" not in one


async def test_a_second_factor_names_credentials_after_the_password_only(house: FrontDoor) -> None:
    """EN-05, R6: who has passkeys is told behind the password, and to nobody before."""
    ada = await keeper(house)
    person = await at_first_page(house)
    for door in (SECOND, doors.RESET, STEP_UP, doors.CLOSE, doors.ADD, doors.WALL):
        answer = await person.post(f"{door}/options", {}, follow=False)
        assert answer.status_code == 303, door
    await house.password(person, ADA, password="not the lantern in the porch")
    answer = await person.post(f"{SECOND}/options", {}, follow=False)
    assert answer.status_code == 303

    options = await asked(await ada.password(), SECOND)

    ids = [one["id"] for one in options["allowCredentials"]]
    assert ids == [text_of(ada.passkey.credential_id)]


async def test_a_wrong_answer_changes_nothing(house: FrontDoor) -> None:
    """RL-12, R4: wrong answers add no strikes, tell nobody, and shut nobody out."""
    ada = await keeper(house)
    before = await state(house, "authenticators", "passkeys", "passwords", "sessions")
    notices = await told(house)

    for _ in range(30):
        person = await at_first_page(house)
        await hand_in(
            person, ALONE, flipped(ada.passkey.sign(await asked(person, ALONE)), "signature", at=12)
        )
        assert WRONG in person.text

    assert await count(house, "strikes") == 0
    assert await told(house) == notices
    after = await state(house, "authenticators", "passkeys", "passwords", "sessions")
    assert after == before
    assert (await journal(house, "authn_login_fail"))[-1].reason == "passkey_wrong"
    assert (await doors.sign_in_alone(house.browser(), ada.passkey)).path == "/"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", "\0", "x" * 20_000, "[" * 9000, '{"id":"\\ud800"}', "\u00e4"]
)
@pytest.mark.parametrize("door", [ALONE, SECOND])
async def test_garbage_is_answered_by_a_page(house: FrontDoor, door: str, text: str) -> None:
    """PK-02: anything at all in the place of an answer is refused in a sentence."""
    ada = await keeper(house)
    person = await (at_first_page(house) if door == ALONE else ada.password())
    await asked(person, door)

    await hand_in(person, door, text)

    assert person.status in {200, 400, 413}, person.status
    assert not await is_inside(person)


# --- only a verified user, and only from our own page -----------------------------------------


async def test_possession_alone_is_not_both_factors(either_house: FrontDoor) -> None:
    """PK-03 (kanidm #2274): UV=0 opens nothing by itself, and after the password it does."""
    house, ada = either_house, await keeper(either_house)
    held = replace(ada.passkey, uv=False)

    alone = await doors.sign_in_alone(house.browser(), held)
    assert alone.path == "/sign-in"
    assert not await is_inside(alone)
    second = await ada.password()
    house.clock.advance(seconds=5)
    options = await asked(second, SECOND)
    await hand_in(second, SECOND, held.sign(options))

    assert options["userVerification"] == "preferred"
    assert await is_inside(second), second.text
    session = (await second.client.get("/session")).json()
    assert session["amr"] == ["pwd", "pop", "mfa"]


@pytest.mark.parametrize("door", [ALONE, SECOND])
@pytest.mark.parametrize(
    "origin",
    ["http://app.localhost", "http://localhost:8443", "https://localhost", "http://example.com"],
)
async def test_no_sibling_signs_anybody_in(house: FrontDoor, door: str, origin: str) -> None:
    """PK-07: an assertion that a page of a sibling host, another port or scheme asked for is
    refused, alone and after the password."""
    ada = await keeper(house)
    person = await (at_first_page(house) if door == ALONE else ada.password())

    await doors.prove(person, door, replace(ada.passkey, origin=origin))

    assert WRONG in person.text
    assert not await is_inside(person)


@pytest.mark.parametrize("rp_id", ["app.localhost", "example.com", ""])
async def test_of_another_rp_id_nothing_counts(house: FrontDoor, rp_id: str) -> None:
    """PK-07: the RP ID is our host itself, at every door and at binding."""
    ada = await keeper(house)
    other = replace(ada.passkey, rp_id=rp_id)
    assert not await is_inside(await doors.sign_in_alone(house.browser(), other))
    second = await doors.prove(await ada.password(), SECOND, other)
    assert not await is_inside(second)
    person = await ada.step_up()
    await person.get(doors.ADD)
    options = await asked(person, doors.ADD)
    assert options["rp"]["id"] == "localhost"
    await hand_in(person, doors.ADD, create(options, rp_id=rp_id)[1])
    assert await count(house, "passkeys") == 1


# --- budgets ----------------------------------------------------------------------------------


async def test_a_pause_of_codes_stops_no_passkey(either_house: FrontDoor) -> None:
    """RL-12, R4: whose codes a stranger's guesses pause signs in with the passkey, alone and after
    the password, in a browser that nobody knows."""
    house, ada = either_house, await keeper(either_house)
    for turn in range(2):
        thief = await ada.password(house.browser(source=f"198.51.100.{turn}"))
        for by in range(5):
            await thief.press("Verify", code=wrong("000000", by=by + 1))
    paused = await ada.password(house.browser(source="198.51.100.9"))
    assert "Wait until" in paused.text
    strikes = await count(house, "strikes")

    alone = await doors.sign_in_alone(house.browser(source="192.0.2.1"), ada.passkey)
    await doors.prove(paused, SECOND, ada.passkey)

    assert await is_inside(alone), alone.text
    assert await is_inside(paused), paused.text
    assert await count(house, "strikes") == strikes


async def test_a_source_is_asked_so_many_times(house: FrontDoor) -> None:
    """RL-12, R5: a source that asks for ever is told to wait, in a sentence; others are not, and
    neither is who has the password."""
    ada = await keeper(house)
    person = await at_first_page(house)
    for _ in range(passkeys.QUESTIONS_PER_SOURCE_HOUR):
        await asked(person, ALONE)

    assert "Wait until" in await doors.refused(person, ALONE)
    assert await count(house, "passkey_questions") == 1
    other = house.browser(source="192.0.2.99")
    await doors.sign_in_alone(other, ada.passkey)
    assert await is_inside(other)
    second = await ada.password(person)
    await doors.prove(second, SECOND, ada.passkey)
    assert await is_inside(second)


# --- who is not let in ------------------------------------------------------------------------


async def account_id(house: FrontDoor) -> str:
    return str((await rows(house, "accounts"))[0]["id"])


async def test_a_suspended_account_is_not_let_in(either_house: FrontDoor) -> None:
    """SE-09: a suspended account's passkey opens nothing, alone and after the password; only who
    has proven everything is told."""
    house, ada = either_house, await keeper(either_house)
    await supervision.suspend(house.built.means, NOBODY, await account_id(house), because="case 7")

    alone = await doors.sign_in_alone(house.browser(), ada.passkey)
    forged = await doors.sign_in_alone(
        house.browser(), replace(ada.passkey, origin="http://evil.test")
    )

    assert "suspended" in alone.text
    assert "suspended" not in forged.text
    assert not await is_inside(alone)
    await supervision.unsuspend(
        house.built.means, NOBODY, await account_id(house), because="case 7"
    )
    assert await is_inside(await doors.sign_in_alone(alone, ada.passkey))


async def test_a_required_reset_comes_first(either_house: FrontDoor) -> None:
    """R8: after "not me" a passkey alone opens nothing before another password is set."""
    house, ada = either_house, await keeper(either_house)
    whose = await account_id(house)
    await house.database.transact(lambda tx: safeguards.require_reset(tx, whose, house.clock()))

    person = await doors.sign_in_alone(house.browser(), ada.passkey)

    assert "Set a new password first" in person.text
    assert not await is_inside(person)
    second = await ada.password()
    assert second.path == "/sign-in/stopped", second.text
    answer = await second.post(f"{SECOND}/options", {}, follow=False)
    assert answer.status_code == 409


async def test_a_password_that_must_go_still_goes(house: FrontDoor) -> None:
    """RL-05, R1: where strikes demand another password, a passkey lets its owner in to set it,
    with the mailed code in a browser of today."""
    ada = await keeper(house)
    whose = await account_id(house)
    await house.database.transact(
        lambda tx: accounts.require_new_password(tx, whose, house.clock())
    )

    person = await doors.sign_in_alone(house.browser(), ada.passkey)
    if person.path == "/settings":
        await house.prove_mailbox(person)
    await person.get("/")
    assert person.path == "/new-password", person.text
    await person.press("Set new password", new_password="a heron on the weathervane")

    assert await is_inside(person), person.text
    assert PASSWORD != "a heron on the weathervane"
