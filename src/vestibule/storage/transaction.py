"""The shape of a database and of one transaction, and the errors both dialects raise.

Holds no SQL and no driver: `sqlite` and `postgresql` fulfil these protocols, `database.connect`
chooses between them.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol, TypeVar

T = TypeVar("T")

Dialect = Literal["sqlite", "postgresql"]

# `Any`: the drivers decide the type of a column; storage functions turn rows into domain objects.
Row = Mapping[str, Any]


class StorageError(Exception):
    """Something the database refused or could not do."""


class StorageDown(StorageError):
    """The database cannot be reached, is closed, or did not answer in time.

    When the connection was lost during COMMIT, the transaction may have been committed.
    """


class UniqueViolation(StorageError):
    """A row with this primary key or unique value exists already."""


class ConstraintViolation(StorageError):
    """A CHECK, NOT NULL, foreign key or trigger refused the statement."""


class UnitSuspended(StorageError):
    """A unit awaited something other than its transaction; it was closed and rolled back."""


class ReadOnlyViolation(StorageError):
    """A unit given to `read` tried to write."""


class SecondStatement(StorageError):
    """A unit that promised a single statement ran another one."""


class Transaction(Protocol):
    """One transaction. SQL is text with `:name` parameters.

    Values: `int`, `str`, `bytes`, `bool`, `None` and aware `datetime` (stored as microseconds
    since 1970). Result columns named `*_at` come back as aware UTC datetimes, columns named `is_*`
    as `bool`. A parameter that is used in two types is cast at each use by the SQL's author
    (`CAST(:now AS BIGINT)`), because PostgreSQL infers one type per parameter.

    A statement that raised dooms the transaction on both dialects, even when the unit catches the
    error: nothing is committed and `transact` raises it again. Expected conflicts are written as
    `ON CONFLICT DO NOTHING`, not caught.
    """

    @property
    def dialect(self) -> Dialect: ...

    async def fetch_one(self, sql: str, /, **params: object) -> Row | None:
        """The first row, or `None`. `RETURNING` statements are run to their end."""
        ...

    async def fetch_all(self, sql: str, /, **params: object) -> list[Row]:
        """Every row, in the order of the statement."""
        ...

    async def execute(self, sql: str, /, **params: object) -> int:
        """The number of rows inserted, updated or deleted by the statement itself."""
        ...


Unit = Callable[[Transaction], Awaitable[T]]


class Database(Protocol):
    """Where transactions come from. Opens its connections at first use."""

    @property
    def dialect(self) -> Dialect: ...

    async def transact(self, unit: Unit[T], *, single_statement: bool = False) -> T:
        """What the unit returned, once it is committed durably; a unit that raises rolls back.

        A refusal is a returned value, so it commits. A caller that is cancelled meanwhile does not
        stop the unit. The unit awaits nothing but its transaction, and has no other effect, since
        it may run again after a serialisation failure (PostgreSQL) and runs on another thread
        (SQLite). `single_statement=True` promises that the unit runs one statement at most, which
        saves PostgreSQL the round trips of BEGIN and COMMIT; a second statement is refused.
        """
        ...

    async def read(self, unit: Unit[T]) -> T:
        """What the unit returned; it sees every earlier commit, takes no write lock, cannot write.

        Two statements of one unit may see different commits.
        """
        ...

    def listening(
        self, channel: str, on_notice: Callable[[], None]
    ) -> AbstractAsyncContextManager[None]:
        """While the block runs, `on_notice` is called after commits of others that notified.

        A hint, not a promise: notices are lost while a connection is, and SQLite has none. It may
        also be called without news.
        """
        ...

    async def close(self) -> None:
        """Waits for the units under way and closes every connection; afterwards `StorageDown`."""
        ...
