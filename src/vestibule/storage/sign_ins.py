"""Pending sign-ins: the password was right, nothing is open (EF-03)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.challenge import Channel
from vestibule.domain.pending import SIGN_INS_PER_ACCOUNT, PendingSignIn, SignInState
from vestibule.storage.database import Transaction

_COLUMNS = """id, account_id, state, is_known_browser, authenticator_id, channel, password_at,
 email_confirmed_at, recovered_at, return_to, source, user_agent, created_at, expires_at"""


def _sign_in(row: Mapping[str, Any]) -> PendingSignIn:
    channel = row["channel"]
    return PendingSignIn(
        **{
            **row,
            "state": SignInState(row["state"]),
            "channel": Channel(channel) if channel else None,
        }
    )


async def add(
    tx: Transaction, sign_in: PendingSignIn, *, token_digest: bytes, visit_digest: bytes
) -> None:
    """Add a pending sign-in and, past three of unknown browsers, end the oldest (OC-10).

    Those that have proven more than the password stay: with a password alone nobody ends them.
    """
    await tx.execute(
        """INSERT INTO sign_ins (id, token_digest, visit_digest, account_id, state,
            is_known_browser, authenticator_id, channel, password_at, email_confirmed_at,
            recovered_at, return_to,
            source, user_agent, created_at, expires_at)
        VALUES (:id, :token_digest, :visit_digest, :account_id, :state, :is_known_browser,
            :authenticator_id, :channel, :password_at, :email_confirmed_at, :recovered_at,
            :return_to, :source,
            :user_agent, :created_at, :expires_at)""",
        id=sign_in.id,
        token_digest=token_digest,
        visit_digest=visit_digest,
        account_id=sign_in.account_id,
        state=sign_in.state.value,
        is_known_browser=sign_in.is_known_browser,
        authenticator_id=sign_in.authenticator_id,
        channel=sign_in.channel.value if sign_in.channel else None,
        password_at=sign_in.password_at,
        email_confirmed_at=sign_in.email_confirmed_at,
        recovered_at=sign_in.recovered_at,
        return_to=sign_in.return_to,
        source=sign_in.source,
        user_agent=sign_in.user_agent,
        created_at=sign_in.created_at,
        expires_at=sign_in.expires_at,
    )
    await tx.execute(
        """DELETE FROM sign_ins WHERE account_id = :account_id AND NOT is_known_browser
            AND state <> 'replacement' AND email_confirmed_at IS NULL
            AND id <> :id AND id NOT IN (
            SELECT id FROM sign_ins WHERE account_id = :same_account_id AND NOT is_known_browser
                AND state <> 'replacement' AND email_confirmed_at IS NULL
                AND id <> :same_id ORDER BY created_at DESC, id LIMIT :others)""",
        account_id=sign_in.account_id,
        same_account_id=sign_in.account_id,
        id=sign_in.id,
        same_id=sign_in.id,
        others=SIGN_INS_PER_ACCOUNT - 1,
    )


async def find(tx: Transaction, token_digest: bytes, now: datetime) -> PendingSignIn | None:
    row = await tx.fetch_one(
        f"""SELECT {_COLUMNS} FROM sign_ins
        WHERE token_digest = :token_digest AND expires_at > :now""",
        token_digest=token_digest,
        now=now,
    )
    return _sign_in(row) if row else None


async def resume(
    tx: Transaction, account_id: str, visit_digest: bytes, *, token_digest: bytes, now: datetime
) -> PendingSignIn | None:
    """The newest one that this browser already has for the account, under a new token.

    A double click, or a second tab, continues it: one challenge, one code. Never one that has
    proven more than the password: a visit's cookie is older than that proof (SE-05).
    """
    row = await tx.fetch_one(
        f"""UPDATE sign_ins SET token_digest = :token_digest
        WHERE id = (SELECT id FROM sign_ins WHERE account_id = :account_id
                AND visit_digest = :visit_digest AND expires_at > :now
                AND recovered_at IS NULL AND email_confirmed_at IS NULL
            ORDER BY created_at DESC, id LIMIT 1)
        RETURNING {_COLUMNS}""",
        token_digest=token_digest,
        account_id=account_id,
        visit_digest=visit_digest,
        now=now,
    )
    return _sign_in(row) if row else None


async def get(tx: Transaction, sign_in_id: str, now: datetime) -> PendingSignIn | None:
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM sign_ins WHERE id = :id AND expires_at > :now",
        id=sign_in_id,
        now=now,
    )
    return _sign_in(row) if row else None


async def hold(tx: Transaction, sign_in_id: str) -> bool:
    """Keep it from ending until the commit; False where it has ended."""
    touched = await tx.execute(
        "UPDATE sign_ins SET expires_at = expires_at WHERE id = :id", id=sign_in_id
    )
    return touched == 1


async def choose(
    tx: Transaction, sign_in_id: str, *, authenticator_id: str, channel: Channel
) -> None:
    """Ask for another of the account's methods; the budgets stay where they are."""
    await tx.execute(
        "UPDATE sign_ins SET authenticator_id = :authenticator_id, channel = :channel"
        " WHERE id = :id",
        id=sign_in_id,
        authenticator_id=authenticator_id,
        channel=channel.value,
    )


async def confirm_email(
    tx: Transaction, sign_in_id: str, *, token_digest: bytes, now: datetime, expires_at: datetime
) -> bool:
    """Open the wall of an account without a second factor: its mailbox has answered.

    Under a new token, so that no copy of the old one stands behind the wall (SE-05).
    """
    touched = await tx.execute(
        """UPDATE sign_ins SET email_confirmed_at = :confirmed_at, expires_at = :expires_at,
            token_digest = :token_digest
        WHERE id = :id AND state = 'enrollment'""",
        id=sign_in_id,
        token_digest=token_digest,
        confirmed_at=now,
        expires_at=expires_at,
    )
    return touched == 1


async def await_replacement(
    tx: Transaction, sign_in_id: str, *, token_digest: bytes, now: datetime, expires_at: datetime
) -> bool:
    """The recovery code was used: only binding a new second factor is open, under a new token."""
    touched = await tx.execute(
        """UPDATE sign_ins SET state = 'replacement', recovered_at = :recovered_at,
            expires_at = :expires_at, token_digest = :token_digest
        WHERE id = :id AND state = 'second_factor'""",
        id=sign_in_id,
        token_digest=token_digest,
        recovered_at=now,
        expires_at=expires_at,
    )
    return touched == 1


async def end(tx: Transaction, sign_in_id: str) -> bool:
    """Destroy a pending sign-in; False when a parallel request already has (EF-06)."""
    touched = await tx.execute("DELETE FROM sign_ins WHERE id = :id", id=sign_in_id)
    return touched == 1


async def end_replacements(tx: Transaction, account_id: str) -> int:
    """End every recovery under way; how many there were."""
    return await tx.execute(
        "DELETE FROM sign_ins WHERE account_id = :account_id AND state = 'replacement'",
        account_id=account_id,
    )


async def end_others(tx: Transaction, account_id: str, *, kept: str | None) -> int:
    """End every pending sign-in of the account but one; how many ended."""
    return await tx.execute(
        "DELETE FROM sign_ins WHERE account_id = :account_id AND id <> :kept",
        account_id=account_id,
        kept=kept or "",
    )
