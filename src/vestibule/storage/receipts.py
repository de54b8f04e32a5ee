"""What carriers tell later of a message: each word counts once, and "delivered" wins.

Changes the outbox alone; no code, challenge or account is in its reach (WH-03).
"""

from dataclasses import dataclass
from datetime import datetime

from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Carried:
    """By which way a message went, and since when its carrier has it."""

    provider: str
    channel: str
    country: str
    handed_over_at: datetime


async def note_delivered(tx: Transaction, message_id: str, *, provider: str, now: datetime) -> bool:
    """It arrived, whatever was said before; False when that is known, or not this carrier's.

    It counts as handed over too: a carrier may be quicker than its own answer, and a message
    that arrived is never sent again.
    """
    touched = await tx.execute(
        """UPDATE outbox SET delivered_at = :delivered_at, refused_at = NULL, reason = NULL,
            handed_over_at = COALESCE(handed_over_at, :handed_over_at),
            body_sealed = NULL, destination_sealed = NULL
        WHERE id = :id AND delivered_at IS NULL AND attempts > 0
            AND (provider IS NULL OR provider = :provider)""",
        id=message_id,
        provider=provider,
        delivered_at=now,
        handed_over_at=now,
    )
    return touched == 1


async def note_undelivered(
    tx: Transaction, message_id: str, *, provider: str, reason: str, now: datetime
) -> bool:
    """It did not arrive; the first reason stays, and what was delivered stays delivered."""
    touched = await tx.execute(
        """UPDATE outbox SET refused_at = :refused_at, reason = :reason, body_sealed = NULL,
            destination_sealed = NULL
        WHERE id = :id AND delivered_at IS NULL AND refused_at IS NULL AND provider = :provider""",
        id=message_id,
        provider=provider,
        reason=reason,
        refused_at=now,
    )
    return touched == 1


async def carried(tx: Transaction, message_id: str) -> Carried | None:
    """By which way a message went; None before its hand-over is written down."""
    row = await tx.fetch_one(
        """SELECT provider, channel, COALESCE(country, '') AS country, handed_over_at FROM outbox
        WHERE id = :id AND provider IS NOT NULL AND handed_over_at IS NOT NULL""",
        id=message_id,
    )
    return Carried(**row) if row else None
