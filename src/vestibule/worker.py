"""The loop beside the server, or in a process of its own: delivers, and clears the past.

Woken by a commit of this process, by one of another (PostgreSQL's notices), by a message that has
its outcome, and every second all the same.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from vestibule.flows.closing_day import close_due
from vestibule.flows.deliver import NEWS, Delivering, Dispatcher, drain
from vestibule.flows.digests import tell_due
from vestibule.flows.housekeeping import purge
from vestibule.flows.waiting_reset import apply_due
from vestibule.observability.logging import log_failure

IDLE_FOR = 1.0
"""Seconds between looks at the outbox when nothing wakes the worker (retries come due)."""
PURGE_EVERY = timedelta(minutes=10)
ENDS_WITHIN = 10.0
"""Seconds that messages under way may take to end when the worker does."""


class Worker:
    """Wakes on commit; a failure is logged and the loop goes on."""

    def __init__(self, delivering: Delivering, wake: asyncio.Event) -> None:
        self.delivering = delivering
        self._wake = wake
        self._dispatcher = Dispatcher(delivering, when_done=wake.set)
        self._purged_at: datetime | None = None
        self._is_ending = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs for as long as the block does; what is under way may end before it returns.

        Cut off, a message would be sent again after its lease.
        """
        self._is_ending = False
        async with self.delivering.means.database.listening(NEWS, self._wake.set):
            task = asyncio.create_task(self._loop())
            try:
                yield
            finally:
                self._is_ending = True
                self._wake.set()
                with suppress(TimeoutError):
                    await asyncio.wait_for(task, ENDS_WITHIN)
                await self._dispatcher.finish(ENDS_WITHIN)

    async def _loop(self) -> None:
        while not self._is_ending:
            self._wake.clear()
            try:
                await self._let_take_effect()
                await self._dispatcher.fill()
                await self._purge_in_time()
            except Exception as error:
                log_failure("worker_failed", error)
                await asyncio.sleep(IDLE_FOR)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_FOR)

    async def work_once(self) -> None:
        """Let what waited take effect, send what is due, and purge when it is time."""
        await self._let_take_effect()
        await drain(self.delivering)
        await self._purge_in_time()

    async def _let_take_effect(self) -> None:
        """Resets and closings whose time has come, and news that was gathered for one mail."""
        await apply_due(self.delivering.means)
        await close_due(self.delivering.means)
        await tell_due(self.delivering.means)

    async def _purge_in_time(self) -> None:
        now = self.delivering.means.clock()
        if self._purged_at is None or now - self._purged_at >= PURGE_EVERY:
            self._purged_at = now
            await purge(self.delivering.means)
