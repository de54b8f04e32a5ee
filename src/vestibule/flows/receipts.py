"""What a carrier says later of a message that it took: delivered, or why not.

Idempotent, in any order, and about the delivery alone: no receipt proves anything (WH-03).
"""

from collections.abc import Mapping
from typing import Protocol

from vestibule.delivery.provider import Receipt
from vestibule.domain.delivery import Fault
from vestibule.flows.work import Means
from vestibule.storage import receipts
from vestibule.storage.database import Transaction


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
        now = means.clock()
        if receipt.status == "delivered":
            return await receipts.note_delivered(tx, message_id, provider=provider, now=now)
        reason = receipt.reason or Fault.UNREACHABLE
        return await receipts.note_undelivered(
            tx, message_id, provider=provider, reason=reason, now=now
        )

    return await means.database.transact(unit)
