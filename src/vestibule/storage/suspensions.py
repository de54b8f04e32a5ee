"""Accounts that the operators suspend: nobody gets in, and nothing of them changes."""

from datetime import datetime

from vestibule.storage.database import Transaction

_AT_ONCE = 200


async def suspend(tx: Transaction, account_id: str, *, because: str, now: datetime) -> bool:
    """Suspend it; False where it is suspended already, and keeps its reason."""
    touched = await tx.execute(
        """INSERT INTO safeguards (account_id, suspended_at, suspended_because)
        VALUES (:id, :at, :because)
        ON CONFLICT (account_id) DO UPDATE SET suspended_at = excluded.suspended_at,
            suspended_because = excluded.suspended_because
        WHERE safeguards.suspended_at IS NULL AND safeguards.closed_at IS NULL""",
        id=account_id,
        at=now,
        because=because,
    )
    return touched == 1


async def lift(tx: Transaction, account_id: str) -> bool:
    """End the suspension; False where there is none."""
    touched = await tx.execute(
        """UPDATE safeguards SET suspended_at = NULL, suspended_because = NULL
        WHERE account_id = :id AND suspended_at IS NOT NULL""",
        id=account_id,
    )
    return touched == 1


async def signed_in(tx: Transaction, *, after: str) -> list[str]:
    """Accounts with a session or a pending sign-in, some at a time, by id, beginning after one."""
    rows = await tx.fetch_all(
        """SELECT account_id FROM sessions WHERE account_id > :after
        UNION SELECT account_id FROM sign_ins WHERE account_id > :same
        ORDER BY account_id LIMIT :most""",
        after=after,
        same=after,
        most=_AT_ONCE,
    )
    return [str(row["account_id"]) for row in rows]
