"""The journal's rows: written in the transaction of what they tell, never changed (AU-01, AU-04).

Must not link or mark rows: `flows/journal` does, which holds the keys.
"""

from datetime import datetime
from typing import Any

from vestibule.domain.journal import Entry, Row
from vestibule.storage.database import Row as Columns
from vestibule.storage.database import Transaction

_COLUMNS = """chain, seq, format, id, occurred_at, account_id, name, outcome, reason, actor_id,
    session_mac, sign_in_mac, method, source, user_agent, request_id, version, details,
    prev_digest, link_digest, link_mac"""
_PRUNE = {
    # A definer's function: the role that serves may have no DELETE of its own.
    "postgresql": "SELECT journal_prune(:chain, CAST(:until_seq AS BIGINT)) AS gone",
    "sqlite": "DELETE FROM events WHERE chain = :chain AND seq <= :until_seq",
}


async def add(tx: Transaction, row: Row) -> None:
    """Append one row; `UniqueViolation` where the chain has one of that number."""
    entry = row.entry
    await tx.execute(
        f"""INSERT INTO events ({_COLUMNS})
        VALUES (:chain, :seq, :format, :id, :occurred_at, :account_id, :name, :outcome, :reason,
            :actor_id, :session_mac, :sign_in_mac, :method, :source, :user_agent, :request_id,
            :version, :details, :prev_digest, :link_digest, :link_mac)""",
        chain=entry.chain,
        seq=entry.seq,
        format=entry.format,
        id=entry.id,
        occurred_at=entry.occurred_at,
        account_id=entry.account_id,
        name=entry.name,
        outcome=entry.outcome,
        reason=entry.reason,
        actor_id=entry.actor_id,
        session_mac=entry.session_mac,
        sign_in_mac=entry.sign_in_mac,
        method=entry.method,
        source=entry.source,
        user_agent=entry.user_agent,
        request_id=entry.request_id,
        version=entry.version,
        details=entry.details,
        prev_digest=row.prev_digest,
        link_digest=row.link_digest,
        link_mac=row.link_mac,
    )


async def following(tx: Transaction, chain: str, after_seq: int, limit: int) -> list[Row]:
    """The next rows of a chain after this number, at most so many, in order."""
    found = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM events WHERE chain = :chain AND seq > :after_seq
        ORDER BY seq LIMIT :most""",
        chain=chain,
        after_seq=after_seq,
        most=limit,
    )
    return [_row(columns) for columns in found]


async def latest(
    tx: Transaction, chain: str, *, before_seq: int, since: datetime, limit: int
) -> list[Row]:
    """The newest rows of a chain before this number and not older than `since`, newest first."""
    found = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM events
        WHERE chain = :chain AND seq < :before_seq AND occurred_at >= :since
        ORDER BY seq DESC LIMIT :most""",
        chain=chain,
        before_seq=before_seq,
        since=since,
        most=limit,
    )
    return [_row(columns) for columns in found]


async def first_after(tx: Transaction, chain: str, moment: datetime) -> Row | None:
    """The first row of a chain that is younger than this."""
    columns = await tx.fetch_one(
        f"""SELECT {_COLUMNS} FROM events WHERE chain = :chain AND occurred_at > :moment
        ORDER BY seq LIMIT 1""",
        chain=chain,
        moment=moment,
    )
    return None if columns is None else _row(columns)


async def get(tx: Transaction, chain: str, seq: int) -> Row | None:
    columns = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM events WHERE chain = :chain AND seq = :seq", chain=chain, seq=seq
    )
    return None if columns is None else _row(columns)


async def has_rows(tx: Transaction, chain: str) -> bool:
    found = await tx.fetch_one(
        "SELECT 1 AS found FROM events WHERE chain = :chain LIMIT 1", chain=chain
    )
    return found is not None


async def chains_with_rows_before(tx: Transaction, until: datetime, limit: int) -> list[str]:
    """Chains that hold rows of that moment or earlier, at most so many."""
    found = await tx.fetch_all(
        "SELECT DISTINCT chain FROM events WHERE occurred_at <= :until LIMIT :most",
        until=until,
        most=limit,
    )
    return [columns["chain"] for columns in found]


async def prune(tx: Transaction, chain: str, until_seq: int) -> int:
    """Delete a chain's rows up to this number, which its head has as base; how many went."""
    sql = _PRUNE[tx.dialect]
    if tx.dialect == "sqlite":
        return await tx.execute(sql, chain=chain, until_seq=until_seq)
    columns = await tx.fetch_one(sql, chain=chain, until_seq=until_seq)
    return int(columns["gone"]) if columns else 0


def _row(columns: Columns) -> Row:
    held: dict[str, Any] = dict(columns)
    prev, linked, mark = (
        bytes(held.pop(name)) for name in ("prev_digest", "link_digest", "link_mac")
    )
    for name in ("session_mac", "sign_in_mac"):
        held[name] = None if held[name] is None else bytes(held[name])
    return Row(Entry(**held), prev, linked, mark)
