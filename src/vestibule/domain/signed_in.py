"""A completed sign-in: what was proven, and since when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.domain.challenge import Channel
from vestibule.domain.session import fresh, gate_is_open

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

    def is_idle(self, now: datetime, idle: timedelta) -> bool:
        """SE-04: past this the password resumes it, until `expires_at`."""
        return now - self.last_seen_at >= idle

    def has_gate_open(self, now: datetime) -> bool:
        """EM-04: ten minutes since the last act, thirty at most."""
        return gate_is_open(self.gate_opened_at, self.gate_used_at, now)

    def is_fresh(self, now: datetime) -> bool:
        """SU-01: password and second factor both proven within ten minutes, in this session."""
        return fresh(min(self.password_at, self.second_factor_at), now)

    def has_fresh_password(self, now: datetime) -> bool:
        return fresh(self.password_at, now)
