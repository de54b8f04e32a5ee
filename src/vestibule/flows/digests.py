"""Sending the noisy news that were told together, when their time has come (NO-04)."""

from vestibule.flows.notices import tell_together
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import accounts, digests

NOBODY = Caller(source="", user_agent="", request_id="", locale="en")


async def tell_due(means: Means) -> int:
    """Put every digest that is due into the outbox; how many."""
    count = 0
    while await work(means, NOBODY, _tell_one):
        count += 1
    return count


async def _tell_one(work: Work) -> bool:
    due = await digests.take_due(work.tx, work.now)
    if due is None:
        return False
    account = await accounts.get(work.tx, due.account_id)
    if account is not None:
        await tell_together(work, account, due)
    return True
