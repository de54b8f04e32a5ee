"""Brings a database to this version's schema, with Alembic; for the commands, never the server.

One transaction per upgrade on both dialects: it happens as a whole or not at all. Must not be
imported by anything that serves requests: Alembic and SQLAlchemy cost 34 MB and half a second.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from vestibule.crypto.keyring import Keyring
from vestibule.storage.database import StorageDown, dialect_of, sqlite_path
from vestibule.storage.postgresql import connect_once

T = TypeVar("T")


def upgrade(url: str, revision: str = "head", *, keyring: Keyring | None = None) -> None:
    """Upgrade to a revision, or do nothing when it is there already; makes a missing SQLite file.

    Two upgrades at once are ordered: the second one finds nothing to do. Must be called outside
    an event loop. `ValueError` where rows have to be marked and no keyring is given.
    """

    def run(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        config.attributes["keyring"] = keyring
        command.upgrade(config, revision)

    if dialect_of(url) == "sqlite":
        _make_private(sqlite_path(url))
    within_transaction(url, run)


def current(url: str) -> str | None:
    """The revision that the database has; `None` when it has never been migrated.

    `StorageDown` where it cannot be asked.
    """
    if dialect_of(url) == "sqlite" and not sqlite_path(url).exists():
        return None
    try:
        return within_transaction(
            url, lambda connection: MigrationContext.configure(connection).get_current_revision()
        )
    except DBAPIError as error:
        raise StorageDown(f"the database cannot be asked: {error.orig}") from None


def configuration() -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", "vestibule.storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


def within_transaction(url: str, work: Callable[[Connection], T]) -> T:
    """What `work` returned, committed; foreign keys are not enforced on SQLite meanwhile."""
    if dialect_of(url) == "sqlite":
        return _on_sqlite(sqlite_path(url), work)
    return asyncio.run(_on_postgresql(url, work))


def _make_private(path: Path) -> None:
    # Addresses of people are in it: nobody but the owner reads the file.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StorageDown(f"{path} cannot be made: {error.strerror}") from None


def _on_sqlite(path: Path, work: Callable[[Connection], T]) -> T:
    engine = create_engine(f"sqlite:///{path.absolute()}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: object) -> None:
        # The module's own BEGIN comes after the DDL; ours is explicit and comes first.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        # Batch alteration drops and renames tables that others refer to.
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        value = work(connection)
        if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
            raise ValueError(f"the migration breaks foreign keys of: {sorted({*broken})}")
    return value


async def _on_postgresql(url: str, work: Callable[[Connection], T]) -> T:
    # The URL is read by asyncpg itself, so that it means the same here and in the server.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: connect_once(url), poolclass=NullPool
    )
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
