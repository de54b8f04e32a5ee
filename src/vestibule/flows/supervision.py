"""What operators do to an account: end its sessions, suspend it, open it again (ASVS 7.4.2, 7.4.5).

Each is in the account's journal with its reason, in the same transaction, and told to its owner.
Nothing here touches a factor: a suspended account that is opened again asks for both, as before.
"""

from functools import partial

from vestibule.domain.account import Account
from vestibule.domain.event import EventName
from vestibule.domain.identifier import parse_email
from vestibule.flows import closing_day
from vestibule.flows.entering import end_everything_else
from vestibule.flows.notices import tell
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import accounts, challenges, sessions, sign_ins, suspensions
from vestibule.storage.database import Transaction

NO_REASON = "-"


async def find(means: Means, text: str) -> str | None:
    """The id of the account with this address or id; None where there is none."""

    async def unit(tx: Transaction) -> str | None:
        email = parse_email(text)
        if email is not None:
            account = await accounts.find_by_email(tx, email.key)
        else:
            account = await accounts.get(tx, text)
        return account.id if account is not None else None

    return await means.database.read(unit)


async def end_sessions(means: Means, caller: Caller, account_id: str, *, because: str) -> bool:
    """End every session and pending sign-in; False where there is none."""

    async def unit(work: Work) -> bool:
        account = await _held(work, account_id)
        if account is None:
            return False
        ended = await sessions.end_others(work.tx, account_id, kept=None)
        pending = await sign_ins.end_others(work.tx, account_id, kept=None)
        if not ended + pending:
            return False
        await challenges.end_of_account(work.tx, account_id, work.now)
        await work.note(
            EventName.SESSION_ENDED, account_id=account_id, ended=ended, by="operators", why=because
        )
        await _tell(work, account, "operators_signed_out", because)
        return True

    return await work(means, caller, unit)


async def end_all_sessions(means: Means, caller: Caller, because: str) -> int:
    """The same of every account that has any, one after the other; of how many."""
    count, found = 0, [""]
    while found:
        after = found[-1]
        found = await means.database.read(partial(suspensions.signed_in, after=after))
        for account_id in found:
            count += await end_sessions(means, caller, account_id, because=because)
    return count


async def suspend(means: Means, caller: Caller, account_id: str, *, because: str) -> bool:
    """Let nobody in until it is opened again; everything half-way ends. False where it is so."""

    async def unit(work: Work) -> bool:
        account = await _held(work, account_id)
        if account is None or not await suspensions.suspend(
            work.tx, account_id, because=because, now=work.now
        ):
            return False
        await work.note(EventName.ACCOUNT_SUSPENDED, account_id=account_id, why=because)
        await end_everything_else(work, account_id, session_id=None)
        # Nobody could keep it meanwhile, and who asked for it may be why it is suspended.
        await closing_day.cancel(work, account, act_id=account_id)
        await _tell(work, account, "account_suspended", because)
        return True

    return await work(means, caller, unit)


async def unsuspend(means: Means, caller: Caller, account_id: str, *, because: str) -> bool:
    """Let its owner in again; False where it is not suspended."""

    async def unit(work: Work) -> bool:
        account = await _held(work, account_id)
        if account is None or not await suspensions.lift(work.tx, account_id):
            return False
        await work.note(EventName.ACCOUNT_UNSUSPENDED, account_id=account_id, why=because)
        await _tell(work, account, "account_unsuspended", because)
        return True

    return await work(means, caller, unit)


async def _held(work: Work, account_id: str) -> Account | None:
    await accounts.hold(work.tx, account_id)
    return await accounts.get(work.tx, account_id)


async def _tell(work: Work, account: Account, kind: str, because: str) -> None:
    await tell(work, account, kind=kind, act_id=account.id, why=because or NO_REASON)
