"""Real server processes over one database, as an operator starts them; a block ends them again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.leaks import LeakAlarm
from vestibule.storage.database import connect

PATIENCE = 60.0
"""Seconds after which a server that does not answer is a failure."""


@dataclass(frozen=True, slots=True)
class Served:
    """Servers that run: their process ids, and the alarm that searches what they leave."""

    process_ids: list[int]
    alarm: LeakAlarm


@asynccontextmanager
async def serving(
    folder: Path, database_url: str, ports: Sequence[int], *, has_simulator: bool = True
) -> AsyncIterator[Served]:
    """The processes run while the block does; each is ended and waited for.

    Then outputs and database may hold no code, number or address that a message went out with, as
    far as simulators tell them, and nothing else that the alarm was shown.
    """
    alarm = LeakAlarm()
    with _running(folder, database_url, ports, has_simulator=has_simulator) as process_ids:
        yield Served(process_ids, alarm)
        if has_simulator:
            _note_messages(alarm, ports)
    found = alarm.hits("the servers' log", (folder / "servers.log").read_text())
    database = connect(database_url)
    try:
        found += await alarm.search(database)
    finally:
        await database.close()
    assert found == [], found


@contextmanager
def _running(
    folder: Path, database_url: str, ports: Sequence[int], *, has_simulator: bool
) -> Iterator[list[int]]:
    started: list[subprocess.Popen[bytes]] = []
    settings = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "VESTIBULE_DATA": str(folder),
        "VESTIBULE_DATABASE_URL": database_url,
        "VESTIBULE_PUBLIC_ORIGIN": "http://localhost:8000",
        "VESTIBULE_SIMULATOR": str(has_simulator).lower(),
    }
    if not has_simulator:
        # Somebody has to carry mails, and here nobody needs one.
        settings |= {"VESTIBULE_ROUTES_EMAIL": "smtp", "VESTIBULE_SMTP_URL": "smtp://127.0.0.1:9"}
        settings |= {"VESTIBULE_MAIL_FROM": "no-reply@example.com"}
    with (folder / "servers.log").open("wb") as log:
        try:
            for port in ports:
                command = [sys.executable, "-m", "vestibule", "serve"]
                env = {**settings, "VESTIBULE_PORT": str(port)}
                started.append(subprocess.Popen(command, env=env, stdout=log, stderr=log))
            yield [process.pid for process in started]
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                process.wait(PATIENCE)


def _note_messages(alarm: LeakAlarm, ports: Sequence[int]) -> None:
    """Every code that the servers' simulators show, and whom each went to."""
    for port in ports:
        url = f"http://127.0.0.1:{port}/simulator/messages"
        for one in httpx.get(url, timeout=PATIENCE).json():
            alarm.register_message(one["to"], one["channel"], one["code"])


async def ready(origins: Sequence[str]) -> None:
    """Returns once every server says that it can work."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client, asyncio.timeout(PATIENCE):
        for origin in origins:
            while not await _is_ready(client, origin):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)


async def _is_ready(client: httpx.AsyncClient, origin: str) -> bool:
    try:
        return (await client.get(f"{origin}/readyz")).status_code == 200
    except httpx.TransportError:
        return False
