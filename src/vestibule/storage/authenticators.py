"""Confirmed second factors, and the set-ups that may become one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vestibule.domain.account import Authenticator, AuthenticatorKind
from vestibule.domain.pending import Enrollment
from vestibule.domain.safety import RETURNABLE, EndedBy
from vestibule.domain.totp import Algorithm
from vestibule.storage.database import Transaction

_COLUMNS = """id, account_id, kind, name, secret_sealed, fingerprint_mac, last_step, step_offset,
 created_at, last_used_at, approves_changes_at, algorithm, digits"""


_QUALIFIED = ", ".join(f"a.{name.strip()}" for name in _COLUMNS.split(","))
# What was removed or suspended proves nothing, though its row is kept for a while.
_STANDS = """NOT EXISTS (SELECT 1 FROM ended_authenticators e
    WHERE e.authenticator_id = authenticators.id)"""


def _authenticator(row: Mapping[str, Any]) -> Authenticator:
    return Authenticator(**_typed(row))


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    kind, algorithm = AuthenticatorKind(row["kind"]), Algorithm(row["algorithm"])
    return {**row, "kind": kind, "algorithm": algorithm}


async def of_account(tx: Transaction, account_id: str) -> list[Authenticator]:
    """Every second factor of the account that proves it, phones first, then oldest first."""
    rows = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM authenticators WHERE account_id = :account_id AND {_STANDS}
        ORDER BY kind, created_at, id""",
        account_id=account_id,
    )
    return [_authenticator(row) for row in rows]


async def get(tx: Transaction, account_id: str, authenticator_id: str) -> Authenticator | None:
    """One second factor that stands, only if it is the account's own (AD-05)."""
    row = await tx.fetch_one(
        f"""SELECT {_COLUMNS} FROM authenticators
        WHERE account_id = :account_id AND id = :id AND {_STANDS}""",
        account_id=account_id,
        id=authenticator_id,
    )
    return _authenticator(row) if row else None


async def add(tx: Transaction, authenticator: Authenticator) -> None:
    await tx.execute(
        """INSERT INTO authenticators (id, account_id, kind, name, secret_sealed, fingerprint_mac,
            last_step, step_offset, created_at, last_used_at, approves_changes_at, algorithm,
            digits)
        VALUES (:id, :account_id, :kind, :name, :secret_sealed, :fingerprint_mac, :last_step,
            :step_offset, :created_at, :last_used_at, :approves_changes_at, :algorithm, :digits)""",
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
        algorithm=authenticator.algorithm.value,
        digits=authenticator.digits,
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


async def remove(
    tx: Transaction, account_id: str, authenticator_id: str, *, by: EndedBy, now: datetime
) -> bool:
    """End one that is not the default; the default never goes, so one always stays (EF-02)."""
    touched = await tx.execute(
        """INSERT INTO ended_authenticators (authenticator_id, account_id, ended_at, ended_by)
        SELECT id, account_id, CAST(:at AS BIGINT), :by FROM authenticators
        WHERE account_id = :account_id AND id = :id
            AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = authenticators.account_id
                AND a.default_authenticator_id = authenticators.id)
        ON CONFLICT (authenticator_id) DO NOTHING""",
        account_id=account_id,
        id=authenticator_id,
        at=now,
        by=by.value,
    )
    return touched == 1


async def suspend(tx: Transaction, account_id: str, authenticator_id: str, now: datetime) -> bool:
    """After "not me" one proves nothing, the default too: a reset is required by then (EF-02)."""
    touched = await tx.execute(
        """INSERT INTO ended_authenticators (authenticator_id, account_id, ended_at, ended_by)
        SELECT id, account_id, CAST(:at AS BIGINT), 'not_me' FROM authenticators
        WHERE account_id = :account_id AND id = :id
        ON CONFLICT (authenticator_id) DO NOTHING""",
        account_id=account_id,
        id=authenticator_id,
        at=now,
    )
    return touched == 1


async def let_go(tx: Transaction, account_id: str) -> None:
    """None that was removed or suspended until now comes back any more."""
    await tx.execute(
        "UPDATE ended_authenticators SET ended_by = 'lost' WHERE account_id = :id", id=account_id
    )


async def restore(
    tx: Transaction, account_id: str, authenticator_id: str, *, approves_at: datetime
) -> bool:
    """Bring one back that was proven together with the mailbox (R8)."""
    touched = await tx.execute(
        """DELETE FROM ended_authenticators
        WHERE account_id = :account_id AND authenticator_id = :id""",
        account_id=account_id,
        id=authenticator_id,
    )
    await tx.execute(
        "UPDATE authenticators SET approves_changes_at = :at"
        " WHERE account_id = :account_id AND id = :id",
        at=approves_at,
        account_id=account_id,
        id=authenticator_id,
    )
    return touched == 1


@dataclass(frozen=True, slots=True)
class Ended:
    authenticator: Authenticator
    ended_by: EndedBy

    @property
    def is_returnable(self) -> bool:
        return self.ended_by in RETURNABLE


async def ended(tx: Transaction, account_id: str, since: datetime) -> list[Ended]:
    """What proves nothing any more but did so until then or later, the newest first."""
    rows = await tx.fetch_all(
        f"""SELECT {_QUALIFIED}, e.ended_by FROM authenticators a
        JOIN ended_authenticators e ON e.authenticator_id = a.id
        WHERE a.account_id = :account_id AND e.ended_at > :since
        ORDER BY e.ended_at DESC, a.id""",
        account_id=account_id,
        since=since,
    )
    return [
        Ended(
            _authenticator({name: value for name, value in row.items() if name != "ended_by"}),
            EndedBy(row["ended_by"]),
        )
        for row in rows
    ]


async def count_by_fingerprint(
    tx: Transaction, fingerprint_macs: list[bytes], *, besides: str
) -> int:
    """How many other accounts use a number (PN-04), over every key that may have marked it."""
    total = 0
    for mac in fingerprint_macs:
        row = await tx.fetch_one(
            """SELECT COUNT(DISTINCT account_id) AS n FROM authenticators
            WHERE fingerprint_mac = :mac AND account_id <> :besides
                AND NOT EXISTS (SELECT 1 FROM ended_authenticators e
                    WHERE e.authenticator_id = authenticators.id)""",
            mac=mac,
            besides=besides,
        )
        total += int(row["n"]) if row else 0
    return total


async def accounts_of_number(tx: Transaction, fingerprint_macs: Sequence[bytes]) -> list[str]:
    """Whose number it is now, in the order in which accounts are held."""
    found: set[str] = set()
    for mac in fingerprint_macs:
        rows = await tx.fetch_all(
            """SELECT account_id FROM authenticators WHERE fingerprint_mac = :mac
                AND NOT EXISTS (SELECT 1 FROM ended_authenticators e
                    WHERE e.authenticator_id = authenticators.id)""",
            mac=mac,
        )
        found |= {str(row["account_id"]) for row in rows}
    return sorted(found)


# --- set-ups begun ------------------------------------------------------------------------


async def begin_enrollment(tx: Transaction, enrollment: Enrollment) -> None:
    """Put a set-up in the place of the owner's earlier one; that one leaves no trace (R5)."""
    await tx.execute("DELETE FROM enrollments WHERE owner_id = :owner", owner=enrollment.owner_id)
    await tx.execute(
        """INSERT INTO enrollments (id, owner_id, account_id, kind, name, secret_sealed,
            fingerprint_mac, created_at, expires_at, algorithm, digits)
        VALUES (:id, :owner_id, :account_id, :kind, :name, :secret_sealed, :fingerprint_mac,
            :created_at, :expires_at, :algorithm, :digits)""",
        id=enrollment.id,
        owner_id=enrollment.owner_id,
        account_id=enrollment.account_id,
        kind=enrollment.kind.value,
        name=enrollment.name,
        secret_sealed=enrollment.secret_sealed,
        fingerprint_mac=enrollment.fingerprint_mac,
        created_at=enrollment.created_at,
        expires_at=enrollment.expires_at,
        algorithm=enrollment.algorithm.value,
        digits=enrollment.digits,
    )


async def enrollment_of(
    tx: Transaction, owner_id: str, kind: AuthenticatorKind, now: datetime
) -> Enrollment | None:
    row = await tx.fetch_one(
        """SELECT id, owner_id, account_id, kind, name, secret_sealed, fingerprint_mac,
            created_at, expires_at, algorithm, digits
        FROM enrollments WHERE owner_id = :owner AND kind = :kind AND expires_at > :now""",
        owner=owner_id,
        kind=kind.value,
        now=now,
    )
    return Enrollment(**_typed(row)) if row else None


async def finish_enrollment(tx: Transaction, enrollment_id: str) -> bool:
    """Take the set-up away for good; exactly one of two racing proofs gets True."""
    touched = await tx.execute("DELETE FROM enrollments WHERE id = :id", id=enrollment_id)
    return touched == 1


async def end_enrollments(
    tx: Transaction, account_id: str, *, session_id: str | None, sign_in_id: str | None
) -> None:
    """Every set-up of the account goes, but those of what is kept."""
    await tx.execute(
        """DELETE FROM enrollments WHERE account_id = :account_id
            AND owner_id NOT IN (:session_id, :sign_in_id)""",
        account_id=account_id,
        session_id=session_id or "",
        sign_in_id=sign_in_id or "",
    )
