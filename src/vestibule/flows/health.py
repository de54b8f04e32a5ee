"""Whether the house can work."""

import asyncio
from datetime import timedelta

from vestibule.flows.work import Means
from vestibule.storage.database import StorageDown, StorageError, Transaction

ANSWERS_WITHIN = timedelta(seconds=2)
"""A balancer that asks gets its answer long before those who wait for the database."""


async def database_answers(means: Means) -> bool:
    """Whether a statement gets an answer within `ANSWERS_WITHIN`."""

    async def unit(tx: Transaction) -> None:
        await tx.fetch_one("SELECT 1 AS one")

    try:
        async with asyncio.timeout(ANSWERS_WITHIN.total_seconds()):
            await means.database.read(unit)
    except (StorageError, TimeoutError):
        return False
    return True


def is_storage_down(error: BaseException) -> bool:
    """Whether an error means that the database cannot be reached: worth asking again."""
    return isinstance(error, StorageDown)
