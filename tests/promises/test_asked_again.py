"""What a page asked before it opened is asked again by what changes something, in its transaction.

Between the two a session may have ended, a gate closed, a proof grown old. The pages stand here
aside: each flow is called as a page with a hole would call it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.promises import states
from tests.promises.states import cookie, rows
from vestibule.domain.pending import Reset, ResetStage
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows import (
    account_settings,
    address_change,
    closing,
    enroll,
    notice_address_change,
    reset,
    sign_in,
)
from vestibule.flows.reauthenticate import Proof
from vestibule.flows.work import Caller, Means

Act = Callable[[Means, Caller, Session], Awaitable[object]]

ACTS: dict[str, Act] = {
    "app": enroll.start_app,
    "phone": lambda means, caller, session: enroll.start_phone(
        means, caller, session, country="GB", phone="07400 123499", channel="sms"
    ),
    "address": lambda means, caller, session: address_change.start(
        means, caller, session, email="new@example.com"
    ),
    "second address": lambda means, caller, session: notice_address_change.start(
        means, caller, session, email="new@example.com"
    ),
    "second address's code": lambda means, caller, session: notice_address_change.verify(
        means, caller, session, typed="000000"
    ),
    "second address's removal": notice_address_change.remove,
    "default": lambda means, caller, session: account_settings.set_default(
        means, caller, session, method="sms"
    ),
    "name": lambda means, caller, session: account_settings.rename_app(
        means, caller, session, app_id="x", name="Other"
    ),
    "removal": lambda means, caller, session: account_settings.remove_method(
        means, caller, session, authenticator_id="x"
    ),
    "recovery code": account_settings.generate_recovery_code,
    "password": lambda means, caller, session: account_settings.change_password(
        means, caller, session, new_password="a second lantern over there", is_required=False
    ),
    "demanded password": lambda means, caller, session: account_settings.change_password(
        means, caller, session, new_password="a second lantern over there", is_required=True
    ),
}


def _caller(person: Person) -> Caller:
    return Caller("203.0.113.7", "Mozilla/5.0 test", "", "en", cookie(person, "browser"))


async def _session(house: FrontDoor, person: Person) -> Session:
    token = cookie(person, "session") or ""
    found = await account_settings.find_session(house.built.means, _caller(person), token)
    assert found is not None
    return found[0]


async def _reasons(house: FrontDoor, caller: Caller, session: Session) -> dict[str, Reason | None]:
    said = {}
    for name, act in ACTS.items():
        outcome = await act(house.built.means, caller, session)
        said[name] = outcome.reason if isinstance(outcome, Refused) else None
    return said


@pytest.mark.parametrize("state", ["inside", "stale"])
async def test_closed_gate_or_old_proofs_change_nothing(house: FrontDoor, state: str) -> None:
    """SU-01, EM-04: without the mailed code, or with proofs of eleven minutes ago, nothing."""
    person = await states.STATES[state](house)
    session = await _session(house, person)

    said = await _reasons(house, _caller(person), session)

    assert said == dict.fromkeys(ACTS, Reason.STEP_UP_NEEDED)
    assert await rows(house, "enrollments") == []


async def test_young_browser_changes_nothing(house: FrontDoor) -> None:
    """R11: all proofs in a browser of today change nothing; no new password is demanded here."""
    person = await states.new_browser(house)
    session = await _session(house, person)

    said = await _reasons(house, _caller(person), session)

    expected = dict.fromkeys(ACTS, Reason.BROWSER_TOO_NEW)
    assert said == expected | {"demanded password": Reason.STEP_UP_NEEDED}
    assert await rows(house, "enrollments") == []


@pytest.mark.parametrize("browser", ["another", "forgotten"])
async def test_unknown_browser_changes_nothing(house: FrontDoor, browser: str) -> None:
    """R11: a session with all proofs, in a browser that is not its own or is known no more."""
    person = await states.fresh(house)
    session = await _session(house, person)
    caller = _caller(person)
    if browser == "another":
        caller = replace(caller, browser_token="x")
    else:
        await house.database.transact(lambda tx: tx.execute("DELETE FROM known_browsers"))

    said = await _reasons(house, caller, session)

    expected = dict.fromkeys(ACTS, Reason.BROWSER_NOT_KNOWN)
    assert said == expected | {"demanded password": Reason.STEP_UP_NEEDED}
    assert await rows(house, "enrollments") == []


async def test_ended_session_changes_nothing(house: FrontDoor) -> None:
    """SE-07: a session with all proofs that has ended since the page was opened."""
    person = await states.fresh(house)
    session = await _session(house, person)
    await account_settings.sign_out(house.built.means, _caller(person), session)

    said = await _reasons(house, _caller(person), session)

    expected = dict.fromkeys(ACTS, Reason.SIGN_IN_EXPIRED)
    assert said == expected | {"demanded password": Reason.STEP_UP_NEEDED}
    assert await rows(house, "enrollments") == []


@pytest.mark.parametrize("state", ["pending", "wall_mail"])
async def test_half_a_sign_in_binds_nothing(house: FrontDoor, state: str) -> None:
    """EF-03, EF-08: a sign-in that waits for a second factor, or for its mailed code, binds no
    method, whatever page asks for it."""
    person = await states.STATES[state](house)
    means, caller = house.built.means, _caller(person)
    pending = await sign_in.find_pending(means, caller, cookie(person, "pending") or "")
    assert pending is not None

    app = await enroll.start_app(means, caller, pending)
    phone = await enroll.start_phone(
        means, caller, pending, country="GB", phone="07400 123499", channel="sms"
    )

    assert app == phone == Refused(Reason.SIGN_IN_EXPIRED)
    assert await rows(house, "enrollments") == []


async def test_recovery_asks_no_method_of_before(house: FrontDoor) -> None:
    """EF-04: a sign-in whose recovery code was used shows, sends and compares no second factor."""
    person = await states.replacement(house)
    means, caller = house.built.means, _caller(person)
    pending = await sign_in.find_pending(means, caller, cookie(person, "pending") or "")
    assert pending is not None

    shown = await sign_in.view(means, caller, pending.id)
    switched = await sign_in.switch(means, caller, sign_in_id=pending.id)
    compared = await sign_in.submit_code(means, caller, sign_in_id=pending.id, typed="000000")

    assert shown == switched == compared == Refused(Reason.SIGN_IN_EXPIRED)
    assert await rows(house, "strikes") == []


async def test_closing_needs_the_open_gate(house: FrontDoor) -> None:
    """EM-04: password and second factor close no account without the mailed code."""
    person, secret, _ = await house.member_with_app()
    session = await _session(house, person)
    house.clock.advance(seconds=60)

    asked = await closing.ask(
        house.built.means, _caller(person), session, Proof(PASSWORD, house.app_code(secret))
    )

    assert asked == Refused(Reason.STEP_UP_NEEDED)
    assert not [one for one in await rows(house, "safeguards") if one["closes_at"]]


async def _reset(house: FrontDoor, person: Person) -> Reset:
    token = cookie(person, "reset") or ""
    found = await reset.find(house.built.means, _caller(person), token)
    assert found is not None
    return found


async def _beside(house: FrontDoor, ada: states.Member, now: Reset) -> dict[ResetStage, object]:
    """What the two other stages say to right answers."""
    means, caller = house.built.means, _caller(ada.person)
    said: dict[ResetStage, object] = {}
    if now.stage is not ResetStage.CODE:
        house.clock.advance(seconds=60)
        await reset.resend(means, caller, now)
        code = await house.code("email")
        said[ResetStage.CODE] = await reset.submit_code(means, caller, now, typed=code)
    if now.stage is not ResetStage.SECOND_FACTOR:
        said[ResetStage.SECOND_FACTOR] = await reset.submit_second_factor(
            means, caller, now, typed=ada.next_code(), next_typed=""
        )
    if now.stage is not ResetStage.PASSWORD:
        # The account's own: nobody tries it here, without the waits of the first door.
        said[ResetStage.PASSWORD] = await reset.set_password(
            means, caller, now, new_password=ada.password
        )
    return said


async def test_stages_of_a_reset_stay_in_order(house: FrontDoor) -> None:
    """AR-01, R2: each stage of a reset answers its own question alone, whatever page asks: mailed
    code, second factor, new password."""
    ada = await states.member(house)
    ada.person = house.browser()
    said = {}
    for stage in (ResetStage.CODE, ResetStage.SECOND_FACTOR, ResetStage.PASSWORD):
        if stage is ResetStage.CODE:
            await states.ask_reset(ada.person, ada.email)
        elif stage is ResetStage.SECOND_FACTOR:
            await ada.person.press("Verify", code=await house.code("email"))
        else:
            await ada.person.press("Verify", code=ada.next_code())
        now = await _reset(house, ada.person)
        assert now.stage is stage
        said[stage] = await _beside(house, ada, now)

    expired = Refused(Reason.SIGN_IN_EXPIRED)
    assert said == {
        stage: dict.fromkeys((one for one in ResetStage if one is not stage), expired)
        for stage in ResetStage
    }
    assert await rows(house, "strikes") == []
