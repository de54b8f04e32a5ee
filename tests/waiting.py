"""What is done while another transaction is open: the order of two, made and not hoped for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.

from tests.databases import Store


@asynccontextmanager
async def open_transaction(store: Store, *statements: str) -> AsyncIterator[Any]:
    """On PostgreSQL, what another process has begun and commits at the end of the block.

    Yields a connection that looks on: within the transaction, who else is there would be a
    picture of the first look.
    """
    connection: Any = await asyncpg.connect(store.url)
    onlooker: Any = await asyncpg.connect(store.url)
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
            yield onlooker
    finally:
        await onlooker.close()
        await connection.close()


async def until_waiting(onlooker: Any, *tasks: asyncio.Task[Any]) -> None:
    """Until as many others wait for a lock as there are tasks, none of which may be done."""
    while await waiting(onlooker) < len(tasks):
        assert [one for one in tasks if one.done()] == []


async def waiting(onlooker: Any) -> int:
    """How many others wait for a lock."""
    found: int = await onlooker.fetchval(
        "SELECT COUNT(DISTINCT pid) FROM pg_locks WHERE NOT granted"
        " AND pid <> pg_backend_pid() AND pid IN (SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database())"
    )
    return found
