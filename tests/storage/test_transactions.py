"""What a transaction promises, on both dialects."""

import asyncio
from functools import partial

import pytest

from tests.databases import Store
from tests.storage.things import FROZEN, NOON, add, ids, make_things
from vestibule.storage.database import (
    ConstraintViolation,
    Database,
    ReadOnlyViolation,
    SecondStatement,
    StorageDown,
    StorageError,
    Transaction,
    UniqueViolation,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def _things(store: Store) -> None:
    await make_things(store)


class Bug(Exception):
    """Something a unit raises."""


async def test_transact_commits_before_it_returns(store: Store, database: Database) -> None:
    """What a unit wrote is visible to another connection once `transact` has returned."""

    async def unit(tx: Transaction) -> str:
        await add(tx, "a")
        return "value"

    value = await database.transact(unit)

    assert value == "value"
    assert await ids(store.open()) == ["a"]


async def test_transact_keeps_what_it_committed_after_close(
    store: Store, database: Database
) -> None:
    """A commit outlives the database object."""
    await database.transact(lambda tx: add(tx, "a"))

    await database.close()

    assert await ids(store.open()) == ["a"]


async def test_unit_that_raises_leaves_nothing(database: Database) -> None:
    """An exception rolls every statement of its unit back and reaches the caller unchanged."""

    async def unit(tx: Transaction) -> None:
        await add(tx, "a")
        raise Bug

    with pytest.raises(Bug):
        await database.transact(unit)

    assert await ids(database) == []


async def test_unit_that_raises_spares_its_neighbours(database: Database) -> None:
    """Of units that run together, only the one that raised is rolled back."""

    async def unit(tx: Transaction, n: int) -> int:
        await add(tx, f"{n}")
        if n == 3:
            raise Bug
        return n

    results = await asyncio.gather(
        *(database.transact(partial(unit, n=n)) for n in range(6)),
        return_exceptions=True,
    )

    assert [r for r in results if not isinstance(r, Bug)] == [0, 1, 2, 4, 5]
    assert await ids(database) == ["0", "1", "2", "4", "5"]


async def test_refusal_commits(database: Database) -> None:
    """A refusal is a returned value: what its unit wrote, such as a try, stays."""

    async def unit(tx: Transaction) -> bool:
        await add(tx, "try")
        return False

    assert await database.transact(unit) is False
    assert await ids(database) == ["try"]


async def test_cancelled_caller_does_not_stop_its_unit(store: Store, database: Database) -> None:
    """A caller that is cancelled while its unit runs leaves a committed unit behind."""
    loop = asyncio.get_running_loop()
    has_begun = asyncio.Event()

    async def unit(tx: Transaction) -> None:
        await add(tx, "a")
        loop.call_soon_threadsafe(has_begun.set)
        await tx.execute("UPDATE things SET size = 1 WHERE id = 'a'")

    caller = asyncio.create_task(database.transact(unit))
    await has_begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await database.close()

    assert await ids(store.open()) == ["a"]


async def test_failed_statement_dooms_its_unit(database: Database) -> None:
    """A unit that swallows a database error cannot commit, on either dialect."""

    async def unit(tx: Transaction) -> None:
        await add(tx, "a")
        with pytest.raises(UniqueViolation):
            await add(tx, "a")

    with pytest.raises(UniqueViolation):
        await database.transact(unit)

    assert await ids(database) == []


async def test_failed_statement_ends_its_unit(database: Database) -> None:
    """After a database error every further statement raises it again."""

    async def unit(tx: Transaction) -> None:
        with pytest.raises(ConstraintViolation):
            await tx.execute("INSERT INTO things (id, size) VALUES ('a', -1)")
        await tx.fetch_all("SELECT id FROM things")

    with pytest.raises(ConstraintViolation):
        await database.transact(unit)


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("INSERT INTO things (id) VALUES ('a')", UniqueViolation),
        ("INSERT INTO things (id, label) VALUES ('b', 'x')", UniqueViolation),
        ("INSERT INTO things (id, size) VALUES ('b', -1)", ConstraintViolation),
        ("INSERT INTO things (id, size) VALUES ('b', NULL)", ConstraintViolation),
        ("INSERT INTO things (id, owner_id) VALUES ('b', 'nobody')", ConstraintViolation),
        ("DELETE FROM things", ConstraintViolation),
        ("SELECT no_such_column FROM things", StorageError),
        ("SELECT id FROM no_such_table", StorageError),
        ("SELECT FROM WHERE", StorageError),
    ],
)
async def test_database_error_becomes_ours(
    store: Store, database: Database, sql: str, error: type[StorageError]
) -> None:
    """Each kind of refusal has one class on both dialects."""
    await store.script("INSERT INTO things (id, label) VALUES ('a', 'x')", *FROZEN[store.dialect])

    with pytest.raises(StorageError) as caught:
        await database.transact(lambda tx: tx.execute(sql))

    assert type(caught.value) is error


async def test_database_error_does_not_quote_the_row(database: Database) -> None:
    """Errors end in logs: neither their text nor what is printed with them holds a value."""

    async def unit(tx: Transaction) -> None:
        for _ in range(2):
            await tx.execute(
                "INSERT INTO things (id, label) VALUES (:id, :label)",
                id="one",
                label="person@example.org",
            )

    with pytest.raises(UniqueViolation) as caught:
        await database.transact(unit)

    assert "person@example.org" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_read_sees_the_last_commit(database: Database) -> None:
    """A read that begins after `transact` returned sees what was committed."""
    for n in range(5):
        await database.transact(partial(add, thing_id=f"{n}"))

        assert len(await ids(database)) == n + 1


async def test_read_cannot_write(database: Database) -> None:
    """A unit given to `read` is refused when it writes."""
    with pytest.raises(ReadOnlyViolation):
        await database.read(lambda tx: add(tx, "a"))

    assert await ids(database) == []


async def test_read_passes_exceptions_on(database: Database) -> None:
    """What a reading unit raises reaches its caller, and the next read works."""

    async def unit(tx: Transaction) -> None:
        await tx.fetch_all("SELECT id FROM things")
        raise Bug

    with pytest.raises(Bug):
        await database.read(unit)

    assert await ids(database) == []


async def test_read_does_not_wait_for_a_writer(store: Store, database: Database) -> None:
    """A read proceeds while another transaction holds the write lock, and sees none of it."""
    seen: list[list[str]] = []
    reader = store.open()
    loop = asyncio.get_running_loop()

    async def unit(tx: Transaction) -> None:
        await add(tx, "a")
        if tx.dialect == "postgresql":
            seen.append(await ids(reader))
        else:
            seen.append(asyncio.run_coroutine_threadsafe(ids(reader), loop).result(5))

    await database.transact(unit)

    assert seen == [[]]


async def test_values_survive(database: Database) -> None:
    """Numbers, text, bytes, truths, times and NULL come back as they went in."""
    values = {
        "id": "Zoë 名前 🚪 :a",
        "label": None,
        "size": 2**63 - 1,
        "content": b"\x00\xff'",
        "is_new": True,
        "made_at": NOON,
        "used_at": None,
    }

    async def unit(tx: Transaction) -> object:
        await tx.execute(
            """INSERT INTO things (id, label, size, content, is_new, made_at, used_at)
            VALUES (:id, :label, :size, :content, :is_new, :made_at, :used_at)""",
            **values,
        )
        return await tx.fetch_one(
            "SELECT id, label, size, content, is_new, made_at, used_at FROM things"
        )

    row = await database.transact(unit)

    assert row == values
    assert isinstance(row, dict)
    assert row["is_new"] is True
    assert row["made_at"].tzinfo is NOON.tzinfo


async def test_expressions_convert_like_columns(database: Database) -> None:
    """A column made by the statement is converted by the name the statement gives it."""

    async def unit(tx: Transaction) -> object:
        await tx.execute("INSERT INTO things (id, made_at) VALUES ('a', :now)", now=NOON)
        return await tx.fetch_one(
            """SELECT max(made_at) AS newest_at, (made_at IS NOT NULL) AS is_made,
                count(*) AS n FROM things GROUP BY made_at"""
        )

    assert await database.transact(unit) == {"newest_at": NOON, "is_made": True, "n": 1}


async def test_number_beyond_64_bits_is_refused(database: Database) -> None:
    """A number that no column can hold is an error, not a wrapped value."""
    with pytest.raises(StorageError):
        await database.transact(
            lambda tx: tx.execute("INSERT INTO things (id, size) VALUES ('a', :n)", n=2**63)
        )


async def test_execute_counts_touched_rows(database: Database) -> None:
    """`execute` tells how many rows the statement itself inserted, updated or deleted."""

    async def unit(tx: Transaction) -> list[int]:
        return [
            await tx.execute("INSERT INTO things (id) VALUES ('a'), ('b'), ('c')"),
            await tx.execute("INSERT INTO things (id) VALUES ('a') ON CONFLICT DO NOTHING"),
            await tx.execute("UPDATE things SET size = 1 WHERE id <> :id", id="a"),
            await tx.execute("UPDATE things SET size = 1 WHERE id = 'z'"),
            await tx.execute("UPDATE things SET size = 2 WHERE id = 'a' RETURNING size"),
            await tx.execute(
                """WITH chosen AS (SELECT id FROM things WHERE size = 1)
                UPDATE things SET size = 3 WHERE id IN (SELECT id FROM chosen)"""
            ),
            await tx.execute("DELETE FROM things"),
        ]

    assert await database.transact(unit) == [3, 0, 2, 0, 1, 2, 3]


async def test_returning_changes_every_row(database: Database) -> None:
    """`fetch_one` on a RETURNING statement gives one row and changes all of them."""

    async def unit(tx: Transaction) -> object:
        await tx.execute("INSERT INTO things (id) VALUES ('a'), ('b'), ('c')")
        row = await tx.fetch_one("UPDATE things SET size = 1 RETURNING size")
        changed = await tx.fetch_one("SELECT count(*) AS n FROM things WHERE size = 1")
        return row, changed

    assert await database.transact(unit) == ({"size": 1}, {"n": 3})


async def test_no_row_is_none(database: Database) -> None:
    """`fetch_one` gives None and `fetch_all` an empty list when nothing matches."""

    async def unit(tx: Transaction) -> object:
        sql = "SELECT id FROM things WHERE id = :sql"
        return await tx.fetch_one(sql, sql="x"), await tx.fetch_all(sql, sql="x")

    assert await database.transact(unit) == (None, [])


async def test_single_statement_commits(store: Store, database: Database) -> None:
    """A unit of one statement commits it, and it stands even when the unit raises afterwards."""

    async def unit(tx: Transaction) -> None:
        await add(tx, "b")
        raise Bug

    await database.transact(lambda tx: add(tx, "a"), single_statement=True)
    with pytest.raises(Bug):
        await database.transact(unit, single_statement=True)

    assert await ids(store.open()) == ["a", "b"]


async def test_single_statement_refuses_a_second_one(database: Database) -> None:
    """A unit that promised one statement cannot run two without a transaction around them."""

    async def unit(tx: Transaction) -> None:
        await add(tx, "a")
        await add(tx, "b")

    with pytest.raises(SecondStatement):
        await database.transact(unit, single_statement=True)

    assert await ids(database) == ["a"]


async def test_closed_database_is_down(database: Database) -> None:
    """After `close`, which may be called twice, everything raises StorageDown."""
    await database.transact(lambda tx: add(tx, "a"))

    await database.close()
    await database.close()

    with pytest.raises(StorageDown):
        await database.transact(lambda tx: add(tx, "b"))
    with pytest.raises(StorageDown):
        await database.read(lambda tx: tx.fetch_all("SELECT id FROM things"))


async def test_close_waits_for_units_under_way(store: Store, database: Database) -> None:
    """Units that were accepted before `close` are committed and answered."""
    units = [
        asyncio.create_task(database.transact(partial(add, thing_id=f"{n}"))) for n in range(5)
    ]
    await asyncio.sleep(0)

    await database.close()
    await asyncio.gather(*units)

    assert await ids(store.open()) == ["0", "1", "2", "3", "4"]


async def test_conditional_update_has_one_winner(store: Store) -> None:
    """Of 16 that race for a single-use mark, over two Databases, exactly one wins; 20 rounds."""
    racers, rounds = 16, 20
    databases = [store.open(), store.open()]

    async def use(tx: Transaction, thing_id: str) -> int:
        await tx.fetch_one("SELECT used_at FROM things WHERE id = :id", id=thing_id)
        return await tx.execute(
            "UPDATE things SET used_at = :now WHERE id = :id AND used_at IS NULL",
            id=thing_id,
            now=NOON,
        )

    for n in range(rounds):
        thing = f"{n:02}"
        await databases[0].transact(partial(add, thing_id=thing))
        won = await asyncio.gather(
            *(databases[r % 2].transact(partial(use, thing_id=thing)) for r in range(racers))
        )

        assert sorted(won) == [0] * (racers - 1) + [1]
