"""What became of a message and of each of its attempts: noted once, in one transaction.

Nothing is sent here. Whoever lost the claim writes nothing of the message, only what was tried.
"""

from datetime import datetime, timedelta
from typing import assert_never

from vestibule.delivery.provider import (
    Accepted,
    InDoubt,
    NotThisWay,
    Outcome,
    PermanentFailure,
    Receipt,
    TemporaryFailure,
    Throttled,
)
from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Fault
from vestibule.domain.routing import LONGEST_THROTTLE, Figures, Route
from vestibule.flows.blocked import blocked_by
from vestibule.flows.copies import most_copies
from vestibule.flows.delivering import Delivering, Tried, Walk
from vestibule.flows.opt_outs import refused_as_opted_out
from vestibule.flows.receipts import settle_early
from vestibule.flows.spending import record_spend
from vestibule.flows.tolls import hang_up
from vestibule.observability.logging import log_fact
from vestibule.storage import outbox
from vestibule.storage import routes as measured
from vestibule.storage.database import Transaction
from vestibule.storage.outbox import Waiting
from vestibule.storage.routes import Attempt, AttemptOutcome

_LONGEST_REASON = 200
_CODE_DOUBT = timedelta(seconds=10)
_NOTICE_DOUBT = timedelta(minutes=30)


async def record(delivering: Delivering, waiting: Waiting, walk: Walk) -> None:
    """What became of the message, each attempt, its route's hour and breaker: one transaction.

    The attempts stay even where the claim was lost: they happened.
    """
    tried = walk.tried

    async def unit(tx: Transaction) -> tuple[bool, Receipt | None]:
        now, early = delivering.means.clock(), None
        if walk.doubts:
            await outbox.add_doubts(tx, waiting.id, walk.doubts)
        is_ours = await _settle(delivering, tx, waiting, walk)
        for one in tried:
            await measured.add_attempt(tx, _attempt(delivering.means.entropy.id(), waiting, one))
        # In the order of their names: two processes never wait for each other in a circle.
        for one in sorted(tried, key=lambda one: one.route.provider):
            await measured.count(tx, one.route, _figures(waiting, one, now), now)
        for one in sorted(tried, key=lambda one: one.route.provider):
            await _note_breaker(tx, one, now)
        for one in tried:
            # What may have been taken may be billed.
            if isinstance(one.outcome, Accepted | InDoubt):
                await record_spend(tx, delivering.means, one.route, segments=one.segments, now=now)
            if isinstance(one.outcome, Accepted):
                early = await settle_early(tx, delivering.means, waiting.id) if is_ours else None
        return is_ours, early

    is_ours, early = await delivering.means.database.transact(unit)
    if early is not None and early.reason is Fault.OPTED_OUT:
        await refused_as_opted_out(delivering.means, waiting.id)
    for one in tried:
        if isinstance(one.outcome, PermanentFailure) and one.outcome.fault is Fault.BLOCKED:
            await blocked_by(delivering.means, one.route.provider)
    if not is_ours:
        log_fact("delivery_claim_lost", message_id=waiting.id, attempts=len(tried))
    if is_ours and tried and isinstance(tried[-1].outcome, Accepted):
        took = delivering.means.clock() - waiting.written_at
        delivering.on_hand_over(waiting.channel.value, took)


async def _settle(delivering: Delivering, tx: Transaction, waiting: Waiting, walk: Walk) -> bool:
    """The message itself; False where the claim is no longer ours."""
    now, last = delivering.means.clock(), walk.tried[-1] if walk.tried else None
    match last:
        case Tried(route=route, outcome=Accepted() as accepted):
            if accepted.receipt is not None:
                await hang_up(tx, delivering.means, waiting.id)
            return await _hand_over(tx, waiting, route, accepted, now)
        case Tried(route=route, outcome=PermanentFailure(fault=fault)):
            await hang_up(tx, delivering.means, waiting.id)
            return await outbox.refuse(tx, waiting, provider=route.provider, reason=fault, now=now)
    doubts = waiting.doubts + walk.doubts
    if doubts:
        due_at = now + _doubt_lasts(waiting, doubts)
        is_over = walk.is_out_of_copies or doubts > most_copies(waiting)
        if is_over or (waiting.challenge_id is not None and due_at >= waiting.expires_at):
            return await outbox.leave_in_doubt(tx, waiting, now=now)
        return await outbox.retry_at(tx, waiting, due_at)
    return await _settle_untaken(delivering, tx, waiting, walk)


async def _settle_untaken(
    delivering: Delivering, tx: Transaction, waiting: Waiting, walk: Walk
) -> bool:
    """Certainly nobody has it: again later, unless nobody would wait for it or could carry it."""
    now, last = delivering.means.clock(), walk.tried[-1] if walk.tried else None
    provider, reason = last.route.provider if last else "none", Fault.NO_ROUTE
    match last:
        case Tried(outcome=NotThisWay(fault=fault)):
            reason = fault
    due_at = now + _back_off(waiting)
    if waiting.challenge_id is not None and (
        due_at >= waiting.expires_at or _is_hopeless(waiting, walk)
    ):
        await hang_up(tx, delivering.means, waiting.id)
        return await outbox.refuse(tx, waiting, provider=provider, reason=reason, now=now)
    return await outbox.retry_at(tx, waiting, due_at)


def _is_hopeless(waiting: Waiting, walk: Walk) -> bool:
    """No route reaches this number; a mailbox that takes nothing now may do so in a while."""
    is_phone = waiting.channel is not Channel.EMAIL
    reached_nobody = any(isinstance(one.outcome, NotThisWay) for one in walk.tried)
    return is_phone and reached_nobody and not walk.may_come_right


async def _hand_over(
    tx: Transaction, waiting: Waiting, route: Route, accepted: Accepted, now: datetime
) -> bool:
    is_ours = await outbox.hand_over(
        tx, waiting, provider=route.provider, reference=accepted.reference, now=now
    )
    match accepted.receipt:
        case Receipt(status="delivered") if is_ours:
            await outbox.deliver(tx, waiting.id, now)
        case Receipt(status="undelivered", reason=reason) if is_ours:
            await outbox.undeliver(tx, waiting.id, reason=reason or Fault.UNREACHABLE, now=now)
    return is_ours


def _back_off(waiting: Waiting) -> timedelta:
    """Doubling from two seconds: to a minute for a code, to an hour for a notice."""
    most = 3600 if waiting.challenge_id is None else 60
    return timedelta(seconds=min(2 ** min(waiting.attempts, 12), most))


def _doubt_lasts(waiting: Waiting, doubts: int) -> timedelta:
    """How long a carrier that has the message may take to say so, before a copy leaves.

    A notice has time: its copies outlast an outage of some hours.
    """
    if waiting.challenge_id is None:
        return _NOTICE_DOUBT * (1 << 2 * (doubts - 1))
    return _CODE_DOUBT


def _attempt(attempt_id: str, waiting: Waiting, one: Tried) -> Attempt:
    outcome, reason, reference = _named(one.outcome)
    return Attempt(
        id=attempt_id,
        message_id=waiting.id,
        route=one.route,
        outcome=outcome,
        reason=reason[:_LONGEST_REASON] if reason else None,
        reference=reference,
        started_at=one.started_at,
        milliseconds=one.took // timedelta(milliseconds=1),
    )


def _named(outcome: Outcome) -> tuple[AttemptOutcome, str | None, str | None]:
    """An outcome as it is kept: its name, the operator's reason, the provider's reference."""
    match outcome:
        case Accepted(reference=reference):
            return "accepted", None, reference
        case TemporaryFailure(reason=reason):
            return "temporary", reason, None
        case InDoubt(reason=reason):
            return "in_doubt", reason, None
        case NotThisWay(reason=reason):
            return "not_this_way", reason, None
        case Throttled(retry_after_seconds=seconds):
            return "throttled", f"wait {seconds} s", None
        case PermanentFailure(fault=fault, reason=reason):
            return "permanent", f"{fault.value} {reason}".strip(), None
        case other:
            assert_never(other)


def _figures(waiting: Waiting, one: Tried, now: datetime) -> Figures:
    took = one.took // timedelta(milliseconds=1)
    match one.outcome:
        case Accepted(receipt=receipt):
            since = max(now - waiting.written_at, timedelta())
            return Figures(
                accepted=1,
                codes=int(waiting.challenge_id is not None),
                delivered=int(receipt is not None and receipt.status == "delivered"),
                undelivered=int(receipt is not None and receipt.status == "undelivered"),
                milliseconds=took,
                handover_milliseconds=since // timedelta(milliseconds=1),
            )
        case TemporaryFailure() | InDoubt() | Throttled():
            return Figures(failed=1, milliseconds=took)
        case PermanentFailure() | NotThisWay():
            return Figures(refused=1, milliseconds=took)
        case other:
            assert_never(other)


async def _note_breaker(tx: Transaction, one: Tried, now: datetime) -> None:
    match one.outcome:
        case Accepted() | PermanentFailure():
            await measured.close_breaker(tx, one.route)
        case NotThisWay():
            # The route is well: it told something about one number.
            return
        case TemporaryFailure() | InDoubt():
            await measured.count_failure(tx, one.route, now)
        case Throttled(retry_after_seconds=seconds):
            wait = min(timedelta(seconds=max(seconds, 1)), LONGEST_THROTTLE)
            await measured.let_rest(tx, one.route, now=now, until=now + wait)
        case other:
            assert_never(other)
