"""Whether the house can work."""

import asyncio
from datetime import timedelta

from vestibule.flows.work import Means
from vestibule.storage.database import StorageDown, StorageError, Transaction

ANSWERS_WITHIN = timedelta(seconds=2)
"""A balancer that asks gets its answer long before those who wait for the database."""


async def database_answers(means: Means) -> bool:
    """Whether the database takes a write within `ANSWERS_WITHIN`: without one nobody signs in."""

    async def unit(tx: Transaction) -> None:
        # Changes nothing, and is refused wherever a change would be.
        await tx.execute("UPDATE accounts SET id = id WHERE 1 = 0")

    try:
        async with asyncio.timeout(ANSWERS_WITHIN.total_seconds()):
            await means.database.transact(unit)
    except (StorageError, TimeoutError):
        return False
    return True


def is_storage_down(error: BaseException) -> bool:
    """Whether an error means that the database cannot be reached: worth asking again."""
    return isinstance(error, StorageDown)
