"""The sign-in state machine, cell by cell, and the page that shows it."""

from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.sign_in_states import PAGE, render
from vestibule.domain.assurance import AuthenticationEvent, Method
from vestibule.domain.challenge import Channel
from vestibule.domain.sign_in import (
    TABLE,
    AwaitingEnrollment,
    AwaitingReplacement,
    AwaitingSecondFactor,
    Bound,
    CodeProven,
    Complete,
    EmailConfirmed,
    Evidence,
    EvidenceName,
    PasskeyProven,
    Reason,
    RecoveryCodeProven,
    Refused,
    Start,
    State,
    StateName,
    TimeStepProven,
    advance,
    begin,
    name_of,
)

PASSWORD_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AT = PASSWORD_AT + timedelta(seconds=20)
BOUND_AT = PASSWORD_AT + timedelta(minutes=3)
PASSWORD = AuthenticationEvent(Method.PWD, PASSWORD_AT)
RECOVERY = AuthenticationEvent(Method.RECOVERY, AT)

VERIFIED = AuthenticationEvent(Method.PASSKEY, AT, user_verified=True)
UNVERIFIED = AuthenticationEvent(Method.PASSKEY, AT)

STATES: dict[StateName, State] = {
    StateName.START: Start(),
    StateName.AWAITING_SECOND_FACTOR: AwaitingSecondFactor(PASSWORD),
    StateName.AWAITING_ENROLLMENT: AwaitingEnrollment(PASSWORD, email_confirmed=False),
    StateName.ENROLLMENT_CONFIRMED: AwaitingEnrollment(PASSWORD, email_confirmed=True),
    StateName.AWAITING_REPLACEMENT: AwaitingReplacement(PASSWORD, RECOVERY),
    StateName.COMPLETE: Complete((PASSWORD, AuthenticationEvent(Method.TOTP, AT))),
}
EVIDENCE: dict[EvidenceName, list[Evidence]] = {
    EvidenceName.CODE: [
        CodeProven(Channel.SMS, "phone", AT),
        CodeProven(Channel.VOICE, "phone", AT),
    ],
    EvidenceName.TIME_STEP: [TimeStepProven("app", AT)],
    EvidenceName.PASSKEY: [PasskeyProven("passkey", True, AT)],
    EvidenceName.PASSKEY_UNVERIFIED: [PasskeyProven("passkey", False, AT)],
    EvidenceName.RECOVERY_CODE: [RecoveryCodeProven(AT)],
    EvidenceName.EMAIL: [EmailConfirmed(AT)],
    EvidenceName.BOUND: [
        Bound("phone", Channel.SMS, BOUND_AT),
        Bound("phone", Channel.VOICE, BOUND_AT),
        Bound("app", Channel.TOTP, BOUND_AT),
        Bound("passkey", Channel.PASSKEY, BOUND_AT),
    ],
}
CELLS = [
    pytest.param(state, evidence, cell, id=f"{state.name}-{name.name}-{n}")
    for state, row in TABLE.items()
    for name, cell in row.items()
    for n, evidence in enumerate(EVIDENCE[name])
]


@pytest.mark.parametrize(("state", "evidence", "cell"), CELLS)
def test_machine_does_what_its_table_says(
    state: StateName, evidence: Evidence, cell: StateName | Reason
) -> None:
    """EF-04, EF-05: Every pair of state and evidence goes where the table says, or nowhere."""
    outcome = advance(STATES[state], evidence)

    if isinstance(cell, Reason):
        assert outcome == Refused(cell)
    else:
        assert not isinstance(outcome, Refused)
        assert name_of(outcome) is cell


def test_table_has_every_state_and_evidence() -> None:
    """The table is whole: no state and no kind of evidence is missing from it."""
    assert set(TABLE) == set(StateName) == set(STATES)
    assert all(set(row) == set(EvidenceName) for row in TABLE.values())
    assert {type(e) for es in EVIDENCE.values() for e in es} == set(Evidence.__args__)
    assert {type(s) for s in STATES.values()} == set(State.__args__)


@pytest.mark.parametrize("is_enrolled", [True, False])
@pytest.mark.parametrize("email_confirmed", [True, False])
def test_password_alone_never_completes(is_enrolled: bool, email_confirmed: bool) -> None:
    """EF-01: The right password leads to the second factor or to its set-up, never inside."""
    state = begin(PASSWORD_AT, is_enrolled=is_enrolled, email_confirmed=email_confirmed)

    expected: State = (
        AwaitingSecondFactor(PASSWORD)
        if is_enrolled
        else AwaitingEnrollment(PASSWORD, email_confirmed=email_confirmed)
    )
    assert state == expected


def test_complete_carries_both_events() -> None:
    """SE-11: A completed sign-in knows when the password and the second factor were proven."""
    done = advance(AwaitingSecondFactor(PASSWORD), CodeProven(Channel.VOICE, "phone", AT))

    assert isinstance(done, Complete)
    assert done.events == (PASSWORD, AuthenticationEvent(Method.VOICE, AT))
    assert done.password_at == PASSWORD_AT
    assert done.second_factor == AuthenticationEvent(Method.VOICE, AT)


def test_a_verified_passkey_alone_is_complete() -> None:
    """R2, PK-03: It is both factors at once, and its moment is the moment of both."""
    done = advance(Start(), PasskeyProven("passkey", True, AT))

    assert isinstance(done, Complete)
    assert done.events == (VERIFIED,)
    assert done.password_at == AT
    assert done.second_factor == VERIFIED


@pytest.mark.parametrize("user_verified", [True, False])
def test_a_passkey_after_the_password_is_the_second_factor(user_verified: bool) -> None:
    """PK-03: What was not verified counts as something held, beside the password only."""
    proven = PasskeyProven("passkey", user_verified, AT)

    done = advance(AwaitingSecondFactor(PASSWORD), proven)

    assert isinstance(done, Complete)
    assert done.events == (PASSWORD, VERIFIED if user_verified else UNVERIFIED)
    assert done.password_at == PASSWORD_AT
    assert done.second_factor.at == AT
    assert advance(Start(), replace(proven, user_verified=False)) == Refused(Reason.NOT_EXPECTED)


def test_a_bound_passkey_is_not_taken_for_a_verified_one() -> None:
    """R2: At the wall it stands beside the password; its binding alone completes nothing."""
    bound = Bound("passkey", Channel.PASSKEY, BOUND_AT)
    wall = AwaitingEnrollment(PASSWORD, email_confirmed=True)

    done = advance(wall, bound)

    assert isinstance(done, Complete)
    assert done.events == (PASSWORD, AuthenticationEvent(Method.PASSKEY, BOUND_AT))
    assert advance(Start(), bound) == Refused(Reason.NOT_EXPECTED)


def test_recovered_sign_in_carries_three_events() -> None:
    """RC-04: After recovery the new authenticator is the second factor, not the code."""
    recovered = advance(AwaitingSecondFactor(PASSWORD), RecoveryCodeProven(AT))
    assert isinstance(recovered, AwaitingReplacement)

    done = advance(recovered, Bound("app", Channel.TOTP, BOUND_AT))

    assert isinstance(done, Complete)
    assert done.events == (PASSWORD, RECOVERY, AuthenticationEvent(Method.TOTP, BOUND_AT))
    assert done.second_factor == AuthenticationEvent(Method.TOTP, BOUND_AT)


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.TOTP, Channel.PASSKEY])
def test_sent_code_counts_by_text_or_call_only(channel: Channel) -> None:
    """D1: A mailed code is no factor; an app and a passkey have evidence of their own."""
    outcome = advance(AwaitingSecondFactor(PASSWORD), CodeProven(channel, "any", AT))

    assert outcome == Refused(Reason.NOT_A_FACTOR)


@pytest.mark.parametrize(
    "state", [STATES[StateName.ENROLLMENT_CONFIRMED], STATES[StateName.AWAITING_REPLACEMENT]]
)
def test_mailbox_cannot_be_bound_as_a_factor(state: State) -> None:
    """D1: Binding a mailbox completes nothing, at the wall as in recovery."""
    outcome = advance(state, Bound("mailbox", Channel.EMAIL, BOUND_AT))

    assert outcome == Refused(Reason.NOT_A_FACTOR)


@pytest.mark.parametrize(
    "events",
    [
        (),
        (PASSWORD,),
        (PASSWORD, PASSWORD),
        (PASSWORD, RECOVERY),
        (UNVERIFIED,),
        (UNVERIFIED, UNVERIFIED),
        (UNVERIFIED, AuthenticationEvent(Method.SMS, AT)),
        (UNVERIFIED, RECOVERY),
        (AuthenticationEvent(Method.TOTP, AT, user_verified=True),),
        (replace(PASSWORD, user_verified=True),),
        (AuthenticationEvent(Method.SMS, AT), AuthenticationEvent(Method.TOTP, AT)),
    ],
)
def test_complete_cannot_be_made_of_less(events: tuple[AuthenticationEvent, ...]) -> None:
    """R2: No code path, however wrong, builds a completed sign-in without two factors."""
    with pytest.raises(ValueError, match="two distinct factors"):
        Complete(events)


@pytest.mark.parametrize("state", STATES.values(), ids=lambda state: name_of(state).name)
def test_states_are_frozen(state: State) -> None:
    """EF-04: A state is replaced by a transition and never changed in place."""
    held = [one.name for one in fields(state)]
    assert held or isinstance(state, Start), "one that holds nothing is the start"
    for name in held:
        with pytest.raises(FrozenInstanceError):
            setattr(state, name, None)


def test_page_shows_the_table() -> None:
    """The page is what `python -m scripts.sign_in_states` renders from the machine's own table."""
    page = Path(__file__).parents[2] / PAGE

    assert page.read_text(encoding="utf-8") == render()
