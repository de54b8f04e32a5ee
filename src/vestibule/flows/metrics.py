"""What an operator measures: each route's figures and state, what waits, what was spent.

Read from the roll-ups of the database, so that every process tells the same. Knows no account,
number or address.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vestibule.domain.routing import MEASURED_FOR, Figures, Ranked, Route, hour_of
from vestibule.flows.attempts import ranking
from vestibule.flows.delivering import Delivering
from vestibule.flows.work import Means
from vestibule.observability.metrics import Measured, Queue, Spent
from vestibule.storage import outbox, routes
from vestibule.storage.database import Transaction


async def gather(means: Means) -> Measured:
    """A snapshot of everything that is told."""

    async def unit(tx: Transaction) -> Measured:
        now = means.clock()
        hour = hour_of(now)
        spent_in_hour = await routes.spent_since(tx, hour)
        spent_in_day = await routes.spent_since(tx, hour.replace(hour=0))
        return Measured(
            at=now,
            ever=await routes.figures_ever(tx),
            lately=await routes.figures_since(tx, now - MEASURED_FOR),
            breakers=await routes.all_breakers(tx),
            queues=[
                Queue(one.kind, one.waiting, one.oldest_at) for one in await outbox.depth(tx, now)
            ],
            spent=[
                *(Spent("hour", route, *one) for route, one in spent_in_hour.items()),
                *(Spent("day", route, *one) for route, one in spent_in_day.items()),
            ],
        )

    return await means.database.read(unit)


@dataclass(frozen=True, slots=True)
class Way:
    """A channel to a country, its routes in their present order, and the last day's figures."""

    channel: str
    country: str
    ranked: tuple[Ranked, ...]
    figures: Mapping[str, Figures]


async def present_ways(delivering: Delivering) -> list[Way]:
    """Each channel and country with traffic in the last day, in the order of their names."""
    now = delivering.means.clock()
    lately = await delivering.means.database.read(
        lambda tx: routes.figures_since(tx, now - MEASURED_FOR)
    )
    return [
        Way(
            channel,
            country,
            tuple(await ranking(delivering, channel, country)),
            _of(lately, channel, country),
        )
        for channel, country in sorted({(route.channel, route.country) for route in lately})
    ]


def _of(lately: Mapping[Route, Figures], channel: str, country: str) -> dict[str, Figures]:
    return {
        route.provider: found
        for route, found in lately.items()
        if (route.channel, route.country) == (channel, country)
    }
