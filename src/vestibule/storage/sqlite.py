"""SQLite: one writer thread that commits the waiting units as a group, and reader threads.

The threads drive a unit's coroutine themselves, since its awaits never suspend. Several processes
may share a file; they wait for each other's write lock. Must not contain SQL about tables.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Literal, TypeVar

from vestibule.storage.statements import prepare, row_converter
from vestibule.storage.transaction import (
    ConstraintViolation,
    Dialect,
    ReadOnlyViolation,
    Row,
    SecondStatement,
    StorageDown,
    StorageError,
    UniqueViolation,
    Unit,
    UnitSuspended,
)

T = TypeVar("T")

Synchronous = Literal["FULL", "NORMAL", "OFF"]
GROUP = 64
"""Units that share one COMMIT at most, so that none waits long for its neighbours."""

_DUPLICATE = frozenset(
    {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_ROWID"}
)
_DOWN = (
    "SQLITE_BUSY",
    "SQLITE_CANTOPEN",
    "SQLITE_CORRUPT",
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_LOCKED",
    "SQLITE_NOMEM",
    "SQLITE_NOTADB",
    "SQLITE_PERM",
    "SQLITE_PROTOCOL",
    "SQLITE_READONLY",
)


class SqliteTransaction:
    """One unit's view of a connection; the statements block and therefore never suspend."""

    dialect: Dialect = "sqlite"

    def __init__(self, connection: sqlite3.Connection, *, single_statement: bool = False) -> None:
        self._connection = connection
        self._single_statement = single_statement
        self._ran = 0
        self.doom: StorageError | None = None

    async def fetch_one(self, sql: str, /, **params: object) -> Row | None:
        columns, rows, _ = self._run(sql, params)
        return row_converter(columns)(rows[0]) if rows else None

    async def fetch_all(self, sql: str, /, **params: object) -> list[Row]:
        columns, rows, _ = self._run(sql, params)
        convert = row_converter(columns)
        return [convert(row) for row in rows]

    async def execute(self, sql: str, /, **params: object) -> int:
        return max(self._run(sql, params)[2], 0)

    @property
    def is_committed_already(self) -> bool:
        """A single statement that succeeded stands, whatever its unit does next."""
        return self._single_statement and self._ran == 1 and self.doom is None

    def _run(
        self, sql: str, params: dict[str, object]
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]], int]:
        statement = prepare(sql, "sqlite")
        arguments = statement.arguments(params)
        if self.doom is not None:
            raise self.doom
        if self._single_statement and self._ran:
            raise SecondStatement("the unit promised a single statement")
        self._ran += 1
        try:
            cursor = self._connection.execute(statement.text, arguments)
            # Run to the end, because SQLite checks foreign keys after the last row.
            rows = cursor.fetchall()
            touched = cursor.rowcount
        except (sqlite3.Error, OverflowError) as error:
            self.doom = _translated(error)
            raise self.doom from None
        columns = tuple(column[0] for column in cursor.description or ())
        if touched < 0 and statement.text.lstrip()[:4].upper() == "WITH":
            # The module does not count the rows of `WITH … UPDATE`.
            touched = self._connection.execute("SELECT changes()").fetchone()[0]
        return columns, rows, touched


def _translated(error: sqlite3.Error | OverflowError) -> StorageError:
    if isinstance(error, OverflowError):
        return StorageError("a number does not fit into 64 bits")
    name = getattr(error, "sqlite_errorname", None) or ""
    if name in _DUPLICATE:
        return UniqueViolation(str(error))
    if name.startswith("SQLITE_CONSTRAINT"):
        return ConstraintViolation(str(error))
    if name == "SQLITE_READONLY":
        return ReadOnlyViolation(str(error))
    if name.startswith(_DOWN):
        return StorageDown(f"{name}: {error}")
    return StorageError(str(error))


@dataclass(frozen=True, slots=True)
class _Job:
    """A unit that waits for its thread, and the future that its caller awaits."""

    unit: Unit[Any]
    single_statement: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    context: Context


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any = None
    error: BaseException | None = None


class SqliteDatabase:
    """A file with one writer and a few readers. Any event loop may await its units."""

    dialect: Dialect = "sqlite"

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous = "FULL",
        readers: int = 2,
        busy_for: float = 5.0,
    ) -> None:
        def connect(*, read_only: bool) -> sqlite3.Connection:
            return _connect(path, synchronous, busy_for, read_only=read_only)

        self._writer = _Lane(1, GROUP, lambda: connect(read_only=False), _write, "write")
        self._reader = _Lane(readers, 1, lambda: connect(read_only=True), _read, "read")

    async def transact(self, unit: Unit[T], *, single_statement: bool = False) -> T:
        job = self._writer.submit(unit, single_statement)
        return await asyncio.shield(job)

    async def read(self, unit: Unit[T]) -> T:
        return await self._reader.submit(unit, False)

    @asynccontextmanager
    async def listening(
        self,
        channel: str,  # noqa: ARG002 - the protocol's
        on_notice: Callable[[], None],  # noqa: ARG002 - the protocol's
    ) -> AsyncIterator[None]:
        """SQLite has no notices; who looks every second misses nothing."""
        yield

    async def close(self) -> None:
        await asyncio.to_thread(self._reader.close)
        await asyncio.to_thread(self._writer.close)


def _connect(
    path: Path, synchronous: Synchronous, busy_for: float, *, read_only: bool
) -> sqlite3.Connection:
    # A connection to a file that may only be read would hold its shared memory read only, and so
    # keep every later one from writing, when the disk is long writable again.
    if path.exists() and not os.access(path, os.W_OK):
        raise sqlite3.OperationalError("the file may only be read")
    # mode=rw: a mistyped path is refused instead of becoming an empty database.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=busy_for,
        isolation_level=None,
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA query_only = {'ON' if read_only else 'OFF'}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class _Lane:
    """Threads that take jobs from one queue, each with its own connection."""

    def __init__(
        self,
        threads: int,
        group: int,
        connect: Callable[[], sqlite3.Connection],
        run: Callable[[sqlite3.Connection, Sequence[_Job]], list[_Outcome]],
        name: str,
    ) -> None:
        self._size = threads
        self._group = group
        self._connect = connect
        self._run = run
        self._name = name
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, unit: Unit[T], single_statement: bool) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        job = _Job(unit, single_statement, loop, future, copy_context())
        # The lock keeps a job from being queued behind the end marks, where nobody would run it.
        with self._lock:
            if self._closed:
                raise StorageDown("the database is closed")
            if not self._threads:
                self._start()
            self._queue.put(job)
        return future

    def _start(self) -> None:
        for n in range(self._size):
            name = f"sqlite-{self._name}-{n}"
            thread = threading.Thread(target=self._serve, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Run what is queued, then end the threads; blocks until they have ended."""
        with self._lock:
            if not self._closed:
                self._closed = True
                for _ in self._threads:
                    self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        connection: sqlite3.Connection | None = None
        has_ended = False
        while not has_ended:
            jobs, has_ended = self._take()
            if not jobs:
                break
            try:
                connection = connection or self._connect()
                outcomes = self._run(connection, jobs)
            except sqlite3.Error as error:
                outcomes = _all_failed(jobs, _as_group_error(error))
                # Whatever state it is in: the next group gets a new connection.
                if connection is not None:
                    connection.close()
                connection = None
            _answer(jobs, outcomes)
        if connection is not None:
            connection.close()

    def _take(self) -> tuple[list[_Job], bool]:
        """The next jobs, waiting for the first, and whether the end mark was among them."""
        first = self._queue.get()
        if first is None:
            return [], True
        jobs = [first]
        while len(jobs) < self._group:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False


def _as_group_error(error: sqlite3.Error) -> StorageError:
    translated = _translated(error)
    if isinstance(translated, ConstraintViolation):
        return translated
    return StorageDown(str(translated))


def _all_failed(jobs: Sequence[_Job], error: StorageError) -> list[_Outcome]:
    # One exception each: awaiting callers add their own traceback to it.
    return [_Outcome(error=type(error)(*error.args)) for _ in jobs]


def _write(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[_Outcome]:
    """Every job in its savepoint, then one COMMIT; raises when the group as a whole failed."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = []
        for job in jobs:
            connection.execute("SAVEPOINT unit")
            tx = SqliteTransaction(connection, single_statement=job.single_statement)
            outcome = _drive(tx, job)
            if not connection.in_transaction:
                # A full disk or an I/O error has rolled the whole group back.
                raise sqlite3.OperationalError("the group was rolled back") from outcome.error
            if outcome.error is not None and not tx.is_committed_already:
                connection.execute("ROLLBACK TO unit")
            connection.execute("RELEASE unit")
            outcomes.append(outcome)
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _read(connection: sqlite3.Connection, jobs: Sequence[_Job]) -> list[_Outcome]:
    (job,) = jobs
    connection.execute("BEGIN")
    outcome = _drive(SqliteTransaction(connection), job)
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    return [outcome]


def _drive(tx: SqliteTransaction, job: _Job) -> _Outcome:
    """What the unit made of its transaction; nothing it raises may end the thread."""
    try:
        value = job.context.run(_to_completion, tx, job.unit)
    except BaseException as error:
        return _Outcome(error=error)
    return _Outcome(error=tx.doom) if tx.doom else _Outcome(value)


def _to_completion(tx: SqliteTransaction, unit: Unit[T]) -> T:
    steps = unit(tx).__await__()
    try:
        next(steps)
    except StopIteration as stop:
        value: T = stop.value
        return value
    if (close := getattr(steps, "close", None)) is not None:
        close()
    raise UnitSuspended("a unit may await nothing but its transaction")


def _answer(jobs: Sequence[_Job], outcomes: Sequence[_Outcome]) -> None:
    """Hand the outcomes to their futures, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, outcome))
    for loop, answers in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, answers)
        except RuntimeError:
            # The loop has been closed: its callers are gone, the units stay committed.
            continue


def _settle(answers: Sequence[tuple[asyncio.Future[Any], _Outcome]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue
        if outcome.error is None:
            future.set_result(outcome.value)
        else:
            future.set_exception(outcome.error)
