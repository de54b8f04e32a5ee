"""The present order of the routes, and why: what an operator asks when codes do not arrive."""

import asyncio
from collections.abc import Iterator

from vestibule.bootstrap import build_house
from vestibule.domain.routing import Figures
from vestibule.flows.metrics import Way, present_ways
from vestibule.settings import Settings

NO_TRAFFIC = "Nothing was sent in the last 24 hours; the order is that of the settings."


def show(settings: Settings) -> str:
    """A few lines for each channel and country with traffic in the last day."""
    return "\n".join(lines(asyncio.run(_ways(settings)))) or NO_TRAFFIC


async def _ways(settings: Settings) -> list[Way]:
    built = build_house(settings)
    try:
        return await present_ways(built.worker.delivering)
    finally:
        await built.close()


def lines(ways: list[Way]) -> Iterator[str]:
    for way in ways:
        yield f"{way.channel} {way.country}".rstrip()
        for place, one in enumerate(way.ranked, 1):
            figures = way.figures.get(one.provider, Figures())
            yield f"  {place}. {one.provider:<10} {_told(figures)}"
            yield f"     {one.reason}"
        if not way.ranked:
            yield "  closed by settings"


def _told(one: Figures) -> str:
    """What happened, in counts: the operator divides."""
    taken = f"{one.accepted} accepted, {one.failed} failed, {one.refused} refused"
    became = f"{one.delivered} delivered, {one.undelivered} undelivered"
    attempts = one.accepted + one.failed + one.refused
    mean = f"{round(one.milliseconds / attempts)} ms" if attempts else "not tried"
    return f"{taken}; {became}; {one.converted} of {one.codes} codes entered; {mean}"
