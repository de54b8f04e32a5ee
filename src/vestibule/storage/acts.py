"""What was done with an account, by what cause, and what each act left behind.

Kept for as long as "not me" reaches; afterwards a thing has no cause that could take it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.safety import Act, ActKind, Made
from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Thing:
    kind: Made
    id: str
    act_id: str


async def add(tx: Transaction, account_id: str, act: Act, *, causes: Sequence[str]) -> None:
    """Note an act and what it could not have happened without."""
    await tx.execute(
        """INSERT INTO acts (id, account_id, kind, browser_digest, user_agent, made_at)
        VALUES (:id, :account_id, :kind, :browser_digest, :user_agent, :made_at)
        ON CONFLICT (id) DO NOTHING""",
        id=act.id,
        account_id=account_id,
        kind=act.kind.value,
        browser_digest=act.browser_digest,
        user_agent=act.user_agent,
        made_at=act.made_at,
    )
    for cause in causes:
        await tx.execute(
            """INSERT INTO act_causes (act_id, cause_id) VALUES (:act_id, :cause_id)
            ON CONFLICT (act_id, cause_id) DO NOTHING""",
            act_id=act.id,
            cause_id=cause,
        )


async def of_account(tx: Transaction, account_id: str, since: datetime) -> list[Act]:
    rows = await tx.fetch_all(
        """SELECT id, kind, browser_digest, user_agent, made_at FROM acts
        WHERE account_id = :account_id AND made_at > :since ORDER BY made_at, id""",
        account_id=account_id,
        since=since,
    )
    return [Act(**{**row, "kind": ActKind(row["kind"])}) for row in rows]


async def causes(tx: Transaction, account_id: str) -> dict[str, set[str]]:
    """For each act of the account, the acts it could not have happened without."""
    rows = await tx.fetch_all(
        """SELECT act_id, cause_id FROM act_causes
        WHERE act_id IN (SELECT id FROM acts WHERE account_id = :account_id)""",
        account_id=account_id,
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["act_id"], set()).add(row["cause_id"])
    return found


async def make(
    tx: Transaction, account_id: str, *, kind: Made, thing_id: str, act_id: str, now: datetime
) -> None:
    """Note whose a thing is; a password has its account's id, and the last act counts."""
    await tx.execute(
        """INSERT INTO made (kind, thing_id, account_id, act_id, made_at)
        VALUES (:kind, :thing_id, :account_id, :act_id, :made_at)
        ON CONFLICT (kind, thing_id)
        DO UPDATE SET act_id = excluded.act_id, made_at = excluded.made_at""",
        kind=kind.value,
        thing_id=thing_id,
        account_id=account_id,
        act_id=act_id,
        made_at=now,
    )


async def maker(tx: Transaction, kind: Made, thing_id: str) -> str | None:
    """The act that left a thing behind, while its cause is kept."""
    row = await tx.fetch_one(
        "SELECT act_id FROM made WHERE kind = :kind AND thing_id = :thing_id",
        kind=kind.value,
        thing_id=thing_id,
    )
    return str(row["act_id"]) if row else None


async def things(tx: Transaction, account_id: str) -> list[Thing]:
    """Everything of the account whose cause is kept."""
    rows = await tx.fetch_all(
        """SELECT kind, thing_id, act_id FROM made WHERE account_id = :account_id
        ORDER BY made_at, thing_id""",
        account_id=account_id,
    )
    return [Thing(Made(row["kind"]), row["thing_id"], row["act_id"]) for row in rows]
