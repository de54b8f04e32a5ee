"""Pending proofs by a sent code: issued once, tried a few times, used at most once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.storage.database import Transaction

_COLUMNS = """id, purpose, binding_id, account_id, authenticator_id, channel, destination_sealed,
 digits, code_mac, code_sealed, issued_at, expires_at, tries, max_tries, sends, last_sent_at,
 number, is_decoy"""


def _challenge(row: Mapping[str, Any]) -> Challenge:
    return Challenge(
        **{**row, "purpose": Purpose(row["purpose"]), "channel": Channel(row["channel"])}
    )


async def live(tx: Transaction, purpose: Purpose, binding_id: str) -> Challenge | None:
    """The challenge that its own pending sign-in, session or set-up waits for (OC-04).

    Expired ones are returned too, so that the person can be told; `reserve_try` refuses them.
    """
    row = await tx.fetch_one(
        f"""SELECT {_COLUMNS} FROM challenges
        WHERE binding_id = :binding_id AND purpose = :purpose AND ended_at IS NULL""",
        binding_id=binding_id,
        purpose=purpose.value,
    )
    return _challenge(row) if row else None


async def get(tx: Transaction, challenge_id: str) -> Challenge | None:
    row = await tx.fetch_one(f"SELECT {_COLUMNS} FROM challenges WHERE id = :id", id=challenge_id)
    return _challenge(row) if row else None


async def add(tx: Transaction, challenge: Challenge) -> bool:
    """Issue a challenge; False when its binding already waits for one of this purpose."""
    touched = await tx.execute(
        """INSERT INTO challenges (id, purpose, binding_id, account_id, authenticator_id, channel,
            destination_sealed, digits, code_mac, code_sealed, issued_at, expires_at, tries,
            max_tries, sends, last_sent_at, number, is_decoy)
        VALUES (:id, :purpose, :binding_id, :account_id, :authenticator_id, :channel,
            :destination_sealed, :digits, :code_mac, :code_sealed, :issued_at, :expires_at, 0,
            :max_tries, :sends, :last_sent_at, :number, :is_decoy)
        ON CONFLICT (binding_id, purpose) WHERE ended_at IS NULL DO NOTHING""",
        id=challenge.id,
        purpose=challenge.purpose.value,
        binding_id=challenge.binding_id,
        account_id=challenge.account_id,
        authenticator_id=challenge.authenticator_id,
        channel=challenge.channel.value,
        destination_sealed=challenge.destination_sealed,
        digits=challenge.digits,
        code_mac=challenge.code_mac,
        code_sealed=challenge.code_sealed,
        issued_at=challenge.issued_at,
        expires_at=challenge.expires_at,
        max_tries=challenge.max_tries,
        sends=challenge.sends,
        last_sent_at=challenge.issued_at,
        number=challenge.number,
        is_decoy=challenge.is_decoy,
    )
    return touched == 1


async def reserve_try(tx: Transaction, challenge_id: str, now: datetime) -> int | None:
    """Count one try before anything is compared (OC-07); the count, or None: no try is left."""
    row = await tx.fetch_one(
        """UPDATE challenges SET tries = tries + 1
        WHERE id = :id AND tries < max_tries AND ended_at IS NULL AND expires_at > :now
        RETURNING tries""",
        id=challenge_id,
        now=now,
    )
    return int(row["tries"]) if row else None


async def reserve_send(
    tx: Transaction, challenge_id: str, *, sends: int, channel: Channel, now: datetime
) -> bool:
    """Take one send of the challenge; of two racing requests one gets it (OC-09)."""
    touched = await tx.execute(
        """UPDATE challenges SET sends = sends + 1, last_sent_at = :sent_at, channel = :channel
        WHERE id = :id AND sends = :sends AND ended_at IS NULL AND expires_at > :now""",
        id=challenge_id,
        sends=sends,
        channel=channel.value,
        sent_at=now,
        now=now,
    )
    return touched == 1


async def consume(tx: Transaction, challenge_id: str, now: datetime) -> bool:
    """Use the challenge up, once: True for exactly one of any number of right codes (OC-03)."""
    touched = await tx.execute(
        """UPDATE challenges SET used_at = :used_at, ended_at = :ended_at, code_sealed = NULL,
            code_mac = NULL
        WHERE id = :id AND ended_at IS NULL AND expires_at > :now""",
        id=challenge_id,
        used_at=now,
        ended_at=now,
        now=now,
    )
    return touched == 1


async def end(tx: Transaction, purpose: Purpose, binding_id: str, now: datetime) -> None:
    """Void what a binding waits for, and erase the code."""
    await tx.execute(
        """UPDATE challenges SET ended_at = :ended_at, code_sealed = NULL
        WHERE binding_id = :binding_id AND purpose = :purpose AND ended_at IS NULL""",
        binding_id=binding_id,
        purpose=purpose.value,
        ended_at=now,
    )


async def end_of_binding(tx: Transaction, binding_id: str, now: datetime) -> None:
    """Void whatever a sign-in, session or reset waits for: it is over (OC-03)."""
    await tx.execute(
        """UPDATE challenges SET ended_at = :ended_at, code_sealed = NULL
        WHERE binding_id = :binding_id AND ended_at IS NULL""",
        binding_id=binding_id,
        ended_at=now,
    )


async def end_of_account(tx: Transaction, account_id: str, now: datetime) -> None:
    """Void every code that is out for an account: a password or factor has changed (OC-03)."""
    await tx.execute(
        """UPDATE challenges SET ended_at = :ended_at, code_sealed = NULL
        WHERE account_id = :account_id AND ended_at IS NULL""",
        account_id=account_id,
        ended_at=now,
    )


async def latest_number(tx: Transaction, purpose: Purpose, binding_id: str) -> int:
    """How many challenges the binding has had: "code 2" is the second."""
    row = await tx.fetch_one(
        """SELECT MAX(number) AS n FROM challenges
        WHERE binding_id = :binding_id AND purpose = :purpose""",
        binding_id=binding_id,
        purpose=purpose.value,
    )
    return int(row["n"] or 0) if row else 0


async def earlier_macs(
    tx: Transaction, purpose: Purpose, binding_id: str
) -> list[Mapping[str, Any]]:
    """Replaced and spent challenges of a binding, to say "that was code 1"; newest first."""
    return await tx.fetch_all(
        """SELECT id, account_id, purpose, channel, digits, number, code_mac, destination_sealed
        FROM challenges WHERE binding_id = :binding_id AND purpose = :purpose
            AND ended_at IS NOT NULL AND code_mac IS NOT NULL ORDER BY number DESC""",
        binding_id=binding_id,
        purpose=purpose.value,
    )
