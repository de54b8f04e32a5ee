"""One attack of the harness on a house without a socket; waiting moves the house's clock."""

import httpx

from tests.front_door import FrontDoor
from vestibule.attack import run
from vestibule.attack.ground import Member
from vestibule.attack.outcome import Outcome
from vestibule.attack.run import Row
from vestibule.attack.table import ATTACKS
from vestibule.attack.target import target
from vestibule.entropy import SeededEntropy

ORIGIN = "http://localhost"


class _Ticking(httpx.ASGITransport):
    """Time goes on with each request: at one and the same moment nothing is older than the rest."""

    def __init__(self, house: FrontDoor, source: str) -> None:
        super().__init__(house.built.app, client=(source, 40000))
        self._clock = house.clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.advance(seconds=0.001)
        return await super().handle_async_request(request)


def door(house: FrontDoor, *, source: str = "127.0.0.1") -> httpx.AsyncBaseTransport:
    """The way into the house from an address."""
    return _Ticking(house, source)


async def attacked(
    house: FrontDoor,
    *slugs: str,
    through: httpx.AsyncBaseTransport | None = None,
    origin: str = ORIGIN,
    own: Member | None = None,
) -> list[Row]:
    """The rows of these attacks, or of all."""

    async def pause(seconds: float) -> None:
        await house.let_time_pass(seconds=seconds)
        await house.deliver()

    means = run.Means(house.clock, SeededEntropy("attack"), pause, through or door(house))
    chosen = [one for one in ATTACKS if one.slug in slugs or not slugs]
    aim = target([origin], owned_host=httpx.URL(origin).host)
    async with run.ground_of(aim, means, own) as ground:
        return [row async for row in run.run(chosen, ground)]


async def outcome(
    house: FrontDoor, slug: str, through: httpx.AsyncBaseTransport | None = None
) -> Outcome:
    """What one attack came to."""
    (row,) = await attacked(house, slug, through=through)
    return row.outcome
