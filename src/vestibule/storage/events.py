"""The journal's rows: written in the transaction of what they tell, never changed (AU-01)."""

import json

from vestibule.domain.event import Event
from vestibule.storage.database import Transaction


async def append(tx: Transaction, event: Event) -> None:
    await tx.execute(
        """INSERT INTO events (id, occurred_at, account_id, name, outcome, reason, actor_id,
            session_mac, sign_in_mac, method, source, user_agent, request_id, version, details)
        VALUES (:id, :occurred_at, :account_id, :name, :outcome, :reason, :actor_id, :session_mac,
            :sign_in_mac, :method, :source, :user_agent, :request_id, :version, :details)""",
        id=event.id,
        occurred_at=event.occurred_at,
        account_id=event.account_id,
        name=event.name.value,
        outcome=event.outcome.value,
        reason=event.reason,
        # Until somebody else may act on an account, its owner is the actor.
        actor_id=event.account_id,
        session_mac=event.session_mac,
        sign_in_mac=event.sign_in_mac,
        method=event.method,
        source=event.source,
        user_agent=event.user_agent,
        request_id=event.request_id,
        version=event.version,
        details=json.dumps(dict(event.details), ensure_ascii=True, sort_keys=True, default=str),
    )
