"""How long things last inside: the session, its gate, a fresh proof."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vestibule.domain.challenge import Channel
from vestibule.domain.session import Limits, Session, Standing, fresh, gate_is_open, standing

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def stored(**known: Any) -> Session:
    """A session that was made now, by a browser that is not known."""
    return Session(
        **{
            "id": "session",
            "account_id": "account",
            "password_at": START,
            "second_factor_at": START,
            "second_factor_method": Channel.TOTP,
            "authenticator_id": "app",
            "signed_in_at": START,
            "last_seen_at": START,
            "expires_at": START + timedelta(hours=12),
            "gate_opened_at": None,
            "gate_used_at": None,
            "gate_failures": 0,
            "step_up_authenticator_id": None,
            "step_up_channel": None,
            "source": "",
            "user_agent": "",
            **known,
        }
    )


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


@pytest.mark.parametrize(("seconds", "counts"), [(60, True), (61, False), (7200, False)])
def test_times_to_come_count_for_a_minute(seconds: int, counts: bool) -> None:
    """SU-01, EM-04: what a clock that was set back since has written opens nothing for longer;
    two machines may differ by a minute."""
    ahead = START + timedelta(seconds=seconds)

    assert fresh(ahead, START) is counts
    assert gate_is_open(ahead, ahead, START) is counts
    assert gate_is_open(START, ahead, START) is counts
    assert gate_is_open(ahead, START, START) is counts


@pytest.mark.parametrize("missing", ["password_at", "second_factor_at"])
def test_change_needs_both_proofs(missing: str) -> None:
    """SU-01: one proof of ten minutes ago and one of eleven allow no change."""
    for minutes, may in ((10, True), (11, False)):
        proven = stored(**{missing: START - timedelta(minutes=minutes)})
        assert proven.is_fresh(START) is may
        assert proven.may_change(START) is may
        assert proven.has_fresh_password(START) is (may or missing != "password_at")


@pytest.mark.parametrize(("seconds", "may"), [(-1, True), (0, True), (1, False)])
def test_change_waits_for_what_a_recovery_bound(seconds: int, may: bool) -> None:
    """SU-02: a second factor that approves changes from a moment on approves none before."""
    bound = stored(approves_changes_at=START + timedelta(seconds=seconds))

    assert bound.may_change(START) is may
    assert bound.is_fresh(START)


def test_new_browser_changes_nothing_for_a_day() -> None:
    """R11: a day after its first sign-in, the browser of the set-up at once, a forgotten one
    never."""
    assert stored(browser_known_at=START).changes_open_at() == START + DAY
    assert stored(browser_known_at=START, is_set_up_browser=True).changes_open_at() == START
    assert stored(browser_known_at=None).changes_open_at() is None
    assert stored(browser_known_at=None, is_set_up_browser=True).changes_open_at() is None


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.VOICE, Channel.TOTP, Channel.PASSKEY])
def test_who_has_a_passkey_changes_by_it_alone(channel: Channel) -> None:
    """SU-04: a sign-in by anything else changes nothing, however fresh, while there is one."""
    for has_passkey in (False, True):
        session = stored(second_factor_method=channel, has_passkey=has_passkey)
        is_enough = channel is Channel.PASSKEY or not has_passkey
        assert session.is_fresh(START)
        assert session.may_change(START) is is_enough


@pytest.mark.parametrize("browser_known_at", [None, START, START - DAY])
def test_a_passkey_opens_changes_in_any_browser(browser_known_at: datetime | None) -> None:
    """R11: from its proof on, in a browser of today too, since no page in between relays it; and
    no other method does so."""
    proven_at = START + timedelta(hours=1)

    for channel in Channel:
        session = stored(
            browser_known_at=browser_known_at,
            second_factor_method=channel,
            second_factor_at=proven_at,
        )
        is_passkey = channel is Channel.PASSKEY
        day_old = browser_known_at + DAY if browser_known_at else None
        assert session.changes_open_at() == (proven_at if is_passkey else day_old)


@pytest.mark.parametrize(
    ("review_from", "reviewed", "must"),
    [
        (None, None, False),
        (1, None, False),
        (0, None, True),
        (-1, None, True),
        (-60, -61, True),
        (-60, -60, False),
        (-60, 5, False),
    ],
)
def test_review_opens_the_sign_ins_after_a_text(
    review_from: int | None, reviewed: int | None, must: bool
) -> None:
    """R12: a sign-in from that moment on opens with "still yours?" until that is answered in it;
    an answer from before that moment is none."""
    at = None if review_from is None else START + timedelta(seconds=review_from)
    answered = None if reviewed is None else START + timedelta(seconds=reviewed)

    assert stored(reviewed_at=answered).must_review(at) is must


@pytest.mark.parametrize(("seconds", "must"), [(None, False), (-1, True), (0, True), (1, False)])
def test_strikes_ask_later_sign_ins_for_a_password(seconds: int | None, must: bool) -> None:
    """R4: only a sign-in from after the strikes must set another password."""
    required = None if seconds is None else START + timedelta(seconds=seconds)

    assert stored().must_set_password(required) is must


def test_mailbox_comes_before_a_demanded_password() -> None:
    """R11: a browser that changes nothing yet proves the mailbox once; one that is a day old, or
    that has completed a recovery, does not."""
    assert stored(browser_known_at=None).must_prove_mailbox(START)
    assert stored(browser_known_at=START - DAY + SECOND).must_prove_mailbox(START)
    assert not stored(browser_known_at=START - DAY).must_prove_mailbox(START)
    assert not stored(browser_known_at=None, is_recovery=True).must_prove_mailbox(START)
    assert not stored(browser_known_at=None, gate_opened_at=START).must_prove_mailbox(START)
