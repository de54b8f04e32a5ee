"""The room where a second factor is proven: every six-digit code at sign-in, step-up and reset.

Reading order: `submit_code` reserves a try (`_reserve`, transaction 1), then compares and uses
the proof up (`_settle`, transaction 2), and hands the evidence to whoever asked. The budgets of
product section 5 are taken in transaction 1, per account over all methods, so that a parallel
guess cannot be free. Sent codes are compared in `flows.codes`, time steps here. The codes of
sign-up, wall, settings and set-up are no second factor and go straight to `flows.codes`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from vestibule.crypto.seal import Place
from vestibule.domain import one_time_code, totp
from vestibule.domain.account import Authenticator, AuthenticatorKind
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.safety import NOT_ME_FOR
from vestibule.domain.sign_in import CodeProven, Evidence, TimeStepProven
from vestibule.domain.throttle import (
    EPOCH_BUDGET,
    LONG_DIGITS,
    YEAR_BUDGET,
    Open,
    PausedUntil,
)
from vestibule.flows import breaker, codes, guess_alarms, stale_numbers, wrong_codes
from vestibule.flows.ways import Holder, stance
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import accounts, authenticators, challenges, throttles

T = TypeVar("T")

TRIES_PER_SIGN_IN = 5


Find = Callable[[Work], Awaitable[Holder | Refused]]
Then = Callable[[Work, Holder, Evidence], Awaitable[T | Refused]]
GiveUp = Callable[[Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Attempt:
    holder: Holder
    proof: codes.Reserved | tuple[str, str]
    digits: int
    strikes: int


async def submit_code(
    means: Means,
    caller: Caller,
    *,
    find: Find,
    typed: str,
    next_typed: str,
    then: Then[T],
    give_up: GiveUp,
) -> T | Refused:
    """Verify the code of the method that was chosen, and only of that one.

    `then` gets the evidence in the transaction that used the proof up; `give_up` ends what
    asked after five wrong codes (OC-06). Both transactions commit, a refusal too.
    """

    async def reserve(unit: Work) -> _Attempt | Refused:
        holder = await find(unit)
        if isinstance(holder, Refused):
            return holder
        if holder.channel is Channel.PASSKEY:
            # No code is asked for, so none is compared, and none is counted.
            return Refused(Reason.PASSKEY_NEEDED)
        return await _reserve(unit, holder, typed, next_typed)

    attempt = await work(means, caller, reserve)
    if isinstance(attempt, Refused):
        return attempt
    return await work(means, caller, lambda unit: _settle(unit, attempt, then, give_up))


async def _reserve(work: Work, holder: Holder, typed: str, next_typed: str) -> _Attempt | Refused:
    """Transaction 1: the account's budgets and the code's own, taken before any comparison."""
    await accounts.hold(work.tx, holder.account.id)
    decision = await stance(work, holder)
    if isinstance(decision, PausedUntil):
        return await _paused(work, holder, decision.at)
    slowed_until = None if holder.known_browser else await breaker.slowed_until(work)
    if slowed_until is not None:
        return await _paused(work, holder, slowed_until)
    proof: codes.Reserved | tuple[str, str] | Refused
    if holder.channel is Channel.TOTP:
        proof = _parse_time_steps(decision, holder.authenticator.digits, typed, next_typed)
        digits = sum(map(len, proof)) if isinstance(proof, tuple) else 0
    else:
        proof = await _reserve_sent_code(work, holder, decision, typed)
        digits = proof.challenge.digits if isinstance(proof, codes.Reserved) else 0
    if isinstance(proof, Refused):
        return proof
    strikes = await _strike(work, holder, digits)
    if strikes is None:
        return Refused(Reason.TOO_MANY_WRONG_CODES)
    return _Attempt(holder, proof, digits, strikes)


async def _paused(work: Work, holder: Holder, until: datetime) -> Refused:
    await _note_refusal(work, holder, EventName.SECOND_FACTOR_PAUSED, Reason.SECOND_FACTOR_PAUSED)
    return Refused(Reason.SECOND_FACTOR_PAUSED, details={"until": until})


async def _reserve_sent_code(
    work: Work, holder: Holder, decision: Open, typed: str
) -> codes.Reserved | Refused:
    live = await challenges.live(work.tx, holder.purpose, holder.binding_id)
    if live is None or live.authenticator_id != holder.authenticator.id:
        return Refused(Reason.CODE_NOT_SENT)
    # A code of before the operator chose another length counts, one of before the strikes not.
    if decision.is_long and live.digits < LONG_DIGITS:
        await challenges.end(work.tx, holder.purpose, holder.binding_id, work.now)
        return Refused(Reason.CODE_MUST_BE_LONGER, details={"digits": LONG_DIGITS})
    return await codes.reserve(work, holder.purpose, holder.binding_id, typed)


def _parse_time_steps(
    decision: Open, digits: int, typed: str, next_typed: str
) -> tuple[str, str] | Refused:
    first = codes.parse_for(Purpose.SIGN_IN, digits, typed)
    if isinstance(first, Refused):
        return first
    if not next_typed.strip():
        if decision.is_long:
            return Refused(Reason.TWO_CODES_NEEDED, "next_code")
        return (first, "")
    second = one_time_code.parse(next_typed, digits)
    if isinstance(second, one_time_code.CodeFault):
        return Refused(Reason(second.value.lower()), "next_code", {"digits": digits})
    return (first, second)


async def _strike(work: Work, holder: Holder, digits: int) -> int | None:
    password = await accounts.password(work.tx, holder.account.id)
    epoch = password.epoch if password else 0
    strikes = await throttles.add_strike(
        work.tx,
        strike_id=work.means.entropy.id(),
        account_id=holder.account.id,
        sign_in_id=holder.binding_id,
        password_epoch=epoch,
        digits=digits,
        most=TRIES_PER_SIGN_IN,
        now=work.now,
    )
    return strikes


async def _require_new_password(work: Work, attempt: _Attempt) -> None:
    """Past the budget somebody else knows the password: the next full sign-in sets another.

    A longer guess draws on no budget, so it asks for no other password again; but a process that
    died between counting the last guess and this has left nothing, so whoever is next makes it up.
    """
    account = await accounts.get(work.tx, attempt.holder.account.id)
    password = await accounts.password(work.tx, attempt.holder.account.id)
    if account is None or password is None:
        return
    counted = await throttles.strikes(
        work.tx, account.id, password_epoch=password.epoch, now=work.now
    )
    is_missing = counted.epoch >= EPOCH_BUDGET and account.new_password_required_at is None
    is_short = attempt.digits < LONG_DIGITS
    is_reached = is_short and (counted.epoch == EPOCH_BUDGET or counted.year == YEAR_BUDGET)
    if is_missing or is_reached:
        await accounts.require_new_password(work.tx, account.id, work.now)
        await _note_refusal(work, attempt.holder, EventName.STRIKES_REACHED, None)
        await guess_alarms.strikes_reached(work, account.id)


async def _settle(work: Work, attempt: _Attempt, then: Then[T], give_up: GiveUp) -> T | Refused:
    """Transaction 2: compare, use the proof up, and go on with the evidence.

    The account is held, so that a change which ends everything sees the session made here, or
    ends what asks for it first (SE-07).
    """
    await accounts.hold(work.tx, attempt.holder.account.id)
    holder = attempt.holder
    evidence: Evidence | Refused
    if isinstance(attempt.proof, tuple):
        evidence = await _settle_time_step(work, attempt, *attempt.proof)
    else:
        evidence = await _settle_sent_code(work, attempt, attempt.proof)
    if not isinstance(evidence, Refused):
        await throttles.clear_strikes(work.tx, holder.binding_id)
        await _require_new_password(work, attempt)
        await _mark_used(work, holder)
        return await then(work, holder, evidence)
    if await accounts.get(work.tx, holder.account.id) is None:
        # Closed while the code was on its way: there is nobody to tell, and nothing to count.
        return Refused(Reason.SIGN_IN_EXPIRED)
    is_replay = evidence.reason in {Reason.TIME_STEP_USED, Reason.CODE_SPENT}
    name = EventName.SECOND_FACTOR_REPLAYED if is_replay else EventName.SECOND_FACTOR_FAILED
    await _note_refusal(work, holder, name, evidence.reason)
    if is_replay:
        await guess_alarms.replayed(work, holder.account.id)
    await _require_new_password(work, attempt)
    await breaker.watch(work)
    await wrong_codes.tell(
        work, holder, strikes=attempt.strikes, is_short=attempt.digits < LONG_DIGITS
    )
    if attempt.strikes >= TRIES_PER_SIGN_IN:
        await challenges.end(work.tx, holder.purpose, holder.binding_id, work.now)
        await give_up(work)
        return Refused(Reason.TOO_MANY_WRONG_CODES)
    return _with_tries_left(attempt, evidence)


async def _mark_used(work: Work, holder: Holder) -> None:
    """PN-04: a number that rested for a year is fresh again only with its owner's mailbox."""
    if holder.authenticator.stale_since(work.now) is None:
        await authenticators.mark_used(work.tx, holder.authenticator.id, work.now)
    elif holder.has_mailbox:
        await stale_numbers.refresh(work, holder.authenticator)


def _with_tries_left(attempt: _Attempt, refused: Refused) -> Refused:
    """The tries left over all methods, which may be fewer than the one code's own."""
    left = refused.details.get("left")
    if not isinstance(left, int):
        return refused
    fewest = min(left, TRIES_PER_SIGN_IN - attempt.strikes)
    return replace(refused, details={**refused.details, "left": fewest})


async def _settle_sent_code(
    work: Work, attempt: _Attempt, reserved: codes.Reserved
) -> Evidence | Refused:
    proven = await codes.settle(work, reserved)
    if isinstance(proven, Refused):
        return proven
    # Its code was used up, but what was suspended meanwhile proves nothing (R8).
    if await _standing(work, attempt.holder) is None:
        return Refused(Reason.METHOD_UNKNOWN)
    return CodeProven(proven.challenge.channel, attempt.holder.authenticator.id, work.now)


async def _settle_time_step(
    work: Work, attempt: _Attempt, first: str, second: str
) -> Evidence | Refused:
    """RFC 6238: t and t-1 at the app's offset, each step once, by compare and set (TO-03)."""
    app = await _standing(work, attempt.holder)
    if app is None or app.kind is not AuthenticatorKind.TOTP:
        return Refused(Reason.METHOD_UNKNOWN)
    secret = totp_secret(work.means, app)
    if second:
        found = totp.match_consecutive(
            secret,
            first,
            second,
            now=work.now,
            offset=app.step_offset,
            after=app.last_step,
            how=app.parameters,
        )
        step, offset = found or (None, app.step_offset)
    else:
        offset = app.step_offset
        step = totp.match_time_step(
            secret, first, now=work.now, offset=offset, after=app.last_step, how=app.parameters
        )
    if step is None:
        return await _explain(work, attempt, app, secret, first, is_pair=bool(second))
    if not await authenticators.advance_time_step(
        work.tx, app.id, step=step, offset=offset, now=work.now
    ):
        return Refused(Reason.TIME_STEP_USED, "code")
    if offset != app.step_offset:
        await work.note(
            EventName.TIME_OFFSET_MOVED, account_id=app.account_id, steps=offset - app.step_offset
        )
    return TimeStepProven(app.id, work.now)


async def _standing(work: Work, holder: Holder) -> Authenticator | None:
    """The method as it is now, unless it was ended while its code was on the way."""
    asked = holder.authenticator
    if any(one.id == asked.id for one in holder.besides):
        since = work.now - NOT_ME_FOR
        ended = await authenticators.ended(work.tx, holder.account.id, since)
        back = [one.authenticator for one in ended if one.is_returnable]
        return next((one for one in back if one.id == asked.id), None)
    return await authenticators.get(work.tx, holder.account.id, asked.id)


async def _explain(
    work: Work,
    attempt: _Attempt,
    app: Authenticator,
    secret: bytes,
    first: str,
    *,
    is_pair: bool,
) -> Refused:
    """Why a time step was not accepted; told after the password only, and never an oracle."""
    left = max(TRIES_PER_SIGN_IN - attempt.strikes, 0)
    wrong = Refused(Reason.CODE_WRONG, "code", {"left": left})
    if is_pair:
        # To explain the first of two codes would confirm half of what is asked.
        return wrong
    ignoring_use = totp.match_time_step(
        secret, first, now=work.now, offset=app.step_offset, after=-1, how=app.parameters
    )
    if ignoring_use is not None:
        return Refused(Reason.TIME_STEP_USED, "code")
    off = totp.clock_error(secret, first, now=work.now, how=app.parameters)
    if off is None:
        return wrong
    if off > app.step_offset:
        # The answer confirms a code of the minutes to come, so its step must be spent now.
        await authenticators.advance_time_step(
            work.tx,
            app.id,
            step=totp.step_at(work.now) + off,
            offset=app.step_offset,
            now=work.now,
        )
    return Refused(Reason.TIME_STEP_CLOCK_OFF, "code", {"seconds": abs(off) * 30})


async def _note_refusal(work: Work, holder: Holder, name: EventName, reason: Reason | None) -> None:
    await work.note(
        name,
        account_id=holder.account.id,
        outcome="failure",
        reason=reason,
        sign_in_id=holder.binding_id,
        method=holder.channel.value,
        purpose=holder.purpose.value,
    )


def totp_secret(means: Means, authenticator: Authenticator) -> bytes:
    """The shared secret, opened only where a code is compared (TO-04)."""
    place = Place("authenticators", "secret_sealed", authenticator.id)
    return bytes.fromhex(means.seal.open(authenticator.secret_sealed, place))
