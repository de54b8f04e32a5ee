"""The way in to storage: protocols, errors, and `connect`, which picks the driver by URL.

Must not contain SQL or driver calls.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from vestibule.storage.postgresql import PostgresqlDatabase
from vestibule.storage.sqlite import SqliteDatabase, Synchronous
from vestibule.storage.transaction import (
    ConstraintViolation,
    Database,
    Dialect,
    ReadOnlyViolation,
    Row,
    SecondStatement,
    StorageDown,
    StorageError,
    Transaction,
    UniqueViolation,
    Unit,
    UnitSuspended,
)

__all__ = [
    "ConstraintViolation",
    "Database",
    "Dialect",
    "ReadOnlyViolation",
    "Row",
    "SecondStatement",
    "StorageDown",
    "StorageError",
    "Transaction",
    "UniqueViolation",
    "Unit",
    "UnitSuspended",
    "connect",
    "dialect_of",
    "sqlite_path",
]


def connect(
    url: str,
    *,
    sqlite_synchronous: Synchronous = "FULL",
    connections: int = 10,
    readers: int = 2,
    busy_for: float = 5.0,
) -> Database:
    """A database that opens its connections at first use.

    `connections` is the most that PostgreSQL transactions share, `readers` the most that reads
    share on either dialect, `busy_for` the seconds to wait for a connection or SQLite's write
    lock before `StorageDown`. The SQLite file must exist (`migrate.upgrade` makes it).
    """
    if dialect_of(url) == "sqlite":
        return SqliteDatabase(
            sqlite_path(url), synchronous=sqlite_synchronous, readers=readers, busy_for=busy_for
        )
    return PostgresqlDatabase(url, connections=connections, readers=readers, busy_for=busy_for)


def dialect_of(url: str) -> Dialect:
    """The dialect that a database URL names; `ValueError` for any other scheme."""
    match urlsplit(url).scheme:
        case "sqlite":
            return "sqlite"
        case "postgresql" | "postgres":
            return "postgresql"
        case _:
            raise ValueError("a database URL starts with sqlite:/// or postgresql://")


def sqlite_path(url: str) -> Path:
    """The file of `sqlite:///relative.db` or `sqlite:////absolute.db`, percent-decoded."""
    parts = urlsplit(url)
    path = unquote(parts.path).removeprefix("/")
    if parts.scheme != "sqlite" or parts.netloc or not path or path == ":memory:":
        raise ValueError("an SQLite URL names a file: sqlite:///relative.db, sqlite:////abs.db")
    return Path(path)
