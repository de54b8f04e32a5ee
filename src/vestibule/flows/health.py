"""Whether the house can work."""

from vestibule.flows.work import Means
from vestibule.storage.database import StorageDown, StorageError, Transaction


async def database_answers(means: Means) -> bool:
    """Whether a statement gets an answer now."""

    async def unit(tx: Transaction) -> None:
        await tx.fetch_one("SELECT 1 AS one")

    try:
        await means.database.read(unit)
    except StorageError:
        return False
    return True


def is_storage_down(error: BaseException) -> bool:
    """Whether an error means that the database cannot be reached: worth asking again."""
    return isinstance(error, StorageDown)
