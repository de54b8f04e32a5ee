"""The ledger: what each provider took for texts and calls, and what a sign-in by code costs.

Written at hand-over, when it is known who took the message; notices by text stand in it too. What
may be spent is decided before, in `money`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.domain.challenge import Channel
from vestibule.domain.routing import Figures, Route
from vestibule.domain.tolls import hour_of
from vestibule.flows.work import Means
from vestibule.storage import routes, tolls
from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Line:
    """One route's messages, their cost in millionths, and the codes that came back."""

    route: Route
    messages: int
    amount: int
    converted: int


async def record_spend(
    tx: Transaction, means: Means, route: Route, *, segments: int, now: datetime
) -> None:
    """A provider took a message; mails are not in the ledger."""
    if route.channel == Channel.EMAIL.value:
        return
    price = means.policy.tolls.table.rule(route.country).price(Channel(route.channel))
    billed = segments if route.channel == Channel.SMS.value else 1
    await tolls.record(tx, hour_of(now), route, messages=billed, amount=price * billed)


async def spent(means: Means, *, days: int) -> list[Line]:
    """The ledger of the last so many days by route, the dearest first."""

    async def unit(tx: Transaction) -> list[Line]:
        since = hour_of(means.clock()) - timedelta(days=days)
        figures = await routes.figures_since(tx, since)
        found = await routes.spent_since(tx, since)
        return [
            Line(route, messages, amount, figures.get(route, Figures()).converted)
            for route, (messages, amount) in found.items()
        ]

    lines = await means.database.read(unit)
    return sorted(lines, key=lambda line: (-line.amount, -line.messages, str(line.route)))
