"""What is kept how long, as one table: purged by housekeeping, row by rule."""

from datetime import datetime, timedelta

from vestibule.domain.safety import CAUSES_COUNT_FOR, NOT_ME_FOR
from vestibule.storage.database import Transaction

JOURNAL = "events"
"""Goes chain by chain, from the oldest row on: `flows/housekeeping` does it."""

KEPT: dict[str, tuple[str, timedelta]] = {
    # table: (column the age counts from, kept for)
    "acts": ("made_at", CAUSES_COUNT_FOR),
    "alarms": ("period_at", timedelta(days=400)),
    "calls": ("expires_at", timedelta(hours=24)),
    "challenges": ("expires_at", timedelta(hours=24)),  # OC-05
    "delivery_attempts": ("started_at", timedelta(days=30)),
    "digests": ("due_at", timedelta(days=7)),
    "disavowals": ("expires_at", timedelta(days=1)),
    "enrollments": ("expires_at", timedelta()),
    "events": ("occurred_at", timedelta(days=400)),
    "former_addresses": ("held_until_at", timedelta()),
    "known_browsers": ("last_seen_at", timedelta(days=400)),
    "made": ("made_at", CAUSES_COUNT_FOR),
    "notice_addresses": ("told_until_at", timedelta()),  # of those that stand it is none
    "outbox": ("expires_at", timedelta(days=30)),
    "passkey_questions": ("expires_at", timedelta()),
    "prefix_days": ("day_at", timedelta(days=30)),
    "recovery_code_views": ("expires_at", timedelta()),
    "reservations": ("period_at", timedelta(days=30)),
    "resets": ("expires_at", timedelta()),
    "route_hours": ("hour_at", timedelta(days=30)),
    "sessions": ("expires_at", timedelta()),
    "sign_ins": ("expires_at", timedelta()),
    "sign_ups": ("expires_at", timedelta()),
    "spending": ("hour_at", timedelta(days=400)),
    "strikes": ("made_at", timedelta(days=365)),
    "throttles": ("until_at", timedelta(hours=24)),
}


async def purge(tx: Transaction, now: datetime) -> int:
    """Delete what is past its time; how many rows went."""
    gone = 0
    for table, (column, kept) in KEPT.items():
        if table == JOURNAL:
            continue
        gone += await tx.execute(
            f"DELETE FROM {table} WHERE {column} <= :until",
            until=now - kept,
        )
    return gone + await _purge_ended_authenticators(tx, now)


async def _purge_ended_authenticators(tx: Transaction, now: datetime) -> int:
    """What can no longer come back goes, with its secret; never the account's last (EF-02)."""
    return await tx.execute(
        """DELETE FROM authenticators WHERE id IN (
                SELECT authenticator_id FROM ended_authenticators WHERE ended_at <= :until)
            AND id NOT IN (SELECT authenticator_id FROM waiting_resets)
            AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = authenticators.account_id
                AND a.default_authenticator_id = authenticators.id)""",
        until=now - NOT_ME_FOR,
    )
