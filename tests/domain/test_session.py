"""How long things last inside: the session, its gate, a fresh proof."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.session import Limits, Standing, fresh, gate_is_open, standing

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class ASession:
    last_seen_at: datetime = START
    signed_in_at: datetime = START
    expires_at: datetime = START + timedelta(hours=12)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(minutes=30) - SECOND, Standing.LIVE),
        (timedelta(minutes=30), Standing.IDLE),
        (timedelta(minutes=30) + SECOND, Standing.IDLE),
        (timedelta(hours=12) - SECOND, Standing.IDLE),
        (timedelta(hours=12), Standing.ENDED),
        (timedelta(hours=12) + SECOND, Standing.ENDED),
    ],
)
def test_session_goes_idle_then_ends(after: timedelta, expected: Standing) -> None:
    """SE-03, SE-04: Idle after 30 minutes, when a password resumes it; ended after 12 hours."""
    assert standing(ASession(), START + after) is expected


def test_use_keeps_a_session_live_until_its_end() -> None:
    """SE-03: However busy it is, a session does not outlive its absolute limit."""
    last_moment = START + timedelta(hours=12) - SECOND
    busy = ASession(last_seen_at=last_moment)

    assert standing(busy, last_moment) is Standing.LIVE
    assert standing(busy, last_moment + SECOND) is Standing.ENDED


def test_tightened_limits_apply_to_sessions_that_are_open() -> None:
    """SE-03: An operator's shorter limits hold at once, and the stored end still holds."""
    limits = Limits(absolute=timedelta(hours=1), idle=timedelta(minutes=5))
    longer = Limits(absolute=timedelta(hours=24), idle=timedelta(minutes=60))

    assert standing(ASession(), START + timedelta(minutes=5), limits) is Standing.IDLE
    assert standing(ASession(), START + timedelta(hours=1), limits) is Standing.ENDED
    assert standing(ASession(), START + timedelta(hours=12), longer) is Standing.ENDED


@pytest.mark.parametrize(
    ("absolute", "idle"),
    [
        (timedelta(hours=24) + SECOND, timedelta(minutes=30)),
        (timedelta(), timedelta(minutes=30)),
        (timedelta(hours=12), timedelta(minutes=60) + SECOND),
        (timedelta(hours=12), timedelta()),
    ],
)
def test_limits_beyond_the_caps_do_not_exist(absolute: timedelta, idle: timedelta) -> None:
    """SE-03: No setting makes a session longer than 24 hours or idle for over an hour."""
    with pytest.raises(ValueError, match="at most"):
        Limits(absolute=absolute, idle=idle)


@pytest.mark.parametrize(
    ("opened", "used", "is_open"),
    [
        (0, 0, True),
        (10, 10, True),
        (10 + 1 / 60, 10 + 1 / 60, False),
        (29, 1, True),
        (30, 10, True),
        (30 + 1 / 60, 0, False),
    ],
)
def test_gate_closes_ten_minutes_after_the_last_act(
    opened: float, used: float, is_open: bool
) -> None:
    """EM-04: The gate is open for 10 minutes since the last act and for 30 in all."""
    opened_at, used_at = START - timedelta(minutes=opened), START - timedelta(minutes=used)

    assert gate_is_open(opened_at, used_at, START) is is_open


def test_gate_that_was_not_opened_is_closed() -> None:
    """EM-04: Without the mailed code the gate is closed; opening it counts as its first act."""
    assert not gate_is_open(None, None, START)
    assert not gate_is_open(None, START, START)
    assert gate_is_open(START, None, START)


@pytest.mark.parametrize(
    ("seconds", "is_fresh"), [(0, True), (599, True), (600, True), (601, False)]
)
def test_proof_is_fresh_for_ten_minutes(seconds: int, is_fresh: bool) -> None:
    """SU-01: A proof counts for changes for ten minutes; none at all never does."""
    assert fresh(START - timedelta(seconds=seconds), START) is is_fresh
    assert not fresh(None, START)
