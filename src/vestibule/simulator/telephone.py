"""The simulated phone as a carrier's network has it: calls that ring, keys, replies, receipts.

Speaks to the flows by the same functions as the doors for carriers do; it never has a code that
was not said. It shows nothing: that is `app`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from vestibule.domain.call import LONGEST_CALL, RINGS_FOR
from vestibule.domain.delivery import Fault
from vestibule.domain.opt_out import Wish, wish_of
from vestibule.flows import calls, opt_outs
from vestibule.flows.calls import Calling, Said
from vestibule.flows.receipts import Receipt, receive
from vestibule.observability.logging import log_failure

NETWORK = "simulator"
LOOKS_EVERY = 1.0
"""Seconds between looks for calls that rang or lasted too long."""
KEYS = frozenset("0123456789*#")


class CallState(StrEnum):
    RINGING = "ringing"
    TALKING = "talking"
    OVER = "over"


class Ended(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    DECLINED = "declined"
    MISSED = "missed"
    MAILBOX = "mailbox"


_RECEIPTS = {
    Ended.ANSWERED: Receipt("ended"),
    Ended.MAILBOX: Receipt("ended"),
    Ended.DECLINED: Receipt("undelivered", Fault.BUSY),
    Ended.MISSED: Receipt("undelivered", Fault.NO_ANSWER),
}
"""What a carrier says of it: who answered, and what was heard, is not known to it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of a transcript: what was said, or the key that was pressed."""

    text: str
    is_key: bool = False


@dataclass(slots=True)
class Call:
    """One call as the phone has it, with the reference that fetches what is said next."""

    reference: str | None
    state: CallState = CallState.RINGING
    ended: Ended | None = None
    heard: list[Heard] = field(default_factory=list)

    @property
    def takes_keys(self) -> bool:
        return self.state is CallState.TALKING and self.reference is not None


class Delivered(Protocol):
    """What the network knows of a message that came to a phone."""

    @property
    def id(self) -> str: ...
    @property
    def message_id(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def to(self) -> str: ...
    @property
    def spoken(self) -> tuple[str, ...]: ...
    @property
    def call_reference(self) -> str | None: ...
    @property
    def locale(self) -> str: ...
    @property
    def came_at(self) -> datetime: ...


class Later(Protocol):
    """What is to be done about a message that was taken."""

    @property
    def message_id(self) -> str: ...
    @property
    def receipt(self) -> Receipt | None: ...
    @property
    def mailbox(self) -> Delivered | None: ...


class Inbox(Protocol):
    on_later: Callable[[], None]

    def messages(self, after: str | None = None) -> Sequence[Delivered]: ...
    def take_later(self) -> Sequence[Later]: ...
    def put_word_of_carrier(
        self, to: str, text: str, *, purpose: str, locale: str
    ) -> Delivered: ...


class Telephone:
    """Every simulated phone: one for each number, all on the same desk."""

    def __init__(self, inbox: Inbox, calling: Calling) -> None:
        self._inbox = inbox
        self._calling = calling
        self._calls: dict[str, Call] = {}
        self._wake = asyncio.Event()
        inbox.on_later = self._wake.set

    def call(self, message: Delivered) -> Call | None:
        """How far a call is; None where the message is none."""
        if message.channel != "voice":
            return None
        return self._calls.setdefault(message.id, Call(message.call_reference))

    async def answer(self, message: Delivered) -> None:
        """Pick up; a call that rings no more stays as it is."""
        call = self.call(message)
        if call is None or call.state is not CallState.RINGING:
            return
        call.state = CallState.TALKING
        if call.reference is None:
            call.heard += [Heard(sentence) for sentence in message.spoken]
            await self._end(message, call, Ended.ANSWERED)
            return
        await self._hear(message, call, await calls.answer(self._calling, call.reference))

    async def press(self, message: Delivered, key: str) -> None:
        """A key, or "" for none in time; where none is waited for nothing happens."""
        call = self.call(message)
        if call is None or not call.takes_keys or call.reference is None:
            return
        if key and key not in KEYS:
            return
        reference, call.reference = call.reference, None
        if key:
            call.heard.append(Heard(key, is_key=True))
        await self._hear(message, call, await calls.press(self._calling, reference, key))

    async def hang_up(self, message: Delivered) -> None:
        """Decline what rings, or end what is on the line."""
        call = self.call(message)
        if call is None or call.state is CallState.OVER:
            return
        is_ringing = call.state is CallState.RINGING
        await self._end(message, call, Ended.DECLINED if is_ringing else Ended.ANSWERED)

    async def text_back(
        self, message: Delivered, text: str, say: Callable[[Wish], str], *, purpose: str
    ) -> None:
        """Reply to a text; the carrier confirms what it understood, as real ones do."""
        wish = wish_of(text)
        if message.channel != "sms" or wish is None:
            return
        await opt_outs.asked_by_text(self._calling.means, message.to, wish)
        self._inbox.put_word_of_carrier(
            message.to, say(wish), purpose=purpose, locale=message.locale
        )

    async def settle(self) -> None:
        """All that is due: receipts, mailboxes that pick up, calls that rang or last too long."""
        for later in self._inbox.take_later():
            if later.receipt is not None:
                await self._tell(later.message_id, later.receipt)
            if later.mailbox is not None:
                await self._record(later.mailbox)
        now, kept = self._calling.means.clock(), self._inbox.messages()
        for message in kept:
            call = self.call(message)
            if call is None or call.state is CallState.OVER:
                continue
            is_ringing = call.state is CallState.RINGING
            most = RINGS_FOR if is_ringing else RINGS_FOR + LONGEST_CALL
            if now - message.came_at >= most:
                await self._end(message, call, Ended.MISSED if is_ringing else Ended.ANSWERED)
        self._forget({message.id for message in kept})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Settles what is due for as long as the block runs."""
        task = asyncio.create_task(self._loop())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.settle()
            except Exception as error:
                log_failure("simulator_failed", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOKS_EVERY)

    async def _record(self, message: Delivered) -> None:
        """A mailbox answers, hears what is said, and presses nothing."""
        call = self.call(message)
        if call is None or call.state is not CallState.RINGING or call.reference is None:
            return
        call.state, reference, call.reference = CallState.TALKING, call.reference, None
        said = await calls.answer(self._calling, reference)
        while True:
            call.heard += [Heard(sentence) for sentence in said.sentences]
            if said.next_reference is None:
                break
            said = await calls.press(self._calling, said.next_reference, "")
        await self._end(message, call, Ended.MAILBOX)

    async def _hear(self, message: Delivered, call: Call, said: Said) -> None:
        call.heard += [Heard(sentence) for sentence in said.sentences]
        call.reference = said.next_reference
        if said.next_reference is None:
            await self._end(message, call, Ended.ANSWERED)

    async def _end(self, message: Delivered, call: Call, ended: Ended) -> None:
        if call.state is CallState.OVER:
            return
        call.state, call.reference, call.ended = CallState.OVER, None, ended
        await self._tell(message.message_id, _RECEIPTS[ended])

    async def _tell(self, message_id: str, receipt: Receipt) -> None:
        await receive(self._calling.means, NETWORK, message_id, receipt)

    def _forget(self, kept: set[str]) -> None:
        self._calls = {name: call for name, call in self._calls.items() if name in kept}
