"""What is particular to SQLite: its writer thread, group commit, and the file."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from contextvars import ContextVar
from functools import partial
from pathlib import Path

import pytest

from tests.databases import Store, migrated_sqlite, sqlite_database
from tests.storage.things import add, ids, make_things
from vestibule.storage.database import (
    ConstraintViolation,
    Database,
    ReadOnlyViolation,
    StorageDown,
    Transaction,
    UnitSuspended,
    connect,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(migrated_sqlite(tmp_path / "vestibule.db"))
    await make_things(store)
    yield store
    for database in store.opened:
        await database.close()


@pytest.fixture
def database(store: Store) -> Database:
    return store.open()


class HeldWriter:
    """A writer in the middle of its unit, so that what comes next waits and forms a group."""

    def __init__(self, database: Database) -> None:
        self._has_begun = asyncio.Event()
        self._may_go_on = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(database.transact(self._unit))

    async def _unit(self, tx: Transaction) -> None:
        await add(tx, "held")
        self._loop.call_soon_threadsafe(self._has_begun.set)
        self._may_go_on.wait(60)

    async def __aenter__(self) -> None:
        await self._has_begun.wait()

    async def __aexit__(self, *_: object) -> None:
        # One turn of the loop, in which the tasks made meanwhile hand their units over.
        await asyncio.sleep(0)
        self._may_go_on.set()
        await self._task


async def test_unit_that_suspends_is_refused(database: Database) -> None:
    """A unit that awaits anything but its transaction raises and is rolled back."""
    has_been_closed = []

    async def unit(tx: Transaction) -> None:
        await add(tx, "a")
        try:
            await asyncio.sleep(0)
        finally:
            has_been_closed.append(True)

    with pytest.raises(UnitSuspended):
        await database.transact(unit)

    assert has_been_closed == [True]
    assert await ids(database) == []


async def test_unit_that_will_not_close_is_refused(database: Database) -> None:
    """A unit that suspends again while it is closed cannot stop the writer."""

    async def unit(tx: Transaction) -> None:
        await add(tx, "a")
        try:
            await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="GeneratorExit"):
        await database.transact(unit)

    assert await ids(database) == []


async def test_unit_that_awaits_a_future_is_refused(database: Database) -> None:
    """A unit may be any awaitable; one that is not done at once is refused."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    with pytest.raises(UnitSuspended):
        await database.transact(lambda _: future)


async def test_failing_commit_fails_its_whole_group(store: Store, database: Database) -> None:
    """Units that share a COMMIT share its failure: none is answered with a value and lost."""
    await store.script(
        """CREATE TABLE late (owner_id TEXT
            REFERENCES owners (id) DEFERRABLE INITIALLY DEFERRED)"""
    )

    async def fail_at_commit(tx: Transaction) -> None:
        await tx.execute("INSERT INTO late (owner_id) VALUES ('nobody')")

    async with HeldWriter(database):
        group = [
            asyncio.create_task(database.transact(unit))
            for unit in (lambda tx: add(tx, "good"), fail_at_commit)
        ]
    answers = await asyncio.gather(*group, return_exceptions=True)

    assert [type(answer) for answer in answers] == [ConstraintViolation, ConstraintViolation]
    assert answers[0] is not answers[1]
    assert await ids(database) == ["held"]


async def test_writer_goes_on_after_a_failing_commit(store: Store, database: Database) -> None:
    """The next unit after a failed COMMIT is committed."""
    await store.script(
        """CREATE TABLE late (owner_id TEXT
            REFERENCES owners (id) DEFERRABLE INITIALLY DEFERRED)"""
    )
    with pytest.raises(ConstraintViolation):
        await database.transact(
            lambda tx: tx.execute("INSERT INTO late (owner_id) VALUES ('nobody')")
        )

    await database.transact(lambda tx: add(tx, "a"))

    assert await ids(database) == ["a"]


async def test_group_that_rolls_back_early_fails_together(store: Store, database: Database) -> None:
    """When a statement ends the transaction itself, every unit of the group is told."""
    await store.script(
        """CREATE TRIGGER fuse BEFORE DELETE ON things
        BEGIN SELECT RAISE(ROLLBACK, 'all of it'); END""",
        "INSERT INTO things (id) VALUES ('old')",
    )
    async with HeldWriter(database):
        group = [
            asyncio.create_task(database.transact(unit))
            for unit in (
                lambda tx: add(tx, "good"),
                lambda tx: tx.execute("DELETE FROM things"),
                lambda tx: add(tx, "later"),
            )
        ]
    answers = await asyncio.gather(*group, return_exceptions=True)

    assert [type(answer) for answer in answers] == [StorageDown] * 3
    assert await ids(database) == ["held", "old"]


async def test_waiting_units_share_a_commit(store: Store, database: Database) -> None:
    """Units that wait while the writer is busy are committed together, at most 64 at a time."""
    path = store.url.removeprefix("sqlite:///")
    seen: list[int] = []

    async def unit(tx: Transaction, n: int) -> None:
        await add(tx, f"{n}")
        # What another connection sees changes with each commit only.
        with closing(sqlite3.connect(path)) as other:
            seen.append(other.execute("SELECT count(*) FROM things").fetchone()[0])

    async with HeldWriter(database):
        units = [asyncio.create_task(database.transact(partial(unit, n=n))) for n in range(70)]
    await asyncio.gather(*units)

    assert seen == [1] * 64 + [65] * 6


async def test_unit_keeps_its_callers_context(database: Database) -> None:
    """Context variables, such as the request id of log lines, reach the unit."""
    request_id: ContextVar[str] = ContextVar("request_id", default="none")
    request_id.set("r-1")

    async def unit(_: Transaction) -> str:
        return request_id.get()

    assert await database.transact(unit) == "r-1"
    assert await database.read(unit) == "r-1"


async def test_locked_file_is_down_after_the_wait(store: Store) -> None:
    """Another process's write lock is waited for, then reported as StorageDown."""
    database = store.open(busy_for=0.01)
    path = store.url.removeprefix("sqlite:///")

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageDown):
            await database.transact(lambda tx: add(tx, "a"))
        assert await ids(database) == []
        other.execute("ROLLBACK")

    await database.transact(lambda tx: add(tx, "a"))
    assert await ids(database) == ["a"]


async def test_missing_file_is_down_and_not_made(tmp_path: Path) -> None:
    """A mistyped path raises StorageDown and leaves no empty database behind."""
    path = tmp_path / "no such folder" / "vestibule.db"
    database = connect(f"sqlite:///{path}")

    with pytest.raises(StorageDown):
        await database.transact(lambda tx: add(tx, "a"))
    with pytest.raises(StorageDown):
        await database.read(lambda tx: tx.fetch_all("SELECT id FROM things"))
    await database.close()

    assert not path.exists()


async def test_file_that_is_no_database_is_down(tmp_path: Path) -> None:
    """A file of something else raises StorageDown."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)
    database = connect(f"sqlite:///{path}")

    with pytest.raises(StorageDown):
        await database.read(lambda tx: tx.fetch_all("SELECT 1 AS one"))
    await database.close()


async def test_path_with_url_characters_is_the_file_itself(tmp_path: Path) -> None:
    """A percent-encoded path names the file with those characters."""
    path = tmp_path / "my data?#%.db"
    migrated_sqlite(path)
    database = connect(f"sqlite:///{tmp_path}/my%20data%3F%23%25.db")

    assert await database.read(lambda tx: tx.fetch_one("SELECT 1 AS one")) == {"one": 1}
    await database.close()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://host/x.db", "mysql://h/d"]
)
def test_url_that_names_no_database_is_refused(url: str) -> None:
    """Only SQLite files and PostgreSQL are databases here."""
    with pytest.raises(ValueError, match="URL"):
        connect(url)


@pytest.mark.parametrize(("asked", "level"), [("FULL", 2), ("OFF", 0)])
async def test_connections_are_durable_and_strict(store: Store, asked: str, level: int) -> None:
    """The writer syncs as asked (FULL unless told), in WAL, and enforces foreign keys."""
    url = store.url
    database = connect(url) if asked == "FULL" else connect(url, sqlite_synchronous="OFF")

    async def pragmas(tx: Transaction) -> list[object]:
        row = await tx.fetch_one(
            """SELECT synchronous, journal_mode, foreign_keys
            FROM pragma_synchronous, pragma_journal_mode, pragma_foreign_keys"""
        )
        return list(row.values()) if row else []

    assert await database.transact(pragmas) == [level, "wal", 1]
    await database.close()


async def test_reader_stays_read_only_after_a_refused_write(database: Database) -> None:
    """A refused write does not spoil the reader connection."""
    for _ in range(3):
        with pytest.raises(ReadOnlyViolation):
            await database.read(lambda tx: add(tx, "a"))

    assert await ids(database) == []


def test_database_serves_one_event_loop_after_another(tmp_path: Path) -> None:
    """Units of a later event loop are answered there."""
    database = sqlite_database(tmp_path / "vestibule.db")

    async def look() -> object:
        return await database.read(lambda tx: tx.fetch_one("SELECT 1 AS one"))

    assert asyncio.run(look()) == {"one": 1}
    assert asyncio.run(look()) == {"one": 1}
    asyncio.run(database.close())
