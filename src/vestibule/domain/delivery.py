"""What a person may know of a message on its way: written, handed over, delivered, refused."""

from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.challenge import Channel


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of the newest message of a challenge."""

    channel: Channel
    written_at: datetime
    handed_over_at: datetime | None
    delivered_at: datetime | None
    refused_at: datetime | None
    reason: str | None
