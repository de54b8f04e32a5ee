"""Forgotten passwords on their way back, bound to the browser that asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.challenge import Channel
from vestibule.domain.pending import Reset, ResetStage
from vestibule.storage.database import Transaction

_COLUMNS = """id, account_id, email, stage, authenticator_id, channel, is_known_browser,
 created_at, expires_at"""


def _reset(row: Mapping[str, Any]) -> Reset:
    channel = row["channel"]
    return Reset(
        **{
            **row,
            "stage": ResetStage(row["stage"]),
            "channel": Channel(channel) if channel else None,
        }
    )


async def add(tx: Transaction, reset: Reset, *, token_digest: bytes) -> None:
    await tx.execute(
        """INSERT INTO resets (id, token_digest, account_id, email, stage, is_known_browser,
            created_at, expires_at)
        VALUES (:id, :token_digest, :account_id, :email, :stage, :is_known_browser, :created_at,
            :expires_at)""",
        id=reset.id,
        token_digest=token_digest,
        account_id=reset.account_id,
        email=reset.email,
        stage=reset.stage.value,
        is_known_browser=reset.is_known_browser,
        created_at=reset.created_at,
        expires_at=reset.expires_at,
    )


async def find(tx: Transaction, token_digest: bytes, now: datetime) -> Reset | None:
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM resets WHERE token_digest = :token_digest AND expires_at > :now",
        token_digest=token_digest,
        now=now,
    )
    return _reset(row) if row else None


async def advance(
    tx: Transaction, reset_id: str, *, seen: ResetStage, to: ResetStage, token_digest: bytes
) -> bool:
    """Move one stage on under a new token, once; False when another request already has."""
    touched = await tx.execute(
        """UPDATE resets SET stage = :to, token_digest = :token_digest
        WHERE id = :id AND stage = :seen""",
        id=reset_id,
        seen=seen.value,
        to=to.value,
        token_digest=token_digest,
    )
    return touched == 1


async def choose(
    tx: Transaction, reset_id: str, *, authenticator_id: str, channel: Channel
) -> None:
    """Ask for this one; once it is proven, a switch on its way changes that no more (B.3)."""
    await tx.execute(
        """UPDATE resets SET authenticator_id = :authenticator_id, channel = :channel
        WHERE id = :id AND stage = 'second_factor'""",
        id=reset_id,
        authenticator_id=authenticator_id,
        channel=channel.value,
    )


async def end(tx: Transaction, reset_id: str, *, seen: ResetStage) -> bool:
    """Spend the reset, once, and only at the stage where it may be."""
    touched = await tx.execute(
        "DELETE FROM resets WHERE id = :id AND stage = :seen", id=reset_id, seen=seen.value
    )
    return touched == 1


async def end_of_account(tx: Transaction, account_id: str) -> None:
    await tx.execute("DELETE FROM resets WHERE account_id = :id", id=account_id)
