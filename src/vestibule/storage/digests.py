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


async def next_due(tx: Transaction, now: datetime) -> Digest | None:
    """The news of one account that are due, if there are any."""
    due = await tx.fetch_one(
        """SELECT account_id, kind, hits, act_id, since_at FROM digests
        WHERE due_at <= :now AND hits > 0 ORDER BY due_at, account_id, kind LIMIT 1""",
        now=now,
    )
    return Digest(**due) if due else None


async def take(tx: Transaction, due: Digest, now: datetime) -> bool:
    """Take them, to be told once: exactly one of any number of workers gets them."""
    taken = await tx.execute(
        """UPDATE digests SET hits = 0, sent_at = :sent_at
        WHERE account_id = :account_id AND kind = :kind AND hits = :hits AND due_at <= :now""",
        account_id=due.account_id,
        kind=due.kind,
        hits=due.hits,
        sent_at=now,
        now=now,
    )
    return taken == 1


async def put_off(tx: Transaction, due: Digest, *, now: datetime, until: datetime) -> None:
    """Let them wait longer: they could not be told, and the next ones go on."""
    await tx.execute(
        """UPDATE digests SET due_at = :until
        WHERE account_id = :account_id AND kind = :kind AND due_at <= :now""",
        account_id=due.account_id,
        kind=due.kind,
        now=now,
        until=until,
    )
