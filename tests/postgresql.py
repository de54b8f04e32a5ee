"""A real PostgreSQL that one test process starts, uses through a Unix socket, and ends.

Nothing in it survives, so it never waits for a disk. Not for measuring durability.
"""

import asyncio
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.

from vestibule.storage import migrate

ROLE = "vestibule"
_TEMPLATE = "migrated"
_SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "synchronous_commit": "off",
    "wal_level": "minimal",
}


@dataclass
class Cluster:
    """A running server: `create` makes a migrated database, `drop` removes it."""

    folder: Path
    _made: int = 0

    def url(self, database: str) -> str:
        return f"postgresql://{ROLE}@/{database}?host={self.folder}&port=5432"

    async def create(self, *, template: str = _TEMPLATE) -> str:
        """The name of a new database that is a copy of the template."""
        self._made += 1
        name = f"test_{self._made}"
        await self._administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def create_empty(self) -> str:
        """The name of a new database without tables."""
        return await self.create(template="template0")

    async def drop(self, name: str) -> None:
        await self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    async def _administer(self, statement: str) -> None:
        connection: Any = await asyncpg.connect(self.url("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def make_template(self) -> None:
        asyncio.run(self._administer(f"CREATE DATABASE {_TEMPLATE}"))
        migrate.upgrade(self.url(_TEMPLATE))


_shared: list[tuple[Cluster, Any]] = []
_users = 0


@contextmanager
def shared_cluster() -> Iterator[Cluster]:
    """The cluster of this process: the first user starts it, the last one ends it."""
    global _users
    if not _shared:
        running = throw_away_cluster()
        _shared.append((running.__enter__(), running))
    _users += 1
    try:
        yield _shared[0][0]
    finally:
        _users -= 1
        if _users == 0:
            _, running = _shared.pop()
            running.__exit__(None, None, None)


@contextmanager
def throw_away_cluster() -> Iterator[Cluster]:
    """A server of one's own, for a test that stops it or counts its connections."""
    folder = Path(tempfile.mkdtemp(prefix="vestibule-pg-", dir=fast_folder()))
    try:
        initialise(folder)
        with _serving(folder):
            cluster = Cluster(folder)
            cluster.make_template()
            yield cluster
    finally:
        shutil.rmtree(folder)


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    if found := shutil.which(name):
        return found
    installed = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(installed, key=lambda path: float(path.parts[-3]), default=None)
    if newest is None:
        raise RuntimeError(
            f"These tests need PostgreSQL 13 or later, and {name} is neither on PATH nor in"
            " /usr/lib/postgresql/*/bin. On Debian: apt-get install postgresql."
        )
    return str(newest)


def fast_folder() -> str | None:
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**31:
        return str(memory)
    return None


def owner() -> dict[str, Any]:
    """Who runs the server: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def initialise(folder: Path) -> None:
    owner_of = owner()
    if owner_of:
        os.chown(folder, owner_of["user"], owner_of["group"])
    command = [
        program("initdb"),
        f"--pgdata={folder / 'data'}",
        f"--username={ROLE}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "--wal-segsize=1",
    ]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, **owner_of
    )
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr}")


@contextmanager
def _serving(folder: Path) -> Iterator[None]:
    settings = {**_SETTINGS, "unix_socket_directories": str(folder)}
    with start(folder, settings) as server:
        assert server.stderr is not None
        drain = await_readiness(server.stderr)
        try:
            yield
        finally:
            # SIGINT: disconnect everybody and stop.
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)
            drain.join()


def start(folder: Path, settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the server of a folder; it ends with this process, even when that is killed."""
    command = [program("postgres"), "-D", str(folder / "data")]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "INT", *command]
    return subprocess.Popen(
        command, cwd=folder, stderr=subprocess.PIPE, text=True, env={"LC_ALL": "C"}, **owner()
    )


def await_readiness(log: IO[str]) -> threading.Thread:
    """Returns once the server accepts connections, leaving a thread that empties its log."""
    heard: deque[str] = deque(maxlen=30)
    for line in log:
        heard.append(line)
        if re.search(r"ready to accept (read-only )?connections", line):
            drain = threading.Thread(target=lambda: deque(log, maxlen=0), daemon=True)
            drain.start()
            return drain
    raise RuntimeError(f"PostgreSQL did not start: {''.join(heard)}")
