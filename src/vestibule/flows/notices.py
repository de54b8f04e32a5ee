"""Mails and texts that tell of a change; they carry no code, token or secret (NO-02)."""

import json

from vestibule.crypto.seal import Place
from vestibule.domain.challenge import Channel
from vestibule.domain.identifier import phone_of
from vestibule.flows.work import Work
from vestibule.storage import outbox
from vestibule.storage.retention import KEPT


async def put_notice(
    work: Work,
    *,
    kind: str,
    to: str,
    account_id: str | None,
    channel: Channel = Channel.EMAIL,
    **facts: str,
) -> None:
    """Leave a notice in the outbox, in the transaction of what it tells (NO-03)."""
    message_id = work.means.entropy.id()
    seal = work.means.seal
    body = {**facts, "at": work.now.isoformat(), "browser": work.caller.user_agent}
    await outbox.put(
        work.tx,
        outbox.Waiting(
            id=message_id,
            challenge_id=None,
            account_id=account_id,
            kind=f"notice_{kind}",
            channel=channel,
            locale=work.caller.locale,
            destination_sealed=seal.seal(to, Place("outbox", "destination_sealed", message_id)),
            body_sealed=seal.seal(json.dumps(body), Place("outbox", "body_sealed", message_id)),
            written_at=work.now,
            expires_at=work.now + KEPT["outbox"][1],
            attempts=0,
            country=None if channel is Channel.EMAIL else phone_of(to).region,
        ),
    )
    work.has_mail = True
