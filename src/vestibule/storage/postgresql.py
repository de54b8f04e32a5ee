"""PostgreSQL 13 and later: asyncpg pools, prepared statements, retry of conflicting units.

The pools never reset a connection's session, which halves the cost of a transaction; so session
state (SET, LISTEN, advisory locks) is refused by `statements.prepare`, and who listens has a
connection of its own. Must not contain SQL about tables.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.

from vestibule.storage.statements import Statement, prepare, row_converter
from vestibule.storage.transaction import (
    ConstraintViolation,
    Dialect,
    ReadOnlyViolation,
    Row,
    SecondStatement,
    StorageDown,
    StorageError,
    Transaction,
    UniqueViolation,
    Unit,
)

T = TypeVar("T")

ATTEMPTS = 10
"""Runs of one unit before its conflicts count as an outage."""

_CONFLICT = frozenset({"40001", "40P01"})
_READ_ONLY = "25006"
# SQLSTATE classes: connection, authorisation, unknown database, resources, operator, system.
_DOWN = ("08", "28", "3D", "53", "57", "58")


class _Conflict(StorageError):
    """The server ended the transaction so that another one could go on; it may run again."""


class PostgresqlTransaction:
    """One unit's view of a pooled connection."""

    dialect: Dialect = "postgresql"

    def __init__(
        self, connection: Any, *, read_only: bool = False, single_statement: bool = False
    ) -> None:
        self._connection = connection
        self._read_only = read_only
        self._single_statement = single_statement
        self._ran = 0
        self.doom: StorageError | None = None

    async def fetch_one(self, sql: str, /, **params: object) -> Row | None:
        statement, arguments = self._ready(sql, params)
        try:
            record = await self._connection.fetchrow(statement.text, *arguments)
        except _FAILURES as error:
            raise self._doomed(error) from None
        return _rows([record])[0] if record is not None else None

    async def fetch_all(self, sql: str, /, **params: object) -> list[Row]:
        statement, arguments = self._ready(sql, params)
        try:
            records = await self._connection.fetch(statement.text, *arguments)
        except _FAILURES as error:
            raise self._doomed(error) from None
        return _rows(records)

    async def execute(self, sql: str, /, **params: object) -> int:
        statement, arguments = self._ready(sql, params)
        try:
            status: str = await self._connection.execute(statement.text, *arguments)
        except _FAILURES as error:
            raise self._doomed(error) from None
        verb, _, rest = status.partition(" ")
        return int(rest.rpartition(" ")[2]) if verb in ("INSERT", "UPDATE", "DELETE") else 0

    def _ready(self, sql: str, params: dict[str, object]) -> tuple[Statement, list[object]]:
        statement = prepare(sql, "postgresql")
        arguments = statement.arguments(params)
        if self.doom is not None:
            raise self.doom
        if self._single_statement and self._ran:
            raise SecondStatement("the unit promised a single statement")
        self._ran += 1
        return statement, arguments

    def _doomed(self, error: BaseException) -> StorageError:
        self.doom = _translated(error, read_only=self._read_only)
        return self.doom


def _rows(records: Sequence[Any]) -> list[Row]:
    if not records:
        return []
    convert = row_converter(tuple(records[0].keys()))
    return [convert(tuple(record.values())) for record in records]


# What asyncpg raises: server errors, misuse and lost connections, sockets, time limits.
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


def _translated(error: BaseException, *, read_only: bool = False) -> StorageError:
    """Our error for the driver's, without its detail: that quotes the values of the row."""
    if isinstance(error, asyncpg.PostgresError):
        return _translated_state(error, read_only)
    if isinstance(error, asyncpg.DataError):
        return StorageError("an argument does not fit the type of its parameter")
    if isinstance(error, asyncpg.InterfaceError):
        message = str(error)
        is_lost = "closed" in message or "closing" in message or "released" in message
        return (StorageDown if is_lost else StorageError)(message)
    return StorageDown(f"PostgreSQL did not answer: {type(error).__name__}")


def _translated_state(error: Any, read_only: bool) -> StorageError:
    state: str = error.sqlstate or ""
    message = f"{state}: {error.args[0] if error.args else ''}"
    if state == "23505":
        return UniqueViolation(error.constraint_name or message)
    if state.startswith("23") or state == "P0001":
        return ConstraintViolation(error.constraint_name or message)
    if state in _CONFLICT:
        return _Conflict(message)
    if state == _READ_ONLY:
        # Outside `read`, a server that refuses writes is a standby: nothing can be stored now.
        return (ReadOnlyViolation if read_only else StorageDown)(message)
    if state.startswith(_DOWN) or isinstance(error, asyncpg.PostgresConnectionError):
        return StorageDown(message)
    if state.startswith("22"):
        return StorageError(f"{state}: {type(error).__name__}")
    return StorageError(message)


async def connect_once(url: str) -> Any:
    """A bare connection for a command. Raises `StorageError`, with nothing of the URL in it."""
    with _translating(), _readable():
        return await asyncpg.connect(url)


@contextmanager
def _readable() -> Iterator[None]:
    """The driver quotes what it cannot read of a URL, which may be its password."""
    try:
        yield
    except (ValueError, OverflowError):
        raise StorageDown("its URL does not say how to connect") from None


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        raise _translated(error) from None


async def _no_reset(connection: object) -> None:
    """With a callback, the pool rolls back a leaked transaction and skips `RESET ALL`."""


class PostgresqlDatabase:
    """Two pools on one server, one for transactions and one that is read-only.

    Bound to the event loop of its first use.
    """

    dialect: Dialect = "postgresql"

    def __init__(
        self, url: str, *, connections: int = 10, readers: int = 2, busy_for: float = 5.0
    ) -> None:
        self._url = url
        self._writer = _LazyPool(url, connections, busy_for, {})
        self._reader = _LazyPool(url, readers, busy_for, {"default_transaction_read_only": "on"})
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def transact(self, unit: Unit[T], *, single_statement: bool = False) -> T:
        if self._closed:
            raise StorageDown("the database is closed")
        task = asyncio.create_task(_repeated(lambda: self._attempt(unit, single_statement)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _attempt(self, unit: Unit[T], single_statement: bool) -> T:
        async with self._writer.borrowed() as connection:
            tx = PostgresqlTransaction(connection, single_statement=single_statement)
            if single_statement:
                return await _undoomed(tx, unit)
            transaction = connection.transaction()
            with _translating():
                await transaction.start()
            try:
                value = await _undoomed(tx, unit)
            except BaseException:
                # When even this fails, the pool closes the connection, which rolls back too.
                with suppress(*_FAILURES):
                    await transaction.rollback()
                raise
            with _translating():
                await transaction.commit()
            return value

    async def read(self, unit: Unit[T]) -> T:
        if self._closed:
            raise StorageDown("the database is closed")
        return await _repeated(lambda: self._attempt_read(unit))

    async def _attempt_read(self, unit: Unit[T]) -> T:
        async with self._reader.borrowed() as connection:
            return await _undoomed(PostgresqlTransaction(connection, read_only=True), unit)

    @asynccontextmanager
    async def listening(self, channel: str, on_notice: Callable[[], None]) -> AsyncIterator[None]:
        task = asyncio.create_task(listen(self._url, channel, on_notice))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def close(self) -> None:
        self._closed = True
        if self._running:
            await asyncio.wait(self._running)
        await self._writer.close()
        await self._reader.close()


async def _repeated(attempt: Callable[[], Awaitable[T]]) -> T:
    for _ in range(ATTEMPTS):
        try:
            return await attempt()
        except _Conflict:
            continue
    raise StorageDown("the transaction kept conflicting with others")


async def _undoomed(tx: PostgresqlTransaction, unit: Unit[T]) -> T:
    """The unit's value; its failed statement's error even when the unit caught it.

    PostgreSQL answers COMMIT of a failed transaction with a quiet rollback.
    """
    value = await unit(tx)
    if tx.doom is not None:
        raise tx.doom
    return value


async def notify(tx: Transaction, channel: str) -> None:
    """Tell everybody who listens to the channel, once this transaction is committed."""
    await tx.fetch_one("SELECT pg_notify(:channel, '') AS told", channel=channel)


ANSWERS_WITHIN = 10.0
"""Seconds for one statement; a database that is slower than that is as good as gone."""
LISTEN_AGAIN = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the next connection, the last ones for as long as it takes."""
ALIVE_EVERY = 60.0
"""Seconds between looks at a silent connection: a dead network says nothing."""


async def listen(url: str, channel: str, on_notice: Callable[[], None]) -> None:
    """Calls `on_notice` for each notice, until cancelled; a lost connection is made again.

    Also after each connecting, since nobody listened before.
    """
    failed = 0
    while True:
        try:
            async with _listener(url) as (connection, is_lost):
                await connection.add_listener(channel, lambda *_: on_notice())
                failed = 0
                on_notice()
                await _until_lost(connection, is_lost)
        except _FAILURES:
            failed += 1
        await asyncio.sleep(LISTEN_AGAIN[min(failed, len(LISTEN_AGAIN) - 1)])


@asynccontextmanager
async def _listener(url: str) -> AsyncIterator[tuple[Any, asyncio.Event]]:
    settings = {"application_name": "vestibule listener"}
    connection = await asyncpg.connect(url, timeout=5, server_settings=settings)
    is_lost = asyncio.Event()
    connection.add_termination_listener(lambda _: is_lost.set())
    try:
        yield connection, is_lost
    finally:
        connection.terminate()


async def _until_lost(connection: Any, is_lost: asyncio.Event) -> None:
    while not is_lost.is_set():
        try:
            await asyncio.wait_for(is_lost.wait(), ALIVE_EVERY)
        except TimeoutError:
            await connection.execute("SELECT 1", timeout=5)


class _LazyPool:
    """A pool that connects at first use, and again after a failure."""

    def __init__(self, url: str, size: int, busy_for: float, settings: dict[str, str]) -> None:
        self._url = url
        self._size = size
        self._busy_for = busy_for
        self._settings = {"application_name": "vestibule", **settings}
        self._pool: Any = None

    @asynccontextmanager
    async def borrowed(self) -> AsyncIterator[Any]:
        """A connection for one unit."""
        with _translating(), _readable():
            connection = await self._acquire()
        try:
            yield connection
        finally:
            with suppress(*_FAILURES):
                await self._pool.release(connection)

    async def _acquire(self) -> Any:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._url,
                # Connects in `acquire`, so that creating the pool neither waits nor fails.
                min_size=0,
                max_size=self._size,
                timeout=self._busy_for,
                command_timeout=ANSWERS_WITHIN,
                max_inactive_connection_lifetime=300,
                reset=_no_reset,
                server_settings=self._settings,
            )
        await self._pool
        return await self._pool.acquire(timeout=self._busy_for)

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()
