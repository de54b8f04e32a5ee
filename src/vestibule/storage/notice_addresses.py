"""Second addresses: each is told of what happens to one account, and is no identifier (EM-07).

Sealed, and with no mark to find it by: nothing is ever looked up by such an address.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vestibule.domain.safety import EndedBy
from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class NoticeAddress:
    id: str
    account_id: str
    address_sealed: bytes
    act_id: str
    """Who set it."""
    proven_at: datetime
    ended_by: EndedBy | None = None
    """Set once it is the account's no more; until then it stands."""
    told_until_at: datetime | None = None
    """R8: one that ended is told for a while still."""


_COLUMNS = "id, account_id, address_sealed, act_id, proven_at, ended_by, told_until_at"


def _notice_address(row: Mapping[str, Any]) -> NoticeAddress:
    ended_by = row["ended_by"]
    return NoticeAddress(**{**row, "ended_by": EndedBy(ended_by) if ended_by else None})


async def add(tx: Transaction, one: NoticeAddress) -> None:
    """The account's, which has none: the database holds that there is one at most."""
    await tx.execute(
        """INSERT INTO notice_addresses (id, account_id, address_sealed, act_id, proven_at)
        VALUES (:id, :account_id, :address_sealed, :act_id, :proven_at)""",
        id=one.id,
        account_id=one.account_id,
        address_sealed=one.address_sealed,
        act_id=one.act_id,
        proven_at=one.proven_at,
    )


async def of_account(tx: Transaction, account_id: str, now: datetime) -> list[NoticeAddress]:
    """The one that stands, then those that ended and are told still, the last one first."""
    rows = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM notice_addresses
        WHERE account_id = :account_id AND (told_until_at IS NULL OR told_until_at > :now)
        ORDER BY CASE WHEN told_until_at IS NULL THEN 0 ELSE 1 END, told_until_at DESC, id""",
        account_id=account_id,
        now=now,
    )
    return [_notice_address(row) for row in rows]


async def answers(tx: Transaction, notice_address_id: str, now: datetime) -> bool:
    """Whether an answer from this mailbox counts: it stands, or was removed and is told still.

    Not where "not me" took it away: a thief's mailbox would go on answering.
    """
    row = await tx.fetch_one(
        """SELECT 1 AS counts FROM notice_addresses
        WHERE id = :id AND (ended_by IS NULL OR (ended_by = 'removal' AND told_until_at > :now))""",
        id=notice_address_id,
        now=now,
    )
    return row is not None


async def end(
    tx: Transaction, account_id: str, *, by: EndedBy, told_until_at: datetime
) -> NoticeAddress | None:
    """End the one that stands; None where there is none, or another request has ended it."""
    row = await tx.fetch_one(
        f"""UPDATE notice_addresses SET ended_by = :ended_by, told_until_at = :told_until_at
        WHERE account_id = :account_id AND told_until_at IS NULL RETURNING {_COLUMNS}""",
        account_id=account_id,
        ended_by=by.value,
        told_until_at=told_until_at,
    )
    return _notice_address(row) if row else None


async def disown(
    tx: Transaction, account_id: str, acts: Collection[str], *, told_until_at: datetime
) -> list[NoticeAddress]:
    """What these acts set answers nothing from now on; which of it did not have its end so."""
    gone = []
    for act_id in sorted(acts):
        rows = await tx.fetch_all(
            f"""UPDATE notice_addresses SET ended_by = 'not_me',
                told_until_at = COALESCE(told_until_at, :told_until_at)
            WHERE account_id = :account_id AND act_id = :act_id
                AND (ended_by IS NULL OR ended_by <> 'not_me') RETURNING {_COLUMNS}""",
            account_id=account_id,
            act_id=act_id,
            told_until_at=told_until_at,
        )
        gone += [_notice_address(row) for row in rows]
    return gone
