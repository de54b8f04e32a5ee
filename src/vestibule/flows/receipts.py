"""What a carrier says later of a message that it took: delivered, or why not.

Idempotent, in any order, and about the delivery alone: no receipt proves anything (WH-03).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from vestibule.delivery.provider import Receipt
from vestibule.domain.delivery import Fault
from vestibule.domain.opt_out import Wish
from vestibule.domain.routing import Route
from vestibule.flows.blocked import blocked_by
from vestibule.flows.opt_outs import refused_as_opted_out
from vestibule.flows.tolls import hang_up
from vestibule.flows.work import Means
from vestibule.observability.logging import log_fact
from vestibule.storage import calls, receipts, routes
from vestibule.storage.database import Transaction
from vestibule.storage.receipts import Undelivered

__all__ = ["Callbacks", "Receipt", "receive", "settle_early"]


class TextFromNumber(Protocol):
    """A text that a number sent to us, and what it asks for."""

    @property
    def id(self) -> str: ...
    @property
    def e164(self) -> str: ...
    @property
    def wish(self) -> Wish: ...


class Callbacks(Protocol):
    """How one carrier's posts to us are proven and read; the entry room knows no more of it."""

    @property
    def name(self) -> str: ...

    def is_genuine(self, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the carrier signed this very post, to this path, just now. First of all."""
        ...

    def key(self, body: bytes) -> str:
        """The key that was pressed, or "" for none in time."""
        ...

    def receipt(self, body: bytes) -> Receipt | None:
        """What became of the message; None while it is on its way, or for words not known."""
        ...

    def text(self, headers: Mapping[str, str], body: bytes) -> TextFromNumber | None:
        """What a number's own text to us asks for; None where it asks for nothing."""
        ...


async def receive(means: Means, provider: str, message_id: str, receipt: Receipt) -> bool:
    """Note what a receipt says; False when it says nothing new of a message of this carrier.

    One that is quicker than its carrier's own answer is kept until the hand-over; one of a message
    that this carrier never had changes nothing, and is logged.
    """

    async def unit(tx: Transaction) -> tuple[bool, bool]:
        is_news = await settle(tx, means, provider, message_id, receipt)
        is_ours = is_news or await receipts.is_carriers(tx, message_id, provider=provider)
        return is_news, is_ours

    is_news, is_ours = await means.database.transact(unit)
    if not is_ours:
        log_fact("receipt_of_a_stranger", provider=provider, status=receipt.status)
    # True of the number, whichever copy it is told of.
    if is_ours and receipt.reason is Fault.OPTED_OUT:
        await refused_as_opted_out(means, message_id)
    if is_news and receipt.reason is Fault.BLOCKED:
        await blocked_by(means, provider)
    return is_news


async def settle(
    tx: Transaction, means: Means, provider: str, message_id: str, receipt: Receipt
) -> bool:
    """Note a receipt in a transaction that is under way; whether it was news by now."""
    if receipt.status == "ended":
        receipt = await _of_call(tx, message_id, receipt)
    if receipt.status == "taken":
        return await _settle_taken(tx, means, provider, message_id, receipt)
    now, is_delivered = means.clock(), receipt.status == "delivered"
    if is_delivered:
        is_news = await receipts.note_delivered(tx, message_id, provider=provider, now=now)
    else:
        reason = receipt.reason or Fault.UNREACHABLE
        told = Undelivered(provider, reason, receipt.reference)
        # In this order: a hand-over in between is seen by the second statement.
        is_early = await receipts.keep_early(tx, message_id, told)
        is_news = not is_early and await receipts.note_undelivered(tx, message_id, told, now=now)
    if is_news:
        await hang_up(tx, means, message_id)
    carried = await receipts.carried(tx, message_id) if is_news else None
    if carried is not None:
        await routes.count_receipt(
            tx,
            Route(carried.provider, carried.channel, carried.country),
            is_delivered=is_delivered,
            handed_over_at=carried.handed_over_at,
            now=now,
        )
    return is_news


async def _of_call(tx: Transaction, message_id: str, receipt: Receipt) -> Receipt:
    """TF-05: a call that ended is delivered once a key was pressed in it; a mailbox presses none.

    One without stages was said by its carrier from beginning to end.
    """
    if await calls.was_heard(tx, message_id) is False:
        return replace(receipt, status="undelivered", reason=Fault.NO_KEY)
    return replace(receipt, status="delivered")


async def _settle_taken(
    tx: Transaction, means: Means, provider: str, message_id: str, receipt: Receipt
) -> bool:
    """Its carrier has it, though its answer may never come: nothing more is sent."""
    is_news = await receipts.note_taken(
        tx, message_id, provider=provider, reference=receipt.reference, now=means.clock()
    )
    if is_news:
        # What became of it may have been told before.
        await settle_early(tx, means, message_id)
    return is_news


async def settle_early(tx: Transaction, means: Means, message_id: str) -> Receipt | None:
    """Settle what a carrier said before its hand-over was written down; what that was, if new."""
    told = await receipts.early(tx, message_id)
    if told is None:
        return None
    receipt = Receipt("undelivered", Fault(told.reason), told.reference)
    is_news = await settle(tx, means, told.provider, message_id, receipt)
    return receipt if is_news else None
