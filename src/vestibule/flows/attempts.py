"""One claimed message on its way: provider after provider, then what became of it, in one write.

The same code goes by the next provider at once; what the destination is at fault for stops.
The network is called between transactions, never inside one. Whoever lost the claim meanwhile
writes nothing of the message (its lease is fenced by the number of the claim).
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from gettext import NullTranslations
from typing import Literal, assert_never

from vestibule.delivery.number_signal import NumberSignal
from vestibule.delivery.provider import (
    Accepted,
    Message,
    Outcome,
    PermanentFailure,
    Receipt,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.rendering import House
from vestibule.delivery.routing import Routes, attempt
from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Fault
from vestibule.domain.routing import (
    BREAKS_AFTER,
    LONGEST_THROTTLE,
    Breaker,
    Figures,
    Ranked,
    Route,
    Score,
    Standing,
    order,
)
from vestibule.domain.tolls import segments
from vestibule.flows.opt_outs import opted_out, refused_as_opted_out
from vestibule.flows.receipts import settle_early
from vestibule.flows.spending import record_spend
from vestibule.flows.tolls import hang_up
from vestibule.flows.work import Means
from vestibule.observability.logging import log_fact, log_failure
from vestibule.storage import challenges, outbox
from vestibule.storage import routes as measured
from vestibule.storage.database import Transaction
from vestibule.storage.outbox import Waiting
from vestibule.storage.routes import Attempt, AttemptOutcome

SCORES_LAST = timedelta(seconds=10)
_SHORTEST = 0.5
"""Seconds below which an attempt is not worth beginning."""
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take. All attempts of one claim end well before its lease does."""

    lease: timedelta = timedelta(seconds=30)
    claim_for: timedelta = timedelta(seconds=22)
    attempt_for: timedelta = timedelta(seconds=8)
    mail_for: timedelta = timedelta(seconds=16)
    at_once: int = 8
    """Messages under way at the same time in each lane."""

    def limit(self, channel: Channel) -> float:
        """Seconds for one attempt; submitting a mail takes longer."""
        wanted = self.mail_for if channel is Channel.EMAIL else self.attempt_for
        return wanted.total_seconds()


class ScoreMemory:
    """The scores of each channel and country for some seconds: reading them costs a scan."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[datetime, Mapping[str, Score]]] = {}

    def fresh(self, channel: str, country: str, now: datetime) -> Mapping[str, Score] | None:
        read_at, scores = self._kept.get((channel, country), (None, {}))
        is_fresh = read_at is not None and timedelta() <= now - read_at < SCORES_LAST
        return scores if is_fresh else None

    def keep(
        self, channel: str, country: str, scores: Mapping[str, Score], *, now: datetime
    ) -> None:
        self._kept[channel, country] = (now, scores)


@dataclass(frozen=True, slots=True)
class Delivering:
    """What delivery works with besides the means of every flow."""

    means: Means
    routes: Routes
    house: House
    words: Callable[[str], NullTranslations]
    pace: Pace = Pace()
    scores: ScoreMemory = field(default_factory=ScoreMemory)
    on_hand_over: Callable[[str, timedelta], None] = lambda _channel, _took: None
    """Told the channel and the time from commit to hand-over of each accepted message."""
    signal: NumberSignal | None = None
    """Knows which numbers changed hands lately; None where the operator has nobody to ask."""


Addressed = tuple[Message, str]
"""What is said, and to which number or address."""

Leave = Literal["go", "not now", "over"]


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt and its answer."""

    route: Route
    outcome: Outcome
    started_at: datetime
    took: timedelta
    segments: int = 1
    """How many texts the carrier bills for it."""


async def ranking(delivering: Delivering, channel: str, country: str) -> list[Ranked]:
    """The providers of a channel and country in their present order, and why."""
    names = delivering.routes.configured(channel, country)
    now = delivering.means.clock()
    # One alone is first whatever it is worth.
    known = delivering.scores.fresh(channel, country, now) if len(names) > 1 else {}

    async def unit(tx: Transaction) -> tuple[Mapping[str, Score], Mapping[str, Breaker]]:
        breakers = await measured.breakers(tx, channel=channel, country=country)
        if known is not None:
            return known, breakers
        return await measured.scores(tx, channel=channel, country=country, now=now), breakers

    scores, breakers = await delivering.means.database.read(unit)
    if known is None:
        delivering.scores.keep(channel, country, scores, now=now)
    standings = {
        name: Standing(scores.get(name, Score()), breakers.get(name, Breaker())) for name in names
    }
    return order(names, standings, now)


async def send(
    delivering: Delivering, waiting: Waiting, ranked: Sequence[Ranked], addressed: Addressed
) -> None:
    """Send a message that was read a moment ago by the first provider that takes it."""
    tried: list[Tried] = []
    until = _monotonic() + delivering.pace.claim_for.total_seconds()
    for place in _in_turn(ranked, tried, delivering.means.clock()):
        route = Route(place.provider, waiting.channel.value, waiting.country or "")
        wants_trial = place.breaker.wants_trial(delivering.means.clock())
        if tried or wants_trial:
            leave = await _leave(delivering, waiting, route, wants_trial=wants_trial)
            if leave == "over":
                break
            if leave == "not now":
                continue
        left = min(until - _monotonic(), delivering.pace.limit(waiting.channel))
        if left < _SHORTEST:
            break
        tried.append(await _try(delivering, route, addressed, left))
        if isinstance(tried[-1].outcome, Accepted | PermanentFailure):
            break
    await _record(delivering, waiting, tried)
    match tried[-1].outcome if tried else None:
        case PermanentFailure(fault=Fault.OPTED_OUT) if waiting.channel is Channel.SMS:
            await opted_out(delivering.means, addressed[1], "carrier")


async def give_up(delivering: Delivering, waiting: Waiting) -> None:
    """Its code ended before it was sent, and is never sent late."""

    async def unit(tx: Transaction) -> None:
        now, fault = delivering.means.clock(), Fault.NO_LONGER_NEEDED
        await outbox.refuse(tx, waiting, provider="none", reason=fault, now=now)

    await delivering.means.database.transact(unit, single_statement=True)


async def put_back(delivering: Delivering, waiting: Waiting) -> None:
    """Nobody could be asked, for a fault of ours: later again."""
    await _record(delivering, waiting, [])


# --- trying ----------------------------------------------------------------------------------


def _in_turn(ranked: Sequence[Ranked], tried: list[Tried], now: datetime) -> Iterator[Ranked]:
    """Whoever does not rest; those who rest after failures only where nobody else was there.

    Who asked to be left alone is left alone.
    """
    yield from (one for one in ranked if not one.breaker.is_resting(now))
    if not tried:
        yield from (
            one
            for one in ranked
            if one.breaker.is_resting(now) and one.breaker.failures >= BREAKS_AFTER
        )


async def _leave(
    delivering: Delivering, waiting: Waiting, route: Route, *, wants_trial: bool
) -> Leave:
    """Whether to ask a provider now: the claim and the code may have ended meanwhile."""

    async def unit(tx: Transaction) -> Leave:
        now = delivering.means.clock()
        if not await outbox.is_still_ours(tx, waiting, now):
            return "over"
        if waiting.challenge_id is not None:
            challenge = await challenges.get(tx, waiting.challenge_id)
            if challenge is None or challenge.code_sealed is None or challenge.is_expired(now):
                return "over"
        if not wants_trial:
            return "go"
        until = now + delivering.pace.lease
        is_ours = await measured.take_trial(tx, route, now=now, until=until)
        return "go" if is_ours else "not now"

    return await delivering.means.database.transact(unit)


async def _try(
    delivering: Delivering, route: Route, addressed: Addressed, limit_seconds: float
) -> Tried:
    started_at, began = delivering.means.clock(), _monotonic()
    message, to = addressed
    provider = delivering.routes.providers[route.provider]
    outcome = await attempt(provider, message, to, limit=timedelta(seconds=limit_seconds))
    if isinstance(outcome, Exception):
        log_failure("provider_failed", outcome, message_id=message.id, provider=route.provider)
        outcome = TemporaryFailure(type(outcome).__name__)
    took = timedelta(seconds=_monotonic() - began)
    return Tried(route, outcome, started_at, took, segments(message.text))


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


# --- noting ----------------------------------------------------------------------------------


async def _record(delivering: Delivering, waiting: Waiting, tried: Sequence[Tried]) -> None:
    """What became of the message, each attempt, its route's hour and breaker: one transaction.

    The attempts stay even where the claim was lost: they happened.
    """

    async def unit(tx: Transaction) -> tuple[bool, Receipt | None]:
        now, early = delivering.means.clock(), None
        is_ours = await _settle(delivering, tx, waiting, tried)
        for one in tried:
            await measured.add_attempt(tx, _attempt(delivering.means.entropy.id(), waiting, one))
        # In the order of their names: two processes never wait for each other in a circle.
        for one in sorted(tried, key=lambda one: one.route.provider):
            await measured.count(tx, one.route, _figures(waiting, one, now), now)
        for one in sorted(tried, key=lambda one: one.route.provider):
            await _note_breaker(tx, one, now)
        for one in tried:
            if isinstance(one.outcome, Accepted):
                await record_spend(tx, delivering.means, one.route, segments=one.segments, now=now)
                early = await settle_early(tx, delivering.means, waiting.id) if is_ours else None
        return is_ours, early

    is_ours, early = await delivering.means.database.transact(unit)
    if early is not None and early.reason is Fault.OPTED_OUT:
        await refused_as_opted_out(delivering.means, waiting.id)
    if not is_ours:
        log_fact("delivery_claim_lost", message_id=waiting.id, attempts=len(tried))
    if is_ours and tried and isinstance(tried[-1].outcome, Accepted):
        took = delivering.means.clock() - waiting.written_at
        delivering.on_hand_over(waiting.channel.value, took)


async def _settle(
    delivering: Delivering, tx: Transaction, waiting: Waiting, tried: Sequence[Tried]
) -> bool:
    """The message itself; False where the claim is no longer ours."""
    now, last = delivering.means.clock(), tried[-1] if tried else None
    match last:
        case Tried(route=route, outcome=Accepted() as accepted):
            if accepted.receipt is not None:
                await hang_up(tx, delivering.means, waiting.id)
            return await _hand_over(tx, waiting, route, accepted, now)
        case Tried(route=route, outcome=PermanentFailure(fault=fault)):
            await hang_up(tx, delivering.means, waiting.id)
            return await outbox.refuse(tx, waiting, provider=route.provider, reason=fault, now=now)
    due_at = now + _back_off(waiting)
    if waiting.challenge_id is not None and due_at >= waiting.expires_at:
        provider = last.route.provider if last else "none"
        return await outbox.refuse(tx, waiting, provider=provider, reason=Fault.NO_ROUTE, now=now)
    return await outbox.retry_at(tx, waiting, due_at)


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
        case TemporaryFailure() | Throttled():
            return Figures(failed=1, milliseconds=took)
        case PermanentFailure():
            return Figures(refused=1, milliseconds=took)
        case other:
            assert_never(other)


async def _note_breaker(tx: Transaction, one: Tried, now: datetime) -> None:
    match one.outcome:
        case Accepted() | PermanentFailure():
            await measured.close_breaker(tx, one.route)
        case TemporaryFailure():
            await measured.count_failure(tx, one.route, now)
        case Throttled(retry_after_seconds=seconds):
            wait = min(timedelta(seconds=max(seconds, 1)), LONGEST_THROTTLE)
            await measured.let_rest(tx, one.route, now=now, until=now + wait)
        case other:
            assert_never(other)
