"""The answers that notices offer: a link by mail, a short code by text, each used at most once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vestibule.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Disavowal:
    """What a notice told of, so that "not me" knows which act it doubts."""

    id: str
    account_id: str
    act_id: str
    notice: str
    source: str
    user_agent: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    notice_address_id: str | None = None
    """The second address that its link went to."""


_COLUMNS = """id, account_id, act_id, notice, source, user_agent, made_at, expires_at, used_at,
 notice_address_id"""


def _disavowal(row: Mapping[str, Any]) -> Disavowal:
    return Disavowal(**row)


async def add(
    tx: Transaction,
    disavowal: Disavowal,
    *,
    token_digest: bytes | None = None,
    code_mac: bytes | None = None,
) -> None:
    await tx.execute(
        """INSERT INTO disavowals (id, account_id, act_id, notice, token_digest, code_mac, source,
            user_agent, made_at, expires_at, notice_address_id)
        VALUES (:id, :account_id, :act_id, :notice, :token_digest, :code_mac, :source,
            :user_agent, :made_at, :expires_at, :notice_address_id)""",
        id=disavowal.id,
        account_id=disavowal.account_id,
        act_id=disavowal.act_id,
        notice=disavowal.notice,
        token_digest=token_digest,
        code_mac=code_mac,
        source=disavowal.source,
        user_agent=disavowal.user_agent,
        made_at=disavowal.made_at,
        expires_at=disavowal.expires_at,
        notice_address_id=disavowal.notice_address_id,
    )


async def find_by_token(tx: Transaction, token_digest: bytes, now: datetime) -> Disavowal | None:
    """The link's notice within its seven days, used or not."""
    row = await tx.fetch_one(
        f"""SELECT {_COLUMNS} FROM disavowals
        WHERE token_digest = :token_digest AND expires_at > :now""",
        token_digest=token_digest,
        now=now,
    )
    return _disavowal(row) if row else None


async def find_by_code(tx: Transaction, code_macs: list[bytes], now: datetime) -> Disavowal | None:
    """The text's notice within its seven days, over every key that may have marked its code."""
    for code_mac in code_macs:
        row = await tx.fetch_one(
            f"""SELECT {_COLUMNS} FROM disavowals
            WHERE code_mac = :code_mac AND expires_at > :now""",
            code_mac=code_mac,
            now=now,
        )
        if row:
            return _disavowal(row)
    return None


async def use(tx: Transaction, disavowal_id: str, now: datetime) -> bool:
    """Spend it: True for exactly one of any number of presses."""
    touched = await tx.execute(
        """UPDATE disavowals SET used_at = :used_at
        WHERE id = :id AND used_at IS NULL AND expires_at > :now""",
        id=disavowal_id,
        used_at=now,
        now=now,
    )
    return touched == 1
