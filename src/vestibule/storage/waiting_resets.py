"""New passwords that wait before they count, one for each account (B.3)."""

from dataclasses import dataclass
from datetime import datetime

from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class WaitingReset:
    account_id: str
    reset_id: str
    password_mac: str
    authenticator_id: str
    due_at: datetime
    address_id: str | None = None
    """The former address whose mailbox proved it; None where the account's own did."""


_COLUMNS = "account_id, reset_id, password_mac, authenticator_id, due_at, address_id"


async def put(tx: Transaction, waiting: WaitingReset) -> str:
    """Let it wait, in the place of an earlier one; under whose id.

    One that takes another's place keeps the other's, so that whoever was told of that stops this.
    """
    row = await tx.fetch_one(
        """INSERT INTO waiting_resets (account_id, reset_id, password_mac, authenticator_id, due_at,
            address_id)
        VALUES (:account_id, :reset_id, :password_mac, :authenticator_id, :due_at, :address_id)
        ON CONFLICT (account_id) DO UPDATE SET password_mac = excluded.password_mac,
            authenticator_id = excluded.authenticator_id, due_at = excluded.due_at,
            address_id = excluded.address_id
        RETURNING reset_id""",
        account_id=waiting.account_id,
        reset_id=waiting.reset_id,
        password_mac=waiting.password_mac,
        authenticator_id=waiting.authenticator_id,
        due_at=waiting.due_at,
        address_id=waiting.address_id,
    )
    return str(row["reset_id"]) if row else waiting.reset_id


async def of_account(tx: Transaction, account_id: str) -> WaitingReset | None:
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM waiting_resets WHERE account_id = :id", id=account_id
    )
    return WaitingReset(**row) if row else None


async def next_due(tx: Transaction, now: datetime) -> str | None:
    """The account whose wait is over, if there is one."""
    row = await tx.fetch_one(
        "SELECT account_id FROM waiting_resets WHERE due_at <= :now ORDER BY due_at LIMIT 1",
        now=now,
    )
    return str(row["account_id"]) if row else None


async def take_due(tx: Transaction, account_id: str, now: datetime) -> WaitingReset | None:
    """Take it for good once its wait is over; exactly one of any number of workers gets it."""
    row = await tx.fetch_one(
        f"""DELETE FROM waiting_resets WHERE account_id = :id AND due_at <= :now
        RETURNING {_COLUMNS}""",
        id=account_id,
        now=now,
    )
    return WaitingReset(**row) if row else None


async def put_off(tx: Transaction, account_id: str, *, now: datetime, until: datetime) -> None:
    """Let one that is due wait longer: it could not take effect, and the next ones go on."""
    await tx.execute(
        """UPDATE waiting_resets SET due_at = :until
        WHERE account_id = :account_id AND due_at <= :now""",
        account_id=account_id,
        now=now,
        until=until,
    )


async def cancel(tx: Transaction, account_id: str, *, reset_id: str | None = None) -> bool:
    """End the wait without effect; one reset's, or whichever there is."""
    touched = await tx.execute(
        """DELETE FROM waiting_resets
        WHERE account_id = :id AND (reset_id = :reset_id OR :is_any = 1)""",
        id=account_id,
        reset_id=reset_id or "",
        is_any=int(reset_id is None),
    )
    return touched == 1
