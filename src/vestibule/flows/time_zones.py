"""The zone that an account's owner is told times in: chosen here, or as the browser says (NO-02).

What a browser says is taken where a session is made (`entering`), behind both doors. Choosing
opens nothing, so the open settings are enough; the journal has it.
"""

from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows.refusals import note_trifle
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import accounts, sessions


async def choose(
    means: Means, caller: Caller, session: Session, time_zone: str | None
) -> Refused | None:
    """Tell times in this zone from now on; None follows the browser, as this one does now."""

    async def unit(work: Work) -> Refused | None:
        await accounts.hold(work.tx, session.account_id)
        now = await sessions.get(work.tx, session.id, work.now)
        if now is None or not now.has_gate_open(work.now):
            return Refused(Reason.SIGN_IN_EXPIRED)
        await sessions.use_gate(work.tx, session.id, work.now)
        is_other = await accounts.choose_time_zone(
            work.tx,
            session.account_id,
            time_zone or work.caller.time_zone,
            work.now if time_zone else None,
        )
        if is_other:
            # Without the zone: the journal outlives the account, and need not say where it lived.
            await note_trifle(
                work,
                EventName.TIME_ZONE_CHOSEN,
                account_id=session.account_id,
                session_id=session.id,
            )
        return None

    return await work(means, caller, unit)
