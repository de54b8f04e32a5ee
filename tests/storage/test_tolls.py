"""Counting money and codes under a race: never one more than there is, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from tests.databases import Store
from vestibule.domain.routing import Route
from vestibule.domain.tolls import PREFIX_FLOOR, Figures
from vestibule.storage import routes, tolls
from vestibule.storage.database import Database, Transaction

pytestmark = pytest.mark.anyio

T = TypeVar("T")
DAY = datetime(2026, 11, 23, tzinfo=UTC)
MARK = b"k1.mark"
TASKS = 60


async def race(store: Store, unit: Callable[[Transaction], Awaitable[T]]) -> list[T]:
    """What each of many transactions got, over two Database objects at once."""
    both = [store.open(), store.open()]
    return await asyncio.gather(*(both[turn % 2].transact(unit) for turn in range(TASKS)))


async def test_money_is_spent_once(store: Store) -> None:
    """TF-03: of sixty sends at once that a budget has money for nineteen of, nineteen leave."""

    async def take(tx: Transaction) -> int | None:
        return await tolls.reserve(tx, "hour", DAY, price=50, most=999)

    got = await race(store, take)

    assert sorted(one for one in got if one is not None) == [50 * n for n in range(1, 20)]
    assert await store.open().read(lambda tx: tolls.reserved(tx, "hour", DAY)) == 950


async def test_a_price_above_the_budget_takes_nothing(database: Database) -> None:
    """TF-03: the first send of a period is refused too, where it alone is too dear."""

    async def take(tx: Transaction) -> int | None:
        return await tolls.reserve(tx, "day", DAY, price=50, most=49)

    assert await database.transact(take) is None
    assert await database.read(lambda tx: tolls.reserved(tx, "day", DAY)) == 0


async def test_a_block_gets_twenty(store: Store) -> None:
    """TF-04: of sixty sends at once to a block whose codes never come back, twenty leave."""
    earlier = Figures(sent=3, converted=0)

    async def send(tx: Transaction) -> bool:
        return await tolls.count_send(
            tx, MARK, DAY, country="GB", earlier=earlier, floor=PREFIX_FLOOR
        )

    assert (await race(store, send)).count(True) == PREFIX_FLOOR.sent - earlier.sent


async def test_codes_that_come_back_keep_a_block_open(database: Database) -> None:
    """TF-04: with three in ten codes entered the next one leaves; with fewer it does not."""

    async def unit(tx: Transaction) -> list[bool]:
        sent = []
        for turn in range(30):
            if turn in {2, 5, 8, 11, 14, 17}:
                await tolls.count_conversion(tx, MARK, DAY, country="GB")
            sent.append(
                await tolls.count_send(
                    tx, MARK, DAY, country="GB", earlier=Figures(0, 0), floor=PREFIX_FLOOR
                )
            )
        return sent

    sent = await database.transact(unit)

    # Six of twenty came back, so the twenty-first left; six of twenty-one are too few.
    assert sent == [True] * 21 + [False] * 9


async def test_stopped_blocks_do_not_count_against_their_country(database: Database) -> None:
    """TF-04: what a stopped block sent says nothing of the rest of its country."""

    async def unit(tx: Transaction) -> Figures:
        for mark, sends, back in ((b"pumped", 20, 0), (b"honest", 10, 9), (b"other", 30, 9)):
            for _ in range(sends):
                await tolls.count_send(
                    tx, mark, DAY, country="GB", earlier=Figures(0, 0), floor=PREFIX_FLOOR
                )
            for _ in range(back):
                await tolls.count_conversion(tx, mark, DAY, country="GB")
        await tolls.count_conversion(tx, b"abroad", DAY, country="FR")
        return await tolls.figures_of_going(
            tx, "GB", since=DAY - timedelta(days=6), floor=PREFIX_FLOOR
        )

    # The third block stopped at twenty, and nine of those came back since.
    assert await database.transact(unit) == Figures(sent=30, converted=18)


async def test_an_alarm_is_raised_by_one(store: Store) -> None:
    """TF-03: of sixty that see a level passed one tells the operator; the next hour has its own."""

    async def ring(tx: Transaction) -> bool:
        return await tolls.raise_once(tx, "money_hour percent=80", DAY, DAY)

    assert (await race(store, ring)).count(True) == 1
    later = DAY + timedelta(hours=1)
    assert await store.open().transact(
        lambda tx: tolls.raise_once(tx, "money_hour percent=80", later, later)
    )


async def test_ledger_adds_up(store: Store) -> None:
    """Every message that a provider took is in the ledger, also of many at once."""
    route = Route("twilio", "sms", "GB")

    async def note(tx: Transaction) -> None:
        await tolls.record(tx, DAY, route, messages=1, amount=40_500)

    await race(store, note)

    found = await store.open().read(lambda tx: routes.spent_since(tx, DAY))
    assert found == {route: (TASKS, TASKS * 40_500)}
