"""What is kept how long, as one table: purged by housekeeping, row by rule."""

from datetime import datetime, timedelta

from vestibule.storage.database import Transaction

KEPT: dict[str, tuple[str, timedelta]] = {
    # table: (column the age counts from, kept for)
    "alarms": ("period_at", timedelta(days=400)),
    "calls": ("expires_at", timedelta(hours=24)),
    "challenges": ("expires_at", timedelta(hours=24)),  # OC-05
    "delivery_attempts": ("started_at", timedelta(days=30)),
    "enrollments": ("expires_at", timedelta()),
    "events": ("occurred_at", timedelta(days=400)),
    "known_browsers": ("last_seen_at", timedelta(days=400)),
    "outbox": ("expires_at", timedelta(days=30)),
    "prefix_days": ("day_at", timedelta(days=30)),
    "recovery_code_views": ("expires_at", timedelta()),
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
        gone += await tx.execute(
            f"DELETE FROM {table} WHERE {column} <= :until",
            until=now - kept,
        )
    return gone
