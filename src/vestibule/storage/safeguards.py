"""What holds an account back after "not me", a freeze or a reset; the fields are the account's."""

from datetime import datetime

from vestibule.storage.database import Transaction


async def require_reset(tx: Transaction, account_id: str, now: datetime) -> None:
    """The password opens nothing before a reset sets another (R8)."""
    await tx.execute(
        """INSERT INTO safeguards (account_id, reset_required_at) VALUES (:id, :at)
        ON CONFLICT (account_id) DO UPDATE SET reset_required_at = excluded.reset_required_at""",
        id=account_id,
        at=now,
    )


async def end_required_reset(tx: Transaction, account_id: str) -> None:
    """Refused by the database while the method that is asked first proves nothing (EF-02)."""
    await tx.execute(
        "UPDATE safeguards SET reset_required_at = NULL WHERE account_id = :id", id=account_id
    )


async def require_review(tx: Transaction, account_id: str, from_at: datetime) -> None:
    """Sign-ins from then on open with "still yours?" (R12)."""
    await tx.execute(
        """INSERT INTO safeguards (account_id, review_from_at) VALUES (:id, :at)
        ON CONFLICT (account_id) DO UPDATE SET review_from_at = excluded.review_from_at""",
        id=account_id,
        at=from_at,
    )


async def end_review(tx: Transaction, account_id: str) -> bool:
    """Answered; False where a parallel request already has."""
    touched = await tx.execute(
        """UPDATE safeguards SET review_from_at = NULL
        WHERE account_id = :id AND review_from_at IS NOT NULL""",
        id=account_id,
    )
    return touched == 1


async def be_quiet(tx: Transaction, account_id: str, until_at: datetime) -> None:
    """No method, number or recovery code changes before then (B.3)."""
    await tx.execute(
        """INSERT INTO safeguards (account_id, quiet_until_at) VALUES (:id, :at)
        ON CONFLICT (account_id) DO UPDATE SET quiet_until_at = excluded.quiet_until_at""",
        id=account_id,
        at=until_at,
    )


async def freeze(
    tx: Transaction, account_id: str, *, act_id: str, until_at: datetime, now: datetime
) -> bool:
    """Stop changes until then; False where a freeze holds already: none is prolonged."""
    touched = await tx.execute(
        """INSERT INTO safeguards (account_id, frozen_until_at, frozen_act_id)
        VALUES (:id, :until_at, :act_id)
        ON CONFLICT (account_id) DO UPDATE SET frozen_until_at = excluded.frozen_until_at,
            frozen_act_id = excluded.frozen_act_id
        WHERE safeguards.frozen_until_at IS NULL OR safeguards.frozen_until_at <= :now""",
        id=account_id,
        until_at=until_at,
        act_id=act_id,
        now=now,
    )
    return touched == 1


async def thaw(tx: Transaction, account_id: str) -> bool:
    touched = await tx.execute(
        """UPDATE safeguards SET frozen_until_at = NULL, frozen_act_id = NULL
        WHERE account_id = :id AND frozen_until_at IS NOT NULL""",
        id=account_id,
    )
    return touched == 1


async def suspend_address(tx: Transaction, account_id: str, now: datetime) -> bool:
    """Codes go to the address before it; False where that is so already: none is prolonged."""
    touched = await tx.execute(
        """INSERT INTO safeguards (account_id, address_suspended_at) VALUES (:id, :at)
        ON CONFLICT (account_id) DO UPDATE SET address_suspended_at = excluded.address_suspended_at
        WHERE safeguards.address_suspended_at IS NULL""",
        id=account_id,
        at=now,
    )
    return touched == 1


async def end_suspended_address(tx: Transaction, account_id: str) -> bool:
    touched = await tx.execute(
        """UPDATE safeguards SET address_suspended_at = NULL
        WHERE account_id = :id AND address_suspended_at IS NOT NULL""",
        id=account_id,
    )
    return touched == 1
