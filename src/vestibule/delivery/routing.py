"""Which provider carries a message: the ordered list of its channel, failing over in order."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from vestibule.delivery.provider import (
    Accepted,
    Message,
    Outcome,
    PermanentFailure,
    Provider,
    TemporaryFailure,
    Throttled,
)

Routes = Mapping[str, Sequence[Provider]]


async def route(routes: Routes, message: Message, to: str) -> tuple[str, Outcome]:
    """The provider that answered last, and its answer.

    Stops at Accepted and PermanentFailure; the same message goes by the next provider on the
    others. No provider at all is a temporary failure, so that an operator may still add one.
    """
    tried: tuple[str, Outcome] = ("none", TemporaryFailure("no provider for this channel"))
    for provider in routes.get(message.channel, ()):
        outcome = await provider.send(message, to)
        tried = (provider.name, outcome)
        match outcome:
            case Accepted() | PermanentFailure():
                return tried
            case TemporaryFailure() | Throttled():
                continue
            case other:
                assert_never(other)
    return tried
