"""Addresses that an account had within the last week: told of changes, held from others.

Sealed, and found by a keyed mark. One row for each change of address, which names its act.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class FormerAddress:
    id: str
    account_id: str
    address_sealed: bytes
    address_mac: bytes
    act_id: str | None
    """Who replaced it; None where nobody can doubt that any more."""
    is_returnable: bool
    """It may answer notices and come back; one that "not me" took away does neither."""
    replaced_at: datetime
    held_until_at: datetime


_COLUMNS = """id, account_id, address_sealed, address_mac, act_id, is_returnable, replaced_at,
 held_until_at"""


def _former(row: Mapping[str, Any]) -> FormerAddress:
    return FormerAddress(**row)


async def add(tx: Transaction, former: FormerAddress) -> None:
    await tx.execute(
        """INSERT INTO former_addresses (id, account_id, address_sealed, address_mac, act_id,
            is_returnable, replaced_at, held_until_at)
        VALUES (:id, :account_id, :address_sealed, :address_mac, :act_id, :is_returnable,
            :replaced_at, :held_until_at)""",
        id=former.id,
        account_id=former.account_id,
        address_sealed=former.address_sealed,
        address_mac=former.address_mac,
        act_id=former.act_id,
        is_returnable=former.is_returnable,
        replaced_at=former.replaced_at,
        held_until_at=former.held_until_at,
    )


async def of_account(tx: Transaction, account_id: str, now: datetime) -> list[FormerAddress]:
    """Those that are held still, the one replaced first before the others."""
    rows = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM former_addresses
        WHERE account_id = :account_id AND held_until_at > :now ORDER BY replaced_at, id""",
        account_id=account_id,
        now=now,
    )
    return [_former(row) for row in rows]


async def find(tx: Transaction, address_macs: list[bytes], now: datetime) -> FormerAddress | None:
    """Who holds this address for longest, over every key that may have marked it."""
    for address_mac in address_macs:
        row = await tx.fetch_one(
            f"""SELECT {_COLUMNS} FROM former_addresses
            WHERE address_mac = :address_mac AND held_until_at > :now
            ORDER BY held_until_at DESC, id LIMIT 1""",
            address_mac=address_mac,
            now=now,
        )
        if row:
            return _former(row)
    return None


async def hold_longer(tx: Transaction, former_id: str, until_at: datetime) -> None:
    await tx.execute(
        """UPDATE former_addresses SET held_until_at = :until_at
        WHERE id = :id AND held_until_at < :earliest""",
        id=former_id,
        until_at=until_at,
        earliest=until_at,
    )


async def let_go(tx: Transaction, former_id: str) -> None:
    """It answers nothing and does not come back; until its time is over it is told."""
    await tx.execute(
        "UPDATE former_addresses SET is_returnable = :no WHERE id = :id", id=former_id, no=False
    )


async def settle(tx: Transaction, account_id: str) -> None:
    """The account's address has been proven against all of them: none comes back, none doubts."""
    await tx.execute(
        """UPDATE former_addresses SET is_returnable = :no, act_id = NULL
        WHERE account_id = :account_id""",
        account_id=account_id,
        no=False,
    )
