"""A message that may have arrived goes again only a few times, and each copy is paid for first.

The carriers are real HTTP servers on this machine. One that hangs or resets has read the post.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.attack import rows
from tests.front_door import FrontDoor, front_door
from tests.loopback_carrier import Behaviour
from tests.ways import Ways, notify, text_somebody, ways
from vestibule.delivery.provider import Receipt
from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Fault
from vestibule.flows import receipts
from vestibule.storage.database import Database

pytestmark = pytest.mark.anyio

PRICE = 1_000_000


@pytest.fixture
async def priced(database: Database, tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """A house where a text costs 1 and a day may cost 100, on each database."""
    settings: dict[str, object] = {"price_sms": "1", "price_voice": "2", "budget_day": "100"}
    async with front_door(database, tmp_path, settings=settings) as house:
        yield house


async def _let_live_out(at: Ways) -> None:
    """The code's ten minutes, second by second, with a worker that looks at each."""
    for _ in range(601):
        at.house.clock.advance(seconds=1)
        await at.drain()


async def _spent(house: FrontDoor) -> tuple[int, int]:
    """Texts in the ledger of the carriers, and what is reserved for the day."""
    ledger = await rows(
        house,
        "SELECT COALESCE(SUM(messages), 0) AS n FROM spending WHERE provider <> 'simulator'",
    )
    reserved = await rows(house, "SELECT amount FROM reservations WHERE period = 'day'")
    return int(ledger[0]["n"]), int(reserved[0]["amount"]) if reserved else 0


@pytest.mark.parametrize("fault", ["hangs", "resets", "garbage"])
async def test_three_at_most_leave_and_each_is_paid(priced: FrontDoor, fault: Behaviour) -> None:
    """RL-07: whatever the carriers do with a text that they got, it leaves three times at most in
    the code's whole life; each time is reserved and stands in the ledger."""
    async with ways(priced, fault, fault) as at:
        before = await _spent(priced)
        person = await at.asked()

        await _let_live_out(at)

        left = len(at.first.got) + len(at.second.got)
        messages, reserved = await _spent(priced)
        assert left == 3
        assert messages - before[0] == left
        assert reserved - before[1] == left * PRICE
        assert (await at.message())["reason"] == "in_doubt"
        await person.get("/sign-in/code")
        assert "It may still come" in person.text, person.text


async def test_next_carrier_gets_the_copy_at_once(priced: FrontDoor) -> None:
    """On a timeout the same code goes by the next carrier at once, as one copy, which is paid."""
    async with ways(priced, "hangs", "accepts") as at:
        before = await _spent(priced)
        await at.asked()

        await _let_live_out(at)

        assert [len(at.first.got), len(at.second.got)] == [1, 1]
        messages, reserved = await _spent(priced)
        assert (messages - before[0], reserved - before[1]) == (2, 2 * PRICE)


async def test_what_was_certainly_not_taken_costs_no_copy(priced: FrontDoor) -> None:
    """A 500 takes nothing: a code goes again while it lives, for the one price, and also as the
    copy of a text in doubt, which is paid once."""
    async with ways(priced, "fails", "fails") as at:
        before = await _spent(priced)
        await at.asked()
        await at.drain()
        at.house.clock.advance(seconds=3)
        await at.drain()
        assert len(at.first.got) + len(at.second.got) == 4
        assert (await _spent(priced))[1] - before[1] == PRICE

    assert (await _spent(priced))[0] == before[0], "nothing in the ledger"


async def test_no_budget_no_copy(priced: FrontDoor) -> None:
    """RL-07: where the day's money is spent, a text in doubt is not sent again."""
    async with ways(priced, "hangs", "accepts") as at:
        await at.asked()

        async def use_up(tx):  # type: ignore[no-untyped-def]  # a transaction of either database
            await tx.execute("UPDATE reservations SET amount = 95000000")

        await priced.database.transact(use_up)

        await _let_live_out(at)

        assert [len(at.first.got), len(at.second.got)] == [1, 0]
        assert (await at.message())["reason"] == "in_doubt"
        assert (await _spent(priced))[1] == 95 * PRICE


async def test_copies_count_against_the_number(priced: FrontDoor) -> None:
    """TF-03: a number gets five texts an hour, its copies among them."""
    async with ways(priced, "hangs", "hangs") as at:
        for _ in range(2):
            await text_somebody(at, "+447400120042")
            await at.drain()
            for _ in range(4):
                at.house.clock.advance(seconds=15)
                await at.drain()

        assert len(at.first.got) + len(at.second.got) == 5, "three, and two of the second code"


async def test_carrier_that_says_it_has_it_ends_the_doubt(priced: FrontDoor) -> None:
    """WH-03: "queued" after an answer that never came is the hand-over, and no copy leaves."""
    async with ways(priced, "hangs", "fails") as at:
        await at.asked()
        await at.drain()
        message = await at.message()
        assert message["handed_over_at"] is None

        taken = Receipt("taken", reference="SM1")
        assert await receipts.receive(priced.built.means, "first", message["id"], taken)
        await _let_live_out(at)

        assert len(at.first.got) == 1
        message = await at.message()
        assert (message["provider"], message["reference"]) == ("first", "SM1")
        assert message["refused_at"] is None
        undelivered = Receipt("undelivered", Fault.BLOCKED, "SM1")
        assert await receipts.receive(priced.built.means, "first", message["id"], undelivered)
        assert (await at.message())["reason"] == "blocked"


@pytest.mark.parametrize("status", ["taken", "delivered", "undelivered"])
async def test_late_word_clears_up_what_was_left_in_doubt(priced: FrontDoor, status: str) -> None:
    """WH-03: after the last copy a carrier's word still counts, of whichever carrier was asked."""
    async with ways(priced, "hangs", "hangs") as at:
        await at.asked()
        await _let_live_out(at)
        message = await at.message()

        receipt = Receipt(status, Fault.OPTED_OUT if status == "undelivered" else None)  # type: ignore[arg-type]  # one of the three
        assert await receipts.receive(priced.built.means, "second", message["id"], receipt)

        message = await at.message()
        assert message["provider"] == "second"
        assert message["handed_over_at"] is not None
        assert (message["delivered_at"] is not None) == (status == "delivered")
        assert message["reason"] == ("opted_out" if status == "undelivered" else None)
        stopped = await rows(priced, "SELECT source FROM opt_outs")
        assert len(stopped) == int(status == "undelivered")


async def test_notice_in_doubt_is_bounded_too(priced: FrontDoor) -> None:
    """A notice by text leaves three times at most, over hours; its mail is another message."""
    async with ways(priced, "hangs", "hangs") as at:
        at.house.clock.advance(seconds=60)
        account = (await rows(priced, "SELECT id FROM accounts"))[0]["id"]
        await notify(at, "+447400123456", Channel.SMS, account_id=account)
        for _ in range(200):
            at.house.clock.advance(seconds=600)
            await at.drain()

        assert len(at.first.got) + len(at.second.got) == 3


# --- this number, not this way -------------------------------------------------------------------


async def test_number_out_of_reach_goes_by_the_next(either_house: FrontDoor) -> None:
    """What one carrier cannot reach another may; nothing of it counts against the first."""
    async with ways(either_house, "not this way", "accepts") as at:
        for _ in range(6):
            await text_somebody(at)
            await at.drain()

        assert [len(at.first.got), len(at.second.got)] == [6, 6]
        assert await at.breaker() is None
        figures = await rows(
            either_house, "SELECT failed, refused FROM route_hours WHERE provider = 'first'"
        )
        assert [tuple(row.values()) for row in figures] == [(0, 6)]


async def test_number_out_of_everybodys_reach_is_told_at_once(either_house: FrontDoor) -> None:
    """Where the list of carriers ends the person is told at once, with another way."""
    async with ways(either_house, "not this way", "not this way") as at:
        person = await at.asked()

        await at.drain()

        await person.get("/sign-in/code")
        assert "We could not send the text. Try a call, or another way." in person.text
        assert [one[1] for one in await at.attempts()] == ["not_this_way"] * 2
        at.house.clock.advance(timedelta(seconds=70))
        await at.drain()
        assert len(at.first.got) == 1


async def test_carrier_that_may_come_right_is_waited_for(either_house: FrontDoor) -> None:
    """Where the other carrier only failed for now, the code waits for it while it lives."""
    async with ways(either_house, "not this way", "fails") as at:
        await at.asked()
        await at.drain()
        at.second.behaviour = "accepts"
        at.house.clock.advance(seconds=3)

        await at.drain()

        assert (await at.message())["provider"] == "second"
