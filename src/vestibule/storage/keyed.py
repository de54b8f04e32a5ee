"""Every column whose values name the key that made them, and the rows of each key.

Must not know a key: what is sealed anew is made by the flow and put in place here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Keyed:
    """One column, and the purpose of the key behind its values."""

    table: str
    column: str
    purpose: str
    row: str = "id"
    """The primary key, which sealed values are bound to."""
    beside: str = ""
    """The sealed column of the same row that a fingerprint is of."""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


SEALED = (
    Keyed("authenticators", "secret_sealed", "seal"),
    Keyed("challenges", "code_sealed", "seal"),
    Keyed("challenges", "destination_sealed", "seal"),
    Keyed("enrollments", "secret_sealed", "seal"),
    Keyed("former_addresses", "address_sealed", "seal"),
    Keyed("notice_addresses", "address_sealed", "seal"),
    Keyed("outbox", "body_sealed", "seal"),
    Keyed("outbox", "destination_sealed", "seal"),
    Keyed("passkey_users", "handle_sealed", "seal", row="account_id"),
    Keyed("recovery_code_views", "code_sealed", "seal", row="recovery_code_id"),
)
"""Opened and sealed anew by `keys reseal`: none may be left when a root goes."""

FINGERPRINTS = (
    Keyed("authenticators", "fingerprint_mac", "phone-fingerprint", beside="secret_sealed"),
    Keyed("enrollments", "fingerprint_mac", "phone-fingerprint", beside="secret_sealed"),
)
"""Made anew by `keys reseal` from the number that is sealed in the same row."""

DIGESTS = (
    *FINGERPRINTS,
    Keyed("challenges", "code_mac", "code"),
    Keyed("disavowals", "code_mac", "not-me"),
    Keyed("events", "link_mac", "journal"),
    Keyed("events", "session_mac", "session-reference"),
    Keyed("events", "sign_in_mac", "session-reference"),
    Keyed("former_addresses", "address_mac", "address"),
    Keyed("journal_heads", "head_mac", "journal", row="chain"),
    Keyed("opt_outs", "fingerprint_mac", "phone-fingerprint", row="fingerprint_mac"),
    Keyed("outbox", "number_mac", "phone-fingerprint"),
    Keyed("prefix_days", "prefix_mac", "phone-prefix", row="prefix_mac"),
    Keyed("recovery_codes", "code_mac", "recovery-code"),
    Keyed("throttles", "bucket_mac", "throttle", row="bucket_mac"),
)
"""Nobody can make them anew without what they were made of: while rows are left, their purpose's
own key outlives its root."""

PASSWORDS = (
    Keyed("passwords", "password_mac", "password", row="account_id"),
    Keyed("sign_ups", "password_mac", "password"),
    Keyed("waiting_resets", "password_mac", "password", row="account_id"),
)
"""Like digests, as text that ends with the key's id; they move when their owner signs in."""

EVERY = (*SEALED, *DIGESTS, *PASSWORDS)


async def count(tx: Transaction, keyed: Keyed, key_id: str) -> int:
    """How many values of the column were made with this key."""
    table, column = keyed.table, keyed.column
    if keyed in PASSWORDS:
        end = f"$k={key_id}"
        row = await tx.fetch_one(
            f"""SELECT COUNT(*) AS n FROM {table}
            WHERE substr({column}, length({column}) - :length + 1) = :ending""",
            length=len(end),
            ending=end,
        )
    else:
        start = f"{key_id}.".encode()
        row = await tx.fetch_one(
            f"SELECT COUNT(*) AS n FROM {table} WHERE substr({column}, 1, :length) = :start",
            length=len(start),
            start=start,
        )
    return int(row["n"]) if row else 0


async def count_all(tx: Transaction, keyed: Keyed) -> int:
    """How many values the column has, whatever made them."""
    table, column = keyed.table, keyed.column
    row = await tx.fetch_one(f"SELECT COUNT({column}) AS n FROM {table}")
    return int(row["n"]) if row else 0


async def others(
    tx: Transaction, keyed: Keyed, key_id: str, *, after: str, most: int
) -> list[Mapping[str, Any]]:
    """Values (`id`, `value`) made with any other key, by primary key, beginning after one."""
    table, column, row, start = keyed.table, keyed.column, keyed.row, f"{key_id}.".encode()
    return list(
        await tx.fetch_all(
            f"""SELECT {row} AS id, {column} AS value FROM {table}
            WHERE {column} IS NOT NULL AND substr({column}, 1, :length) <> :start
                AND {row} > :after
            ORDER BY {row} LIMIT :most""",
            length=len(start),
            start=start,
            after=after,
            most=most,
        )
    )


async def replace(tx: Transaction, keyed: Keyed, row_id: str, seen: bytes, fresh: bytes) -> bool:
    """Put the fresh value where the seen one still is; False where it changed meanwhile."""
    table, column, row = keyed.table, keyed.column, keyed.row
    touched = await tx.execute(
        f"UPDATE {table} SET {column} = :fresh WHERE {row} = :id AND {column} = :seen",
        id=row_id,
        seen=seen,
        fresh=fresh,
    )
    return touched == 1


async def sealed_beside(tx: Transaction, keyed: Keyed, row_id: str) -> bytes | None:
    """What is sealed beside a fingerprint."""
    table, row, beside = keyed.table, keyed.row, keyed.beside
    found = await tx.fetch_one(
        f"SELECT {beside} AS value FROM {table} WHERE {row} = :id", id=row_id
    )
    return bytes(found["value"]) if found else None


async def replace_beside(
    tx: Transaction, keyed: Keyed, row_id: str, *, seen: bytes, sealed: bytes, fresh: bytes
) -> bool:
    """The same for a fingerprint, while the number beside it is the one it was made of."""
    table, column, row, beside = keyed.table, keyed.column, keyed.row, keyed.beside
    touched = await tx.execute(
        f"""UPDATE {table} SET {column} = :fresh
        WHERE {row} = :id AND {column} = :seen AND {beside} = :sealed""",
        id=row_id,
        seen=seen,
        sealed=sealed,
        fresh=fresh,
    )
    return touched == 1
