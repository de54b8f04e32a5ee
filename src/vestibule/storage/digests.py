"""Noisy news that is told together: how often it happened, since when, and when it is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Digest:
    account_id: str
    kind: str
    hits: int
    act_id: str
    since_at: datetime


async def count(
    tx: Transaction,
    account_id: str,
    *,
    kind: str,
    act_id: str,
    wait: timedelta,
    spacing: timedelta,
    now: datetime,
) -> None:
    """Count one more; told `wait` after the first, and `spacing` after the digest before."""
    await tx.execute(
        """INSERT INTO digests (account_id, kind, hits, act_id, since_at, due_at)
        VALUES (:account_id, :kind, 1, :act_id, :now, :due_at)
        ON CONFLICT (account_id, kind) DO UPDATE SET
            hits = digests.hits + 1,
            act_id = excluded.act_id,
            since_at = CASE WHEN digests.hits = 0 THEN excluded.since_at ELSE digests.since_at END,
            due_at = CASE WHEN digests.hits > 0 THEN digests.due_at
                WHEN digests.sent_at IS NULL OR digests.sent_at + :spacing <= excluded.due_at
                THEN excluded.due_at ELSE digests.sent_at + :same_spacing END""",
        account_id=account_id,
        kind=kind,
        act_id=act_id,
        now=now,
        due_at=now + wait,
        spacing=int(spacing.total_seconds()) * 1_000_000,
        same_spacing=int(spacing.total_seconds()) * 1_000_000,
    )


async def take_due(tx: Transaction, now: datetime) -> Digest | None:
    """Take the news of one account that are due, to be told once."""
    due = await tx.fetch_one(
        """SELECT account_id, kind, hits, act_id, since_at FROM digests
        WHERE due_at <= :now AND hits > 0 ORDER BY due_at LIMIT 1""",
        now=now,
    )
    if due is None:
        return None
    taken = await tx.execute(
        """UPDATE digests SET hits = 0, sent_at = :sent_at
        WHERE account_id = :account_id AND kind = :kind AND hits = :hits AND due_at <= :now""",
        account_id=due["account_id"],
        kind=due["kind"],
        hits=due["hits"],
        sent_at=now,
        now=now,
    )
    return Digest(**due) if taken else None
