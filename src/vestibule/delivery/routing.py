"""Who is configured to carry a message, and one attempt at it that always ends in time.

The order is decided in `domain.routing`; failing over, and what an attempt means, in `flows`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from vestibule.delivery.provider import InDoubt, InTurn, Message, Outcome, Provider

_abandoned: set[asyncio.Task[Outcome]] = set()
"""Attempts that hang beyond their limit and ignore being cancelled; held until they end."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The providers of this process by name, and who carries what, in the operator's order."""

    providers: Mapping[str, Provider]
    everywhere: Mapping[str, Sequence[str]]
    """By channel."""
    to_country: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """By channel and country, instead; an empty one closes the country."""

    def configured(self, channel: str, country: str) -> tuple[str, ...]:
        """Who carries a channel to a country, first to last."""
        own = self.to_country.get((channel, country))
        return tuple(self.everywhere.get(channel, ()) if own is None else own)


class Sender(Protocol):
    """Whatever hands a message over."""

    async def send(self, message: Message, to: str) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Turn:
    """A provider attends to one message now; whether that one waited for it."""

    sender: Sender
    has_waited: bool


@dataclass(frozen=True, slots=True)
class _Held:
    """A provider whose line is held by the caller."""

    provider: InTurn

    async def send(self, message: Message, to: str) -> Outcome:
        return await self.provider.send_in_turn(message, to)


@asynccontextmanager
async def turn(
    provider: Provider, message: Message, *, within: timedelta
) -> AsyncIterator[Turn | None]:
    """The message's turn with a provider, for as long as the block runs; None where it is too long
    in coming. What an attempt may take begins with it.
    """
    if not isinstance(provider, InTurn):
        yield Turn(provider, has_waited=False)
        return
    line = provider.line(message)
    has_waited = line.locked()
    try:
        async with asyncio.timeout(within.total_seconds()):
            await line.acquire()
    except TimeoutError:
        yield None
        return
    try:
        yield Turn(_Held(provider), has_waited)
    finally:
        line.release()


async def attempt(
    provider: Sender, message: Message, to: str, *, limit: timedelta
) -> Outcome | Exception:
    """The provider's answer, or doubt once the limit is over, whatever the provider does.

    A bug in a provider comes back as its exception: the next one may still do.
    """
    task = asyncio.create_task(provider.send(message, to))
    try:
        done, _ = await asyncio.wait({task}, timeout=limit.total_seconds())
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        _abandon(task)
        return InDoubt("timeout")
    error = task.exception() if not task.cancelled() else TimeoutError()
    return error if isinstance(error, Exception) else task.result()


def _abandon(task: asyncio.Task[Outcome]) -> None:
    _abandoned.add(task)
    task.add_done_callback(_forget)
    task.cancel()


def _forget(task: asyncio.Task[Outcome]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        # Read, so that nobody is told of an exception that nobody waits for.
        task.exception()
