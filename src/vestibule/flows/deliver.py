"""Draining the outbox: claim a message, render it, send it, note what became of it.

The network is called between transactions, never inside one. The code is opened here, for the
moment of sending; the outbox names the challenge instead of carrying it (R10).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from gettext import NullTranslations
from typing import assert_never

from vestibule.crypto.seal import Place
from vestibule.delivery.notice_wording import notice_message
from vestibule.delivery.provider import (
    Accepted,
    Message,
    PermanentFailure,
    Receipt,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.rendering import Envelope, House, SentCode, code_message
from vestibule.delivery.routing import Routes, route
from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Fault
from vestibule.flows.calls import place_call
from vestibule.flows.work import Means
from vestibule.observability.logging import log_failure
from vestibule.storage import accounts, challenges, outbox
from vestibule.storage.database import Transaction
from vestibule.storage.outbox import Waiting

LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Delivering:
    """What delivery works with besides the means of every flow."""

    means: Means
    routes: Routes
    house: House
    words: Callable[[str], NullTranslations]


async def drain(delivering: Delivering) -> int:
    """Send everything that is due; how many messages were claimed."""
    count = 0
    while await deliver_one(delivering):
        count += 1
    return count


async def deliver_one(delivering: Delivering) -> bool:
    """Claim and send one message; False when none is due."""
    means = delivering.means
    claimed = await means.database.transact(lambda tx: _claim(delivering, tx))
    if claimed is None:
        return False
    waiting, addressed = claimed
    if addressed is None:
        await _refuse(means, waiting, "none", Fault.NO_LONGER_NEEDED)
        return True
    message, to = addressed
    try:
        provider, outcome = await route(delivering.routes, message, to)
    except Exception as error:
        log_failure("delivery_failed", error, message_id=waiting.id)
        provider, outcome = "unknown", TemporaryFailure(type(error).__name__)
    match outcome:
        case Accepted(reference=reference, receipt=receipt):
            await _hand_over(means, waiting, provider, reference, receipt)
        case PermanentFailure(fault=fault):
            await _refuse(means, waiting, provider, fault)
        case TemporaryFailure():
            await _retry(means, waiting, provider, _back_off(waiting))
        case Throttled(retry_after_seconds=seconds):
            await _retry(means, waiting, provider, timedelta(seconds=seconds))
        case other:
            assert_never(other)
    return True


async def _claim(
    delivering: Delivering, tx: Transaction
) -> tuple[Waiting, tuple[Message, str] | None] | None:
    waiting = await outbox.claim(tx, now=delivering.means.clock(), lease=LEASE)
    if waiting is None:
        return None
    if waiting.challenge_id is None:
        return waiting, await _address_notice(delivering, tx, waiting)
    return waiting, await _address_code(delivering, tx, waiting)


async def _envelope(delivering: Delivering, tx: Transaction, waiting: Waiting, to: str) -> Envelope:
    account = await accounts.get(tx, waiting.account_id) if waiting.account_id else None
    return Envelope(
        message_id=waiting.id,
        channel=waiting.channel.value,  # type: ignore[arg-type]  # an outbox has no app's codes
        to=to,
        account_label=account.email if account else to,
        locale=waiting.locale,
        words=delivering.words(waiting.locale),
    )


async def _address_code(
    delivering: Delivering, tx: Transaction, waiting: Waiting
) -> tuple[Message, str] | None:
    """The code's message, or None when its challenge has ended meanwhile: never sent late."""
    challenge = await challenges.get(tx, waiting.challenge_id or "")
    if challenge is None or challenge.code_sealed is None:
        return None
    seal = delivering.means.seal
    place = Place("challenges", "destination_sealed", challenge.id)
    to = seal.open(challenge.destination_sealed, place)
    left = challenge.expires_at - delivering.means.clock()
    sent = SentCode(
        purpose=challenge.purpose.value,
        code=seal.open(challenge.code_sealed, Place("challenges", "code_sealed", challenge.id)),
        minutes=max(1, round(left.total_seconds() / 60)),
        number=challenge.number,
    )
    envelope = await _envelope(delivering, tx, waiting, to)
    if waiting.channel is Channel.VOICE:
        envelope = replace(envelope, call_reference=await place_call(delivering.means, tx, waiting))
    return code_message(delivering.house, envelope, sent), to


async def _address_notice(
    delivering: Delivering, tx: Transaction, waiting: Waiting
) -> tuple[Message, str] | None:
    if waiting.destination_sealed is None or waiting.body_sealed is None:
        return None
    seal = delivering.means.seal
    to = seal.open(waiting.destination_sealed, Place("outbox", "destination_sealed", waiting.id))
    facts = json.loads(seal.open(waiting.body_sealed, Place("outbox", "body_sealed", waiting.id)))
    envelope = await _envelope(delivering, tx, waiting, to)
    kind = waiting.kind.removeprefix("notice_")
    return notice_message(delivering.house, envelope, kind, facts), to


async def _hand_over(
    means: Means, waiting: Waiting, provider: str, reference: str, receipt: Receipt | None
) -> None:
    async def unit(tx: Transaction) -> None:
        now = means.clock()
        await outbox.hand_over(tx, waiting.id, provider=provider, reference=reference, now=now)
        if receipt is None:
            return
        if receipt.status == "delivered":
            await outbox.deliver(tx, waiting.id, now)
        else:
            await outbox.refuse(
                tx,
                waiting.id,
                provider=provider,
                reason=receipt.reason or Fault.UNREACHABLE,
                now=now,
            )

    await means.database.transact(unit)


async def _refuse(means: Means, waiting: Waiting, provider: str, reason: str) -> None:
    async def unit(tx: Transaction) -> None:
        await outbox.refuse(tx, waiting.id, provider=provider, reason=reason, now=means.clock())

    await means.database.transact(unit)


def _back_off(waiting: Waiting) -> timedelta:
    """Doubling from two seconds to an hour: a notice is tried for as long as it is kept."""
    return timedelta(seconds=min(2 ** min(waiting.attempts, 12), 3600))


async def _retry(means: Means, waiting: Waiting, provider: str, wait: timedelta) -> None:
    if waiting.challenge_id is not None and waiting.attempts >= MOST_ATTEMPTS:
        await _refuse(means, waiting, provider, Fault.NO_ROUTE)
        return

    async def unit(tx: Transaction) -> None:
        await outbox.retry_at(tx, waiting.id, means.clock() + wait)

    await means.database.transact(unit)
