"""What may be known of a message on its way: written, handed over, delivered, or why not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vestibule.domain.challenge import Channel

SLOW_AFTER = timedelta(seconds=20)
"""How long a receipt may take before a call is offered in the text's place."""


class Fault(StrEnum):
    """Why a message did not arrive; each has a sentence on the page, and most another way out.

    The first six are permanent: no other provider would do better.
    """

    NUMBER_INVALID = "number_invalid"
    OPTED_OUT = "opted_out"
    LANDLINE = "landline"
    REGION_CLOSED = "region_closed"
    BLOCKED = "blocked"
    ADDRESS_REFUSED = "address_refused"
    CHANGED_HANDS = "changed_hands"
    """The operator's signal says that the number has another holder or SIM card (PN-06)."""
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_KEY = "no_key"
    """A call was answered, perhaps by a mailbox, and nobody pressed a key: no code was said."""
    NO_ROUTE = "no_route"
    IN_DOUBT = "in_doubt"
    """It may have left: no carrier answered, and no further copy is sent."""
    NO_LONGER_NEEDED = "no_longer_needed"
    """Its challenge ended before it was sent; nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the newest message of a challenge."""

    channel: Channel
    written_at: datetime
    handed_over_at: datetime | None
    delivered_at: datetime | None
    refused_at: datetime | None
    reason: str | None


def is_slow(delivery: Delivery, now: datetime) -> bool:
    """Whether nothing was heard of a message for twenty seconds after it was written."""
    is_waiting = delivery.delivered_at is None and delivery.refused_at is None
    return is_waiting and now - delivery.written_at >= SLOW_AFTER


def is_call_instead(delivery: Delivery | None, asked: Channel, now: datetime) -> bool:
    """Whether a call is asked for in the place of a text that did not arrive, or not by now.

    Nobody waits for the resend timer of such a text; what is counted is counted.
    """
    return (
        asked is Channel.VOICE
        and delivery is not None
        and delivery.channel is Channel.SMS
        and (delivery.refused_at is not None or is_slow(delivery, now))
    )
