"""The life of a challenge: how long, how often sent, when the same code goes out again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.challenge import (
    MAX_SENDS,
    MAX_TRIES,
    Challenge,
    Channel,
    Purpose,
    lifetime,
    may_reuse,
    next_send_at,
    resend_wait,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
A_CHALLENGE = Challenge(
    id="challenge",
    purpose=Purpose.SIGN_IN,
    binding_id="sign-in",
    account_id="account",
    authenticator_id="phone",
    channel=Channel.SMS,
    destination_sealed=b"sealed",
    digits=6,
    code_mac=b"mac",
    code_sealed=b"sealed",
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=10),
    tries=0,
    max_tries=MAX_TRIES,
    sends=1,
    last_sent_at=NOW,
    number=1,
    is_decoy=False,
)


@pytest.mark.parametrize(
    ("channel", "minutes"),
    [(Channel.SMS, 10), (Channel.VOICE, 10), (Channel.EMAIL, 30), (Channel.TOTP, 15)],
)
def test_lifetime_follows_the_channel(channel: Channel, minutes: int) -> None:
    """OC-02: A texted or spoken code lives ten minutes, a mailed one thirty."""
    assert lifetime(channel) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("seconds", "expired"), [(-1, False), (0, True), (1, True)])
def test_challenge_expires_at_its_time(seconds: int, expired: bool) -> None:
    """OC-02: A code is good until the second before its end, by the server's clock."""
    at = A_CHALLENGE.expires_at + timedelta(seconds=seconds)

    assert A_CHALLENGE.is_expired(at) is expired


@pytest.mark.parametrize(
    ("sends", "seconds"), [(0, 0), (1, 30), (2, 40), (3, 60), (4, 90), (5, 120), (6, 120)]
)
def test_resend_waits_grow(sends: int, seconds: int) -> None:
    """OC-09: The waits between sends are 30, 40, 60, 90 and 120 seconds."""
    assert resend_wait(sends) == timedelta(seconds=seconds)


def test_next_send_waits_from_the_last_one() -> None:
    """OC-09: The wait counts from the last send, not from the first."""
    sent_twice = replace(A_CHALLENGE, sends=2, last_sent_at=NOW + timedelta(seconds=31))

    assert next_send_at(A_CHALLENGE) == NOW + timedelta(seconds=30)
    assert next_send_at(sent_twice) == NOW + timedelta(seconds=71)


@pytest.mark.parametrize(("sends", "left"), [(4, 1), (5, 0), (6, 0)])
def test_sends_end_after_five(sends: int, left: int) -> None:
    """OC-09: A challenge is sent five times at most."""
    challenge = replace(A_CHALLENGE, sends=sends)

    assert MAX_SENDS == 5
    assert challenge.sends_left == left
    assert (next_send_at(challenge) is None) is (left == 0)


@pytest.mark.parametrize(("seconds_left", "same"), [(121, True), (120, True), (119, False)])
def test_same_code_goes_out_while_two_minutes_remain(seconds_left: int, same: bool) -> None:
    """OC-08: A resend repeats the value while two minutes of its life remain."""
    at = A_CHALLENGE.expires_at - timedelta(seconds=seconds_left)

    assert may_reuse(A_CHALLENGE, at) is same
