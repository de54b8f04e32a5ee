"""Who is configured to carry a message, and one attempt at it that always ends in time.

The order is decided in `domain.routing`; failing over, and what an attempt means, in `flows`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from vestibule.delivery.provider import Message, Outcome, Provider, TemporaryFailure

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


async def attempt(
    provider: Provider, message: Message, to: str, *, limit: timedelta
) -> Outcome | Exception:
    """The provider's answer, or a timeout once the limit is over, whatever the provider does.

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
        return TemporaryFailure("timeout")
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
