"""The queue of passwords to be hashed has an end; beyond it the house says so (A.3)."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.attack import rows
from tests.front_door import PASSWORD, FrontDoor
from vestibule.crypto.keyring import Keyring
from vestibule.crypto.password_hash import CHEAPEST, PasswordHash, Profile
from vestibule.domain.refusal import Reason, Refused
from vestibule.entropy import SeededEntropy
from vestibule.flows import sign_up
from vestibule.flows.passwords import Busy, Passwords
from vestibule.flows.work import Caller

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _full_queue(house: FrontDoor) -> AsyncIterator[None]:
    """As much to hash as the house takes; none of it is done before the block is."""
    passwords, tasks = house.built.means.passwords, list[asyncio.Task[bool]]()
    may_end = threading.Event()
    while True:
        tasks.append(asyncio.create_task(passwords._in_turn(may_end.wait)))
        await asyncio.sleep(0)
        if tasks[-1].done():
            with pytest.raises(Busy):
                tasks.pop().result()
            break
    try:
        yield
    finally:
        may_end.set()
        await asyncio.gather(*tasks)


async def test_beyond_the_queue_is_503(house: FrontDoor) -> None:
    """PH-05: past the queue a sign-in is 503 with Retry-After, and every other page answers."""
    person, other = house.browser(), house.browser(source="198.51.100.1")
    await house.sign_up(house.browser(), "ada@example.com")
    await person.get("/sign-in")
    await other.get("/sign-up")
    async with _full_queue(house):
        for _ in range(6):
            answer = await person.press("Sign in", email="ada@example.com", password=PASSWORD)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            await person.get("/sign-in")
        await other.press(
            "Create account", name="Eve", email="eve@example.com", password="another lantern here"
        )
        assert other.status == 503
        for path in ("/livez", "/readyz", "/help", "/sign-in", "/forgot-password"):
            assert (await person.client.get(path)).status_code == 200, path
        tries = await rows(house, "SELECT hits FROM throttles WHERE kind = 'password'")
        assert tries == [], "a try that was not looked at is not counted"

    await person.press("Sign in", email="ada@example.com", password=PASSWORD)
    assert person.path == "/set-up/email"


class _Counted(PasswordHash):
    """A hasher that counts what it was asked for."""

    asked = 0

    def hash(self, password: str) -> str:
        self.asked += 1
        return super().hash(password)


async def test_one_source_has_ten_hashes_an_hour(house: FrontDoor) -> None:
    """PH-05: a stranger's sign-ups keep the hashing busy ten times an hour for each source."""
    hasher = _Counted(Keyring.from_root(bytes(range(32))), SeededEntropy("PH-05"), CHEAPEST)
    means = replace(house.built.means, passwords=Passwords(hasher, at_once=2, queued=10))
    for turn in range(30):
        started = await sign_up.start(
            means,
            Caller("198.51.100.1", "", "", "en"),
            name="Eve",
            email=f"eve{turn}@example.com",
            password=PASSWORD,
            return_to=None,
            old_token=None,
        )
        if turn >= 10:
            assert isinstance(started, Refused)
            assert started.reason is Reason.SEND_BUDGET_SPENT

    assert hasher.asked == 10


async def test_no_more_at_once_than_allowed() -> None:
    """PH-05: of many hashes two run at a time, the queue takes its number, the rest are refused."""
    hasher = PasswordHash(
        Keyring.from_root(bytes(range(32))), SeededEntropy("PH-05"), Profile(1024, 1, 1)
    )
    passwords = Passwords(hasher, at_once=2, queued=10)

    done = await asyncio.gather(
        *(passwords.matches(None, "x") for _ in range(50)), return_exceptions=True
    )

    assert [one for one in done if one is False] == [False] * 12
    assert len([one for one in done if isinstance(one, Busy)]) == 38
    assert await passwords.matches(None, "x") is False
    assert CHEAPEST.memory_kib < 1024


async def test_nobody_waits_longer_than_two_seconds() -> None:
    """PH-05: what would wait for more than two seconds, by what hashes cost now, is refused."""
    ticks = iter(range(1_000_000))
    seconds = 0.5
    hasher = PasswordHash(
        Keyring.from_root(bytes(range(32))), SeededEntropy("PH-05"), Profile(1024, 1, 1)
    )
    passwords = Passwords(hasher, at_once=1, queued=100, stopwatch=lambda: next(ticks) * seconds)
    await passwords.matches(None, "x")

    done = await asyncio.gather(
        *(passwords.matches(None, "x") for _ in range(50)), return_exceptions=True
    )

    # Four before it, of half a second each.
    assert done.count(False) == 5
    assert len([one for one in done if isinstance(one, Busy)]) == 45
    assert await passwords.matches(None, "x") is False
