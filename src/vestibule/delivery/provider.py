"""What a provider is asked to send, and the four answers it may give.

No provider is chosen here (that is routing) and nothing is worded here (that is rendering).
"""

from dataclasses import dataclass
from typing import Literal, Protocol

Channel = Literal["sms", "voice", "email"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message, already in the person's language; `code` is the code it carries, if any."""

    id: str
    channel: Channel
    account_label: str
    purpose: str
    subject: str | None
    text: str
    html: str | None
    spoken: tuple[str, ...]
    """What a call says, in order: a sentence or a single digit each."""
    code: str | None
    locale: str


@dataclass(frozen=True)
class Receipt:
    """What became of an accepted message, once its provider knows."""

    status: Literal["delivered", "undelivered"]
    reason: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The provider took the message; without a receipt one may still follow by its callback."""

    reference: str
    receipt: Receipt | None = None


@dataclass(frozen=True)
class TemporaryFailure:
    """Not taken now; the next provider may be tried with the same code."""

    reason: str


@dataclass(frozen=True)
class Throttled:
    """Not taken now; this provider wants to be left alone for a while."""

    retry_after_seconds: int


@dataclass(frozen=True)
class PermanentFailure:
    """Never taken: the destination is at fault, and no other provider would do better."""

    reason: str


Outcome = Accepted | TemporaryFailure | Throttled | PermanentFailure


class Provider(Protocol):
    """A way out for messages of one or more channels."""

    @property
    def name(self) -> str: ...

    async def send(self, message: Message, to: str) -> Outcome:
        """Hand one message over. Expected failures are values; only bugs raise."""
        ...

    async def close(self) -> None:
        """Let go of connections; nothing is sent afterwards."""
        ...
