"""Deleting what is past its time."""

from vestibule.flows.work import Means
from vestibule.storage import retention, routes
from vestibule.storage.database import Transaction


async def purge(means: Means) -> int:
    """Apply the retention table once; how many rows went."""

    async def unit(tx: Transaction) -> int:
        now = means.clock()
        # Before they go: what was counted is counted for good.
        await routes.fold(tx, now - retention.KEPT["route_hours"][1])
        return await retention.purge(tx, now)

    return await means.database.transact(unit)
