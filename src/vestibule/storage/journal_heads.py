"""Where each chain of the journal ends, with a keyed mark: so the last row cannot vanish (AU-04).

A head moves in the transaction that appends, held by its row lock. Must not make or check marks.
"""

from dataclasses import dataclass

from vestibule.domain.journal import Head
from vestibule.storage.database import Row, Transaction

_COLUMNS = "chain, base_seq, base_digest, seq, link_digest, moved_at, head_mac"


@dataclass(frozen=True, slots=True)
class Held:
    """A head as it is stored, with its mark."""

    head: Head
    head_mac: bytes


async def hold(tx: Transaction, chain: str) -> Held | None:
    """The head, locked until the transaction ends; None where the chain has none."""
    lock = "FOR UPDATE" if tx.dialect == "postgresql" else ""
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM journal_heads WHERE chain = :chain {lock}", chain=chain
    )
    return None if row is None else _held(row)


async def get(tx: Transaction, chain: str) -> Held | None:
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM journal_heads WHERE chain = :chain", chain=chain
    )
    return None if row is None else _held(row)


async def add(tx: Transaction, head: Head, head_mac: bytes) -> bool:
    """Add the head of a new chain; False where there is one, also another transaction's."""
    added = await tx.execute(
        f"""INSERT INTO journal_heads ({_COLUMNS})
        VALUES (:chain, :base_seq, :base_digest, :seq, :link_digest, :moved_at, :head_mac)
        ON CONFLICT DO NOTHING""",
        **_values(head, head_mac),
    )
    return added == 1


async def move(tx: Transaction, head: Head, head_mac: bytes) -> None:
    """Put a held head where its chain now ends."""
    await tx.execute(
        """UPDATE journal_heads SET base_seq = :base_seq, base_digest = :base_digest, seq = :seq,
            link_digest = :link_digest, moved_at = :moved_at, head_mac = :head_mac
        WHERE chain = :chain""",
        **_values(head, head_mac),
    )


async def following(tx: Transaction, after_chain: str, limit: int) -> list[Held]:
    """The next heads by name of chain, at most so many."""
    found = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM journal_heads WHERE chain > :after_chain
        ORDER BY chain LIMIT :most""",
        after_chain=after_chain,
        most=limit,
    )
    return [_held(row) for row in found]


async def is_any(tx: Transaction) -> bool:
    """Whether there is a head, an account or a row: from then on the house has its chains."""
    found = await tx.fetch_one(
        """SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM journal_heads)
            OR EXISTS (SELECT 1 FROM accounts) OR EXISTS (SELECT 1 FROM events)"""
    )
    return found is not None


async def without_head(tx: Transaction, limit: int) -> list[str]:
    """Chains of which there are rows or an account, but no head; at most so many."""
    found = await tx.fetch_all(
        """SELECT a.id AS chain FROM accounts a
        WHERE NOT EXISTS (SELECT 1 FROM journal_heads h WHERE h.chain = a.id)
        UNION
        SELECT e.chain FROM events e
        WHERE NOT EXISTS (SELECT 1 FROM journal_heads h WHERE h.chain = e.chain)
        ORDER BY chain LIMIT :most""",
        most=limit,
    )
    return [row["chain"] for row in found]


async def row_past_head(tx: Transaction, chain: str) -> int | None:
    """The number of the first row after the head, where there is one; as of one moment."""
    row = await tx.fetch_one(
        """SELECT MIN(e.seq) AS seq FROM events e JOIN journal_heads h ON h.chain = e.chain
        WHERE e.chain = :chain AND e.seq > h.seq""",
        chain=chain,
    )
    return None if row is None or row["seq"] is None else int(row["seq"])


def _held(row: Row) -> Held:
    head = Head(
        chain=row["chain"],
        base_seq=row["base_seq"],
        base_digest=bytes(row["base_digest"]),
        seq=row["seq"],
        link_digest=bytes(row["link_digest"]),
        moved_at=row["moved_at"],
    )
    return Held(head, bytes(row["head_mac"]))


def _values(head: Head, head_mac: bytes) -> dict[str, object]:
    return {
        "chain": head.chain,
        "base_seq": head.base_seq,
        "base_digest": head.base_digest,
        "seq": head.seq,
        "link_digest": head.link_digest,
        "moved_at": head.moved_at,
        "head_mac": head_mac,
    }
