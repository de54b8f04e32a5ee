"""Accounts and their passwords."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.account import Account, Password
from vestibule.domain.challenge import Channel
from vestibule.storage.database import Transaction

_COLUMNS = """id, email, email_key, name, locale, created_at, enrolled_at,
 default_authenticator_id, default_channel, new_password_required_at, reset_required_at,
 review_from_at, frozen_until_at, frozen_act_id, quiet_until_at, suspended_at, closes_at,
 address_suspended_at, time_zone, time_zone_chosen_at, passkey_offered_at"""
_FROM = "accounts LEFT JOIN safeguards ON safeguards.account_id = accounts.id"


def _account(row: Mapping[str, Any]) -> Account:
    channel = row["default_channel"]
    return Account(**{**row, "default_channel": Channel(channel) if channel else None})


async def locale(tx: Transaction, account_id: str) -> str | None:
    """The language of an account, and nothing else of it."""
    row = await tx.fetch_one("SELECT locale FROM accounts WHERE id = :id", id=account_id)
    return str(row["locale"]) if row else None


async def get(tx: Transaction, account_id: str) -> Account | None:
    """The account; None where it is closed, as where it never was."""
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE id = :id AND closed_at IS NULL", id=account_id
    )
    return _account(row) if row else None


async def find_by_email(tx: Transaction, email_key: str) -> Account | None:
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE email_key = :email_key", email_key=email_key
    )
    return _account(row) if row else None


async def add(
    tx: Transaction,
    *,
    account_id: str,
    email: str,
    email_key: str,
    name: str,
    locale: str,
    now: datetime,
) -> bool:
    """Add an account without a second factor; False when the address is already taken."""
    touched = await tx.execute(
        """INSERT INTO accounts (id, email, email_key, name, locale, created_at)
        VALUES (:id, :email, :email_key, :name, :locale, :created_at)
        ON CONFLICT (email_key) DO NOTHING""",
        id=account_id,
        email=email,
        email_key=email_key,
        name=name,
        locale=locale,
        created_at=now,
    )
    return touched == 1


async def offer_passkey(tx: Transaction, account_id: str, now: datetime) -> None:
    """Note that its owner is offered a passkey now, unless that happened or there is one."""
    await tx.execute(
        """UPDATE accounts SET passkey_offered_at = :now
        WHERE id = :id AND passkey_offered_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM authenticators a WHERE a.account_id = accounts.id AND a.kind = 'passkey')
        """,
        id=account_id,
        now=now,
    )


async def move(tx: Transaction, account_id: str, *, seen_key: str, email: str, key: str) -> bool:
    """Give the account another address, once; False where it has moved or the address is taken.

    Whoever calls holds the address, so that nobody takes it beside this.
    """
    touched = await tx.execute(
        """UPDATE accounts SET email = :email, email_key = :email_key
        WHERE id = :id AND email_key = :seen_key
            AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.email_key = :wanted_key)""",
        id=account_id,
        seen_key=seen_key,
        email=email,
        email_key=key,
        wanted_key=key,
    )
    return touched == 1


async def rename(tx: Transaction, account_id: str, name: str) -> bool:
    """False where it is called so already."""
    touched = await tx.execute(
        "UPDATE accounts SET name = :name WHERE id = :id AND name <> :present",
        id=account_id,
        name=name,
        present=name,
    )
    return touched == 1


async def hold(tx: Transaction, account_id: str) -> None:
    """Order this transaction after every other one that holds the same account.

    On PostgreSQL the row lock does it; on SQLite the single writer already has.
    """
    await tx.execute("UPDATE accounts SET guard = guard + 1 WHERE id = :id", id=account_id)


async def set_default(
    tx: Transaction, account_id: str, *, authenticator_id: str, channel: Channel, now: datetime
) -> bool:
    """Make a bound authenticator the one asked first; the first one enrols the account."""
    touched = await tx.execute(
        """UPDATE accounts SET default_authenticator_id = :authenticator_id,
            default_channel = :channel, enrolled_at = COALESCE(enrolled_at, :now_at)
        WHERE id = :id AND EXISTS (SELECT 1 FROM authenticators a
            WHERE a.account_id = accounts.id AND a.id = :bound_id)""",
        id=account_id,
        authenticator_id=authenticator_id,
        bound_id=authenticator_id,
        channel=channel.value,
        now_at=now,
    )
    return touched == 1


async def set_locale(tx: Transaction, account_id: str, locale: str) -> bool:
    """Write to its owner in this language from now on; False where that is so already."""
    touched = await tx.execute(
        "UPDATE accounts SET locale = :locale WHERE id = :id AND locale <> :present",
        id=account_id,
        locale=locale,
        present=locale,
    )
    return touched == 1


async def follow_time_zone(
    tx: Transaction, account_id: str, time_zone: str, *, is_known_browser: bool
) -> None:
    """Tell its owner times as this browser's clock shows them, unless another zone was chosen.

    A browser that is new says it only where none is known: it may be a stranger's.
    """
    await tx.execute(
        """UPDATE accounts SET time_zone = :time_zone
        WHERE id = :id AND time_zone_chosen_at IS NULL
            AND (time_zone IS NULL OR (:is_known AND time_zone <> :present))""",
        id=account_id,
        time_zone=time_zone,
        present=time_zone,
        is_known=is_known_browser,
    )


async def choose_time_zone(
    tx: Transaction, account_id: str, time_zone: str | None, chosen_at: datetime | None
) -> bool:
    """Tell its owner times in this zone from now on; False where that is so already.

    Without `chosen_at` it follows the browser again.
    """
    touched = await tx.execute(
        """UPDATE accounts SET time_zone = :time_zone, time_zone_chosen_at = :chosen_at
        WHERE id = :id AND (COALESCE(time_zone, '') <> :present
            OR (time_zone_chosen_at IS NULL) = :is_choice)""",
        id=account_id,
        time_zone=time_zone,
        chosen_at=chosen_at,
        present=time_zone or "",
        is_choice=chosen_at is not None,
    )
    return touched == 1


async def require_new_password(tx: Transaction, account_id: str, now: datetime) -> None:
    """Others know this password or would guess it: the next full sign-in must set another."""
    await tx.execute(
        """UPDATE accounts SET new_password_required_at = COALESCE(new_password_required_at, :at)
        WHERE id = :id""",
        id=account_id,
        at=now,
    )


async def password(tx: Transaction, account_id: str) -> Password | None:
    row = await tx.fetch_one(
        "SELECT account_id, password_mac, epoch, changed_at FROM passwords WHERE account_id = :id",
        id=account_id,
    )
    return Password(**row) if row else None


async def add_password(
    tx: Transaction, account_id: str, *, password_mac: str, now: datetime
) -> None:
    await tx.execute(
        """INSERT INTO passwords (account_id, password_mac, epoch, changed_at)
        VALUES (:account_id, :password_mac, 1, :changed_at)""",
        account_id=account_id,
        password_mac=password_mac,
        changed_at=now,
    )


async def replace_password(
    tx: Transaction, account_id: str, *, password_mac: str, now: datetime
) -> None:
    """Set another password: a new epoch of strikes, and nothing left that demands one."""
    await tx.execute(
        """UPDATE passwords SET password_mac = :password_mac, epoch = epoch + 1,
            changed_at = :changed_at WHERE account_id = :account_id""",
        account_id=account_id,
        password_mac=password_mac,
        changed_at=now,
    )
    await tx.execute(
        "UPDATE accounts SET new_password_required_at = NULL WHERE id = :id", id=account_id
    )


async def rehash_password(tx: Transaction, account_id: str, *, old: str, new: str) -> bool:
    """Store the same password more strongly (PH-04); False when it changed meanwhile."""
    touched = await tx.execute(
        """UPDATE passwords SET password_mac = :new
        WHERE account_id = :account_id AND password_mac = :old""",
        account_id=account_id,
        new=new,
        old=old,
    )
    return touched == 1
