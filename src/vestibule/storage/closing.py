"""Accounts that close on a day, and all that goes with one that does (SE-09).

A closed account keeps its row, with nothing of a person in it: its journal hangs on it, and the
database holds that nothing can be of it again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from vestibule.storage.database import Transaction

GONE = (
    # Before the authenticators that they speak of, which the database would ask about.
    "ended_authenticators",
    "acts",
    "challenges",
    "digests",
    "disavowals",
    "enrollments",
    "former_addresses",
    "known_browsers",
    "made",
    "notice_addresses",
    "passkey_users",
    "passkeys",
    "passwords",
    "recovery_codes",
    "resets",
    "sessions",
    "sign_ins",
    "strikes",
    "waiting_resets",
)
"""Of these every row of the account goes."""

KEPT: Mapping[str, str] = {
    "authenticators": "one row without its secret: 2FA has no way off, closed or not (EF-02)",
    "events": "the journal, until its own time is over (AU-06)",
    "outbox": "what was sent and by whom, with no word that leads to the account",
    "safeguards": "that the account is closed",
}
"""The other tables that name an account, and what is left of it there."""

AT_ONCE = 100
SWEPT_FOR = timedelta(days=1)
"""A request that was under way in the moment of the closing has ended by then."""


async def ask(tx: Transaction, account_id: str, closes_at: datetime) -> bool:
    """Let the account close then; False where it closes already, and keeps its day."""
    touched = await tx.execute(
        """INSERT INTO safeguards (account_id, closes_at) VALUES (:id, :at)
        ON CONFLICT (account_id) DO UPDATE SET closes_at = excluded.closes_at
        WHERE safeguards.closes_at IS NULL AND safeguards.closed_at IS NULL""",
        id=account_id,
        at=closes_at,
    )
    return touched == 1


async def cancel(tx: Transaction, account_id: str) -> bool:
    """Keep the account; False where nothing waits."""
    touched = await tx.execute(
        """UPDATE safeguards SET closes_at = NULL
        WHERE account_id = :id AND closes_at IS NOT NULL""",
        id=account_id,
    )
    return touched == 1


async def due(tx: Transaction, now: datetime) -> list[str]:
    """Accounts whose day has come, the longest due first, some at a time."""
    rows = await tx.fetch_all(
        """SELECT account_id FROM safeguards WHERE closes_at <= :now
        ORDER BY closes_at, account_id LIMIT :most""",
        now=now,
        most=AT_ONCE,
    )
    return [str(row["account_id"]) for row in rows]


async def put_off(tx: Transaction, account_id: str, *, now: datetime, until: datetime) -> None:
    """Let it close later: it could not now, and the next ones go on."""
    await tx.execute(
        "UPDATE safeguards SET closes_at = :until WHERE account_id = :id AND closes_at <= :now",
        id=account_id,
        until=until,
        now=now,
    )


async def close_due(tx: Transaction, account_id: str, now: datetime) -> bool:
    """Close it for good once its day has come; exactly one of any number of workers does."""
    touched = await tx.execute(
        """UPDATE safeguards SET closed_at = :now, closes_at = NULL, suspended_at = NULL,
            suspended_because = NULL, review_from_at = NULL, frozen_until_at = NULL,
            frozen_act_id = NULL, quiet_until_at = NULL
        WHERE account_id = :id AND closes_at <= :due""",
        id=account_id,
        now=now,
        due=now,
    )
    return touched == 1


async def erase(tx: Transaction, account_id: str, now: datetime) -> None:
    """Delete all that the account had, but for what is `KEPT`."""
    await _withdraw_messages(tx, account_id, now)
    for table in GONE:
        await tx.execute(f"DELETE FROM {table} WHERE account_id = :id", id=account_id)
    await tx.execute(
        """DELETE FROM authenticators WHERE account_id = :id AND NOT EXISTS (SELECT 1
            FROM accounts a WHERE a.id = authenticators.account_id
                AND a.default_authenticator_id = authenticators.id)""",
        id=account_id,
    )
    await tx.execute(
        "UPDATE safeguards SET reset_required_at = NULL WHERE account_id = :id", id=account_id
    )


async def _withdraw_messages(tx: Transaction, account_id: str, now: datetime) -> None:
    """What waits is never sent, its words are erased, and no message leads to the account."""
    await tx.execute(
        """DELETE FROM calls
        WHERE message_id IN (SELECT id FROM outbox WHERE account_id = :id)""",
        id=account_id,
    )
    await tx.execute(
        """UPDATE outbox SET body_sealed = NULL, destination_sealed = NULL, account_id = NULL,
            refused_at = CASE WHEN handed_over_at IS NULL THEN COALESCE(refused_at, :now)
                ELSE refused_at END,
            reason = CASE WHEN handed_over_at IS NULL THEN COALESCE(reason, 'no_longer_needed')
                ELSE reason END
        WHERE account_id = :id""",
        id=account_id,
        now=now,
    )


async def hollow(
    tx: Transaction, account_id: str, authenticator_id: str, *, sealed: bytes, mac: bytes
) -> None:
    """Leave of the last authenticator a row that proves nothing: sealed and mark are of no text."""
    await tx.execute(
        """UPDATE authenticators SET name = '', secret_sealed = :sealed, last_used_at = NULL
        WHERE account_id = :account_id AND id = :id""",
        account_id=account_id,
        id=authenticator_id,
        sealed=sealed,
    )
    await tx.execute(
        """UPDATE authenticators SET fingerprint_mac = :mac
        WHERE account_id = :account_id AND id = :id AND kind = 'phone'""",
        account_id=account_id,
        id=authenticator_id,
        mac=mac,
    )


async def forget_person(tx: Transaction, account_id: str) -> None:
    """Take name and address off its row; the address may be signed up with from now on."""
    await tx.execute(
        """UPDATE accounts SET email = '', email_key = 'closed ' || id, name = '', locale = '',
            new_password_required_at = NULL, time_zone = NULL, time_zone_chosen_at = NULL,
            passkey_offered_at = NULL
        WHERE id = :id""",
        id=account_id,
    )


async def closed_since(tx: Transaction, since: datetime) -> list[str]:
    """Which accounts were closed then or later."""
    rows = await tx.fetch_all(
        "SELECT account_id FROM safeguards WHERE closed_at > :since ORDER BY account_id",
        since=since,
    )
    return [str(row["account_id"]) for row in rows]
