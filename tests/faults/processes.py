"""Houses in processes of their own, which a test starts, kills at any moment and starts again."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from tests.leaks import LeakAlarm, Watched
from vestibule.crypto import root_key
from vestibule.entropy import SystemEntropy
from vestibule.storage.database import connect

_WRITTEN = (".log", ".db", ".db-wal")
PATIENCE = 60.0
"""Seconds after which a house that does not answer is a failure."""


_held: list[socket.socket] = []


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and that nobody is given by chance while this process runs."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        # A server says the same of its own, and then may listen there, again and again.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", 0))
    _held.extend(held)
    return [int(one.getsockname()[1]) for one in held]


class Houses:
    """Some processes over one database; the clock is a file that all of them read.

    With a certificate they speak https, and note each request in their log.
    """

    def __init__(
        self,
        folder: Path,
        database_url: str,
        *,
        count: int = 1,
        certificate: Path | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.folder = folder
        self.alarm = LeakAlarm()
        """What was typed and shown: to be found in nothing that they write."""
        self._certificate = certificate
        self._more = settings or {}
        self.ports = free_ports(count)
        self.clock = folder / "clock"
        self._now = 0.0
        self.advance(0)
        self.asked = 0
        self._strike: tuple[int, Callable[[], None]] | None = None
        self._striking: asyncio.Task[None] | None = None
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self.use(database_url)
        if not (folder / "root.key").exists():
            root_key.make(folder / "root.key", SystemEntropy())

    def use(self, database_url: str) -> None:
        """From the next start on, this database."""
        self._database_url = database_url
        for port in self.ports:
            settings = {
                "data": str(self.folder),
                "database_url": database_url,
                "host": "127.0.0.1",
                "port": port,
                # By https a scanner says where it came from, and must have come from here.
                "public_origin": self.origins[0] if self._certificate else "http://localhost",
                "simulator": True,
                **self._more,
            }
            given: dict[str, object] = {"settings": settings, "clock": str(self.clock)}
            if self._certificate is not None:
                given["certificate"] = str(self._certificate)
            (self.folder / f"{port}.json").write_text(json.dumps(given))

    @property
    def _scheme(self) -> str:
        return "https" if self._certificate is not None else "http"

    @property
    def origins(self) -> list[str]:
        return [f"{self._scheme}://127.0.0.1:{port}" for port in self.ports]

    @property
    def log(self) -> Path:
        """What they have said on both of their outputs."""
        return self.folder / "houses.log"

    @property
    def now(self) -> float:
        """Seconds since `house_process.EPOCH`."""
        return self._now

    def client(self, origin: str) -> httpx.AsyncClient:
        """Somebody's browser at one of them; its requests count for `strike_after`."""
        hooks = {"request": [self._note_request]}
        # A connection that a server closes while it is idle would look like a broken answer.
        limits = httpx.Limits(max_keepalive_connections=0)
        watched = Watched(httpx.AsyncHTTPTransport(limits=limits), self.alarm)
        return httpx.AsyncClient(
            base_url=origin, timeout=PATIENCE, event_hooks=hooks, transport=watched
        )

    def strike_after(self, requests: int, strike: Callable[[], None]) -> None:
        """Call it once, as the request of that number is on its way beside all others."""
        self._strike = (self.asked + requests, strike)

    async def _note_request(self, _: httpx.Request) -> None:
        self.asked += 1
        if self._strike is not None and self.asked >= self._strike[0]:
            strike, self._strike = self._strike[1], None
            # Not waited for: it strikes while this request and the others are answered.
            self._striking = asyncio.create_task(asyncio.to_thread(strike))

    async def struck(self) -> None:
        """Wait for a strike that is on its way; one that never began is called off."""
        self._strike = None
        if self._striking is not None:
            await self._striking

    def advance(self, seconds: float) -> None:
        """Move the time of every process, in one step."""
        self._now += seconds
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(str(self._now))
        fresh.replace(self.clock)

    def start(self, *, file_size: int | None = None, is_bound: bool = False) -> None:
        """Start what does not run; `file_size` limits how far its files grow, in bytes.

        Where `is_bound`, a file's permissions bind them, whoever runs the tests.
        """
        for port in self.ports:
            if port in self._running:
                continue
            command = [sys.executable, "-m", "tests.faults.house_process"]
            command.append(str(self.folder / f"{port}.json"))
            if prlimit := shutil.which("prlimit") if file_size is not None else None:
                command = [prlimit, f"--fsize={file_size}", *command]
            if is_bound and os.geteuid() == 0:
                powers = "-dac_override,-dac_read_search"
                command = [_program("setpriv"), f"--bounding-set={powers}", *command]
            # The process ends with this one, even when that is killed.
            if setpriv := shutil.which("setpriv"):
                command = [setpriv, "--pdeathsig", "KILL", *command]
            log = self.log.open("ab")
            self._running[port] = subprocess.Popen(
                command,
                env={"PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path])},
                stdout=log,
                stderr=log,
            )
            log.close()

    def kill(self, index: int | None = None) -> None:
        """Kill -9: one process, or all."""
        for port in self.ports if index is None else [self.ports[index]]:
            process = self._running.pop(port, None)
            if process is not None:
                process.send_signal(signal.SIGKILL)
                process.wait(PATIENCE)

    async def leaks(self) -> list[str]:
        """Where a secret stands in their outputs, in a file of SQLite's or in any other database's
        column, as places and kinds."""
        written = [one for one in self.folder.rglob("*") if one.name.endswith(_WRITTEN)]
        found = [
            hit
            for one in written
            for hit in self.alarm.hits(one.name, one.read_bytes().decode("latin-1"))
            # The columns that hold an address in plain stand in these files.
            if one.suffix == ".log" or not hit.endswith(": an address")
        ]
        database = connect(self._database_url)
        try:
            return found + await self.alarm.search(database)
        finally:
            await database.close()

    def wait(self) -> list[int]:
        """The exit statuses of all, once each has ended by itself."""
        statuses = [process.wait(PATIENCE) for process in self._running.values()]
        self._running.clear()
        return statuses

    async def ready(self) -> None:
        """Wait until every one of them answers that it is ready."""
        # Whoever made the certificate need not be asked whether it is right.
        async with (
            httpx.AsyncClient(verify=False, timeout=PATIENCE) as client,  # noqa: S501 - see above
            asyncio.timeout(PATIENCE),
        ):
            for origin in self.origins:
                while not await _is_ready(client, origin):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.02)

    async def restart(self) -> None:
        self.start()
        await self.ready()


def _program(name: str) -> str:
    path = shutil.which(name)
    assert path, f"no {name} on PATH"
    return path


async def _is_ready(client: httpx.AsyncClient, origin: str) -> bool:
    with suppress(httpx.TransportError):
        return (await client.get(f"{origin}/readyz")).status_code == 200
    return False
