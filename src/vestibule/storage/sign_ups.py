"""Sign-ups that wait for their mailed code; no account exists yet."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.pending import SignUp
from vestibule.storage.database import Transaction

_COLUMNS = """id, email, email_key, name, locale, password_mac, is_decoy, return_to, created_at,
 expires_at"""


def _sign_up(row: Mapping[str, Any]) -> SignUp:
    return SignUp(**row)


async def add(
    tx: Transaction, sign_up: SignUp, *, token_digest: bytes, visit_digest: bytes
) -> None:
    await tx.execute(
        """INSERT INTO sign_ups (id, token_digest, visit_digest, email, email_key, name, locale,
            password_mac, is_decoy, return_to, created_at, expires_at)
        VALUES (:id, :token_digest, :visit_digest, :email, :email_key, :name, :locale,
            :password_mac, :is_decoy, :return_to, :created_at, :expires_at)""",
        id=sign_up.id,
        token_digest=token_digest,
        visit_digest=visit_digest,
        email=sign_up.email,
        email_key=sign_up.email_key,
        name=sign_up.name,
        locale=sign_up.locale,
        password_mac=sign_up.password_mac,
        is_decoy=sign_up.is_decoy,
        return_to=sign_up.return_to,
        created_at=sign_up.created_at,
        expires_at=sign_up.expires_at,
    )


async def repeat(
    tx: Transaction, sign_up: SignUp, *, token_digest: bytes, visit_digest: bytes
) -> SignUp | None:
    """This browser's sign-up for the same address, with what was typed now, under a new token.

    A double click, or Back and the form again, continues it: one mail, one code.
    """
    row = await tx.fetch_one(
        f"""UPDATE sign_ups SET token_digest = :token_digest, name = :name,
            password_mac = :password_mac
        WHERE email_key = :email_key AND visit_digest = :visit_digest AND expires_at > :now
            AND is_decoy = :is_decoy
        RETURNING {_COLUMNS}""",
        token_digest=token_digest,
        name=sign_up.name,
        password_mac=sign_up.password_mac,
        email_key=sign_up.email_key,
        visit_digest=visit_digest,
        is_decoy=sign_up.is_decoy,
        now=sign_up.created_at,
    )
    return _sign_up(row) if row else None


async def find(tx: Transaction, token_digest: bytes, now: datetime) -> SignUp | None:
    row = await tx.fetch_one(
        f"""SELECT {_COLUMNS} FROM sign_ups
        WHERE token_digest = :token_digest AND expires_at > :now""",
        token_digest=token_digest,
        now=now,
    )
    return _sign_up(row) if row else None


async def end(tx: Transaction, sign_up_id: str) -> bool:
    touched = await tx.execute("DELETE FROM sign_ups WHERE id = :id", id=sign_up_id)
    return touched == 1


async def end_for_address(tx: Transaction, email_key: str) -> None:
    """The address is proven: every other claim on it ends (EF-08)."""
    await tx.execute("DELETE FROM sign_ups WHERE email_key = :email_key", email_key=email_key)
