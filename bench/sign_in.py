"""How many right passwords a second one process takes, and what a small request costs.

The password step is what a sign-in costs most: one Argon2id at the production profile.

Runs the real server on loopback with SQLite, or PostgreSQL with `--postgresql URL` of an empty
database; clients are asyncio tasks in this process, so both share the machine. Prints medians of
three runs. `make bench` runs it.
"""

import argparse
import asyncio
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

PASSWORD = "a lantern in the porch"
ACCOUNTS = 16
SECONDS = 4.0
RUNS = 3


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server:
    """`vestibule serve` in a process of its own, ended by the block that started it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.origin = f"http://localhost:{(port := _free_port())}"
        self._environment = {
            **os.environ,
            "VESTIBULE_DATA": str(folder),
            "VESTIBULE_DATABASE_URL": database_url,
            "VESTIBULE_PORT": str(port),
            "VESTIBULE_PUBLIC_ORIGIN": self.origin,
            "VESTIBULE_SIMULATOR": "true",
        }

    def __enter__(self) -> "Server":
        command = [sys.executable, "-m", "vestibule"]
        subprocess.run([*command, "migrate"], env=self._environment, check=True)
        self._process = subprocess.Popen(
            [*command, "serve"], env=self._environment, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.origin}/readyz").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.05)
        raise TimeoutError("the server did not get ready")

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)

    def cpu_seconds(self) -> float:
        """Processor time of the server so far, as Linux counts it."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None, page[:500]
    return found.group(1)


class Member:
    """One browser of an account whose app is known here."""

    def __init__(self, origin: str, number: int) -> None:
        self.client = httpx.AsyncClient(base_url=origin)
        self.email = f"member{number}@example.com"

    async def post(self, page: str, to: str, **fields: str) -> httpx.Response:
        shown = await self.client.get(page)
        data = {"csrf": _token(shown.text), **fields}
        return await self.client.post(to, data=data)

    async def mailed_code(self) -> str:
        for _ in range(200):
            messages = (await self.client.get("/simulator/messages")).json()
            codes = [m["code"] for m in messages if m["to"] == self.email and m["code"]]
            if codes:
                return str(codes[-1])
            await asyncio.sleep(0.02)
        raise TimeoutError("no mail arrived")

    async def sign_up(self) -> None:
        await self.post("/sign-up", "/sign-up", name="Member", email=self.email, password=PASSWORD)
        await self.post("/sign-up/code", "/sign-up/code", code=await self.mailed_code())

    async def password_step(self) -> float:
        """Seconds of one right password, up to the page of the second door."""
        self.client.cookies.clear()
        page = await self.client.get("/sign-in")
        data = {"csrf": _token(page.text), "email": self.email, "password": PASSWORD}
        began = time.perf_counter()
        response = await self.client.post("/sign-in", data=data)
        assert response.headers["location"] == "/set-up/email"
        return time.perf_counter() - began


async def _repeat(members: list[Member]) -> list[float]:
    until, times = time.monotonic() + SECONDS, []

    async def one(member: Member) -> None:
        while time.monotonic() < until:
            times.append(await member.password_step())

    await asyncio.gather(*(one(member) for member in members))
    return times


async def _measure(server: Server, at_once: int, members: list[Member]) -> str:
    rates, middles, worsts, costs = [], [], [], []
    for _ in range(RUNS):
        cpu, began = server.cpu_seconds(), time.monotonic()
        times = sorted(await _repeat(members[:at_once]))
        took = time.monotonic() - began
        rates.append(len(times) / took)
        middles.append(statistics.median(times) * 1000)
        worsts.append(times[int(len(times) * 0.99)] * 1000)
        costs.append((server.cpu_seconds() - cpu) / len(times) * 1000)
    shown = [statistics.median(one) for one in (rates, middles, worsts, costs)]
    figures = f"{shown[0]:.1f} | {shown[1]:.0f} | {shown[2]:.0f} | {shown[3]:.1f}"
    return f"| password step, {at_once} at once | {figures} |"


async def _ask(member: Member, until: float) -> int:
    done = 0
    while time.monotonic() < until:
        await member.client.get("/session")
        done += 1
    return done


async def _look_ups(server: Server, member: Member, at_once: int) -> str:
    """GET /session without a session: what every request pays at least."""
    rates, costs = [], []
    for _ in range(RUNS):
        cpu, until = server.cpu_seconds(), time.monotonic() + SECONDS
        counts = await asyncio.gather(*(_ask(member, until) for _ in range(at_once)))
        count = sum(counts)
        rates.append(count / SECONDS)
        costs.append((server.cpu_seconds() - cpu) / count * 1000)
    rate, cost = statistics.median(rates), statistics.median(costs)
    return f"| GET /session, {at_once} at once | {rate:.0f} | | | {cost:.2f} |"


async def _main(server: Server) -> None:
    members = [Member(server.origin, number) for number in range(ACCOUNTS)]
    for member in members:
        await member.sign_up()
    print("| what | a second | p50 ms | p99 ms | server CPU ms each |")
    print("| --- | --- | --- | --- | --- |")
    for at_once in (1, 8, 16):
        print(await _measure(server, at_once, members))
    print(await _look_ups(server, members[0], 8))
    for member in members:
        await member.client.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", default="", help="URL of an empty database")
    chosen = parser.parse_args().postgresql
    with tempfile.TemporaryDirectory() as scratch, Server(Path(scratch), chosen) as running:
        asyncio.run(_main(running))
