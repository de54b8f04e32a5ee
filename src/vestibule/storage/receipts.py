"""What carriers tell later of a message: each word counts once, and "delivered" wins.

Changes the outbox alone; no code, challenge or account is in its reach (WH-03).
"""

from dataclasses import dataclass
from datetime import datetime

from vestibule.storage.database import Transaction

_IN_DOUBT = """EXISTS (SELECT 1 FROM delivery_attempts
                WHERE message_id = :message_id AND provider = :asked AND outcome = 'in_doubt')"""
"""The carrier was asked, and its answer never came: it may have a copy."""


@dataclass(frozen=True, slots=True)
class Carried:
    """By which way a message went, and since when its carrier has it."""

    provider: str
    channel: str
    country: str
    handed_over_at: datetime


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A carrier's word that a message did not arrive, and its own id of it ("" without one)."""

    provider: str
    reason: str
    reference: str


async def note_delivered(tx: Transaction, message_id: str, *, provider: str, now: datetime) -> bool:
    """It arrived, whatever was said before; False when that is known, or not this carrier's.

    It counts as handed over too: a carrier may be quicker than its own answer, and a message
    that arrived is never sent again. Of copies in doubt the one that arrived counts.
    """
    touched = await tx.execute(
        f"""UPDATE outbox SET delivered_at = :delivered_at, refused_at = NULL, reason = NULL,
            provider = :carrier, early_provider = NULL,
            handed_over_at = COALESCE(handed_over_at, :handed_over_at),
            body_sealed = NULL, destination_sealed = NULL
        WHERE id = :id AND delivered_at IS NULL AND attempts > 0
            AND (provider IS NULL OR provider = :provider OR {_IN_DOUBT})""",
        id=message_id,
        provider=provider,
        carrier=provider,
        message_id=message_id,
        asked=provider,
        delivered_at=now,
        handed_over_at=now,
    )
    return touched == 1


async def note_taken(
    tx: Transaction, message_id: str, *, provider: str, reference: str, now: datetime
) -> bool:
    """Its carrier has it, whether or not its answer came: no further copy leaves.

    False where that is known, or the message was never tried.
    """
    touched = await tx.execute(
        """UPDATE outbox SET handed_over_at = :at, provider = :carrier, refused_at = NULL,
            reason = NULL, reference = :reference, body_sealed = NULL, destination_sealed = NULL
        WHERE id = :id AND handed_over_at IS NULL AND attempts > 0
            AND (refused_at IS NULL OR reason = 'in_doubt')
            AND (provider IS NULL OR provider = :provider)""",
        id=message_id,
        at=now,
        provider=provider,
        carrier=provider,
        reference=reference or None,
    )
    return touched == 1


async def note_undelivered(
    tx: Transaction, message_id: str, told: Undelivered, *, now: datetime
) -> bool:
    """It did not arrive; the first reason stays, and what was delivered stays delivered.

    What is told of another copy than the one that was handed over is not told of this one; of
    copies that were all left in doubt, whichever is told of first says why.
    """
    touched = await tx.execute(
        f"""UPDATE outbox SET refused_at = :refused_at, reason = :reason, provider = :carrier,
            handed_over_at = COALESCE(handed_over_at, :handed_over_at),
            body_sealed = NULL, destination_sealed = NULL
        WHERE id = :id AND delivered_at IS NULL
            AND (refused_at IS NULL AND provider = :provider
                    AND (reference IS NULL OR :reference IN ('', reference))
                OR reason = 'in_doubt' AND provider IS NULL AND {_IN_DOUBT})""",
        id=message_id,
        provider=told.provider,
        carrier=told.provider,
        message_id=message_id,
        asked=told.provider,
        handed_over_at=now,
        reference=told.reference,
        reason=told.reason,
        refused_at=now,
    )
    return touched == 1


async def keep_early(tx: Transaction, message_id: str, told: Undelivered) -> bool:
    """Keep a carrier's word that is quicker than its own answer, for the hand-over to settle.

    False where the message was handed over already, or was never tried. The row is locked by it:
    a hand-over either sees the word, or is seen by whoever asks again.
    """
    touched = await tx.execute(
        """UPDATE outbox SET early_provider = :provider, early_reason = :reason,
            early_reference = :reference
        WHERE id = :id AND handed_over_at IS NULL AND refused_at IS NULL AND attempts > 0""",
        id=message_id,
        provider=told.provider,
        reason=told.reason,
        reference=told.reference,
    )
    return touched == 1


async def early(tx: Transaction, message_id: str) -> Undelivered | None:
    """What its carrier said of a message before its hand-over was written down."""
    row = await tx.fetch_one(
        """SELECT early_provider AS provider, early_reason AS reason, early_reference AS reference
        FROM outbox WHERE id = :id AND early_provider = provider""",
        id=message_id,
    )
    return Undelivered(**row) if row else None


async def is_carriers(tx: Transaction, message_id: str, *, provider: str) -> bool:
    """Whether this carrier was ever asked to carry the message, or may be asked now."""
    row = await tx.fetch_one(
        """SELECT 1 AS found FROM outbox WHERE id = :id AND attempts > 0
            AND (provider IS NULL OR provider = :provider OR EXISTS (
                SELECT 1 FROM delivery_attempts
                WHERE message_id = :message_id AND provider = :asked))""",
        id=message_id,
        provider=provider,
        message_id=message_id,
        asked=provider,
    )
    return row is not None


async def carried(tx: Transaction, message_id: str) -> Carried | None:
    """By which way a message went; None before its hand-over is written down."""
    row = await tx.fetch_one(
        """SELECT provider, channel, COALESCE(country, '') AS country, handed_over_at FROM outbox
        WHERE id = :id AND provider IS NOT NULL AND handed_over_at IS NOT NULL""",
        id=message_id,
    )
    return Carried(**row) if row else None
