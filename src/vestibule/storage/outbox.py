"""Messages that wait for delivery, written in the transaction of the flow that sends them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Delivery
from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message to be sent. A code's message names its challenge instead of carrying it."""

    id: str
    challenge_id: str | None
    account_id: str | None
    kind: str
    channel: Channel
    locale: str
    destination_sealed: bytes | None
    body_sealed: bytes | None
    written_at: datetime
    expires_at: datetime
    attempts: int


_WAITING = """id, challenge_id, account_id, kind, channel, locale, destination_sealed, body_sealed,
 written_at, expires_at, attempts"""


async def put(tx: Transaction, message: Waiting) -> None:
    await tx.execute(
        """INSERT INTO outbox (id, challenge_id, account_id, kind, channel, locale,
            destination_sealed, body_sealed, written_at, due_at, expires_at)
        VALUES (:id, :challenge_id, :account_id, :kind, :channel, :locale, :destination_sealed,
            :body_sealed, :written_at, :due_at, :expires_at)""",
        id=message.id,
        challenge_id=message.challenge_id,
        account_id=message.account_id,
        kind=message.kind,
        channel=message.channel.value,
        locale=message.locale,
        destination_sealed=message.destination_sealed,
        body_sealed=message.body_sealed,
        written_at=message.written_at,
        due_at=message.written_at,
        expires_at=message.expires_at,
    )


async def claim(tx: Transaction, *, now: datetime, lease: timedelta) -> Waiting | None:
    """Take the oldest due message for `lease`; no two workers get the same one.

    Codes go before notices. A worker that dies leaves the message to the next after the lease.
    """
    skip = "FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    row = await tx.fetch_one(
        f"""UPDATE outbox SET attempts = attempts + 1, due_at = :leased_at
        WHERE id = (SELECT id FROM outbox WHERE due_at <= :now AND handed_over_at IS NULL
                AND refused_at IS NULL AND expires_at > :still_at
            ORDER BY challenge_id IS NULL, written_at, id LIMIT 1 {skip})
        RETURNING {_WAITING}""",
        leased_at=now + lease,
        now=now,
        still_at=now,
    )
    return Waiting(**{**row, "channel": Channel(row["channel"])}) if row else None


async def hand_over(
    tx: Transaction, message_id: str, *, provider: str, reference: str, now: datetime
) -> None:
    """The provider has it: note by whom, and erase what was said (R10)."""
    await tx.execute(
        """UPDATE outbox SET handed_over_at = :at, provider = :provider, reference = :reference,
            body_sealed = NULL, destination_sealed = NULL WHERE id = :id""",
        id=message_id,
        at=now,
        provider=provider,
        reference=reference,
    )


async def deliver(tx: Transaction, message_id: str, now: datetime) -> None:
    """A receipt says that it arrived."""
    await tx.execute(
        "UPDATE outbox SET delivered_at = :at WHERE id = :id AND delivered_at IS NULL",
        id=message_id,
        at=now,
    )


async def refuse(
    tx: Transaction, message_id: str, *, provider: str, reason: str, now: datetime
) -> None:
    """No way leads there; the person is told why, and what was said is erased."""
    await tx.execute(
        """UPDATE outbox SET refused_at = :at, reason = :reason, provider = :provider,
            body_sealed = NULL, destination_sealed = NULL WHERE id = :id""",
        id=message_id,
        at=now,
        reason=reason,
        provider=provider,
    )


async def retry_at(tx: Transaction, message_id: str, due_at: datetime) -> None:
    await tx.execute(
        "UPDATE outbox SET due_at = :due_at WHERE id = :id", id=message_id, due_at=due_at
    )


async def locale_of(tx: Transaction, message_id: str) -> str | None:
    row = await tx.fetch_one("SELECT locale FROM outbox WHERE id = :id", id=message_id)
    return str(row["locale"]) if row else None


async def delivery_of(tx: Transaction, challenge_id: str) -> Delivery | None:
    row: Mapping[str, Any] | None = await tx.fetch_one(
        """SELECT channel, written_at, handed_over_at, delivered_at, refused_at, reason
        FROM outbox WHERE challenge_id = :challenge_id
        ORDER BY written_at DESC, id DESC LIMIT 1""",
        challenge_id=challenge_id,
    )
    return Delivery(**{**row, "channel": Channel(row["channel"])}) if row else None
