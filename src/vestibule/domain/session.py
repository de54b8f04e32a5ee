"""How long a session, its settings gate and its fresh proofs last.

Reads times and says where they stand; ends nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from vestibule.domain.assurance import AuthenticationEvent, Method
from vestibule.domain.challenge import Channel
from vestibule.domain.safety import BROWSER_KNOWN_AFTER

FRESH_FOR = timedelta(minutes=10)
SKEW = timedelta(minutes=1)
"""By how much the clocks of two machines over one database may differ."""
GATE_IDLE = timedelta(minutes=10)
GATE_ABSOLUTE = timedelta(minutes=30)


class Standing(StrEnum):
    LIVE = "live"
    IDLE = "idle"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Limits:
    """The lifetimes of a session; NIST §2.2.3 caps them at 24 h and 60 min (SE-03)."""

    absolute: timedelta = timedelta(hours=12)
    idle: timedelta = timedelta(minutes=30)

    def __post_init__(self) -> None:
        if not timedelta() < self.absolute <= timedelta(hours=24):
            raise ValueError("a session lasts at most 24 hours")
        if not timedelta() < self.idle <= timedelta(minutes=60):
            raise ValueError("a session is idle for at most 60 minutes")


class SessionTimes(Protocol):
    """The times of a session; the stored session has them."""

    @property
    def signed_in_at(self) -> datetime: ...

    @property
    def last_seen_at(self) -> datetime: ...

    @property
    def expires_at(self) -> datetime: ...


DEFAULT_LIMITS = Limits()


def standing(session: SessionTimes, now: datetime, limits: Limits = DEFAULT_LIMITS) -> Standing:
    """LIVE; IDLE, when the password alone resumes it (SE-04); or ENDED, when nothing does.

    The stored end counts, and so do limits that were tightened since.
    """
    if now >= min(session.expires_at, session.signed_in_at + limits.absolute):
        return Standing.ENDED
    return Standing.IDLE if now - session.last_seen_at >= limits.idle else Standing.LIVE


def gate_is_open(opened_at: datetime | None, used_at: datetime | None, now: datetime) -> bool:
    """The settings gate: 10 min since the last act, 30 min in all (EM-04)."""
    if opened_at is None:
        return False
    since_used = now - (used_at or opened_at)
    return -SKEW <= now - opened_at <= GATE_ABSOLUTE and -SKEW <= since_used <= GATE_IDLE


def fresh(at: datetime | None, now: datetime) -> bool:
    """Whether a proof is at most ten minutes old (SU-01), and not from a clock set back since."""
    return at is not None and -SKEW <= now - at <= FRESH_FOR


# --- the stored session -----------------------------------------------------------------------

SESSIONS_PER_ACCOUNT = 20


@dataclass(frozen=True, slots=True)
class Session:
    """Exists only after two distinct factors; the database says so too."""

    id: str
    account_id: str
    password_at: datetime
    second_factor_at: datetime
    second_factor_method: Channel
    authenticator_id: str | None
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    gate_opened_at: datetime | None
    gate_used_at: datetime | None
    gate_failures: int
    step_up_authenticator_id: str | None
    step_up_channel: Channel | None
    source: str
    user_agent: str
    approves_changes_at: datetime | None = None
    """From when its second factor approves changes; None where that was unbound since."""
    browser_digest: bytes | None = None
    browser_known_at: datetime | None = None
    """The first full sign-in of its browser; None where that browser was forgotten since."""
    is_set_up_browser: bool = False
    reviewed_at: datetime | None = None
    """When "still yours?" was answered in it, for it alone."""
    is_recovery: bool = False
    """It completed a recovery, which proved more than a mailbox does."""
    stale_since_at: datetime | None = None
    """PN-04: where a number proved it that had rested for a year, when that was used before."""
    has_passkey: bool = False
    """Its account has one that stands, whatever proved this session."""

    def has_gate_open(self, now: datetime) -> bool:
        """EM-04: ten minutes since the last act, thirty at most."""
        return gate_is_open(self.gate_opened_at, self.gate_used_at, now)

    def is_fresh(self, now: datetime) -> bool:
        """SU-01: password and second factor both proven within ten minutes, in this session.

        A stale number is no proof before its mailbox is (PN-04), whatever door was passed.
        """
        at = min(self.password_at, self.second_factor_at)
        return fresh(at, now) and not self.must_reverify()

    def may_change(self, now: datetime) -> bool:
        """The same, by a second factor that no recovery bound within the last day (SU-02)."""
        is_old_enough = self.approves_changes_at is None or now >= self.approves_changes_at
        return is_old_enough and self.is_fresh(now) and not self.is_downgraded()

    def is_downgraded(self) -> bool:
        """SU-04: proven by what a page in between could relay, though there is a passkey."""
        return self.has_passkey and self.second_factor_method is not Channel.PASSKEY

    def changes_open_at(self) -> datetime | None:
        """R11: from when its browser may change something; None where it never may."""
        if self.second_factor_method is Channel.PASSKEY:
            # A page in between never sees a passkey's proof for us (R11).
            return self.second_factor_at
        if self.browser_known_at is None or self.is_set_up_browser:
            return self.browser_known_at
        return self.browser_known_at + BROWSER_KNOWN_AFTER

    def must_review(self, review_from_at: datetime | None) -> bool:
        """R12: whether it is a sign-in that opens with "still yours?"."""
        if review_from_at is None or self.signed_in_at < review_from_at:
            return False
        return self.reviewed_at is None or self.reviewed_at < review_from_at

    def must_set_password(self, required_at: datetime | None) -> bool:
        """Whether it is a full sign-in after strikes, or a restore, that demand another password.

        One from before goes on: somebody else's wrong codes shut nobody out (R4).
        """
        return required_at is not None and self.signed_in_at >= required_at

    def must_prove_mailbox(self, required_at: datetime) -> bool:
        """Whether the mailed code comes before the password that is demanded.

        A browser that changed nothing yet when it was demanded (R11) would else let a thief of
        password and number set one, a day later at the latest, and so keep out the owner.
        """
        opens_at = self.changes_open_at()
        is_open = opens_at is not None and opens_at <= required_at
        # Once is enough: the proofs of the sign-in itself are asked to be young besides.
        is_proven = is_open or self.is_recovery or self.gate_opened_at is not None
        return self.must_reverify() or not is_proven

    def must_reverify(self) -> bool:
        """PN-04: whether the mailed code comes before everything else, in any browser.

        Its number may be a stranger's by now, so password and number alone are not its owner.
        """
        return self.stale_since_at is not None and self.gate_opened_at is None

    def proofs(self) -> tuple[AuthenticationEvent, ...]:
        """What proved it last: two factors, or a passkey that stood for both at one moment."""
        method = Method(self.second_factor_method.value)
        is_alone = method is Method.PASSKEY and self.password_at == self.second_factor_at
        second = AuthenticationEvent(method, self.second_factor_at, user_verified=is_alone)
        return (
            (second,) if is_alone else (AuthenticationEvent(Method.PWD, self.password_at), second)
        )

    def has_fresh_password(self, now: datetime) -> bool:
        return fresh(self.password_at, now)
