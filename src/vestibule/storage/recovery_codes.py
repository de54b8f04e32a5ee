"""Recovery codes: at most one acknowledged and one unacknowledged, each used at most once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.account import RecoveryCode
from vestibule.storage.database import Transaction

_COLUMNS = "id, account_id, label, made_at, acknowledged_at, ended_at, ended_by"


def _recovery_code(row: Mapping[str, Any]) -> RecoveryCode:
    return RecoveryCode(**row)


async def add(
    tx: Transaction, recovery_code: RecoveryCode, *, code_mac: bytes, is_provisional: bool
) -> None:
    """Add an unacknowledged code in the place of an earlier unacknowledged one."""
    await tx.execute(
        """UPDATE recovery_codes SET ended_at = :ended_at, ended_by = 'replacement'
        WHERE account_id = :account_id AND ended_at IS NULL AND acknowledged_at IS NULL""",
        account_id=recovery_code.account_id,
        ended_at=recovery_code.made_at,
    )
    await tx.execute(
        """INSERT INTO recovery_codes (id, account_id, code_mac, label, is_provisional, made_at)
        VALUES (:id, :account_id, :code_mac, :label, :is_provisional, :made_at)""",
        id=recovery_code.id,
        account_id=recovery_code.account_id,
        code_mac=code_mac,
        label=recovery_code.label,
        is_provisional=is_provisional,
        made_at=recovery_code.made_at,
    )


async def current(tx: Transaction, account_id: str) -> list[RecoveryCode]:
    """The codes that would work now, the newest first."""
    rows = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM recovery_codes
        WHERE account_id = :account_id AND ended_at IS NULL ORDER BY made_at DESC, id""",
        account_id=account_id,
    )
    return [_recovery_code(row) for row in rows]


async def find(tx: Transaction, account_id: str, code_macs: list[bytes]) -> RecoveryCode | None:
    """The account's code with this mark, current or ended."""
    for code_mac in code_macs:
        row = await tx.fetch_one(
            f"""SELECT {_COLUMNS} FROM recovery_codes
            WHERE account_id = :account_id AND code_mac = :code_mac""",
            account_id=account_id,
            code_mac=code_mac,
        )
        if row:
            return _recovery_code(row)
    return None


async def is_current(tx: Transaction, account_id: str, code_macs: list[bytes]) -> bool:
    """Whether it is a code of the account that was neither used nor ended."""
    for code_mac in code_macs:
        row = await tx.fetch_one(
            """SELECT 1 AS found FROM recovery_codes
            WHERE account_id = :account_id AND code_mac = :code_mac AND ended_at IS NULL""",
            account_id=account_id,
            code_mac=code_mac,
        )
        if row is not None:
            return True
    return False


async def consume(
    tx: Transaction, account_id: str, code_macs: list[bytes], now: datetime
) -> RecoveryCode | None:
    """Use the code up, once: of N parallel requests one gets it (RC-04)."""
    for code_mac in code_macs:
        row = await tx.fetch_one(
            f"""UPDATE recovery_codes SET ended_at = :ended_at, ended_by = 'use'
            WHERE account_id = :account_id AND code_mac = :code_mac AND ended_at IS NULL
            RETURNING {_COLUMNS}""",
            account_id=account_id,
            code_mac=code_mac,
            ended_at=now,
        )
        if row:
            return _recovery_code(row)
    return None


async def confirm(tx: Transaction, account_id: str) -> None:
    """The recovery was completed: its code is the account's own."""
    await tx.execute(
        """UPDATE recovery_codes SET is_provisional = :is_provisional
        WHERE account_id = :account_id AND ended_at IS NULL""",
        account_id=account_id,
        is_provisional=False,
    )


async def has_provisional(tx: Transaction, account_id: str) -> bool:
    """Whether a current code comes from a recovery that was never completed."""
    row = await tx.fetch_one(
        """SELECT 1 AS found FROM recovery_codes
        WHERE account_id = :account_id AND ended_at IS NULL AND is_provisional""",
        account_id=account_id,
    )
    return row is not None


async def end_current(tx: Transaction, account_id: str, *, by: str, now: datetime) -> None:
    """Make every code of the account invalid at once."""
    await tx.execute(
        """UPDATE recovery_codes SET ended_at = :ended_at, ended_by = :ended_by
        WHERE account_id = :account_id AND ended_at IS NULL""",
        account_id=account_id,
        ended_at=now,
        ended_by=by,
    )


async def void(tx: Transaction, account_id: str, recovery_code_id: str, now: datetime) -> bool:
    """What a disavowed act made opens nothing (R8)."""
    touched = await tx.execute(
        """UPDATE recovery_codes SET ended_at = :ended_at, ended_by = 'not_me'
        WHERE account_id = :account_id AND id = :id AND ended_at IS NULL""",
        account_id=account_id,
        id=recovery_code_id,
        ended_at=now,
    )
    return touched == 1


async def acknowledge(
    tx: Transaction, account_id: str, recovery_code_id: str, now: datetime
) -> bool:
    """The person has typed it back: it replaces the acknowledged one before it."""
    await tx.execute(
        """UPDATE recovery_codes SET ended_at = :ended_at, ended_by = 'replacement'
        WHERE account_id = :account_id AND id <> :id AND ended_at IS NULL
            AND acknowledged_at IS NOT NULL
            AND EXISTS (SELECT 1 FROM recovery_codes newer WHERE newer.id = :newer_id
                AND newer.account_id = recovery_codes.account_id AND newer.ended_at IS NULL)""",
        account_id=account_id,
        id=recovery_code_id,
        newer_id=recovery_code_id,
        ended_at=now,
    )
    touched = await tx.execute(
        """UPDATE recovery_codes SET acknowledged_at = :acknowledged_at
        WHERE account_id = :account_id AND id = :id AND ended_at IS NULL
            AND acknowledged_at IS NULL""",
        account_id=account_id,
        id=recovery_code_id,
        acknowledged_at=now,
    )
    return touched == 1


# --- the one showing (R7, RC-03) ------------------------------------------------------------


async def put_view(
    tx: Transaction,
    recovery_code_id: str,
    *,
    owner_id: str,
    code_sealed: bytes,
    expires_at: datetime,
) -> None:
    """Leave the sealed code for the one page that may show it, of one owner."""
    await tx.execute("DELETE FROM recovery_code_views WHERE owner_id = :owner", owner=owner_id)
    await tx.execute(
        """INSERT INTO recovery_code_views (recovery_code_id, owner_id, code_sealed, expires_at)
        VALUES (:recovery_code_id, :owner_id, :code_sealed, :expires_at)""",
        recovery_code_id=recovery_code_id,
        owner_id=owner_id,
        code_sealed=code_sealed,
        expires_at=expires_at,
    )


async def has_view(tx: Transaction, owner_id: str, now: datetime) -> bool:
    """Whether a sealed code waits to be shown to its owner."""
    row = await tx.fetch_one(
        "SELECT 1 AS found FROM recovery_code_views WHERE owner_id = :owner AND expires_at > :now",
        owner=owner_id,
        now=now,
    )
    return row is not None


async def take_view(tx: Transaction, owner_id: str, now: datetime) -> Mapping[str, Any] | None:
    """The sealed code (`recovery_code_id`, `code_sealed`), for exactly one of any requests."""
    return await tx.fetch_one(
        """DELETE FROM recovery_code_views WHERE owner_id = :owner AND expires_at > :now
        RETURNING recovery_code_id, code_sealed""",
        owner=owner_id,
        now=now,
    )
