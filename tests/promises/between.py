"""What happens between the two transactions of one request, without waiting for the moment."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar

from vestibule.storage.database import Database, Dialect, Unit

T = TypeVar("T")


@dataclass
class Between:
    """A database on which something happens after the first transaction."""

    inner: Database
    happens: Callable[[], Awaitable[None]]
    count: int = 0

    @property
    def dialect(self) -> Dialect:
        return self.inner.dialect

    async def transact(self, unit: Unit[T], *, single_statement: bool = False) -> T:
        done = await self.inner.transact(unit, single_statement=single_statement)
        self.count += 1
        if self.count == 1:
            await self.happens()
        return done

    async def read(self, unit: Unit[T]) -> T:
        return await self.inner.read(unit)

    def listening(
        self, channel: str, on_notice: Callable[[], None]
    ) -> AbstractAsyncContextManager[None]:
        return self.inner.listening(channel, on_notice)

    async def close(self) -> None:
        await self.inner.close()
