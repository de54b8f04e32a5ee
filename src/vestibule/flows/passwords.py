"""Password hashing off the event loop, bounded, with a queue that ends (PH-05).

Argon2 releases the GIL; more hashes at once than cores would only make each slower, so a
request past the queue's end is refused at once instead of waiting for seconds.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from vestibule.crypto.password_hash import PasswordHash

T = TypeVar("T")

LONGEST_WAIT = 2.0
"""Seconds that a password may wait for its turn, by what the last ones have cost."""


class Busy(Exception):
    """Too many wait for the same thing, as the hashing of a password; ask again in a moment."""


class Passwords:
    """The hasher, shared by every request of the process."""

    def __init__(
        self,
        hasher: PasswordHash,
        *,
        at_once: int,
        queued: int,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hasher = hasher
        self._at_once = at_once
        self._most = at_once + queued
        self._stopwatch = stopwatch
        self._taken = 0
        self._cost = 0.0
        self._limiter: anyio.CapacityLimiter | None = None

    def refuse_if_full(self) -> None:
        """Raise `Busy` now, before a try is counted that would not be looked at."""
        wait = self._taken // self._at_once * self._cost
        if self._taken >= self._most or wait > LONGEST_WAIT:
            raise Busy

    async def hash(self, password: str) -> str:
        """The stored form of a password; raises `Busy`."""
        return await self._in_turn(lambda: self._hasher.hash(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; `None` costs the same work (EN-02)."""
        return await self._in_turn(lambda: self._hasher.matches(stored, password))

    def needs_rehash(self, stored: str) -> bool:
        return self._hasher.needs_rehash(stored)

    async def _in_turn(self, job: Callable[[], T]) -> T:
        self.refuse_if_full()
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._at_once)
        self._taken += 1
        try:
            return await anyio.to_thread.run_sync(self._timed, job, limiter=self._limiter)
        finally:
            self._taken -= 1

    def _timed(self, job: Callable[[], T]) -> T:
        began = self._stopwatch()
        try:
            return job()
        finally:
            # The mean of about the last eight. Two threads at once may lose one of theirs.
            cost = self._stopwatch() - began
            self._cost += (cost - self._cost) / 8 if self._cost else cost
