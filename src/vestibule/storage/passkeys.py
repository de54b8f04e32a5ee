"""Passkeys beside their authenticators, their owners' handles, and the questions that are open."""

from datetime import datetime

from vestibule.domain.passkey import Passkey
from vestibule.storage.database import Transaction

# --- what is bound ------------------------------------------------------------------------


async def add(tx: Transaction, passkey: Passkey, *, credential_digest: bytes) -> None:
    await tx.execute(
        """INSERT INTO passkeys (authenticator_id, account_id, credential_digest, sign_count,
            is_copyable, is_copied)
        VALUES (:authenticator_id, :account_id, :credential_digest, :sign_count, :is_copyable,
            :is_copied)""",
        authenticator_id=passkey.authenticator_id,
        account_id=passkey.account_id,
        credential_digest=credential_digest,
        sign_count=passkey.sign_count,
        is_copyable=passkey.is_copyable,
        is_copied=passkey.is_copied,
    )


async def find(tx: Transaction, credential_digest: bytes) -> Passkey | None:
    """Whose credential it is, standing or not: whoever asks looks at the authenticator too."""
    row = await tx.fetch_one(
        """SELECT authenticator_id, account_id, sign_count, is_copyable, is_copied
        FROM passkeys WHERE credential_digest = :credential_digest""",
        credential_digest=credential_digest,
    )
    if row is None:
        return None
    said = {name: bool(row[name]) for name in ("is_copyable", "is_copied")}
    return Passkey(**{**row, **said})


async def copied(tx: Transaction, account_id: str) -> dict[str, bool]:
    """Of each passkey of the account, whether it is on more than one device."""
    rows = await tx.fetch_all(
        "SELECT authenticator_id, is_copied FROM passkeys WHERE account_id = :account_id",
        account_id=account_id,
    )
    return {row["authenticator_id"]: bool(row["is_copied"]) for row in rows}


async def use(
    tx: Transaction, authenticator_id: str, *, seen: int, sign_count: int, is_copied: bool
) -> bool:
    """PK-04: the counter goes up by compare and set; False where another use was first."""
    touched = await tx.execute(
        """UPDATE passkeys SET sign_count = :sign_count, is_copied = :is_copied
        WHERE authenticator_id = :authenticator_id AND sign_count = :seen""",
        authenticator_id=authenticator_id,
        sign_count=sign_count,
        is_copied=is_copied,
        seen=seen,
    )
    return touched == 1


# --- who their owner is to them -----------------------------------------------------------


async def handle(tx: Transaction, account_id: str) -> bytes | None:
    """The sealed handle of an account; None before its first passkey."""
    row = await tx.fetch_one(
        "SELECT handle_sealed FROM passkey_users WHERE account_id = :account_id",
        account_id=account_id,
    )
    return row["handle_sealed"] if row else None


async def keep_handle(tx: Transaction, account_id: str, handle_sealed: bytes) -> None:
    """PK-05: one for all of an account's passkeys; the first stays."""
    await tx.execute(
        """INSERT INTO passkey_users (account_id, handle_sealed)
        VALUES (:account_id, :handle_sealed) ON CONFLICT (account_id) DO NOTHING""",
        account_id=account_id,
        handle_sealed=handle_sealed,
    )


# --- questions ----------------------------------------------------------------------------


async def ask(
    tx: Transaction, *, owner_id: str, purpose: str, challenge_digest: bytes, expires_at: datetime
) -> None:
    """Put a question in the place of the one that its owner has open."""
    await tx.execute(
        """INSERT INTO passkey_questions (owner_id, purpose, challenge_digest, expires_at)
        VALUES (:owner_id, :purpose, :challenge_digest, :expires_at)
        ON CONFLICT (owner_id, purpose) DO UPDATE SET
            challenge_digest = excluded.challenge_digest, expires_at = excluded.expires_at""",
        owner_id=owner_id,
        purpose=purpose,
        challenge_digest=challenge_digest,
        expires_at=expires_at,
    )


async def take(
    tx: Transaction, *, owner_id: str, purpose: str, challenge_digest: bytes, now: datetime
) -> bool:
    """Whether that was asked and is open; it is gone either way, so no answer comes twice (PK-01).

    An answer to another question leaves this one open: its challenge was never ours.
    """
    row = await tx.fetch_one(
        """DELETE FROM passkey_questions WHERE owner_id = :owner_id AND purpose = :purpose
            AND challenge_digest = :challenge_digest RETURNING expires_at > :now AS is_open""",
        owner_id=owner_id,
        purpose=purpose,
        challenge_digest=challenge_digest,
        now=now,
    )
    return row is not None and bool(row["is_open"])
