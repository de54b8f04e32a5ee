"""Migrated databases for tests of every room, made in milliseconds from one template.

`migrated_sqlite` and `sqlite_database` need no fixture. The fixtures `postgresql_cluster`,
`store` and `database` come into a room by importing them in its conftest.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.
import pytest

from tests.postgresql import Cluster, shared_cluster
from vestibule.storage import migrate
from vestibule.storage.database import Database, Dialect, connect, dialect_of, sqlite_path


@cache
def _sqlite_template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        migrate.upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def migrated_sqlite(path: Path) -> str:
    """The URL of a new migrated file at `path`."""
    path.write_bytes(_sqlite_template())
    return f"sqlite:///{path}"


def sqlite_database(path: Path) -> Database:
    """A migrated database in a new file at `path`; the caller closes it."""
    return connect(migrated_sqlite(path), sqlite_synchronous="OFF")


@dataclass
class Store:
    """One migrated database of a dialect, which a test may open several times."""

    url: str
    opened: list[Database] = field(default_factory=list)

    @property
    def dialect(self) -> Dialect:
        return dialect_of(self.url)

    def open(self, *, connections: int = 20, busy_for: float = 5.0) -> Database:
        """Another Database on the same data, as another process would have; closed at the end."""
        database = connect(
            self.url, sqlite_synchronous="OFF", connections=connections, busy_for=busy_for
        )
        self.opened.append(database)
        return database

    async def script(self, *statements: str) -> None:
        """Runs raw SQL, DDL too, past Vestibule; each statement is committed on its own."""
        await run_script(self.url, *statements)


async def run_script(url: str, *statements: str) -> None:
    """Runs raw SQL with the bare driver, raising the driver's own errors."""
    if dialect_of(url) == "sqlite":
        await asyncio.to_thread(_run_sqlite_script, sqlite_path(url), statements)
        return
    connection: Any = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _run_sqlite_script(path: Path, statements: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Cluster]:
    """The PostgreSQL of this test process."""
    with shared_cluster() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def _cluster(request: pytest.FixtureRequest) -> Cluster | None:
    # Not in `store` itself: the cluster's migration runs an event loop of its own.
    if request.param == "sqlite":
        return None
    cluster: Cluster = request.getfixturevalue("postgresql_cluster")
    return cluster


@pytest.fixture
async def store(_cluster: Cluster | None, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty migrated database, once on each dialect."""
    if _cluster is None:
        made = Store(migrated_sqlite(tmp_path / "vestibule.db"))
        yield made
        await _close(made)
        return
    name = await _cluster.create()
    made = Store(_cluster.url(name))
    yield made
    await _close(made)
    await _cluster.drop(name)


async def _close(store: Store) -> None:
    for database in store.opened:
        await database.close()


@pytest.fixture
def database(store: Store) -> Database:
    """An empty migrated Database, once on each dialect."""
    return store.open()
