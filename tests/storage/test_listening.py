"""PostgreSQL's notices: who listens hears of a commit, and again after its connection was lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.databases import Store, sqlite_database
from tests.postgresql import Cluster
from vestibule.storage.database import Transaction, connect
from vestibule.storage.postgresql import notify

pytestmark = pytest.mark.anyio

PATIENCE = 60.0


class Heard:
    """Counts notices; a test waits for the next one."""

    def __init__(self) -> None:
        self.times = 0
        self._news = asyncio.Event()

    def note(self) -> None:
        self.times += 1
        self._news.set()

    async def next(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._news.wait()
        self._news.clear()


@pytest.fixture
async def pg(postgresql_cluster: Cluster) -> AsyncIterator[Store]:
    name = await postgresql_cluster.create()
    made = Store(postgresql_cluster.url(name))
    yield made
    for one in made.opened:
        await one.close()
    await postgresql_cluster.drop(name)


async def test_commit_is_heard(pg: Store) -> None:
    """A commit of another process wakes; a rollback and another channel's notice do not."""
    ours, theirs, heard = pg.open(), pg.open(), Heard()
    async with ours.listening("outbox", heard.note):
        await heard.next()
        before = heard.times
        with pytest.raises(ZeroDivisionError):
            await theirs.transact(_undone)
        await theirs.transact(lambda tx: notify(tx, "elsewhere"))
        await theirs.transact(lambda tx: notify(tx, "outbox"))

        await heard.next()

        assert heard.times == before + 1


async def _undone(tx: Transaction) -> None:
    await notify(tx, "outbox")
    raise ZeroDivisionError


async def test_lost_connection_is_made_again(pg: Store) -> None:
    """After the listener's connection is killed, it listens again, and looks once at that."""
    ours, heard = pg.open(), Heard()
    kill = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'vestibule listener' AND datname = current_database()"""
    async with ours.listening("outbox", heard.note):
        await heard.next()

        await pg.script(kill)

        await heard.next()
        await ours.transact(lambda tx: notify(tx, "outbox"))
        await heard.next()


async def test_end_of_listening_is_the_end(pg: Store) -> None:
    """After the block no connection listens, and nothing is called."""
    ours, heard = pg.open(), Heard()
    async with ours.listening("outbox", heard.note):
        await heard.next()
    before = heard.times
    await ours.transact(lambda tx: notify(tx, "outbox"))

    async def unit(tx: Transaction) -> int:
        row = await tx.fetch_one(
            """SELECT COUNT(*) AS n FROM pg_stat_activity
            WHERE application_name = 'vestibule listener' AND datname = current_database()"""
        )
        return int(row["n"]) if row else -1

    async with asyncio.timeout(PATIENCE):
        while True:
            if await ours.read(unit) == 0:
                break
            await asyncio.sleep(0.01)

    assert heard.times == before


async def test_nobody_to_listen_to_is_waited_for(pg: Store) -> None:
    """A database that is not there fails nobody: the poll goes on, and listening is tried again."""
    nowhere, heard = connect("postgresql://127.0.0.1:1/nowhere"), Heard()
    async with nowhere.listening("outbox", heard.note):
        await pg.script("SELECT 1")

    assert heard.times == 0
    await nowhere.close()


async def test_sqlite_has_no_notices(tmp_path: Path) -> None:
    """On SQLite the block just runs; who looks every second finds what others wrote."""
    database, heard = sqlite_database(tmp_path / "a.db"), Heard()
    async with database.listening("outbox", heard.note):
        pass

    assert heard.times == 0
    await database.close()
