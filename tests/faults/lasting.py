"""A PostgreSQL that keeps what it confirmed: to be stopped, killed, and replaced by its standby."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.

from tests.postgresql import (
    ROLE,
    Cluster,
    await_readiness,
    fast_folder,
    initialise,
    owner,
    program,
    start,
)

_SETTINGS = {
    "autovacuum": "off",
    "fsync": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "max_connections": "60",
    "max_wal_senders": "4",
    "shared_buffers": "32MB",
    "synchronous_commit": "on",
    "wal_level": "replica",
}
PATIENCE = 60


class Lasting:
    """One server of its own folder; `standby` makes a second that confirms every commit too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._settings = {**_SETTINGS, "unix_socket_directories": str(folder)}
        self._server: subprocess.Popen[str] | None = None
        self._drain: threading.Thread | None = None

    def url(self, database: str = "vestibule") -> str:
        return Cluster(self.folder).url(database)

    def start(self, *, tries: int = 5) -> None:
        """Start it; after a crash a child that is still ending may cost a try or two."""
        self._server = start(self.folder, self._settings)
        assert self._server.stderr is not None
        try:
            self._drain = await_readiness(self._server.stderr)
        except RuntimeError:
            self._server.wait(PATIENCE)
            self._server.stderr.close()
            if tries == 1:
                raise
            self.start(tries=tries - 1)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT disconnects everybody and stops; SIGKILL is a crash."""
        if self._server is None:
            return
        children = self._children() if how is signal.SIGKILL else []
        self._server.send_signal(how)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._server.wait(PATIENCE)
        # What is left of a crashed server ends by itself; until then no other one may start.
        while any(Path(f"/proc/{child}/exe").exists() for child in children):
            os.sched_yield()
        if self._drain is not None:
            self._drain.join(PATIENCE)
        if self._server.stderr is not None:
            self._server.stderr.close()
        self._server = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Nothing of it runs while the block does; connections stay, and nobody answers."""
        assert self._server is not None
        everybody = [self._server.pid, *self._children()]
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everybody:
                os.kill(pid, signal.SIGCONT)

    def _children(self) -> list[int]:
        assert self._server is not None
        found = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def standby(self, folder: Path) -> "Lasting":
        """A running copy; from now on a commit is confirmed when both have it on disk."""
        folder.mkdir()
        os.chown(folder, *_ids())
        command = [
            program("pg_basebackup"),
            f"--pgdata={folder / 'data'}",
            f"--host={self.folder}",
            f"--username={ROLE}",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
        ]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, **owner())
        copy = Lasting(folder)
        copy.start()
        self.turn("synchronous_standby_names", "*")
        return copy

    def promote(self) -> None:
        """The standby becomes the primary, which waits for nobody."""
        self.turn("synchronous_standby_names", "")
        self.run("SELECT pg_promote()")

    def turn(self, setting: str, value: str) -> None:
        """Set it for every session, those that are there among them, from their next word on.

        The server reads its settings anew when it comes to it; once a new session has the value,
        all others were told.
        """
        self.run(f"ALTER SYSTEM SET {setting} = '{value}'", "SELECT pg_reload_conf()")

        async def until_read() -> None:
            async with asyncio.timeout(PATIENCE):
                while await self._shown(setting) != value:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.02)

        asyncio.run(until_read())

    async def _shown(self, setting: str) -> str:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            return str(await connection.fetchval(f"SHOW {setting}"))
        finally:
            await connection.close()

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run these past Vestibule."""

        async def run() -> None:
            connection = await asyncpg.connect(self.url(database))
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())


def _ids() -> tuple[int, int]:
    them = owner()
    return (them["user"], them["group"]) if them else (-1, -1)


@contextmanager
def lasting_postgresql() -> Iterator[Lasting]:
    """A running server with a migrated database; it and all of its folder go at the end."""
    folder = Path(tempfile.mkdtemp(prefix="vestibule-pg-", dir=fast_folder()))
    server = Lasting(folder)
    try:
        initialise(folder)
        server.start()
        server.run("CREATE DATABASE vestibule")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
