"""The loop beside the server, or in a process of its own: delivers first, then clears the past.

Woken by a commit of this process, by one of another (PostgreSQL's notices), by a message that has
its outcome, and every second all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
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
RESTS_FOR = 1.0
"""Seconds after which delivery begins anew when the database failed it."""
PURGE_EVERY = timedelta(minutes=10)
Duty = Callable[[], Awaitable[object]]
ENDS_WITHIN = 10.0
"""Seconds that messages under way may take to end when the worker does."""


class Worker:
    """Wakes on commit; a failure is logged and the loop goes on."""

    def __init__(
        self, delivering: Delivering, wake: asyncio.Event, *, idle_for: float = IDLE_FOR
    ) -> None:
        """`idle_for` are the seconds between looks when nothing wakes it."""
        self.delivering = delivering
        self._wake = wake
        self._idle_for = idle_for
        self._dispatcher = Dispatcher(delivering, when_done=wake.set)
        self._purged_at: datetime | None = None
        self._is_ending = False

    @property
    def under_way(self) -> int:
        """How many messages it has begun to send that have no outcome yet."""
        return self._dispatcher.under_way

    async def next_sent(self) -> None:
        """Returns once any message under way has its outcome; at once if none is."""
        await self._dispatcher.next_done()

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
            # First of all: whatever else may fail or take its time, codes leave.
            is_fine = await _guarded("delivery", self._dispatcher.fill)
            for duty, do in self._duties():
                await _guarded(duty, do)
            if not is_fine:
                await asyncio.sleep(RESTS_FOR)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._idle_for)

    async def work_once(self) -> None:
        """Send what is due, let what waited take effect, tell of it, and purge when it is time."""
        await drain(self.delivering)
        for _, do in self._duties():
            await do()
        await drain(self.delivering)

    def _duties(self) -> Iterator[tuple[str, Duty]]:
        """What is done besides, each for itself: one that fails holds up no other, and no code."""
        means = self.delivering.means
        yield "waiting resets", lambda: apply_due(means)
        yield "closings", lambda: close_due(means)
        yield "digests", lambda: tell_due(means)
        yield "purge", self._purge_in_time

    async def _purge_in_time(self) -> None:
        now = self.delivering.means.clock()
        if self._purged_at is None or now - self._purged_at >= PURGE_EVERY:
            self._purged_at = now
            await purge(self.delivering.means)


async def _guarded(duty: str, do: Duty) -> bool:
    """Whether it went well; a failure has its own line in the log."""
    try:
        await do()
    except Exception as error:
        log_failure("worker_failed", error, duty=duty)
        return False
    return True
