"""Receipts: late, doubled and out of order they tell of the delivery, and of nothing else."""

import itertools

import pytest

from tests.carrier.posting import Carriers
from vestibule.delivery.provider import Message

pytestmark = pytest.mark.anyio


async def _ring(carriers: Carriers) -> Message:
    person, _ = await carriers.house.member()
    await person.press("Sign out")
    return await carriers.called(carriers.house.browser())


@pytest.mark.parametrize("order", list(itertools.permutations(["completed", "busy", "ringing"])))
async def test_delivered_wins(carriers: Carriers, order: tuple[str, ...]) -> None:
    """In any order, and each twice, it ends as delivered, at the time of the first such word."""
    message = await _ring(carriers)
    path = f"/carrier/twilio/receipts/{message.id}"
    first = carriers.house.clock()

    for status in order:
        for _ in range(2):
            assert (await carriers.twilio(path, CallStatus=status)).status_code == 204
            if status == "completed":
                carriers.house.clock.advance(seconds=1)

    row = await carriers.row(message.id)
    assert row["delivered_at"] == first
    assert (row["refused_at"], row["reason"]) == (None, None)


async def test_first_reason_stays(carriers: Carriers) -> None:
    """A call that was not answered is told so once, in our own words."""
    message = await _ring(carriers)
    path = f"/carrier/twilio/receipts/{message.id}"

    await carriers.twilio(path, CallStatus="no-answer")
    await carriers.twilio(path, CallStatus="busy")

    row = await carriers.row(message.id)
    assert (row["delivered_at"], row["reason"]) == (None, "no_answer")


async def test_receipt_of_another_carrier(carriers: Carriers) -> None:
    """A carrier tells of its own messages only."""
    message = await _ring(carriers)

    await carriers.webhook(message.id, {"status": "delivered"})
    await carriers.vonage(f"/carrier/vonage/receipts/{message.id}", {"status": "delivered"})

    assert (await carriers.row(message.id))["delivered_at"] is None


async def test_receipt_proves_nothing(carriers: Carriers) -> None:
    """WH-03: Whatever a receipt says, no challenge changes and nobody is let in."""
    message = await _ring(carriers)
    before = await _proofs(carriers)

    for status in ("completed", "approved", "verified", "failed"):
        await carriers.twilio(
            f"/carrier/twilio/receipts/{message.id}",
            CallStatus=status,
            MessageStatus=status,
            Valid="true",
        )

    assert await _proofs(carriers) == before


async def _proofs(carriers: Carriers) -> list[object]:
    async def read(tx):  # type: ignore[no-untyped-def]  # a transaction of either database
        return [
            await tx.fetch_all(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - our own names
            for table in ("challenges", "sign_ins", "sessions", "accounts", "calls")
        ]

    found: list[object] = await carriers.house.database.read(read)
    return found
