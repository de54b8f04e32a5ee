"""Calls on their way, each under a reference that is good for one fetch and then replaced."""

from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.call import CallStage, Step
from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Call:
    """One call: which message it is, whose code it may say, and how far it is."""

    id: str
    message_id: str
    challenge_id: str
    stage: CallStage
    rounds: int
    placed_at: datetime
    expires_at: datetime


async def place(tx: Transaction, call: Call, *, token_digest: bytes) -> None:
    await tx.execute(
        """INSERT INTO calls (id, token_digest, message_id, challenge_id, stage, rounds,
            placed_at, expires_at)
        VALUES (:id, :token_digest, :message_id, :challenge_id, :stage, :rounds, :placed_at,
            :expires_at)""",
        id=call.id,
        token_digest=token_digest,
        message_id=call.message_id,
        challenge_id=call.challenge_id,
        stage=call.stage.value,
        rounds=call.rounds,
        placed_at=call.placed_at,
        expires_at=call.expires_at,
    )


async def find(tx: Transaction, token_digest: bytes, now: datetime) -> Call | None:
    row = await tx.fetch_one(
        """SELECT id, message_id, challenge_id, stage, rounds, placed_at, expires_at FROM calls
        WHERE token_digest = :token_digest AND expires_at > :now""",
        token_digest=token_digest,
        now=now,
    )
    return Call(**{**row, "stage": CallStage(row["stage"])}) if row else None


async def was_heard(tx: Transaction, message_id: str) -> bool | None:
    """Whether a key was pressed in a call of this message; None where we play none of it."""
    row = await tx.fetch_one(
        """SELECT COUNT(*) AS calls,
            SUM(CASE WHEN rounds > 0 OR stage = 'denied' THEN 1 ELSE 0 END) AS heard
        FROM calls WHERE message_id = :message_id""",
        message_id=message_id,
    )
    return bool(row["heard"]) if row and row["calls"] else None


async def step(
    tx: Transaction, token_digest: bytes, *, step: Step, next_digest: bytes, now: datetime
) -> bool:
    """Go one step on and replace the reference: of two fetches with the same one, one goes on."""
    row = await tx.fetch_one(
        """UPDATE calls SET token_digest = :next_digest, stage = :to, rounds = :rounds
        WHERE token_digest = :token_digest AND stage = :seen AND expires_at > :now
        RETURNING id""",
        token_digest=token_digest,
        next_digest=next_digest,
        seen=step.seen.value,
        to=step.to.value,
        rounds=step.rounds,
        now=now,
    )
    return row is not None
