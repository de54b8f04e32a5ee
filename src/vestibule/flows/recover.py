"""Signing in with the recovery code: used once, everything else ends, 2FA is set up anew.

The new code comes first, so that nobody is ever without one; until a new phone or app is
bound nothing else opens, and the new code only resumes this (product.md E).
"""

from dataclasses import dataclass
from datetime import timedelta

from vestibule.domain import recovery_code
from vestibule.domain.event import EventName
from vestibule.domain.pending import WALL_LIFETIME, PendingSignIn, SignInState
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.safety import ActKind, Made
from vestibule.domain.sign_in import AwaitingReplacement, RecoveryCodeProven, advance, begin
from vestibule.flows import recovery_codes as codes
from vestibule.flows.causes import maker, note_act
from vestibule.flows.entering import end_everything_else, refuse_suspended
from vestibule.flows.notices import tell
from vestibule.flows.sources import source_of
from vestibule.flows.work import Caller, Means, Work, digest, work
from vestibule.storage import accounts, recovery_codes, sessions, sign_ins, throttles

TRIES_PER_SIGN_IN = 5
TRIES_PER_SOURCE_HOUR = 10


@dataclass(frozen=True, slots=True)
class Recovering:
    """The code was right: the pending sign-in goes on under a new token."""

    pending_token: str


async def submit_recovery_code(
    means: Means, caller: Caller, *, sign_in_id: str, typed: str
) -> Recovering | Refused:
    """Use the recovery code up, atomically; one message for wrong, used and none (RC-07)."""
    code = recovery_code.parse(typed)
    if code is None:
        return Refused(Reason.RECOVERY_CODE_MALFORMED, "recovery_code")
    slowed = await work(means, caller, lambda unit: _reserve(unit, sign_in_id))
    if slowed is not None:
        return slowed
    return await work(means, caller, lambda unit: _settle(unit, sign_in_id, code))


async def _reserve(work: Work, sign_in_id: str) -> Refused | None:
    """Count the try first: slowed per sign-in and per source, never disabled (RC-06)."""
    lanes = [("recovery-sign-in", sign_in_id, TRIES_PER_SIGN_IN, WALL_LIFETIME)]
    source = source_of(work)
    if source is not None:
        lanes.append(("recovery-source", source, TRIES_PER_SOURCE_HOUR, timedelta(hours=1)))
    for kind, key, limit, period in lanes:
        bucket = work.means.keyring.bucket(kind, key)
        until = await throttles.spend(
            work.tx, bucket, kind=kind, limit=limit, period=period, now=work.now
        )
        if until is not None:
            return Refused(Reason.RECOVERY_CODE_SLOWED, details={"until": until})
    return None


async def _settle(work: Work, sign_in_id: str, code: str) -> Recovering | Refused:
    pending = await sign_ins.get(work.tx, sign_in_id, work.now)
    if pending is None or pending.state is not SignInState.SECOND_FACTOR:
        return Refused(Reason.SIGN_IN_EXPIRED)
    # Held and asked again, so that no code is used up for a sign-in that another change ended.
    await accounts.hold(work.tx, pending.account_id)
    is_held = await sign_ins.hold(work.tx, sign_in_id)
    if not is_held or await sign_ins.get(work.tx, sign_in_id, work.now) != pending:
        return Refused(Reason.SIGN_IN_EXPIRED)
    macs = codes.macs(work, pending.account_id, code)
    if await recovery_codes.is_current(work.tx, pending.account_id, macs):
        # Before it is used up: its owner needs it when the suspension is over.
        stopped = await refuse_suspended(work, pending.account_id, pending.id)
        if stopped is not None:
            await sign_ins.end(work.tx, pending.id)
            return stopped
    used = await recovery_codes.consume(work.tx, pending.account_id, macs, work.now)
    if used is None:
        await work.note(
            EventName.RECOVERY_CODE_FAILED,
            account_id=pending.account_id,
            outcome="failure",
            reason=Reason.RECOVERY_CODE_WRONG,
            sign_in_id=pending.id,
        )
        return Refused(Reason.RECOVERY_CODE_WRONG, "recovery_code")
    state = advance(begin(pending.password_at, is_enrolled=True), RecoveryCodeProven(work.now))
    if not isinstance(state, AwaitingReplacement):
        raise TypeError("a recovery code leads to a replacement and nowhere else")
    return await _start_replacement(work, pending, used.id)


async def _start_replacement(
    work: Work, pending: PendingSignIn, used_code_id: str
) -> Recovering | Refused:
    token, account_id = work.means.entropy.token(), pending.account_id
    moved = await sign_ins.await_replacement(
        work.tx,
        pending.id,
        token_digest=digest(token),
        now=work.now,
        expires_at=work.now + WALL_LIFETIME,
    )
    if not moved:
        return Refused(Reason.SIGN_IN_EXPIRED)
    await note_act(
        work,
        account_id,
        act_id=pending.id,
        kind=ActKind.RECOVERY,
        causes=[
            await maker(work, Made.RECOVERY_CODE, used_code_id),
            await maker(work, Made.PASSWORD, account_id),
        ],
    )
    await recovery_codes.end_current(work.tx, account_id, by="recovery", now=work.now)
    await end_everything_else(work, account_id, session_id=None, sign_in_id=pending.id)
    await sessions.forget_browsers(work.tx, account_id)
    await codes.make(work, account_id, owner_id=pending.id, is_provisional=True)
    await work.note(EventName.RECOVERY_CODE_USED, account_id=account_id, sign_in_id=pending.id)
    account = await accounts.get(work.tx, account_id)
    if account is not None:
        await tell(work, account, kind="recovery_code_used", act_id=pending.id)
    return Recovering(token)
