"""Sending the noisy news that were told together, when their time has come (NO-04)."""

from datetime import timedelta

from vestibule.flows.notices import tell_together
from vestibule.flows.work import NOBODY, Means, Work, work
from vestibule.observability.logging import log_failure
from vestibule.storage import accounts, digests
from vestibule.storage.database import StorageDown
from vestibule.storage.digests import Digest

PUT_OFF_FOR = timedelta(minutes=10)
"""What cannot be told now, an account whose key is lost say, holds up no other account."""


async def tell_due(means: Means) -> int:
    """Put every digest that is due into the outbox; how many."""
    count = 0
    while True:
        due = await means.database.read(lambda tx: digests.next_due(tx, means.clock()))
        if due is None:
            return count
        try:
            count += await work(means, NOBODY, lambda unit, one=due: _tell(unit, one))  # type: ignore[misc]  # one per turn
        except StorageDown:
            raise
        except Exception as error:
            log_failure("digest_put_off", error, account_id=due.account_id)
            await _put_off(means, due)


async def _tell(work: Work, due: Digest) -> int:
    if not await digests.take(work.tx, due, work.now):
        return 0
    account = await accounts.get(work.tx, due.account_id)
    if account is not None:
        await tell_together(work, account, due)
    return 1


async def _put_off(means: Means, due: Digest) -> None:
    now = means.clock()
    await means.database.transact(
        lambda tx: digests.put_off(tx, due, now=now, until=now + PUT_OFF_FOR)
    )
