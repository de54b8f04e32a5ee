"""A provider whose every phone and mailbox is a page on this machine.

It accepts at once and keeps the newest messages in memory. It must never open a socket or
write to disk: the codes it holds are live.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from vestibule.clock import Clock
from vestibule.delivery.provider import (
    Accepted,
    Channel,
    Message,
    Outcome,
    PermanentFailure,
    Probe,
    Receipt,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.rendering import N_
from vestibule.domain.delivery import Fault

CAPACITY = 500
"""Messages kept; the oldest make room."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """One message as the simulated phone or mailbox got it."""

    id: str
    channel: Channel
    to: str
    subject: str | None
    text: str
    html: str | None
    spoken: tuple[str, ...]
    code: str | None
    account_label: str
    purpose: str
    locale: str
    sent_at: str
    """RFC 3339, UTC."""


@dataclass(frozen=True)
class TestNumber:
    """A way to see a failure: every phone number with this ending behaves so."""

    __test__ = False  # pytest would take the name for a test class

    ending: str
    behaviour: str


TEST_NUMBERS = (
    TestNumber("0001", N_("The number does not exist: texts and calls are refused for good.")),
    TestNumber("0002", N_("The network is down: texts and calls fail for now.")),
    TestNumber("0003", N_("Texts are taken, then reported as undelivered. Calls get through.")),
    TestNumber("0004", N_("Texts are taken and lost: no receipt ever comes. Calls get through.")),
    TestNumber("0005", N_("The network is busy: it asks to wait 30 seconds.")),
)


class Inbox:
    """The newest messages, oldest first, in the memory of this process only.

    Every method runs to its end without awaiting, so that tasks of one event loop never see
    it half changed.
    """

    def __init__(self, clock: Clock, *, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._kept: deque[Delivered] = deque(maxlen=capacity)
        self._count = 0
        # An id of an earlier run must not be taken for one of this run.
        self._run = f"{clock():%y%m%d%H%M%S%f}"

    def put(self, message: Message, to: str) -> Delivered:
        """Keep one message; its id is unique over restarts and tells nothing of its content."""
        self._count += 1
        delivered = Delivered(
            id=f"{self._run}-{self._count}",
            channel=message.channel,
            to=to,
            subject=message.subject,
            text=message.text,
            html=message.html,
            spoken=message.script.spoken if message.script else (),
            code=message.code,
            account_label=message.account_label,
            purpose=message.purpose,
            locale=message.locale,
            sent_at=_rfc3339(self._clock()),
        )
        self._kept.append(delivered)
        return delivered

    def messages(self, after: str | None = None) -> list[Delivered]:
        """All that is kept, newest last, or what came after one id.

        An unknown `after` (dropped, or of an earlier run) yields everything: a page that was
        left open over a restart misses nothing.
        """
        kept = list(self._kept)
        known = next((at for at, one in enumerate(kept) if one.id == after), -1)
        return kept[known + 1 :]


class SimulatorProvider:
    """Delivers into an inbox, except to the documented test numbers."""

    name = "simulator"

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def send(self, message: Message, to: str) -> Outcome:
        ending = "" if message.channel == "email" else to[-4:]
        match ending, message.channel:
            case "0001", _:
                return PermanentFailure(Fault.NUMBER_INVALID)
            case "0002", _:
                return TemporaryFailure("network down")
            case "0003", "sms":
                return Accepted(_lost(message), Receipt("undelivered", Fault.UNREACHABLE))
            case "0004", "sms":
                return Accepted(_lost(message))
            case "0005", _:
                return Throttled(retry_after_seconds=30)
        return Accepted(self._inbox.put(message, to).id, Receipt("delivered"))

    async def probe(self) -> Probe:
        return Probe(True, "simulator: on this machine")

    async def close(self) -> None:
        """Nothing is held open."""


def _lost(message: Message) -> str:
    return f"lost-{message.id}"


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
