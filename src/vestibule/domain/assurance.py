"""What a set of authentication events is worth, in our words and in OpenID Connect's.

Decides nothing about who may do what.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from vestibule.domain.challenge import Channel


class Method(StrEnum):
    """How an authentication event was made. There is no mail: it never counts (D1)."""

    PWD = "pwd"  # noqa: S105 - RFC 8176 calls it so
    SMS = "sms"
    VOICE = "voice"
    TOTP = "totp"
    RECOVERY = "recovery"
    PASSKEY = "passkey"


class Factor(StrEnum):
    """NIST's kinds of factor, so that a text and a call are one phone."""

    KNOWLEDGE = "knowledge"
    POSSESSION = "possession"


@dataclass(frozen=True, slots=True)
class AuthenticationEvent:
    """A proof that was accepted, and when; kept in the session."""

    method: Method
    at: datetime
    user_verified: bool = False
    """Of a passkey: its device asked for a PIN, a finger or a face in this very proof (PK-03)."""


def method_of(channel: Channel) -> Method | None:
    """The method that a proof over this channel is; None for mail, which is no factor."""
    match channel:
        case Channel.SMS:
            return Method.SMS
        case Channel.VOICE:
            return Method.VOICE
        case Channel.TOTP:
            return Method.TOTP
        case Channel.PASSKEY:
            return Method.PASSKEY
        case Channel.EMAIL:
            return None
        case other:
            assert_never(other)


def factor_of(method: Method) -> Factor | None:
    """The kind of factor a method proves; None for the recovery code.

    A recovery code only opens the way to a replacement: password and recovery code together
    never are a sign-in (R2, path E).
    """
    match method:
        case Method.PWD:
            return Factor.KNOWLEDGE
        case Method.SMS | Method.VOICE | Method.TOTP | Method.PASSKEY:
            return Factor.POSSESSION
        case Method.RECOVERY:
            return None
        case other:
            assert_never(other)


def is_multi_factor(events: Iterable[AuthenticationEvent]) -> bool:
    """Whether two distinct factors are among the events, or one passkey that verified its user."""
    proven = list(events)
    if any(event.method is Method.PASSKEY and event.user_verified for event in proven):
        return True
    return len({factor_of(event.method) for event in proven} - {None}) >= 2


def amr(events: Iterable[AuthenticationEvent]) -> list[str]:
    """The `amr` claim: RFC 8176 §2 values in order of proof, `mfa` last."""
    proven = list(events)
    values = dict.fromkeys(value for event in proven for value in _amr_of(event))
    return [*values, "mfa"] if is_multi_factor(proven) else [*values]


def _amr_of(event: AuthenticationEvent) -> tuple[str, ...]:
    if event.method is Method.PASSKEY:
        # Where its key is kept is not known without an attestation: "pop" claims neither place.
        return ("pop", "user") if event.user_verified else ("pop",)
    return (_AMR[event.method],) if event.method in _AMR else ()


def acr(events: Iterable[AuthenticationEvent]) -> str:
    """The `acr` claim: NIST's assurance level, `aal2` for two factors, else `aal1`."""
    return "aal2" if is_multi_factor(events) else "aal1"


# RFC 8176 knows no value for a look-up secret; "tel" is its word for a call.
_AMR = {Method.PWD: "pwd", Method.SMS: "sms", Method.VOICE: "tel", Method.TOTP: "otp"}
