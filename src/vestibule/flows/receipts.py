"""What a carrier says later of a message that it took: delivered, or why not.

Idempotent, in any order, and about the delivery alone: no receipt proves anything (WH-03).
"""

from collections.abc import Mapping
from typing import Protocol

from vestibule.delivery.provider import Receipt
from vestibule.domain.delivery import Fault
from vestibule.domain.routing import Route
from vestibule.flows.opt_outs import refused_as_opted_out
from vestibule.flows.tolls import hang_up
from vestibule.flows.work import Means
from vestibule.storage import receipts, routes
from vestibule.storage.database import Transaction

__all__ = ["Callbacks", "Receipt", "receive"]


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


async def receive(means: Means, provider: str, message_id: str, receipt: Receipt) -> bool:
    """Note what a receipt says; False when it says nothing new of a message of this carrier."""

    async def unit(tx: Transaction) -> bool:
        now, is_delivered = means.clock(), receipt.status == "delivered"
        if is_delivered:
            is_news = await receipts.note_delivered(tx, message_id, provider=provider, now=now)
        else:
            reason = receipt.reason or Fault.UNREACHABLE
            is_news = await receipts.note_undelivered(
                tx, message_id, provider=provider, reason=reason, now=now
            )
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

    is_news = await means.database.transact(unit)
    if is_news and receipt.reason is Fault.OPTED_OUT:
        await refused_as_opted_out(means, message_id)
    return is_news
