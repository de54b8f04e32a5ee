"""Real server processes over one database, as an operator starts them; a block ends them again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.leaks import Secrets

PATIENCE = 60.0
"""Seconds after which a server that does not answer is a failure."""


@contextmanager
def serving(
    folder: Path, database_url: str, ports: Sequence[int], *, has_simulator: bool = True
) -> Iterator[list[int]]:
    """The processes, by their ids, run while the block does; each is ended and waited for.

    Then their outputs may hold no code, number or address that a message went out with, as far as
    the simulator tells them.
    """
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
            secrets = _sent(ports) if has_simulator else Secrets()
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                process.wait(PATIENCE)
    found = secrets.hits("the servers' log", (folder / "servers.log").read_text())
    assert found == [], found


def _sent(ports: Sequence[int]) -> Secrets:
    """Every code that the servers' simulators show, and whom each went to."""
    secrets = Secrets()
    for port in ports:
        for one in httpx.get(f"http://127.0.0.1:{port}/simulator/messages").json():
            secrets.register("an address" if one["channel"] == "email" else "a number", one["to"])
            secrets.register("a code", one["code"] or "")
    return secrets


async def ready(origins: Sequence[str]) -> None:
    """Returns once every server says that it can work."""
    async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE):
        for origin in origins:
            while not await _is_ready(client, origin):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)


async def _is_ready(client: httpx.AsyncClient, origin: str) -> bool:
    try:
        return (await client.get(f"{origin}/readyz")).status_code == 200
    except httpx.TransportError:
        return False
