"""What a provider is asked to send, and the six ways in which that may end.

No provider is chosen here (that is routing) and nothing is worded here (that is rendering).
"""

import asyncio
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from vestibule.domain.call import most_seconds
from vestibule.domain.delivery import Fault

Channel = Literal["sms", "voice", "email"]


@dataclass(frozen=True, kw_only=True)
class CallScript:
    """What a call says, stage by stage; the code is heard only after a key was pressed."""

    greeting: str
    offer: str
    """Which key brings the code, and which says "I did not ask for this"."""
    code: tuple[str, ...]
    """A sentence or a single digit each: the code digit by digit, three times."""
    menu: str
    """Said after the code: how to hear it again, and the key for "I did not ask for this"."""
    last_menu: str
    """Said after the code's last round, when 9 is the only key left."""
    no_key: str
    denied: str
    goodbye: str

    @property
    def spoken(self) -> tuple[str, ...]:
        """All of it, as somebody hears it who presses one key and listens to the end."""
        return (self.greeting, self.offer, *self.code, self.menu, self.goodbye)

    @property
    def seconds_at_most(self) -> int:
        """How long the call may last when its code is heard as often as it can be."""
        return most_seconds(
            before=(self.greeting, self.offer),
            each_round=(*self.code, self.menu),
            after=(self.goodbye,),
        )


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
    code: str | None
    locale: str
    script: CallScript | None = None
    """Of a call: for the providers that play it themselves."""
    call_reference: str | None = None
    """Of a call: what a carrier fetches the script with, from us, once; no code is in it."""
    valid_for_seconds: int = 600
    """After that many seconds nobody can use it: a carrier should not deliver it any more."""


@dataclass(frozen=True)
class Receipt:
    """What became of an accepted message, once its provider knows."""

    status: Literal["taken", "delivered", "undelivered", "ended"]
    """Taken: the carrier has it, which its own answer may never have told. A call that ended was
    answered: whether its code was heard is known to whoever said it."""
    reason: Fault | None = None
    reference: str = ""
    """The provider's own id of the message, as `Accepted` named it; "" where it does not say."""


@dataclass(frozen=True)
class Accepted:
    """The provider took the message; without a receipt one may still follow by its callback."""

    reference: str
    receipt: Receipt | None = None


@dataclass(frozen=True)
class TemporaryFailure:
    """Not taken, as far as anybody can know; the next provider may be tried with the same code."""

    reason: str
    """For the operator: short, without the number, address or code."""


@dataclass(frozen=True)
class InDoubt:
    """The request left, and no answer came: whoever sends it again may send it twice."""

    reason: str


@dataclass(frozen=True)
class NotThisWay:
    """Not taken: this provider does not reach this recipient. It is well, and another one may."""

    reason: str
    fault: Fault = Fault.NO_ROUTE
    """What the person is told when nobody else reaches him."""


@dataclass(frozen=True)
class Throttled:
    """Not taken now; this provider wants to be left alone for a while."""

    retry_after_seconds: int


@dataclass(frozen=True)
class PermanentFailure:
    """Never taken: the destination is at fault, and no other provider would do better."""

    fault: Fault
    reason: str = ""
    """For the operator: the provider's own code, say `twilio 21211`."""


Outcome = Accepted | TemporaryFailure | InDoubt | NotThisWay | Throttled | PermanentFailure


@dataclass(frozen=True)
class Probe:
    """What `doctor` learned of a provider without sending: is it there, are we let in."""

    is_fine: bool
    text: str


class Provider(Protocol):
    """A way out for messages of one or more channels."""

    @property
    def name(self) -> str: ...

    async def send(self, message: Message, to: str) -> Outcome:
        """Hand one message over. Expected failures are values; only bugs raise."""
        ...

    async def probe(self) -> Probe:
        """Reach the provider and show the credentials, sending nothing."""
        ...

    async def close(self) -> None:
        """Let go of connections; nothing is sent afterwards."""
        ...


@runtime_checkable
class InTurn(Protocol):
    """A provider that attends to one message after the other: its attempts begin at their turn."""

    def line(self, message: Message) -> asyncio.Lock:
        """Where the message waits; who holds the lock has its turn."""
        ...

    async def send_in_turn(self, message: Message, to: str) -> Outcome:
        """Hand it over; the caller holds its line."""
        ...
