"""The sign-in state machine: what is proven, and what it takes to be let in.

The one decision function of every way in (EF-05). It trusts the evidence it is given:
comparing codes, counting tries and storing states happen elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from vestibule.domain.assurance import (
    AuthenticationEvent,
    Factor,
    Method,
    factor_of,
    is_multi_factor,
    method_of,
)
from vestibule.domain.challenge import Channel

# --- states --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """Nothing is proven, no password either: a passkey that verifies its user is all it takes."""


@dataclass(frozen=True, slots=True)
class AwaitingSecondFactor:
    """The password was right; a bound second factor is asked for."""

    password: AuthenticationEvent


@dataclass(frozen=True, slots=True)
class AwaitingEnrollment:
    """The password was right and nothing is bound: only the set-up wall is open (EF-08)."""

    password: AuthenticationEvent
    email_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class AwaitingReplacement:
    """A recovery code was used: a new second factor is bound before anything else (RC-04)."""

    password: AuthenticationEvent
    recovery: AuthenticationEvent


@dataclass(frozen=True, slots=True)
class Complete:
    """Two factors are proven, or a passkey that verified its user; it is made of no less (R2)."""

    events: tuple[AuthenticationEvent, ...]

    def __post_init__(self) -> None:
        if not is_multi_factor(self.events):
            raise ValueError("a completed sign-in has two distinct factors or a verified passkey")

    @property
    def password_at(self) -> datetime:
        """When the first factor was proven; with a passkey alone, when its device did that."""
        return next((e.at for e in self.events if e.method is Method.PWD), self.second_factor.at)

    @property
    def second_factor(self) -> AuthenticationEvent:
        return next(e for e in self.events if factor_of(e.method) is Factor.POSSESSION)


State = Start | AwaitingSecondFactor | AwaitingEnrollment | AwaitingReplacement | Complete

# --- evidence ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CodeProven:
    """A code by text or call matched."""

    channel: Channel
    authenticator_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TimeStepProven:
    """A code of an authentication app matched, and its step is used up."""

    authenticator_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PasskeyProven:
    """A passkey signed our challenge; whether its device verified who holds it (PK-03)."""

    authenticator_id: str
    user_verified: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class RecoveryCodeProven:
    """The recovery code matched and is consumed."""

    at: datetime


@dataclass(frozen=True, slots=True)
class EmailConfirmed:
    """A mailed code matched: it opens the wall's gate and is never a factor."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Bound:
    """A new authenticator proved itself once and is bound (EF-10)."""

    authenticator_id: str
    channel: Channel
    at: datetime


Evidence = CodeProven | TimeStepProven | PasskeyProven | RecoveryCodeProven | EmailConfirmed | Bound


class Reason(StrEnum):
    """Why evidence moves nothing."""

    NOT_A_FACTOR = "not_a_factor"
    NOT_EXPECTED = "not_expected"
    EMAIL_NOT_CONFIRMED = "email_not_confirmed"
    ALREADY_COMPLETE = "already_complete"


@dataclass(frozen=True, slots=True)
class Refused:
    reason: Reason


# --- transitions ---------------------------------------------------------------------------


def begin(password_at: datetime, *, is_enrolled: bool, email_confirmed: bool = False) -> State:
    """The state after the right password: never a completed one."""
    password = AuthenticationEvent(Method.PWD, password_at)
    if is_enrolled:
        return AwaitingSecondFactor(password)
    return AwaitingEnrollment(password, email_confirmed=email_confirmed)


def advance(state: State, evidence: Evidence) -> State | Refused:
    """The next state, or why the evidence is refused; a refusal leaves the state as it was."""
    match state:
        case Start():
            return _start(evidence)
        case AwaitingSecondFactor():
            return _second_factor(state, evidence)
        case AwaitingEnrollment():
            return _enrollment(state, evidence)
        case AwaitingReplacement():
            return _replacement(state, evidence)
        case Complete():
            return Refused(Reason.ALREADY_COMPLETE)
        case other:
            assert_never(other)


def _start(evidence: Evidence) -> State | Refused:
    match evidence:
        case PasskeyProven(user_verified=True):
            return Complete((_passkey_event(evidence),))
        case PasskeyProven() | CodeProven() | TimeStepProven():
            return Refused(Reason.NOT_EXPECTED)
        case RecoveryCodeProven() | EmailConfirmed() | Bound():
            return Refused(Reason.NOT_EXPECTED)
        case other:
            assert_never(other)


def _passkey_event(proven: PasskeyProven) -> AuthenticationEvent:
    return AuthenticationEvent(Method.PASSKEY, proven.at, user_verified=proven.user_verified)


def _second_factor(state: AwaitingSecondFactor, evidence: Evidence) -> State | Refused:
    match evidence:
        case CodeProven(channel=Channel.SMS | Channel.VOICE):
            return _complete((state.password,), evidence.channel, evidence.at)
        case CodeProven():
            # A mailed code is EmailConfirmed, an app's is TimeStepProven; neither comes here.
            return Refused(Reason.NOT_A_FACTOR)
        case TimeStepProven():
            return _complete((state.password,), Channel.TOTP, evidence.at)
        case PasskeyProven():
            return Complete((state.password, _passkey_event(evidence)))
        case RecoveryCodeProven():
            recovery = AuthenticationEvent(Method.RECOVERY, evidence.at)
            return AwaitingReplacement(state.password, recovery)
        case EmailConfirmed():
            return Refused(Reason.NOT_A_FACTOR)
        case Bound():
            # The owner of the password alone must not add a factor of his own.
            return Refused(Reason.NOT_EXPECTED)
        case other:
            assert_never(other)


def _enrollment(state: AwaitingEnrollment, evidence: Evidence) -> State | Refused:
    match evidence:
        case EmailConfirmed():
            return replace(state, email_confirmed=True)
        case Bound():
            if not state.email_confirmed:
                return Refused(Reason.EMAIL_NOT_CONFIRMED)
            return _complete((state.password,), evidence.channel, evidence.at)
        case CodeProven() | TimeStepProven() | PasskeyProven() | RecoveryCodeProven():
            return Refused(Reason.NOT_EXPECTED)
        case other:
            assert_never(other)


def _replacement(state: AwaitingReplacement, evidence: Evidence) -> State | Refused:
    match evidence:
        case Bound():
            return _complete((state.password, state.recovery), evidence.channel, evidence.at)
        case CodeProven() | TimeStepProven() | PasskeyProven():
            return Refused(Reason.NOT_EXPECTED)
        case RecoveryCodeProven() | EmailConfirmed():
            return Refused(Reason.NOT_EXPECTED)
        case other:
            assert_never(other)


def _complete(
    before: tuple[AuthenticationEvent, ...], channel: Channel, at: datetime
) -> Complete | Refused:
    method = method_of(channel)
    if method is None:
        return Refused(Reason.NOT_A_FACTOR)
    return Complete((*before, AuthenticationEvent(method, at)))


# --- the same as data ----------------------------------------------------------------------


class StateName(StrEnum):
    START = "start (no password)"
    AWAITING_SECOND_FACTOR = "AwaitingSecondFactor"
    AWAITING_ENROLLMENT = "AwaitingEnrollment"
    ENROLLMENT_CONFIRMED = "AwaitingEnrollment, address confirmed"
    AWAITING_REPLACEMENT = "AwaitingReplacement"
    COMPLETE = "Complete"


class EvidenceName(StrEnum):
    CODE = "code by text or call"
    TIME_STEP = "app code"
    PASSKEY = "passkey, user verified"
    PASSKEY_UNVERIFIED = "passkey, not verified"
    RECOVERY_CODE = "recovery code"
    EMAIL = "mailed code"
    BOUND = "bound"


def _row(*cells: StateName | Reason) -> Mapping[EvidenceName, StateName | Reason]:
    return MappingProxyType(dict(zip(EvidenceName, cells, strict=True)))


TABLE: Mapping[StateName, Mapping[EvidenceName, StateName | Reason]] = MappingProxyType(
    {
        StateName.START: _row(
            Reason.NOT_EXPECTED,
            Reason.NOT_EXPECTED,
            StateName.COMPLETE,
            *[Reason.NOT_EXPECTED] * 4,
        ),
        StateName.AWAITING_SECOND_FACTOR: _row(
            *[StateName.COMPLETE] * 4,
            StateName.AWAITING_REPLACEMENT,
            Reason.NOT_A_FACTOR,
            Reason.NOT_EXPECTED,
        ),
        StateName.AWAITING_ENROLLMENT: _row(
            *[Reason.NOT_EXPECTED] * 5,
            StateName.ENROLLMENT_CONFIRMED,
            Reason.EMAIL_NOT_CONFIRMED,
        ),
        StateName.ENROLLMENT_CONFIRMED: _row(
            *[Reason.NOT_EXPECTED] * 5,
            StateName.ENROLLMENT_CONFIRMED,
            StateName.COMPLETE,
        ),
        StateName.AWAITING_REPLACEMENT: _row(
            *[Reason.NOT_EXPECTED] * 6,
            StateName.COMPLETE,
        ),
        StateName.COMPLETE: _row(*[Reason.ALREADY_COMPLETE] * len(EvidenceName)),
    }
)
"""What `advance` does, cell by cell: the tests walk it and the documentation shows it."""


def name_of(state: State) -> StateName:
    """The table's row of a state."""
    match state:
        case Start():
            return StateName.START
        case AwaitingSecondFactor():
            return StateName.AWAITING_SECOND_FACTOR
        case AwaitingEnrollment():
            if state.email_confirmed:
                return StateName.ENROLLMENT_CONFIRMED
            return StateName.AWAITING_ENROLLMENT
        case AwaitingReplacement():
            return StateName.AWAITING_REPLACEMENT
        case Complete():
            return StateName.COMPLETE
        case other:
            assert_never(other)
