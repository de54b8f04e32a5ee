"""Which schema this version of Vestibule speaks, and which one a database has.

Plain SQL, so that the server can compare the two at its start without importing Alembic or
SQLAlchemy; `migrate` changes the schema.
"""

from typing import assert_never

from vestibule.storage.transaction import Database, Transaction

HEAD = "0016"
"""The newest file in `migrations/versions`; a test holds the two together."""


async def applied(database: Database) -> str | None:
    """The revision that the database has; `None` when it has never been migrated."""
    return await database.read(_applied)


async def _applied(tx: Transaction) -> str | None:
    match tx.dialect:
        case "sqlite":
            tables = "SELECT 1 AS found FROM sqlite_master WHERE name = 'alembic_version'"
        case "postgresql":
            tables = "SELECT 1 AS found WHERE to_regclass('alembic_version') IS NOT NULL"
        case _:
            assert_never(tx.dialect)
    if await tx.fetch_one(tables) is None:
        return None
    row = await tx.fetch_one("SELECT version_num FROM alembic_version")
    return str(row["version_num"]) if row else None
