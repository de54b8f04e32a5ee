"""Closing one's own account: asked for with everything proven for it, and kept with one press.

Between the two lies a delay, in which everything goes on as always (product.md 6).
"""

from vestibule.domain.account import Account
from vestibule.domain.challenge import Purpose
from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows import closing_day, reauthenticate
from vestibule.flows.changes import waits
from vestibule.flows.entering import end_everything_else
from vestibule.flows.notices import tell
from vestibule.flows.reauthenticate import Proof, Renewed
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import accounts, closing, sessions


async def ask(means: Means, caller: Caller, session: Session, proof: Proof) -> Renewed | Refused:
    """Let the account close after the delay; every other session and pending sign-in ends.

    Password and second factor are proven for this and for nothing else: a step-up that was made
    for another change closes nothing (SU-03). Raises `Busy`.
    """

    async def act(work: Work) -> Refused | None:
        account = await _may_close(work, session)
        if isinstance(account, Refused):
            return account
        closes_at = work.now + means.policy.closes_after
        if not await closing.ask(work.tx, account.id, closes_at):
            return Refused(Reason.CLOSING_TWICE)
        await work.note(
            EventName.ACCOUNT_CLOSING_ASKED,
            account_id=account.id,
            session_id=session.id,
            closes=closes_at.isoformat(),
        )
        await end_everything_else(work, account.id, session_id=session.id)
        await tell(
            work, account, kind="closing_asked", act_id=session.id, when=closes_at.isoformat()
        )
        return None

    return await reauthenticate.submit_step_up(
        means, caller, session, proof, purpose=Purpose.CLOSE, act=act
    )


async def _may_close(work: Work, session: Session) -> Account | Refused:
    """The account, held, if its session stands, its gate is open and its browser is known (R11)."""
    await accounts.hold(work.tx, session.account_id)
    now = await sessions.get(work.tx, session.id, work.now)
    account = await accounts.get(work.tx, session.account_id)
    if now is None or account is None:
        return Refused(Reason.SIGN_IN_EXPIRED)
    if not now.has_gate_open(work.now):
        return Refused(Reason.STEP_UP_NEEDED)
    return waits(now, account, work.caller, work.now) or account


async def keep(means: Means, caller: Caller, session: Session) -> Refused | None:
    """Keep it; the session is enough, since this only takes away what would do harm."""

    async def unit(work: Work) -> Refused | None:
        await accounts.hold(work.tx, session.account_id)
        account = await accounts.get(work.tx, session.account_id)
        if account is None or await sessions.get(work.tx, session.id, work.now) is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        if not await closing_day.cancel(work, account, act_id=session.id, session_id=session.id):
            return Refused(Reason.CLOSING_OVER)
        return None

    return await work(means, caller, unit)
