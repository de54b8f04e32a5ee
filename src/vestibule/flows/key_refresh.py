"""Looking again for root keys while the house runs, so that a new one needs no new start.

A look that fails is logged once and changes nothing: the keys of before stay on the ring.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from vestibule.clock import Clock
from vestibule.crypto.key_source import KeyFile, KeySource
from vestibule.crypto.keyring import Keyring
from vestibule.crypto.root_key import RootKeyFault, RootKeys
from vestibule.observability.logging import log_fact, log_failure

TICK = timedelta(seconds=5)
"""How late a root whose time has come is written with, at most."""


class KeyRefresh:
    """Keeps one ring at what its source holds."""

    def __init__(self, source: KeySource, keyring: Keyring, roots: RootKeys, clock: Clock) -> None:
        self._source = source
        self._keyring = keyring
        self._roots = roots
        self._clock = clock
        self._is_failing = False
        self._seen = _mark(source)
        if isinstance(source, KeyFile):
            # A process that slept past the publication meets values of a key it never read.
            keyring.on_unknown = self._look_if_changed

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks again for as long as the block runs."""
        task = asyncio.create_task(self._loop())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _loop(self) -> None:
        waited, every = timedelta(), self._source.reread_every
        while True:
            await asyncio.sleep(TICK.total_seconds())
            waited += TICK
            if every is not None and waited >= every:
                waited = timedelta()
                await asyncio.to_thread(self.look)
            self._take()

    def look(self) -> None:
        """Read the source again; what cannot be used is logged, and the old keys stay."""
        try:
            self._roots = self._source.read()
        except RootKeyFault as fault:
            if not self._is_failing:
                log_failure("root_key_unreadable", fault, why=str(fault))
            self._is_failing = True
            return
        self._is_failing = False
        self._take()

    def _look_if_changed(self) -> None:
        # Anybody can send a value of an unknown key: a look at the file's time answers those.
        seen = _mark(self._source)
        if seen != self._seen:
            self._seen = seen
            self.look()

    def _take(self) -> None:
        if self._keyring.take(self._roots, self._clock()):
            log_fact(
                "root_keys_changed",
                writes_with=self._keyring.current,
                reads=",".join(sorted(one.id for one in self._roots.roots)),
                kept=",".join(sorted({key_id for key_id, _ in self._roots.kept})),
            )


def _mark(source: KeySource) -> tuple[int, int] | None:
    """What differs when a file was replaced."""
    if not isinstance(source, KeyFile):
        return None
    try:
        found = source.path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
