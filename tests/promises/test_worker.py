"""The worker: messages before every other duty, at once after a commit, whatever else fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from tests.attack import rows
from tests.databases import run_script
from tests.front_door import FrontDoor
from vestibule.domain.challenge import Channel
from vestibule.flows.notices import put_notice
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import digests, waiting_resets
from vestibule.storage.database import Database, Dialect, Row, Transaction, Unit
from vestibule.storage.waiting_resets import WaitingReset
from vestibule.worker import Worker

pytestmark = pytest.mark.anyio

T = TypeVar("T")
HOUR = 3600.0
CALLER = Caller(source="198.51.100.1", user_agent="test", request_id="request", locale="en")


class Wake(asyncio.Event):
    """Tells when the worker has nothing left to do and waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.idle = asyncio.Event()

    async def wait(self) -> bool:  # type: ignore[override]  # as it is in fact
        self.idle.set()
        return await super().wait()


@dataclass
class Spied:
    """A database whose statements are written down, in their order."""

    inner: Database
    said: list[str] = field(default_factory=list)

    @property
    def dialect(self) -> Dialect:
        return self.inner.dialect

    async def transact(self, unit: Unit[T], *, single_statement: bool = False) -> T:
        return await self.inner.transact(
            lambda tx: unit(_Spy(tx, self.said)), single_statement=single_statement
        )

    async def read(self, unit: Unit[T]) -> T:
        return await self.inner.read(lambda tx: unit(_Spy(tx, self.said)))

    def listening(
        self, channel: str, on_notice: Callable[[], None]
    ) -> AbstractAsyncContextManager[None]:
        return self.inner.listening(channel, on_notice)

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class _Spy:
    tx: Transaction
    said: list[str]

    @property
    def dialect(self) -> Dialect:
        return self.tx.dialect

    async def fetch_one(self, sql: str, /, **params: object) -> Row | None:
        self.said.append(sql)
        return await self.tx.fetch_one(sql, **params)

    async def fetch_all(self, sql: str, /, **params: object) -> list[Row]:
        self.said.append(sql)
        return await self.tx.fetch_all(sql, **params)

    async def execute(self, sql: str, /, **params: object) -> int:
        self.said.append(sql)
        return await self.tx.execute(sql, **params)


@dataclass
class Running:
    """A worker that looks by itself once an hour only."""

    wake: Wake
    spied: Spied
    writer: Means
    left: asyncio.Event

    async def write(self) -> None:
        """One mail, committed by whoever serves."""

        async def unit(one: Work) -> None:
            await put_notice(one, kind="method_added", to="someone@example.com", account_id=None)

        await work(self.writer, CALLER, unit)

    async def has_left(self) -> None:
        async with asyncio.timeout(30):
            await self.left.wait()


@asynccontextmanager
async def running(house: FrontDoor, *, is_notified_only: bool = False) -> AsyncIterator[Running]:
    """`is_notified_only`: the writer is another process, which PostgreSQL alone tells of."""
    wake, left, means = Wake(), asyncio.Event(), house.built.means
    spied = Spied(house.database)
    delivering = replace(
        house.built.worker.delivering,
        means=replace(means, database=spied),
        on_hand_over=lambda _channel, _took: left.set(),
    )
    writer = replace(means, wake_delivery=(lambda: None) if is_notified_only else wake.set)
    async with Worker(delivering, wake, idle_for=HOUR).running():
        async with asyncio.timeout(30):
            await wake.idle.wait()
        wake.idle.clear()
        spied.said.clear()
        yield Running(wake, spied, writer, left)


@pytest.mark.parametrize("writer", ["this process", "another process"])
async def test_message_leaves_within_50_ms_of_commit_since_it_wakes_the_worker(
    either_house: FrontDoor, writer: str
) -> None:
    """Drained within 50 ms of commit: the commit itself wakes the worker, whose next look would be
    in an hour, and the first thing it then does is to claim the message."""
    is_notified_only = writer == "another process" and either_house.database.dialect != "sqlite"
    async with running(either_house, is_notified_only=is_notified_only) as at:
        await at.write()
        await at.has_left()

    assert at.spied.said[0].startswith("UPDATE outbox SET attempts = attempts + 1")


async def test_claim_comes_before_every_duty_at_the_start_too(either_house: FrontDoor) -> None:
    """What waited while nobody delivered leaves before anything else is done."""
    async with running(either_house) as at:
        pass
    at.spied.said.clear()
    at.wake.idle.clear()
    worker = Worker(
        replace(
            either_house.built.worker.delivering,
            means=replace(either_house.built.means, database=at.spied),
        ),
        at.wake,
        idle_for=HOUR,
    )

    async with worker.running(), asyncio.timeout(30):
        await at.wake.idle.wait()

    assert at.spied.said[0].startswith("UPDATE outbox SET attempts = attempts + 1")
    assert any("waiting_resets" in sql for sql in at.spied.said)


# --- what fails holds up nobody ------------------------------------------------------------------


async def _account(house: FrontDoor, email: str) -> str:
    found = await rows(house, "SELECT id FROM accounts WHERE email = :email", email=email)
    return str(found[0]["id"])


async def _reset_waits(house: FrontDoor, account_id: str, *, minutes: int) -> None:
    """A reset whose wait was over so many minutes ago, with the password that there is."""
    found = await rows(
        house,
        """SELECT password_mac, default_authenticator_id AS method FROM passwords
        JOIN accounts ON accounts.id = passwords.account_id WHERE account_id = :id""",
        id=account_id,
    )
    due_at = house.clock() - timedelta(minutes=minutes)
    waiting = WaitingReset(
        account_id, f"reset-{account_id}", found[0]["password_mac"], found[0]["method"], due_at
    )
    await house.database.transact(lambda tx: waiting_resets.put(tx, waiting))


async def _lose_key(house: FrontDoor, account_id: str) -> None:
    """The account's number is sealed under a key that nobody has any more."""
    await house.database.transact(
        lambda tx: tx.execute(
            "UPDATE authenticators SET secret_sealed = :sealed WHERE account_id = :id",
            sealed=b"lost.00000000000000000000000000000000",
            id=account_id,
        )
    )


async def _two_members(house: FrontDoor) -> tuple[str, str]:
    await house.member("ada@example.com")
    house.clock.advance(seconds=60)
    await house.member("grace@example.com", phone="07400 123457")
    await house.deliver()
    return await _account(house, "ada@example.com"), await _account(house, "grace@example.com")


async def test_lost_key_of_one_account_stops_no_delivery(either_house: FrontDoor) -> None:
    """A reset that cannot take effect is logged and put off; messages leave, and the resets of
    others take effect."""
    ada, grace = await _two_members(either_house)
    await _reset_waits(either_house, ada, minutes=9)
    await _reset_waits(either_house, grace, minutes=5)
    await _lose_key(either_house, ada)

    async with running(either_house) as at:
        await at.write()
        await at.has_left()

    left = await rows(either_house, "SELECT account_id, due_at FROM waiting_resets")
    assert [row["account_id"] for row in left] == [ada]
    assert left[0]["due_at"] > either_house.clock()
    said = either_house.alarm.log.getvalue()
    assert said.count("reset_put_off") == 1


async def test_news_that_cannot_be_told_hold_up_no_other(house: FrontDoor, tmp_path: Path) -> None:
    """A digest that fails is logged and put off; the next account's is told."""
    ada, grace = await _two_members(house)
    await run_script(
        f"sqlite:///{tmp_path / 'house.db'}",
        f"""CREATE TRIGGER in_the_way BEFORE INSERT ON disavowals
        WHEN NEW.account_id = '{ada}' BEGIN SELECT RAISE(ABORT, 'no'); END""",
    )
    for account_id in (ada, grace):

        async def count(tx: Transaction, account_id: str = account_id) -> None:
            await digests.count(
                tx,
                account_id,
                kind="new_browser",
                act_id="act",
                wait=timedelta(hours=1),
                spacing=timedelta(hours=1),
                now=house.clock(),
            )

        await house.database.transact(count)
        house.clock.advance(seconds=1)

    await house.let_time_pass(seconds=2 * HOUR)

    left = await rows(house, "SELECT account_id FROM digests WHERE hits > 0")
    assert [row["account_id"] for row in left] == [ada]
    assert house.alarm.log.getvalue().count("digest_put_off") == 1


async def test_notices_of_duties_leave_too(house: FrontDoor) -> None:
    """What a duty writes leaves in the same look as the duty."""
    _, grace = await _two_members(house)
    await _reset_waits(house, grace, minutes=5)
    before = len(house.inbox())

    await house.built.worker.work_once()

    assert {one.channel for one in house.inbox()[before:]} == {
        Channel.EMAIL.value,
        Channel.SMS.value,
    }
