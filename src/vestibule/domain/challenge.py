"""A challenge: one pending proof by a sent code, and the rules of its life.

Holds no code in the clear; issuing, storing and counting tries happen elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

MAX_SENDS = 5
MAX_TRIES = 5
REUSE_MARGIN = timedelta(minutes=2)

_RESEND_WAITS = tuple(timedelta(seconds=s) for s in (30, 40, 60, 90, 120))


class Purpose(StrEnum):
    """What a code is for; part of its MAC, so a code proves nothing else (OC-04)."""

    SIGN_UP = "sign_up"
    WALL = "wall"
    SIGN_IN = "sign_in"
    ENROLL = "enroll"
    SETTINGS_GATE = "settings_gate"
    STEP_UP = "step_up"
    CLOSE = "close"
    RESET = "reset"
    RESET_FACTOR = "reset_factor"
    ADDRESS = "address"
    NOTICE_ADDRESS = "notice_address"
    REVERIFY = "reverify"


class Channel(StrEnum):
    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"
    TOTP = "totp"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is waited for, from whom, over which channel; `binding_id` owns it (OC-04).

    `number` is the "code 2" of the messages; a decoy is never sent and never matches.
    """

    id: str
    purpose: Purpose
    binding_id: str
    account_id: str | None
    authenticator_id: str | None
    channel: Channel
    destination_sealed: bytes
    digits: int
    code_mac: bytes | None
    code_sealed: bytes | None
    issued_at: datetime
    expires_at: datetime
    tries: int
    max_tries: int
    sends: int
    last_sent_at: datetime | None
    number: int
    is_decoy: bool

    @property
    def sends_left(self) -> int:
        return max(MAX_SENDS - self.sends, 0)

    def is_expired(self, now: datetime) -> bool:
        return now >= self.expires_at


def lifetime(channel: Channel) -> timedelta:
    """How long a code lives: 10 min by text or call (OC-02), 30 min by mail, which is slow."""
    match channel:
        case Channel.SMS | Channel.VOICE:
            return timedelta(minutes=10)
        case Channel.EMAIL:
            return timedelta(minutes=30)
        case Channel.TOTP | Channel.PASSKEY:
            # Nothing is sent that could grow old: as long as the pending sign-in.
            return timedelta(minutes=15)
        case other:
            assert_never(other)


def resend_wait(sends: int) -> timedelta:
    """The wait after the n-th send before the next: 30, 40, 60, 90, 120 s (OC-09)."""
    if sends < 1:
        return timedelta()
    return _RESEND_WAITS[min(sends, len(_RESEND_WAITS)) - 1]


def next_send_at(challenge: Challenge) -> datetime | None:
    """When the code may be sent again; None when no send is left."""
    if challenge.sends_left == 0:
        return None
    return (challenge.last_sent_at or challenge.issued_at) + resend_wait(challenge.sends)


def may_reuse(challenge: Challenge, now: datetime) -> bool:
    """Whether a resend repeats the same code: two minutes or more of its life remain."""
    return challenge.expires_at - now >= REUSE_MARGIN
