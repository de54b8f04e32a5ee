"""Whether the database is the one that was served last, or an older copy of it (KY-06).

Every process counts a beat in the database each minute and then keeps the count in a file outside.
A database whose count is below the file's came from a backup: it knows nothing of codes that were
used and sessions that were ended since, so nobody is served from it before `vestibule restored`.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from vestibule.flows.work import Means
from vestibule.observability.logging import log_fact, log_failure
from vestibule.storage import pulse
from vestibule.storage.database import Database, StorageError
from vestibule.storage.pulse import Pulse

BEAT_EVERY = timedelta(seconds=60)
IDLE = timedelta(minutes=10)
"""A house that rested for longer says since when, in case it was restored meanwhile."""


class DatabaseRestored(Exception):
    """The database is older than the house, or another one; the text says what to run."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The last beat that this machine saw, in a file beside the database's own."""

    path: Path

    def read(self) -> tuple[str, tuple[int, int]] | None:
        """The database's id and its age; None where nothing was kept yet."""
        try:
            found = json.loads(self.path.read_text(encoding="ascii"))
            return str(found["database"]), (int(found["epoch"]), int(found["beats"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatabaseRestored(
                f"{self.path} cannot be read, so nobody knows whether the database is the newest."
                " If it is, remove that file; if it came from a backup, run `vestibule restored`."
            ) from error

    def epoch(self) -> int:
        """The last epoch that is known outside, as far as it can be read."""
        try:
            kept = self.read()
        except DatabaseRestored:
            return 0
        return kept[1][0] if kept else 0

    def write(self, beat: Pulse) -> None:
        """Keep a beat that is committed already; never an older one over a newer."""
        kept = self.read()
        if kept is not None and kept[0] == beat.database_id and kept[1] >= beat.age:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            values = {"database": beat.database_id, "epoch": beat.epoch, "beats": beat.beats}
            file.write(json.dumps(values) + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)


async def refuse_restored(database: Database, mark: Mark) -> None:
    """Raise `DatabaseRestored` unless the database is as old as the mark, or there is none."""
    kept, found = mark.read(), await database.read(pulse.last)
    if kept is None:
        return
    if found is None or found.database_id != kept[0]:
        raise DatabaseRestored(
            "The database is another one than was served last, or a copy from before it had a"
            " pulse. If it came from a backup, run `vestibule restored`; if it is meant to be"
            f" another one, remove {mark.path}."
        )
    if found.age < kept[1]:
        at = f"{found.beat_at:%Y-%m-%d %H:%M}"
        raise DatabaseRestored(
            f"The database is older than this house: its last beat was {at} UTC."
            " It came from a backup, in which used codes and ended sessions are good"
            " again: run `vestibule restored`, which ends them."
        )


def end_this_process() -> None:
    """As its operator would end it; its next start is refused, with the sentence that says why."""
    signal.raise_signal(signal.SIGTERM)


class Beating:
    """Counts for one process, as long as it serves or delivers."""

    def __init__(
        self, means: Means, mark: Mark, *, on_restored: Callable[[], None] = end_this_process
    ) -> None:
        self._means = means
        self._mark = mark
        self._on_restored = on_restored
        self._seen: Pulse | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Beats at once, each minute, and once more at the end."""
        before = await self._means.database.read(pulse.last)
        if before is not None and self._means.clock() - before.beat_at > IDLE:
            log_fact("database_was_idle", since=before.beat_at.isoformat(timespec="seconds"))
        await self._try()
        task = asyncio.create_task(self._loop())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._try()

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(BEAT_EVERY.total_seconds())
            await self._try()

    async def _try(self) -> None:
        # A full disk or a lost database stops no server: what it may do, others decide.
        try:
            await self.beat()
        except (StorageError, DatabaseRestored) as error:
            log_failure("pulse_failed", error)

    async def beat(self) -> None:
        """Commit one beat, then keep it outside; an older database under our feet ends this."""
        now, new_id = self._means.clock(), self._means.entropy.id()
        found = await self._means.database.transact(
            lambda tx: pulse.beat(tx, new_id=new_id, now=now)
        )
        seen = self._seen
        if seen is not None and (found.database_id != seen.database_id or found.age <= seen.age):
            log_failure("database_restored", DatabaseRestored("under a running server"))
            self._on_restored()
            return
        self._seen = found
        try:
            await asyncio.to_thread(self._mark.write, found)
        except OSError as error:
            # With a data folder that cannot be written, nobody notices a restore but the operator.
            log_failure("last_beat_not_kept", error)
