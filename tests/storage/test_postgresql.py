"""What is particular to PostgreSQL: conflicts, the pool, and a server that goes away."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from tests.databases import Store
from tests.postgresql import Cluster, throw_away_cluster
from tests.storage.things import add, ids, make_things
from vestibule.storage.database import Database, StorageDown, Transaction, connect
from vestibule.storage.postgresql import ATTEMPTS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(postgresql_cluster: Cluster) -> AsyncIterator[Store]:
    name = await postgresql_cluster.create_empty()
    store = Store(postgresql_cluster.url(name))
    await make_things(store)
    yield store
    for database in store.opened:
        await database.close()
    await postgresql_cluster.drop(name)


@pytest.fixture
def database(store: Store) -> Database:
    return store.open()


async def _conflict_until(store: Store, attempt: int, code: str) -> None:
    # A sequence counts outside of transactions, so it remembers attempts that were rolled back.
    await store.script(
        "CREATE SEQUENCE attempts",
        f"""CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('attempts') < {attempt} THEN
                RAISE EXCEPTION 'conflict' USING ERRCODE = '{code}';
            END IF;
            RETURN NEW;
        END $$""",
        "CREATE TRIGGER conflict BEFORE UPDATE ON things FOR EACH ROW EXECUTE FUNCTION conflict()",
    )


async def _add_and_update(tx: Transaction) -> int:
    await add(tx, "a")
    return await tx.execute("UPDATE things SET size = size + 1")


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_conflicting_unit_runs_again(store: Store, database: Database, code: str) -> None:
    """After a serialisation failure or a deadlock the whole unit runs again, and counts once."""
    await _conflict_until(store, 3, code)

    assert await database.transact(_add_and_update) == 1
    assert await ids(database) == ["a"]


async def test_unit_that_keeps_conflicting_is_down(store: Store, database: Database) -> None:
    """A unit is tried a limited number of times."""
    await _conflict_until(store, ATTEMPTS + 1, "40001")

    with pytest.raises(StorageDown, match="conflicting"):
        await database.transact(_add_and_update)

    assert await ids(database) == []


async def test_conflict_at_commit_runs_again(store: Store, database: Database) -> None:
    """A conflict that the server finds at COMMIT is a conflict like any other."""
    await store.script(
        "CREATE SEQUENCE attempts",
        """CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('attempts') < 3 THEN
                RAISE EXCEPTION 'conflict' USING ERRCODE = '40001';
            END IF;
            RETURN NULL;
        END $$""",
        """CREATE CONSTRAINT TRIGGER conflict AFTER INSERT ON things
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION conflict()""",
    )

    await database.transact(lambda tx: add(tx, "a"))

    assert await ids(database) == ["a"]


async def test_session_settings_do_not_outlive_a_unit(store: Store) -> None:
    """One pooled connection after another unit still has the server's settings."""
    database = store.open(connections=1)

    async def unit(tx: Transaction) -> object:
        await tx.fetch_one("SELECT set_config('search_path', 'nowhere', false) AS path")
        return None

    async def look(tx: Transaction) -> object:
        return await tx.fetch_one("SELECT current_setting('search_path') AS path")

    with pytest.raises(ValueError, match="reads and writes rows"):
        await database.transact(unit)

    assert await database.transact(look) == {"path": '"$user", public'}


async def test_exhausted_pool_is_down_after_the_wait(store: Store) -> None:
    """A unit waits a limited time for a connection."""
    database = store.open(connections=1, busy_for=0.05)
    may_go_on = asyncio.Event()
    has_begun = asyncio.Event()

    async def hold(tx: Transaction) -> None:
        await add(tx, "a")
        has_begun.set()
        await may_go_on.wait()

    holder = asyncio.create_task(database.transact(hold))
    await has_begun.wait()
    with pytest.raises(StorageDown):
        await database.transact(lambda tx: add(tx, "b"))
    may_go_on.set()
    await holder

    assert await ids(database) == ["a"]


async def test_lost_connection_is_down_then_replaced(store: Store) -> None:
    """A unit whose connection dies raises StorageDown; the next one gets a new connection."""
    database = store.open(connections=1)

    async def unit(tx: Transaction) -> None:
        await add(tx, "a")
        row = await tx.fetch_one("SELECT pg_backend_pid() AS pid")
        assert row is not None
        await store.script(f"SELECT pg_terminate_backend({row['pid']}, 5000)")
        await add(tx, "b")

    with pytest.raises(StorageDown):
        await database.transact(unit)
    await database.transact(lambda tx: add(tx, "c"))

    assert await ids(database) == ["c"]


async def test_server_that_refuses_writes_is_down(store: Store) -> None:
    """On a read-only server, such as a standby, nothing can be stored: StorageDown."""
    name = store.url.partition("/test_")[2].partition("?")[0]
    await store.script(f"ALTER DATABASE test_{name} SET default_transaction_read_only = on")
    database = store.open()

    with pytest.raises(StorageDown):
        await database.transact(lambda tx: add(tx, "a"))

    assert await ids(database) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody@127.0.0.1:1/none",
        "postgresql://nobody@/none?host=/no/such/folder",
    ],
)
async def test_unreachable_server_is_down(url: str) -> None:
    """A server that does not answer raises StorageDown, without the URL's password."""
    database = connect(url.replace("nobody@", "nobody:hush@"), busy_for=1)

    with pytest.raises(StorageDown) as caught:
        await database.transact(lambda tx: add(tx, "a"))
    with pytest.raises(StorageDown):
        await database.read(lambda tx: tx.fetch_one("SELECT 1 AS one"))
    await database.close()

    assert "hush" not in str(caught.value)


async def test_unknown_database_is_down(postgresql_cluster: Cluster) -> None:
    """A database that does not exist yet raises StorageDown."""
    database = connect(postgresql_cluster.url("no_such_database"))

    with pytest.raises(StorageDown):
        await database.transact(lambda tx: add(tx, "a"))
    await database.close()


async def test_close_leaves_no_connection_open(store: Store) -> None:
    """Closing returns every connection to the server."""
    database = store.open()
    await asyncio.gather(*(database.transact(partial(add, thing_id=f"{n}")) for n in range(5)))
    await ids(database)

    await database.close()

    counted = store.open(connections=1)
    row = await counted.transact(
        lambda tx: tx.fetch_one(
            """SELECT count(*) AS n FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
    )
    assert row == {"n": 0}


def test_throw_away_cluster_leaves_nothing() -> None:
    """A cluster of one's own is gone, with its folder, when its user is done."""
    with throw_away_cluster() as cluster:
        folder = cluster.folder
        assert folder.exists()

    assert not folder.exists()
