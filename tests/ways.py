"""A house whose texts go by two carriers, first to last: real HTTP servers on this machine."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.attack import rows
from tests.front_door import FrontDoor
from tests.loopback_carrier import Behaviour, Carrier, carrier
from tests.person import Person
from vestibule.delivery.provider import Provider
from vestibule.delivery.routing import Routes
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.identifier import phone_of
from vestibule.flows import codes
from vestibule.flows.deliver import Delivering, drain
from vestibule.flows.delivering import Pace
from vestibule.flows.notices import put_notice
from vestibule.flows.work import Caller, Work, work

GIVES_UP, NEVER = 1.0, 20.0
"""Seconds until a carrier that hangs is given up, and such as never pass on a machine however slow:
whoever answers shall not be taken for one that hangs."""
PACE = Pace(
    claim_for=timedelta(seconds=3 * NEVER),
    attempt_for=timedelta(seconds=NEVER),
    mail_for=timedelta(seconds=NEVER),
)
"""The carriers' own patience ends an attempt, not the worker's."""


@dataclass
class Ways:
    """A house whose texts go by two carriers, first to last; mails stay with the simulator."""

    house: FrontDoor
    first: Carrier
    second: Carrier
    delivering: Delivering

    async def drain(self) -> None:
        await drain(self.delivering)

    async def asked(self) -> Person:
        """A browser that waits for a text; nothing has left yet."""
        person = self.house.browser()
        self.house.clock.advance(seconds=60)
        await self.house.password(person)
        assert person.path == "/sign-in/code", person.text
        return person

    async def attempts(self) -> list[tuple[str, str]]:
        found = await rows(
            self.house,
            """SELECT provider, outcome FROM delivery_attempts WHERE provider <> 'simulator'
            ORDER BY started_at, provider""",
        )
        return [(row["provider"], row["outcome"]) for row in found]

    async def message(self) -> Mapping[str, Any]:
        """The newest text in the outbox."""
        found = await rows(
            self.house,
            "SELECT * FROM outbox WHERE channel = 'sms' ORDER BY written_at DESC, id LIMIT 1",
        )
        return found[0]

    async def breaker(self, provider: str = "first") -> Mapping[str, Any] | None:
        found = await rows(
            self.house,
            "SELECT failures, open_until_at FROM route_breakers WHERE provider = :provider",
            provider=provider,
        )
        return found[0] if found else None


@asynccontextmanager
async def ways(
    house: FrontDoor, first: Behaviour, second: Behaviour, *, gives_up: float = GIVES_UP
) -> AsyncIterator[Ways]:
    """`gives_up` are the seconds for a carrier that begins as one that hangs."""
    await house.member()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(carrier(first))
        two = await stack.enter_async_context(carrier(second))
        providers: dict[str, Provider] = {
            "first": one.provider(house.clock, patience=_patience(first, gives_up)),
            "second": two.provider(house.clock, patience=_patience(second, gives_up)),
        }
        for provider in providers.values():
            stack.push_async_callback(provider.close)
        worker = house.built.worker.delivering
        routes = Routes(
            {**worker.routes.providers, **providers},
            {**worker.routes.everywhere, "sms": ("first", "second")},
        )
        yield Ways(house, one, two, replace(worker, routes=routes, pace=PACE))


def _patience(behaviour: Behaviour, gives_up: float) -> float:
    return gives_up if behaviour == "hangs" else NEVER


async def text_somebody(at: Ways, e164: str = "") -> None:
    """One more text with a code in the outbox, to a number of its own unless one is named."""
    turn = len(await rows(at.house, "SELECT id FROM outbox"))
    # None of those whose last digits mean a fault to the simulator.
    number = phone_of(e164 or f"+447400125{turn:03}")

    async def unit(one: Work) -> None:
        asked = codes.Asked(
            purpose=Purpose.ENROLL, binding_id=f"b{turn}", channel=Channel.SMS, destination=number
        )
        sent = await codes.send(one, asked)
        assert isinstance(sent, codes.Sent), sent

    await work(at.house.built.means, _caller(f"198.51.100.{turn % 250}"), unit)


async def notify(at: Ways, to: str, channel: Channel, *, account_id: str | None = None) -> None:
    """One notice in the outbox."""

    async def unit(one: Work) -> None:
        await put_notice(one, kind="method_added", to=to, account_id=account_id, channel=channel)

    await work(at.house.built.means, _caller("198.51.100.1"), unit)


def _caller(source: str) -> Caller:
    return Caller(source=source, user_agent="test", request_id="request", locale="en")
