"""One claimed message on its way: provider after provider, until one takes it.

The same code goes by the next provider at once; what the destination is at fault for stops. What
may have arrived already goes again only a few times, each copy paid for before it leaves.
The network is called between transactions, never inside one. Whoever lost the claim meanwhile
writes nothing of the message (its lease is fenced by the number of the claim).
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from vestibule.delivery.provider import Accepted, InDoubt, PermanentFailure
from vestibule.delivery.routing import Turn, attempt, turn
from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Fault
from vestibule.domain.routing import (
    BREAKS_AFTER,
    Breaker,
    Ranked,
    Route,
    Score,
    Standing,
    order,
)
from vestibule.domain.tolls import segments
from vestibule.flows.attempt_records import record
from vestibule.flows.copies import take_copy
from vestibule.flows.delivering import Addressed, Delivering, Tried, Walk
from vestibule.flows.opt_outs import opted_out
from vestibule.observability.logging import log_failure
from vestibule.storage import challenges, outbox
from vestibule.storage import routes as measured
from vestibule.storage.database import Transaction
from vestibule.storage.outbox import Waiting

_SHORTEST = 0.5
"""Seconds below which an attempt is not worth beginning."""

Leave = Literal["go", "not now", "over"]


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
    walk = Walk(_monotonic() + delivering.pace.claim_for.total_seconds())
    for place in _in_turn(ranked, walk.tried, delivering.means.clock()):
        if not await _ask(delivering, waiting, place, addressed, walk):
            break
    await record(delivering, waiting, walk)
    match walk.tried[-1].outcome if walk.tried else None:
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
    await record(delivering, waiting, Walk(0.0))


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


async def _ask(
    delivering: Delivering, waiting: Waiting, place: Ranked, addressed: Addressed, walk: Walk
) -> bool:
    """Try one provider; False where no further one is asked after it."""
    message, to = addressed
    provider = delivering.routes.providers[place.provider]
    patience = min(delivering.pace.turn_for.total_seconds(), max(walk.until - _monotonic(), 0))
    async with turn(provider, message, within=timedelta(seconds=patience)) as turned:
        if turned is None:
            # It is busy with others: no failure of its own.
            return True
        leave = await _may_leave(delivering, waiting, place, turned, walk)
        if leave != "go":
            return leave == "not now"
        is_in_doubt = waiting.doubts + walk.doubts > 0
        if is_in_doubt and not await take_copy(delivering.means, waiting, to, doubts=walk.doubts):
            walk.is_out_of_copies = True
            return False
        left = min(walk.until - _monotonic(), delivering.pace.limit(waiting.channel))
        if left < _SHORTEST:
            return False
        route = Route(place.provider, waiting.channel.value, waiting.country or "")
        walk.tried.append(await _try(delivering, route, turned, addressed, left))
    return not isinstance(walk.tried[-1].outcome, Accepted | PermanentFailure)


async def _may_leave(
    delivering: Delivering, waiting: Waiting, place: Ranked, turned: Turn, walk: Walk
) -> Leave:
    """Whether to ask a provider now: the claim and the code may have ended meanwhile.

    The time that it waited for its turn is given back to the claim.
    """
    wants_trial = place.breaker.wants_trial(delivering.means.clock())
    if not (walk.tried or wants_trial or turned.has_waited):
        return "go"
    route = Route(place.provider, waiting.channel.value, waiting.country or "")

    async def unit(tx: Transaction) -> Leave:
        now = delivering.means.clock()
        until = now + delivering.pace.lease
        if not await outbox.is_still_ours(tx, waiting, now):
            return "over"
        if waiting.challenge_id is not None:
            challenge = await challenges.get(tx, waiting.challenge_id)
            if challenge is None or challenge.code_sealed is None or challenge.is_expired(now):
                return "over"
        if turned.has_waited and not await outbox.retry_at(tx, waiting, until):
            return "over"
        if not wants_trial:
            return "go"
        is_ours = await measured.take_trial(tx, route, now=now, until=until)
        return "go" if is_ours else "not now"

    leave = await delivering.means.database.transact(unit)
    if leave == "go" and turned.has_waited:
        walk.until = _monotonic() + delivering.pace.claim_for.total_seconds()
    return leave


async def _try(
    delivering: Delivering,
    route: Route,
    turned: Turn,
    addressed: Addressed,
    limit_seconds: float,
) -> Tried:
    started_at, began = delivering.means.clock(), _monotonic()
    message, to = addressed
    outcome = await attempt(turned.sender, message, to, limit=timedelta(seconds=limit_seconds))
    if isinstance(outcome, Exception):
        log_failure("provider_failed", outcome, message_id=message.id, provider=route.provider)
        # Nobody knows whether it came before or after the message had left.
        outcome = InDoubt(type(outcome).__name__)
    took = timedelta(seconds=_monotonic() - began)
    return Tried(route, outcome, started_at, took, segments(message.text))


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
