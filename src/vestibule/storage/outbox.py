"""Messages that wait for delivery, written in the transaction of the flow that sends them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Delivery
from vestibule.domain.routing import Route
from vestibule.storage.database import Transaction
from vestibule.storage.postgresql import notify

NEWS = "outbox"
"""The channel on which PostgreSQL tells every process of a new message."""
LANES = ("sms", "voice", "email", "notice")
"""What is sent beside one another: codes by channel, and notices."""


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
    """How often it was claimed: who claimed it may write of it only while this is the number."""
    country: str | None = None
    """The region of the number it goes to; none for mails."""
    number_mac: bytes | None = None
    """Of a text: the mark of its number, which stays when the number itself is erased."""
    doubts: int = 0
    """How many attempts ended without anybody knowing whether the message was taken."""

    @property
    def lane(self) -> str:
        return "notice" if self.challenge_id is None else self.channel.value


_WAITING = """id, challenge_id, account_id, kind, channel, locale, destination_sealed, body_sealed,
 written_at, expires_at, attempts, country, number_mac, doubts"""


async def put(tx: Transaction, message: Waiting) -> None:
    """Leave a message; on PostgreSQL the commit wakes every process that delivers."""
    await tx.execute(
        """INSERT INTO outbox (id, challenge_id, account_id, kind, channel, locale,
            destination_sealed, body_sealed, written_at, due_at, expires_at, country, number_mac)
        VALUES (:id, :challenge_id, :account_id, :kind, :channel, :locale, :destination_sealed,
            :body_sealed, :written_at, :due_at, :expires_at, :country, :number_mac)""",
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
        country=message.country,
        number_mac=message.number_mac,
    )
    if tx.dialect == "postgresql":
        await notify(tx, NEWS)


async def put_nothing(tx: Transaction) -> None:
    """As many ways to the database as `put`, and no message: the clock tells none apart (EN-03)."""
    await tx.fetch_one("SELECT 1 AS found")
    if tx.dialect == "postgresql":
        await notify(tx, NEWS)


# --- claimed messages --------------------------------------------------------------------------


async def claim(
    tx: Transaction, *, now: datetime, lease: timedelta, lanes: Collection[str] = LANES
) -> Waiting | None:
    """Take the oldest due message of these lanes for `lease`; no two workers get the same one.

    Codes go before notices. A worker that dies leaves the message to the next after the lease.
    """
    skip = "FOR UPDATE SKIP LOCKED" if tx.dialect == "postgresql" else ""
    row = await tx.fetch_one(
        f"""UPDATE outbox SET attempts = attempts + 1, due_at = :leased_at
        WHERE id = (SELECT id FROM outbox WHERE due_at <= :now AND handed_over_at IS NULL
                AND refused_at IS NULL AND expires_at > :still_at
                AND CASE WHEN challenge_id IS NULL THEN 'notice' ELSE channel END
                    IN (:sms, :voice, :email, :notice)
            ORDER BY challenge_id IS NULL, written_at, id LIMIT 1 {skip})
        RETURNING {_WAITING}""",
        leased_at=now + lease,
        now=now,
        still_at=now,
        **{lane: lane if lane in lanes else "" for lane in LANES},
    )
    return Waiting(**{**row, "channel": Channel(row["channel"])}) if row else None


async def is_still_ours(tx: Transaction, claimed: Waiting, now: datetime) -> bool:
    """Whether the claim holds: nobody claimed the message after us, and its lease has not ended."""
    row = await tx.fetch_one(
        """SELECT 1 AS found FROM outbox WHERE id = :id AND attempts = :attempts
            AND handed_over_at IS NULL AND refused_at IS NULL AND due_at > :now
            AND expires_at > :still_at""",
        id=claimed.id,
        attempts=claimed.attempts,
        now=now,
        still_at=now,
    )
    return row is not None


async def hand_over(
    tx: Transaction, claimed: Waiting, *, provider: str, reference: str, now: datetime
) -> bool:
    """The provider has it: note by whom, and erase what was said (R10).

    Its receipt may have come before, and then has noted the hand-over already.

    False where the claim is no longer ours: another worker answers for the message now.
    """
    taken = await tx.execute(
        """UPDATE outbox SET handed_over_at = COALESCE(handed_over_at, :at), provider = :provider,
            reference = :reference, body_sealed = NULL, destination_sealed = NULL
        WHERE id = :id AND attempts = :attempts AND refused_at IS NULL
            AND (reference IS NULL OR reference = :told)
            AND (handed_over_at IS NULL OR provider = :carrier)""",
        id=claimed.id,
        attempts=claimed.attempts,
        at=now,
        provider=provider,
        carrier=provider,
        reference=reference,
        told=reference,
    )
    return taken == 1


async def refuse(
    tx: Transaction, claimed: Waiting, *, provider: str, reason: str, now: datetime
) -> bool:
    """No way leads there; the person is told why, and what was said is erased.

    False where the claim is no longer ours.
    """
    taken = await tx.execute(
        """UPDATE outbox SET refused_at = :at, reason = :reason, provider = :provider,
            body_sealed = NULL, destination_sealed = NULL
        WHERE id = :id AND attempts = :attempts AND handed_over_at IS NULL
            AND refused_at IS NULL""",
        id=claimed.id,
        attempts=claimed.attempts,
        at=now,
        reason=reason,
        provider=provider,
    )
    return taken == 1


async def retry_at(tx: Transaction, claimed: Waiting, due_at: datetime) -> bool:
    """Due again then; False where the claim is no longer ours."""
    taken = await tx.execute(
        """UPDATE outbox SET due_at = :due_at WHERE id = :id AND attempts = :attempts
            AND handed_over_at IS NULL AND refused_at IS NULL""",
        id=claimed.id,
        attempts=claimed.attempts,
        due_at=due_at,
    )
    return taken == 1


# --- in doubt ----------------------------------------------------------------------------------


async def add_doubts(tx: Transaction, message_id: str, doubts: int) -> None:
    """So many more attempts may have been taken; true whoever has the claim by now."""
    await tx.execute(
        "UPDATE outbox SET doubts = doubts + :doubts WHERE id = :id", id=message_id, doubts=doubts
    )


async def doubts_and_copies(tx: Transaction, claimed: Waiting) -> tuple[int, int] | None:
    """The doubts noted so far, and the copies paid for; None where the claim is over."""
    row = await tx.fetch_one(
        """SELECT doubts, copies FROM outbox WHERE id = :id AND attempts = :attempts
            AND handed_over_at IS NULL AND refused_at IS NULL""",
        id=claimed.id,
        attempts=claimed.attempts,
    )
    return (int(row["doubts"]), int(row["copies"])) if row else None


async def take_copy(tx: Transaction, claimed: Waiting, *, most: int) -> bool:
    """One copy more may leave, of `most` ever; one statement, so no two workers share it."""
    taken = await tx.execute(
        """UPDATE outbox SET copies = copies + 1
        WHERE id = :id AND attempts = :attempts AND copies < :most
            AND handed_over_at IS NULL AND refused_at IS NULL""",
        id=claimed.id,
        attempts=claimed.attempts,
        most=most,
    )
    return taken == 1


async def leave_in_doubt(tx: Transaction, claimed: Waiting, *, now: datetime) -> bool:
    """It may have arrived and no copy leaves any more; a carrier's receipt may still clear it up.

    False where the claim is no longer ours.
    """
    taken = await tx.execute(
        """UPDATE outbox SET refused_at = :at, reason = 'in_doubt', body_sealed = NULL,
            destination_sealed = NULL
        WHERE id = :id AND attempts = :attempts AND handed_over_at IS NULL
            AND refused_at IS NULL""",
        id=claimed.id,
        attempts=claimed.attempts,
        at=now,
    )
    return taken == 1


# --- what became of it -------------------------------------------------------------------------


async def deliver(tx: Transaction, message_id: str, now: datetime) -> bool:
    """A receipt says that it arrived; whether that was news."""
    taken = await tx.execute(
        "UPDATE outbox SET delivered_at = :at WHERE id = :id AND delivered_at IS NULL",
        id=message_id,
        at=now,
    )
    return taken == 1


async def undeliver(tx: Transaction, message_id: str, *, reason: str, now: datetime) -> bool:
    """A receipt says that a handed-over message did not arrive; whether that was news."""
    taken = await tx.execute(
        """UPDATE outbox SET refused_at = :at, reason = :reason
        WHERE id = :id AND handed_over_at IS NOT NULL AND delivered_at IS NULL
            AND refused_at IS NULL""",
        id=message_id,
        at=now,
        reason=reason,
    )
    return taken == 1


async def convert(
    tx: Transaction, challenge_id: str, now: datetime
) -> tuple[Route, datetime] | None:
    """The challenge's code came back: mark its newest message, once; who carried it, and when."""
    row = await tx.fetch_one(
        """UPDATE outbox SET converted_at = :at
        WHERE converted_at IS NULL AND id = (SELECT id FROM outbox
            WHERE challenge_id = :challenge_id AND handed_over_at IS NOT NULL
            ORDER BY handed_over_at DESC, id DESC LIMIT 1)
        RETURNING provider, channel, country, handed_over_at""",
        at=now,
        challenge_id=challenge_id,
    )
    if row is None:
        return None
    return Route(row["provider"], row["channel"], row["country"] or ""), row["handed_over_at"]


async def addressee(tx: Transaction, message_id: str, channel: Channel) -> tuple[str, bytes] | None:
    """The challenge of a code by this channel, and to whom it went, sealed; else None."""
    row = await tx.fetch_one(
        """SELECT challenges.id, challenges.destination_sealed FROM outbox
        JOIN challenges ON challenges.id = outbox.challenge_id
        WHERE outbox.id = :id AND outbox.channel = :channel""",
        id=message_id,
        channel=channel.value,
    )
    return (row["id"], row["destination_sealed"]) if row else None


async def number_mark(tx: Transaction, message_id: str) -> bytes | None:
    """The mark of the number that a text went to, a code's or a notice's."""
    row = await tx.fetch_one("SELECT number_mac FROM outbox WHERE id = :id", id=message_id)
    return bytes(row["number_mac"]) if row and row["number_mac"] is not None else None


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


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits: how many codes or notices, and since when the oldest."""

    kind: str
    waiting: int
    oldest_at: datetime


async def depth(tx: Transaction, now: datetime) -> list[Depth]:
    rows = await tx.fetch_all(
        """SELECT CASE WHEN challenge_id IS NULL THEN 'notice' ELSE 'code' END AS kind,
            COUNT(*) AS waiting, MIN(written_at) AS oldest_at
        FROM outbox WHERE handed_over_at IS NULL AND refused_at IS NULL AND expires_at > :now
        GROUP BY 1""",
        now=now,
    )
    return [Depth(**row) for row in rows]
