"""When a number is stale, and what a session that it proved is worth before its mailbox is."""

from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.account import Authenticator, AuthenticatorKind
from vestibule.domain.challenge import Channel
from vestibule.domain.session import Session

USED = datetime(2026, 11, 3, 10, 42, tzinfo=UTC)
YEAR = timedelta(days=365)
SECOND = timedelta(seconds=1)


def _bound(kind: AuthenticatorKind, *, used_at: datetime | None = USED) -> Authenticator:
    return Authenticator(
        id="a",
        account_id="ada",
        kind=kind,
        name="",
        secret_sealed=b"",
        fingerprint_mac=None,
        last_step=0,
        step_offset=0,
        created_at=USED - YEAR if used_at else USED,
        last_used_at=used_at,
        approves_changes_at=USED,
    )


@pytest.mark.parametrize(
    ("rested", "is_stale"),
    [(timedelta(), False), (YEAR, False), (YEAR + SECOND, True), (10 * YEAR, True)],
)
def test_a_number_is_stale_after_more_than_a_year(rested: timedelta, *, is_stale: bool) -> None:
    """PN-04: a number is stale once more than 365 days went by since it proved something."""
    phone = _bound(AuthenticatorKind.PHONE)

    assert phone.stale_since(USED + rested) == (USED if is_stale else None)


def test_a_number_that_was_never_used_counts_from_when_it_was_added() -> None:
    """PN-04: what has no last use is stale a year after it was bound."""
    phone = _bound(AuthenticatorKind.PHONE, used_at=None)

    assert phone.stale_since(USED + YEAR) is None
    assert phone.stale_since(USED + YEAR + SECOND) == USED


def test_an_app_is_never_stale() -> None:
    """PN-04: nobody else is given an app that rests."""
    assert _bound(AuthenticatorKind.TOTP).stale_since(USED + 10 * YEAR) is None


@pytest.mark.parametrize(
    ("stale_since", "gate_opened_at", "counts"),
    [(None, None, True), (USED, None, False), (USED, USED + 2 * YEAR, True)],
)
def test_a_stale_proof_counts_with_the_mailbox_only(
    stale_since: datetime | None, gate_opened_at: datetime | None, *, counts: bool
) -> None:
    """PN-04, SU-01: before the mailed code such a session has no fresh proof."""
    now = USED + 2 * YEAR
    session = Session(
        id="s",
        account_id="ada",
        password_at=now,
        second_factor_at=now,
        second_factor_method=Channel.SMS,
        authenticator_id="a",
        signed_in_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(hours=12),
        gate_opened_at=gate_opened_at,
        gate_used_at=gate_opened_at,
        gate_failures=0,
        step_up_authenticator_id=None,
        step_up_channel=None,
        source="",
        user_agent="",
        browser_known_at=USED,
        stale_since_at=stale_since,
    )

    assert session.must_reverify() is not counts
    assert session.is_fresh(now) is counts
    assert session.may_change(now) is counts
    assert session.must_prove_mailbox(now) is not counts
