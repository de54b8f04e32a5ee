"""Which act made what, noted as it happens, so that "not me" can follow cause (R8).

Notes and reads; ends nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.safety import CAUSES_COUNT_FOR, Act, ActKind, Made, reach
from vestibule.flows.work import Work
from vestibule.storage import acts


@dataclass(frozen=True, slots=True)
class Consequences:
    """What an act and its successors left behind."""

    acts: frozenset[str]
    brought: frozenset[str]
    """Every authenticator that they bound."""
    authenticators: frozenset[str]
    """Those among them that can be taken back: none that a set-up or a recovery bound."""
    recovery_codes: frozenset[str]
    browsers: tuple[tuple[bytes, datetime], ...]
    """Each with the time of the sign-in from it: known no earlier than that, it is theirs.

    Not those of a set-up or a recovery: what an account began with is never taken back.
    """
    is_past_barrier: bool


async def note_act(
    work: Work,
    account_id: str,
    *,
    act_id: str,
    kind: ActKind,
    causes: Sequence[str | None] = (),
    browser_digest: bytes | None = None,
    made_at: datetime | None = None,
) -> None:
    """Note what happens and what it could not have happened without; None is no cause."""
    act = Act(act_id, kind, made_at or work.now, browser_digest, work.caller.user_agent)
    known = [cause for cause in causes if cause is not None and cause != act_id]
    await acts.add(work.tx, account_id, act, causes=known)


async def note_barrier(work: Work, account_id: str) -> None:
    """From here on the account is its owner's: no answer to what was before reaches further."""
    await note_act(work, account_id, act_id=work.means.entropy.id(), kind=ActKind.BARRIER)


async def note_made(work: Work, account_id: str, *, kind: Made, thing_id: str, act_id: str) -> None:
    await acts.make(work.tx, account_id, kind=kind, thing_id=thing_id, act_id=act_id, now=work.now)


async def maker(work: Work, kind: Made, thing_id: str) -> str | None:
    return await acts.maker(work.tx, kind, thing_id)


async def consequences(
    work: Work, account_id: str, *, act_id: str, named_at: datetime, beyond_own: bool = False
) -> Consequences:
    """What the named act and its successors made, up to the first barrier (see `reach`)."""
    known = await acts.of_account(work.tx, account_id, work.now - CAUSES_COUNT_FOR)
    causes = await acts.causes(work.tx, account_id)
    reached = reach(act_id, named_at, known, causes, beyond_own=beyond_own)
    left = [one for one in await acts.things(work.tx, account_id) if one.act_id in reached.acts]
    bound = [one for one in left if one.kind is Made.AUTHENTICATOR]
    roots = {act.id for act in known if act.is_root}
    return Consequences(
        acts=reached.acts,
        brought=frozenset(one.id for one in bound),
        authenticators=frozenset(one.id for one in bound if one.act_id not in roots),
        recovery_codes=frozenset(one.id for one in left if one.kind is Made.RECOVERY_CODE),
        browsers=tuple(
            (act.browser_digest, act.made_at)
            for act in known
            if act.id in reached.acts
            and act.kind is ActKind.SESSION
            and act.browser_digest is not None
        ),
        is_past_barrier=reached.is_past_barrier,
    )
