"""What a person owns here: the account, its confirmed second factors, its recovery codes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from vestibule.domain.challenge import Channel
from vestibule.domain.totp import Algorithm, Parameters

NUMBER_RESTS_FOR = timedelta(days=365)
"""PN-04: a number that proved nothing for longer may have been given to a stranger since."""


class AuthenticatorKind(StrEnum):
    PHONE = "phone"
    TOTP = "totp"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    email: str
    email_key: str
    name: str
    locale: str
    created_at: datetime
    enrolled_at: datetime | None
    default_authenticator_id: str | None
    default_channel: Channel | None
    new_password_required_at: datetime | None
    reset_required_at: datetime | None = None
    """R8: after "not me" the password opens nothing before a reset has set another."""
    review_from_at: datetime | None = None
    """R12: a sign-in from then on opens with the review, until that is answered."""
    frozen_until_at: datetime | None = None
    frozen_act_id: str | None = None
    """The act that the freeze doubts: what it made does not lift it."""
    quiet_until_at: datetime | None = None
    """B.3: no changes before then, because the password was reset."""
    suspended_at: datetime | None = None
    """The operators let nobody in."""
    closes_at: datetime | None = None
    """Its owner asked for it: all that it has goes then, unless it is kept before."""
    address_suspended_at: datetime | None = None
    """R8: "not me" doubts the address, so codes go to the one before it."""
    time_zone: str | None = None
    """What its owner is told times in (NO-02); None where no browser has said it yet."""
    time_zone_chosen_at: datetime | None = None
    """When it was chosen; else it follows the browser."""
    passkey_offered_at: datetime | None = None
    """Which sign-in by text its owner was offered a passkey after; it happens once."""

    @property
    def is_enrolled(self) -> bool:
        return self.enrolled_at is not None


@dataclass(frozen=True, slots=True)
class Password:
    """The stored form of an account's password; `epoch` counts the passwords it has had."""

    account_id: str
    password_mac: str
    epoch: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Authenticator:
    """A confirmed second factor: a phone, a TOTP app or a passkey. Its secret stays sealed here."""

    id: str
    account_id: str
    kind: AuthenticatorKind
    name: str
    secret_sealed: bytes
    fingerprint_mac: bytes | None
    last_step: int
    step_offset: int
    created_at: datetime
    last_used_at: datetime | None
    approves_changes_at: datetime
    algorithm: Algorithm = Algorithm.SHA1
    digits: int = 6

    @property
    def parameters(self) -> Parameters:
        """How an app computes its codes; of no meaning for the others."""
        return Parameters(self.algorithm, self.digits)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ways it can be asked, the plainest first."""
        match self.kind:
            case AuthenticatorKind.PHONE:
                return (Channel.SMS, Channel.VOICE)
            case AuthenticatorKind.TOTP:
                return (Channel.TOTP,)
            case AuthenticatorKind.PASSKEY:
                return (Channel.PASSKEY,)
            case other:
                assert_never(other)

    def stale_since(self, now: datetime) -> datetime | None:
        """When a number last proved something, where that is over a year ago; else None (PN-04)."""
        used_at = self.last_used_at or self.created_at
        is_stale = self.kind is AuthenticatorKind.PHONE and now - used_at > NUMBER_RESTS_FOR
        return used_at if is_stale else None


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """One issued recovery code: its public label and its fate, never the code."""

    id: str
    account_id: str
    label: str
    made_at: datetime
    acknowledged_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
