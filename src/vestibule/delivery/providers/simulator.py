"""A provider whose every phone and mailbox is a page on this machine.

It keeps the newest messages in memory, and knows the numbers that fail on purpose. Of a call it
keeps no code and no words: like a carrier elsewhere it gets a reference, which somebody fetches
once the call was answered. It must never open a socket or write to disk: what it holds is live.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from vestibule.clock import Clock
from vestibule.delivery.provider import (
    Accepted,
    Channel,
    Message,
    Outcome,
    Probe,
    Receipt,
    TemporaryFailure,
)
from vestibule.delivery.providers.known_failures import CHANGED_HANDS, Reaction, reaction_to

CAPACITY = 500
"""Messages kept; the oldest make room."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """One message as the simulated phone or mailbox got it."""

    id: str
    message_id: str = ""
    """Of our own message; a text from the carrier itself has none."""
    channel: Channel
    to: str
    subject: str | None = None
    text: str
    html: str | None = None
    spoken: tuple[str, ...] = ()
    """Of a call without a code, which is said from here."""
    call_reference: str | None = None
    """Of a call with a code: what its first words are fetched with."""
    code: str | None = None
    account_label: str
    purpose: str
    locale: str
    came_at: datetime

    @property
    def sent_at(self) -> str:
        """RFC 3339, UTC."""
        return self.came_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Later:
    """What becomes of a message once it was taken: a receipt, or a mailbox that picks up."""

    message_id: str
    receipt: Receipt | None
    mailbox: Delivered | None = None


class Inbox:
    """The newest messages, oldest first, in the memory of this process only.

    Every method runs to its end without awaiting, so that tasks of one event loop never see
    it half changed.
    """

    def __init__(self, clock: Clock, *, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._kept: deque[Delivered] = deque(maxlen=capacity)
        self._later: list[Later] = []
        self._count = 0
        # An id of an earlier run must not be taken for one of this run.
        self._run = f"{clock():%y%m%d%H%M%S%f}"
        self.on_later: Callable[[], None] = lambda: None
        """Told that something is to be done about a message that was taken."""

    def put(self, message: Message, to: str) -> Delivered:
        """Keep one message; its id is unique over restarts and tells nothing of its content."""
        is_call = message.channel == "voice"
        return self._keep(
            Delivered(
                id=self._next_id(),
                message_id=message.id,
                channel=message.channel,
                to=to,
                subject=message.subject,
                text="" if is_call else message.text,
                html=message.html,
                spoken=message.script.spoken if message.script and not message.code else (),
                call_reference=message.call_reference,
                code=None if is_call else message.code,
                account_label=message.account_label,
                purpose=message.purpose,
                locale=message.locale,
                came_at=self._clock(),
            )
        )

    def put_word_of_carrier(self, to: str, text: str, *, purpose: str, locale: str) -> Delivered:
        """A text from the carrier itself, as it answers STOP and START."""
        return self._keep(
            Delivered(
                id=self._next_id(),
                channel="sms",
                to=to,
                text=text,
                account_label=to,
                purpose=purpose,
                locale=locale,
                came_at=self._clock(),
            )
        )

    def messages(self, after: str | None = None) -> list[Delivered]:
        """All that is kept, newest last, or what came after one id.

        An unknown `after` (dropped, or of an earlier run) yields everything: a page that was
        left open over a restart misses nothing.
        """
        kept = list(self._kept)
        known = next((at for at, one in enumerate(kept) if one.id == after), -1)
        return kept[known + 1 :]

    def add_later(self, later: Later) -> None:
        self._later.append(later)
        self.on_later()

    def take_later(self) -> list[Later]:
        """What is to be done about messages that were taken, oldest first, each once."""
        taken, self._later = self._later, []
        return taken

    def _next_id(self) -> str:
        self._count += 1
        return f"{self._run}-{self._count}"

    def _keep(self, delivered: Delivered) -> Delivered:
        self._kept.append(delivered)
        return delivered


class SimulatorProvider:
    """Delivers into an inbox, except to the documented test numbers."""

    name = "simulator"

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def send(self, message: Message, to: str) -> Outcome:
        if message.channel == "voice" and message.code and not message.call_reference:
            return TemporaryFailure("no page for the call")
        reaction = reaction_to(message.channel, to)
        if reaction.hangs:
            await asyncio.Event().wait()
        if reaction.outcome is not None:
            return reaction.outcome
        return self._take(message, to, reaction)

    async def probe(self) -> Probe:
        return Probe(True, "simulator: on this machine")

    async def close(self) -> None:
        """Nothing is held open."""

    def _take(self, message: Message, to: str, reaction: Reaction) -> Accepted:
        if not reaction.arrives:
            if reaction.later is not None:
                self._inbox.add_later(Later(message.id, reaction.later))
            return Accepted(f"lost-{message.id}")
        kept = self._inbox.put(message, to)
        if reaction.mailbox:
            self._inbox.add_later(Later(message.id, None, mailbox=kept))
        # What becomes of a call is known once it is over.
        return Accepted(kept.id, None if message.channel == "voice" else Receipt("delivered"))


class SimulatorSignal:
    """Knows the test number that has changed hands (PN-06)."""

    async def changed_lately(self, e164: str) -> bool:
        return e164.endswith(CHANGED_HANDS)
