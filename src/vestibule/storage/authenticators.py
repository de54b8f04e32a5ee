"""Confirmed second factors, and the set-ups that may become one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.account import Authenticator, AuthenticatorKind
from vestibule.domain.pending import Enrollment
from vestibule.storage.database import Transaction

_COLUMNS = """id, account_id, kind, name, secret_sealed, fingerprint_mac, last_step, step_offset,
 created_at, last_used_at, approves_changes_at"""


def _authenticator(row: Mapping[str, Any]) -> Authenticator:
    return Authenticator(**{**row, "kind": AuthenticatorKind(row["kind"])})


async def of_account(tx: Transaction, account_id: str) -> list[Authenticator]:
    """Every second factor of the account, phones first, then oldest first."""
    rows = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM authenticators WHERE account_id = :account_id
        ORDER BY kind, created_at, id""",
        account_id=account_id,
    )
    return [_authenticator(row) for row in rows]


async def get(tx: Transaction, account_id: str, authenticator_id: str) -> Authenticator | None:
    """One second factor, only if it is the account's own (AD-05)."""
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM authenticators WHERE account_id = :account_id AND id = :id",
        account_id=account_id,
        id=authenticator_id,
    )
    return _authenticator(row) if row else None


async def add(tx: Transaction, authenticator: Authenticator) -> None:
    await tx.execute(
        """INSERT INTO authenticators (id, account_id, kind, name, secret_sealed, fingerprint_mac,
            last_step, step_offset, created_at, last_used_at, approves_changes_at)
        VALUES (:id, :account_id, :kind, :name, :secret_sealed, :fingerprint_mac, :last_step,
            :step_offset, :created_at, :last_used_at, :approves_changes_at)""",
        id=authenticator.id,
        account_id=authenticator.account_id,
        kind=authenticator.kind.value,
        name=authenticator.name,
        secret_sealed=authenticator.secret_sealed,
        fingerprint_mac=authenticator.fingerprint_mac,
        last_step=authenticator.last_step,
        step_offset=authenticator.step_offset,
        created_at=authenticator.created_at,
        last_used_at=authenticator.last_used_at,
        approves_changes_at=authenticator.approves_changes_at,
    )


async def advance_time_step(
    tx: Transaction, authenticator_id: str, *, step: int, offset: int, now: datetime
) -> bool:
    """RFC 6238 §5.2: each time step is accepted once. Compare and set; False on a replay."""
    touched = await tx.execute(
        """UPDATE authenticators SET last_step = :step, step_offset = :step_offset,
            last_used_at = :used_at WHERE id = :id AND last_step < :floor""",
        id=authenticator_id,
        step=step,
        floor=step,
        step_offset=offset,
        used_at=now,
    )
    return touched == 1


async def mark_used(tx: Transaction, authenticator_id: str, now: datetime) -> None:
    await tx.execute(
        "UPDATE authenticators SET last_used_at = :used_at WHERE id = :id",
        id=authenticator_id,
        used_at=now,
    )


async def rename(tx: Transaction, account_id: str, authenticator_id: str, name: str) -> bool:
    touched = await tx.execute(
        "UPDATE authenticators SET name = :name WHERE account_id = :account_id AND id = :id",
        name=name,
        account_id=account_id,
        id=authenticator_id,
    )
    return touched == 1


async def remove(tx: Transaction, account_id: str, authenticator_id: str) -> bool:
    """Unbind one that is not the default; the default never goes, so one always stays (EF-02)."""
    touched = await tx.execute(
        """DELETE FROM authenticators WHERE account_id = :account_id AND id = :id
        AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = authenticators.account_id
            AND a.default_authenticator_id = authenticators.id)""",
        account_id=account_id,
        id=authenticator_id,
    )
    return touched == 1


async def count_by_fingerprint(
    tx: Transaction, fingerprint_macs: list[bytes], *, besides: str
) -> int:
    """How many other accounts use a number (PN-04), over every key that may have marked it."""
    total = 0
    for mac in fingerprint_macs:
        row = await tx.fetch_one(
            """SELECT COUNT(DISTINCT account_id) AS n FROM authenticators
            WHERE fingerprint_mac = :mac AND account_id <> :besides""",
            mac=mac,
            besides=besides,
        )
        total += int(row["n"]) if row else 0
    return total


# --- set-ups begun ------------------------------------------------------------------------


async def begin_enrollment(tx: Transaction, enrollment: Enrollment) -> None:
    """Put a set-up in the place of the owner's earlier one; that one leaves no trace (R5)."""
    await tx.execute("DELETE FROM enrollments WHERE owner_id = :owner", owner=enrollment.owner_id)
    await tx.execute(
        """INSERT INTO enrollments (id, owner_id, account_id, kind, name, secret_sealed,
            fingerprint_mac, created_at, expires_at)
        VALUES (:id, :owner_id, :account_id, :kind, :name, :secret_sealed, :fingerprint_mac,
            :created_at, :expires_at)""",
        id=enrollment.id,
        owner_id=enrollment.owner_id,
        account_id=enrollment.account_id,
        kind=enrollment.kind.value,
        name=enrollment.name,
        secret_sealed=enrollment.secret_sealed,
        fingerprint_mac=enrollment.fingerprint_mac,
        created_at=enrollment.created_at,
        expires_at=enrollment.expires_at,
    )


async def enrollment_of(
    tx: Transaction, owner_id: str, kind: AuthenticatorKind, now: datetime
) -> Enrollment | None:
    row = await tx.fetch_one(
        """SELECT id, owner_id, account_id, kind, name, secret_sealed, fingerprint_mac,
            created_at, expires_at
        FROM enrollments WHERE owner_id = :owner AND kind = :kind AND expires_at > :now""",
        owner=owner_id,
        kind=kind.value,
        now=now,
    )
    return Enrollment(**{**row, "kind": AuthenticatorKind(row["kind"])}) if row else None


async def finish_enrollment(tx: Transaction, enrollment_id: str) -> bool:
    """Take the set-up away for good; exactly one of two racing proofs gets True."""
    touched = await tx.execute("DELETE FROM enrollments WHERE id = :id", id=enrollment_id)
    return touched == 1
