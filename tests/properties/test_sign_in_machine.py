"""No way through the sign-in machine leads inside with fewer than two distinct factors."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain.assurance import Method, is_multi_factor
from vestibule.domain.challenge import Channel
from vestibule.domain.sign_in import (
    AwaitingEnrollment,
    AwaitingReplacement,
    Bound,
    CodeProven,
    Complete,
    EmailConfirmed,
    Evidence,
    PasskeyProven,
    Reason,
    RecoveryCodeProven,
    Refused,
    Start,
    State,
    TimeStepProven,
    advance,
    begin,
)

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

moments = st.integers(0, 3600).map(lambda seconds: START + timedelta(seconds=seconds))
channels = st.sampled_from(Channel)
names = st.sampled_from(["phone", "app", "passkey"])
evidence = st.one_of(
    st.builds(CodeProven, channels, names, moments),
    st.builds(TimeStepProven, names, moments),
    st.builds(PasskeyProven, names, st.booleans(), moments),
    st.builds(RecoveryCodeProven, moments),
    st.builds(EmailConfirmed, moments),
    st.builds(Bound, names, channels, moments),
)
sequences = st.lists(evidence, max_size=6)
after_password = st.builds(begin, moments, is_enrolled=st.booleans(), email_confirmed=st.booleans())
starts = st.one_of(st.just(Start()), after_password)


def walk(state: State, steps: list[Evidence]) -> tuple[State, list[Evidence]]:
    """Where the evidence leads, and what of it was accepted on the way."""
    accepted = []
    for step in steps:
        outcome = advance(state, step)
        if not isinstance(outcome, Refused):
            state = outcome
            accepted.append(step)
    return state, accepted


def proves_possession(step: Evidence) -> bool:
    """Said again in other words than the machine's: what a held thing's proof looks like."""
    held = {Channel.SMS, Channel.VOICE}
    match step:
        case TimeStepProven() | PasskeyProven():
            return True
        case CodeProven():
            return step.channel in held
        case Bound():
            return step.channel in held | {Channel.TOTP, Channel.PASSKEY}
        case _:
            return False


@given(starts, sequences)
@settings(max_examples=100)
def test_nobody_completes_with_one_factor(start: State, steps: list[Evidence]) -> None:
    """EF-01, EF-02, PK-03: Completion always rests on a proven held thing, and on the password or a
    passkey's own verification of its user."""
    state, accepted = walk(start, steps)

    if isinstance(state, Complete):
        assert is_multi_factor(state.events)
        if isinstance(start, Start):
            (only,) = accepted
            assert isinstance(only, PasskeyProven)
            assert only.user_verified
        else:
            assert state.events[0].method is Method.PWD
        assert proves_possession(accepted[-1])
        assert state.second_factor.at == accepted[-1].at


@given(starts, sequences, evidence)
@settings(max_examples=100)
def test_completed_sign_in_accepts_nothing(
    start: State, steps: list[Evidence], more: Evidence
) -> None:
    """EF-06: Once complete, no evidence changes or extends a sign-in."""
    state, _ = walk(start, steps)

    if isinstance(state, Complete):
        assert advance(state, more) == Refused(Reason.ALREADY_COMPLETE)


@given(sequences)
@settings(max_examples=100)
def test_wall_opens_after_the_mailed_code_only(steps: list[Evidence]) -> None:
    """EF-08: Without factors, nothing is bound before the account's address is confirmed."""
    state, accepted = walk(begin(START, is_enrolled=False), steps)

    assert isinstance(state, AwaitingEnrollment | Complete)
    assert all(isinstance(step, EmailConfirmed | Bound) for step in accepted)
    if accepted:
        assert isinstance(accepted[0], EmailConfirmed)


@given(moments, sequences)
@settings(max_examples=100)
def test_recovery_leads_to_a_replacement_only(at: datetime, steps: list[Evidence]) -> None:
    """RC-04: After the recovery code nothing but a newly bound authenticator goes on."""
    recovered = advance(begin(START, is_enrolled=True), RecoveryCodeProven(at))
    assert isinstance(recovered, AwaitingReplacement)

    state, accepted = walk(recovered, steps)

    assert isinstance(state, AwaitingReplacement | Complete)
    assert all(isinstance(step, Bound) for step in accepted)
    assert isinstance(state, Complete) is bool(accepted)


@given(starts, sequences)
@settings(max_examples=100)
def test_refused_evidence_leaves_no_trace(start: State, steps: list[Evidence]) -> None:
    """EF-04: Refused evidence changes nothing: the accepted steps alone lead to the same state."""
    state, accepted = walk(start, steps)

    assert walk(start, accepted) == (state, accepted)
