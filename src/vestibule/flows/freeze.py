"""A freeze: changes stop for a while, because a number that was told said no (R8).

It ends by itself after 72 hours, or when the password and a method that the doubted act did not
bring are proven together. Signing in, a reset and a recovery stay open all the while.
"""

from datetime import datetime

from vestibule.domain.account import Account
from vestibule.domain.event import EventName
from vestibule.domain.safety import FREEZE_FOR
from vestibule.flows import causes
from vestibule.flows.notices import tell
from vestibule.flows.work import Work
from vestibule.storage import accounts, safeguards


async def begin(work: Work, account: Account, *, act_id: str, named_at: datetime) -> bool:
    """Stop changes; False where they are stopped already, since none is prolonged.

    The account is held.
    """
    until = work.now + FREEZE_FOR
    if not await safeguards.freeze(
        work.tx, account.id, act_id=act_id, until_at=until, now=work.now
    ):
        return False
    await safeguards.require_review(work.tx, account.id, work.now)
    await work.note(EventName.CHANGES_FROZEN, account_id=account.id, since=named_at.isoformat())
    await tell(work, account, kind="changes_frozen", act_id=act_id, when=until.isoformat())
    return True


async def lift(work: Work, account_id: str, *, proven_by: str) -> bool:
    """After password and second factor: changes are open again if that method is untouched."""
    account = await accounts.get(work.tx, account_id)
    if account is None or account.frozen_act_id is None:
        return False
    doubted = await causes.consequences(
        work, account_id, act_id=account.frozen_act_id, named_at=work.now, beyond_own=True
    )
    if proven_by in doubted.brought or not await safeguards.thaw(work.tx, account_id):
        return False
    await work.note(EventName.FREEZE_LIFTED, account_id=account_id)
    return True
