"""The loop beside the server: delivers what was committed, and clears what is past its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from vestibule.flows.deliver import Delivering, drain
from vestibule.flows.digests import tell_due
from vestibule.flows.housekeeping import purge
from vestibule.flows.waiting_reset import apply_due
from vestibule.observability.logging import log_failure

IDLE_FOR = 1.0
"""Seconds between looks at the outbox when nothing wakes the worker (retries come due)."""
PURGE_EVERY = timedelta(minutes=10)


class Worker:
    """Wakes on commit; a failure is logged and the loop goes on."""

    def __init__(self, delivering: Delivering, wake: asyncio.Event) -> None:
        self.delivering = delivering
        self._wake = wake
        self._purged_at: datetime | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs for as long as the block does, and ends before it returns."""
        task = asyncio.create_task(self._loop())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _loop(self) -> None:
        while True:
            try:
                await self.work_once()
            except Exception as error:
                log_failure("worker_failed", error)
                await asyncio.sleep(IDLE_FOR)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), IDLE_FOR)
            self._wake.clear()

    async def work_once(self) -> None:
        """Let what waited take effect, send what is due, and purge when it is time."""
        await apply_due(self.delivering.means)
        await tell_due(self.delivering.means)
        await drain(self.delivering)
        now = self.delivering.means.clock()
        if self._purged_at is None or now - self._purged_at >= PURGE_EVERY:
            self._purged_at = now
            await purge(self.delivering.means)
