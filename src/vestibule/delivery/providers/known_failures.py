"""The simulator's numbers and addresses that fail on purpose, each in one known way.

Every reason of `domain.delivery.Fault` can be seen without an account with a carrier. It only
says what the simulated network does; nothing is sent or kept here.
"""

from dataclasses import dataclass

from vestibule.delivery.provider import (
    Channel,
    NotThisWay,
    Outcome,
    PermanentFailure,
    Receipt,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.rendering import N_
from vestibule.domain.delivery import Fault


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """What the network does with one message: an answer at once, or it is taken, and then."""

    outcome: Outcome | None = None
    hangs: bool = False
    """No answer comes, until whoever waits gives up."""
    later: Receipt | None = None
    """Once it was taken; without one and without `arrives`, nothing is heard of it."""
    arrives: bool = True
    mailbox: bool = False
    """The call is answered by a mailbox, which presses no key."""


@dataclass(frozen=True, kw_only=True)
class TestNumber:
    """A way to see a failure: every phone number with this ending behaves so."""

    __test__ = False  # pytest would take the name for a test class

    ending: str
    behaviour: str
    sms: Reaction
    voice: Reaction
    shows: tuple[Fault, ...] = ()
    """The reasons that people see with it."""


@dataclass(frozen=True, kw_only=True)
class TestAddress:
    """The same for mail addresses, by the end of what stands before the @."""

    __test__ = False

    tag: str
    behaviour: str
    email: Reaction
    shows: tuple[Fault, ...] = ()


def _never(fault: Fault) -> Reaction:
    return Reaction(outcome=PermanentFailure(fault))


def _lost(fault: Fault) -> Reaction:
    return Reaction(arrives=False, later=Receipt("undelivered", fault))


_ARRIVES = Reaction()
_DOWN = Reaction(outcome=TemporaryFailure("network down"))
_BUSY_NETWORK = Reaction(outcome=Throttled(retry_after_seconds=30))
_HANGS = Reaction(hangs=True)
CHANGED_HANDS = "0011"
"""Asked of `SimulatorSignal`, before a message leaves."""

TEST_NUMBERS = (
    TestNumber(
        ending="0001",
        behaviour=N_("The number does not exist: texts and calls are refused for good."),
        sms=_never(Fault.NUMBER_INVALID),
        voice=_never(Fault.NUMBER_INVALID),
        shows=(Fault.NUMBER_INVALID,),
    ),
    TestNumber(
        ending="0002",
        behaviour=N_("The network is down: texts and calls fail until the code has expired."),
        sms=_DOWN,
        voice=_DOWN,
        shows=(Fault.NO_ROUTE,),
    ),
    TestNumber(
        ending="0003",
        behaviour=N_("Texts are taken, then reported as undelivered. Calls get through."),
        sms=_lost(Fault.UNREACHABLE),
        voice=_ARRIVES,
        shows=(Fault.UNREACHABLE,),
    ),
    TestNumber(
        ending="0004",
        behaviour=N_("Texts are taken and lost: no receipt ever comes. Calls get through."),
        sms=Reaction(arrives=False),
        voice=_ARRIVES,
    ),
    TestNumber(
        ending="0005",
        behaviour=N_(
            "The network is busy: it asks to wait 30 seconds. A code that ends meanwhile is not"
            " sent any more."
        ),
        sms=_BUSY_NETWORK,
        voice=_BUSY_NETWORK,
        shows=(Fault.NO_LONGER_NEEDED, Fault.NO_ROUTE),
    ),
    TestNumber(
        ending="0006",
        behaviour=N_("The network does not answer: each attempt ends after eight seconds."),
        sms=_HANGS,
        voice=_HANGS,
        shows=(Fault.IN_DOUBT,),
    ),
    TestNumber(
        ending="0007",
        behaviour=N_("A landline: texts are refused for good. Calls get through."),
        sms=_never(Fault.LANDLINE),
        voice=_ARRIVES,
        shows=(Fault.LANDLINE,),
    ),
    TestNumber(
        ending="0008",
        behaviour=N_("The number asked for no texts. Calls get through."),
        sms=_never(Fault.OPTED_OUT),
        voice=_ARRIVES,
        shows=(Fault.OPTED_OUT,),
    ),
    TestNumber(
        ending="0009",
        behaviour=N_("The carrier serves the region no more: texts and calls are refused."),
        sms=_never(Fault.REGION_CLOSED),
        voice=_never(Fault.REGION_CLOSED),
        shows=(Fault.REGION_CLOSED,),
    ),
    TestNumber(
        ending="0010",
        behaviour=N_("The carrier blocks the number: texts and calls are refused for good."),
        sms=_never(Fault.BLOCKED),
        voice=_never(Fault.BLOCKED),
        shows=(Fault.BLOCKED,),
    ),
    TestNumber(
        ending=CHANGED_HANDS,
        behaviour=N_("The number has changed hands lately: no code leaves for it."),
        sms=_ARRIVES,
        voice=_ARRIVES,
        shows=(Fault.CHANGED_HANDS,),
    ),
    TestNumber(
        ending="0012",
        behaviour=N_("Texts get through. The line is busy for calls."),
        sms=_ARRIVES,
        voice=_lost(Fault.BUSY),
        shows=(Fault.BUSY,),
    ),
    TestNumber(
        ending="0013",
        behaviour=N_("Texts get through. Nobody answers calls."),
        sms=_ARRIVES,
        voice=_lost(Fault.NO_ANSWER),
        shows=(Fault.NO_ANSWER,),
    ),
    TestNumber(
        ending="0014",
        behaviour=N_("Texts get through. A mailbox answers calls, and presses no key."),
        sms=_ARRIVES,
        voice=Reaction(mailbox=True),
        shows=(Fault.NO_KEY,),
    ),
    TestNumber(
        ending="0015",
        behaviour=N_("The phone is off: texts and calls are taken, then reported as failed."),
        sms=_lost(Fault.UNREACHABLE),
        voice=_lost(Fault.UNREACHABLE),
        shows=(Fault.UNREACHABLE,),
    ),
    TestNumber(
        ending="0016",
        behaviour=N_("No carrier has a way for texts to this number. Calls get through."),
        sms=Reaction(outcome=NotThisWay("out of reach")),
        voice=_ARRIVES,
        shows=(Fault.NO_ROUTE,),
    ),
)

TEST_ADDRESSES = (
    TestAddress(
        tag="+refused",
        behaviour=N_("The mail server refuses the address for good."),
        email=_never(Fault.ADDRESS_REFUSED),
        shows=(Fault.ADDRESS_REFUSED,),
    ),
    TestAddress(
        tag="+down",
        behaviour=N_("The mail server takes nothing for now."),
        email=_DOWN,
        shows=(Fault.NO_ROUTE,),
    ),
)


def reaction_to(channel: Channel, to: str) -> Reaction:
    """What happens to a message to this number or address; any that is not listed works."""
    if channel == "email":
        name = to.rpartition("@")[0]
        addresses = (one.email for one in TEST_ADDRESSES if name.endswith(one.tag))
        return next(addresses, _ARRIVES)
    number = next((one for one in TEST_NUMBERS if to.endswith(one.ending)), None)
    if number is None:
        return _ARRIVES
    return number.sms if channel == "sms" else number.voice
