"""What exists before a session does: sign-ups, pending sign-ins, resets, set-ups begun.

Each is bound to one browser by a token of which only the digest is stored, and none of them
opens anything but its own next step (EF-03).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vestibule.domain.account import AuthenticatorKind
from vestibule.domain.challenge import Channel
from vestibule.domain.totp import Algorithm, Parameters

SIGN_IN_LIFETIME = timedelta(minutes=15)
WALL_LIFETIME = timedelta(minutes=60)
SIGN_UP_LIFETIME = timedelta(hours=24)
RESET_LIFETIME = timedelta(minutes=60)
ENROLLMENT_LIFETIME = timedelta(minutes=10)
"""EF-10: an unconfirmed authenticator is gone after ten minutes."""

SIGN_INS_PER_ACCOUNT = 3
"""OC-10: the fourth pending sign-in of unknown browsers ends the oldest of them."""


class SignInState(StrEnum):
    SECOND_FACTOR = "second_factor"
    ENROLLMENT = "enrollment"
    REPLACEMENT = "replacement"


class ResetStage(StrEnum):
    CODE = "code"
    SECOND_FACTOR = "second_factor"
    PASSWORD = "password"  # noqa: S105 - the name of a stage


@dataclass(frozen=True, slots=True)
class SignUp:
    id: str
    email: str
    email_key: str
    name: str
    locale: str
    password_mac: str
    is_decoy: bool
    return_to: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """The password was right; there is no session. Holds no secret and no personal data."""

    id: str
    account_id: str
    state: SignInState
    is_known_browser: bool
    authenticator_id: str | None
    channel: Channel | None
    password_at: datetime
    email_confirmed_at: datetime | None
    recovered_at: datetime | None
    return_to: str | None
    source: str
    user_agent: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A set-up that was begun: not an authenticator until it proves itself once (EF-10)."""

    id: str
    owner_id: str
    account_id: str
    kind: AuthenticatorKind
    name: str
    secret_sealed: bytes
    fingerprint_mac: bytes | None
    created_at: datetime
    expires_at: datetime
    algorithm: Algorithm = Algorithm.SHA1
    digits: int = 6

    @property
    def parameters(self) -> Parameters:
        """How an app is told to compute its codes; of no meaning for a phone."""
        return Parameters(self.algorithm, self.digits)


@dataclass(frozen=True, slots=True)
class Reset:
    """A forgotten password's way back; `account_id` is absent for an unknown address."""

    id: str
    account_id: str | None
    email: str
    stage: ResetStage
    authenticator_id: str | None
    channel: Channel | None
    is_known_browser: bool
    created_at: datetime
    expires_at: datetime
