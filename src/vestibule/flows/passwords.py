"""Password hashing off the event loop, bounded, with a queue that ends (PH-05).

Argon2 releases the GIL; more hashes at once than cores would only make each slower, so a
request past the queue's end is refused at once instead of waiting for seconds.
"""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from vestibule.crypto.password_hash import PasswordHash

T = TypeVar("T")


class Busy(Exception):
    """Too many wait for the same thing, as the hashing of a password; ask again in a moment."""


class Passwords:
    """The hasher, shared by every request of the process."""

    def __init__(self, hasher: PasswordHash, *, at_once: int, queued: int) -> None:
        self._hasher = hasher
        self._at_once = at_once
        self._most = at_once + queued
        self._taken = 0
        self._limiter: anyio.CapacityLimiter | None = None

    def refuse_if_full(self) -> None:
        """Raise `Busy` now, before a try is counted that would not be looked at."""
        if self._taken >= self._most:
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
            return await anyio.to_thread.run_sync(job, limiter=self._limiter)
        finally:
            self._taken -= 1
