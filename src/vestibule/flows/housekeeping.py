"""Deleting what is past its time."""

from vestibule.flows.work import Means
from vestibule.storage import retention


async def purge(means: Means) -> int:
    """Apply the retention table once; how many rows went."""
    return await means.database.transact(lambda tx: retention.purge(tx, means.clock()))
