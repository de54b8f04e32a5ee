"""The journal's rows: written in the transaction of what they tell, never changed (AU-01)."""

import json
from collections.abc import Mapping
from datetime import datetime

from vestibule.storage.database import Transaction


async def append(
    tx: Transaction,
    *,
    event_id: str,
    occurred_at: datetime,
    name: str,
    outcome: str,
    reason: str | None,
    account_id: str | None,
    session_mac: bytes | None,
    sign_in_mac: bytes | None,
    method: str | None,
    source: str,
    user_agent: str,
    request_id: str,
    version: str,
    details: Mapping[str, object],
) -> None:
    await tx.execute(
        """INSERT INTO events (id, occurred_at, account_id, name, outcome, reason, actor_id,
            session_mac, sign_in_mac, method, source, user_agent, request_id, version, details)
        VALUES (:id, :occurred_at, :account_id, :name, :outcome, :reason, :actor_id, :session_mac,
            :sign_in_mac, :method, :source, :user_agent, :request_id, :version, :details)""",
        id=event_id,
        occurred_at=occurred_at,
        account_id=account_id,
        name=name,
        outcome=outcome,
        reason=reason,
        actor_id=account_id,
        session_mac=session_mac,
        sign_in_mac=sign_in_mac,
        method=method,
        source=source,
        user_agent=user_agent,
        request_id=request_id,
        version=version,
        details=json.dumps(dict(details), ensure_ascii=True, sort_keys=True, default=str),
    )
