"""kill -9 loses no message and doubles at most one, of the same code; many processes share work.

Real processes over both databases; the carrier is a real server of this test. Leases end because
the clock of whoever goes on is moved, so nobody waits for them.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.databases import Store
from tests.delivery_step import settings, text_somebody
from tests.figures import Record, note
from tests.front_door import FrontDoor, front_door
from tests.leaks import Secrets
from tests.loopback_carrier import SECRET, Carrier, carrier
from tests.postgresql import Cluster
from vestibule.clock import SystemClock
from vestibule.entropy import SeededEntropy
from vestibule.storage.database import Database, Transaction, connect

pytestmark = pytest.mark.anyio

PATIENCE = 60.0
MESSAGES = 200
KILLS = 3
IN_HAND = 16
"""Messages that one worker has claimed at most: eight in each of its two lanes."""


@asynccontextmanager
async def process(at: Carrier, *arguments: str, **environment: str) -> AsyncIterator[Process]:
    """A Python process that is dead after the block; it has said nothing of what it handed over."""
    env = {"PYTHONPATH": os.pathsep.join(["", *sys.path]), **environment}
    command = (sys.executable, *arguments)
    with TemporaryFile() as log:
        started = await create_subprocess_exec(*command, env=env, stdout=PIPE, stderr=log)
        try:
            yield started
        finally:
            if started.returncode is None:
                started.kill()
            await started.wait()
        secrets = Secrets()
        for one in at.got:
            secrets.register_message(one["to"], "sms", one["text"][:6])
        log.seek(0)
        found = secrets.hits("the worker's log", log.read().decode())
    assert found == [], found


async def _killed_at(step: str, store: Store, folder: Path, at: Carrier) -> None:
    """A process wrote a message and went as far as this step, where it was killed."""
    at.behaviour = "hangs" if step == "send" else "accepts"
    arguments = ("-m", "tests.delivery_step", step, str(folder), store.url, at.url)
    async with process(at, *arguments) as running, asyncio.timeout(PATIENCE):
        assert running.stdout is not None
        if step == "send":
            await at.until(1)
        else:
            assert (await running.stdout.readline()).decode().strip() == step
        running.send_signal(signal.SIGKILL)
        assert await running.wait() == -signal.SIGKILL
    at.behaviour = "accepts"


@pytest.mark.parametrize(
    ("step", "copies"), [("commit", 1), ("claim", 1), ("send", 2), ("record", 2)]
)
async def test_killed_at_each_step(
    store: Store, tmp_path: Path, step: str, copies: int, record_property: Record
) -> None:
    """Killed before the carrier has it: sent once. Killed after: once more, with the same code."""
    async with carrier() as at:
        asked = settings(tmp_path, at.url)
        async with front_door(store.open(), tmp_path, settings=asked) as house:
            await _killed_at(step, store, tmp_path, at)
            await house.deliver()
            early = len(at.got)
            house.clock.advance(seconds=31)

            await house.deliver()
            await house.deliver()
            await _close(house)

    assert early == (1 if step != "claim" else 0), "what is claimed waits for its lease"
    assert len(at.got) == copies
    assert len({(one["id"], one["text"][:6]) for one in at.got}) == 1
    left = await _left(store)
    assert left == 0
    note(record_property, faults=1, confirmed=1, lost=left)


async def _close(house: FrontDoor) -> None:
    for provider in house.built.providers.values():
        await provider.close()


async def _left(store: Store) -> int:
    return await store.open().read(_unsent)


async def _unsent(tx: Transaction) -> int:
    row = await tx.fetch_one(
        """SELECT COUNT(*) AS n FROM outbox
        WHERE handed_over_at IS NULL OR refused_at IS NOT NULL"""
    )
    return int(row["n"]) if row else -1


def _worker(folder: Path, url: str, at: Carrier) -> dict[str, str]:
    return {
        "VESTIBULE_DATA": str(folder),
        "VESTIBULE_DATABASE_URL": url,
        "VESTIBULE_ROUTES_SMS": "webhook",
        "VESTIBULE_WEBHOOK_SECRET": SECRET,
        "VESTIBULE_WEBHOOK_URL": at.url,
    }


async def _until_listening(database: Database, count: int) -> None:
    """Until so many workers are at work: one that is still starting has not heard of signals."""

    async def unit(tx: Transaction) -> int:
        row = await tx.fetch_one(
            """SELECT COUNT(*) AS n FROM pg_stat_activity
            WHERE application_name = 'vestibule listener' AND datname = current_database()"""
        )
        return int(row["n"]) if row else 0

    async with asyncio.timeout(PATIENCE):
        while await database.read(unit) < count:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.05)


async def test_workers_share_the_outbox(
    postgresql_cluster: Cluster, tmp_path: Path, record_property: Record
) -> None:
    """Two worker processes on PostgreSQL send each of many messages once."""
    name = await postgresql_cluster.create()
    url = postgresql_cluster.url(name)
    database = connect(url)
    async with carrier() as at:
        worker, settings_of_workers = ("-m", "vestibule", "work"), _worker(tmp_path, url, at)
        asked = settings(tmp_path, at.url)
        async with (
            front_door(database, tmp_path, settings=asked) as house,
            process(at, *worker, **settings_of_workers) as one,
            process(at, *worker, **settings_of_workers) as two,
        ):
            house.clock.advance(SystemClock()() - house.clock())
            await _until_listening(database, 2)
            for turn in range(MESSAGES):
                await text_somebody(house.built, turn)
            await _close(house)
            await at.until(MESSAGES, within=PATIENCE)
            for running in (one, two):
                running.send_signal(signal.SIGTERM)
            assert [await running.wait() for running in (one, two)] == [0, 0]

    copies = Counter(one["id"] for one in at.got)
    assert len(copies) == MESSAGES
    assert set(copies.values()) == {1}
    note(record_property, confirmed=MESSAGES, lost=0, twice=len(at.got) - MESSAGES)
    await database.close()
    await postgresql_cluster.drop(name)


async def test_workers_killed_at_random(
    postgresql_cluster: Cluster, tmp_path: Path, record_property: Record
) -> None:
    """A worker killed at random moments of its work loses no message; what it had in hand may come
    twice, with the same code."""
    name = await postgresql_cluster.create()
    url = postgresql_cluster.url(name)
    database, chance = connect(url), SeededEntropy("workers")
    async with carrier() as at:
        asked = settings(tmp_path, at.url)
        async with front_door(database, tmp_path, settings=asked) as house:
            house.clock.advance(SystemClock()() - house.clock())
            for turn in range(MESSAGES):
                await text_somebody(house.built, turn)
            for turn in range(KILLS):
                async with process(
                    at, "-m", "vestibule", "work", **_worker(tmp_path, url, at)
                ) as one:
                    share = MESSAGES // (KILLS + 1)
                    await at.until(turn * share + 1 + chance.below(share), within=PATIENCE)
                    one.send_signal(signal.SIGKILL)
                    assert await one.wait() == -signal.SIGKILL
            house.clock.advance(seconds=120)
            await house.deliver()
            await house.deliver()
            await _close(house)
        left = await database.read(_unsent)

    copies = Counter(one["id"] for one in at.got)
    assert (len(copies), left) == (MESSAGES, 0)
    assert len({(one["id"], one["text"][:6]) for one in at.got}) == MESSAGES
    assert len(at.got) - MESSAGES <= KILLS * IN_HAND
    # A copy has the same code, which is used once: nothing is spent twice.
    note(record_property, faults=KILLS, confirmed=MESSAGES, lost=MESSAGES - len(copies), twice=0)
    await database.close()
    await postgresql_cluster.drop(name)
