"""How long a text takes from its commit to its carrier, and how many a second leave.

The carrier is an HTTP server in this process that accepts at once. On SQLite the worker is in this
process, as in `vestibule serve`; with `--postgresql URL` (an empty database) it is `vestibule work`
in a process of its own, which hears of each commit by NOTIFY. Prints milliseconds.
"""

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.delivery_step import settings, text_somebody
from tests.loopback_carrier import SECRET, Carrier, carrier
from vestibule.bootstrap import Built, build_house
from vestibule.crypto import root_key
from vestibule.crypto.password_hash import CHEAPEST
from vestibule.entropy import SystemEntropy
from vestibule.observability.logging import configure
from vestibule.settings import Settings
from vestibule.storage import migrate
from vestibule.storage.database import connect

ONE_BY_ONE, AT_ONCE = 300, 300
GAP = 0.02


async def _latencies(built: Built, at: Carrier) -> list[float]:
    """Milliseconds from the commit's return to the carrier's whole request, one after the other."""
    took = []
    for turn in range(ONE_BY_ONE):
        await text_somebody(built, turn)
        committed = time.perf_counter()
        await at.until(turn + 1)
        took.append((time.perf_counter() - committed) * 1000)
        await asyncio.sleep(GAP)
    return sorted(took)


async def _burst(built: Built, at: Carrier) -> float:
    """Texts a second that reach the carrier when many wait at once, writing them included."""
    before, began = len(at.got), time.perf_counter()
    writes = [text_somebody(built, ONE_BY_ONE + turn) for turn in range(AT_ONCE)]
    await asyncio.gather(*writes)
    await at.until(before + AT_ONCE, within=120)
    return AT_ONCE / (time.perf_counter() - began)


@asynccontextmanager
async def _deliverer(built: Built, url: str, folder: Path, at: Carrier) -> AsyncIterator[None]:
    """Whoever drains: this process on SQLite, a worker's process on PostgreSQL."""
    if url.startswith("sqlite"):
        async with built.worker.running():
            yield
        return
    environment = {
        **os.environ,
        "VESTIBULE_DATA": str(folder),
        "VESTIBULE_DATABASE_URL": url,
        "VESTIBULE_ROUTES_SMS": "webhook",
        "VESTIBULE_WEBHOOK_SECRET": SECRET,
        "VESTIBULE_WEBHOOK_URL": at.url,
    }
    command = [sys.executable, "-m", "vestibule", "work"]
    worker = await asyncio.create_subprocess_exec(
        *command, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        await text_somebody(built, 99_999)
        await at.until(1)
        at.got.clear()
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        await worker.wait()


async def _main(folder: Path, url: str) -> None:
    async with carrier() as at:
        asked = Settings.model_validate(settings(folder, at.url))
        built = build_house(asked, profile=CHEAPEST, database=connect(url))
        async with _deliverer(built, url, folder, at):
            took = await _latencies(built, at)
            rate = await _burst(built, at)
        await built.close()
    p99 = took[int(len(took) * 0.99)]
    print("| database | p50 ms | p99 ms | most ms | texts a second |")
    print("| --- | --- | --- | --- | --- |")
    shown = f"{statistics.median(took):.1f} | {p99:.1f} | {took[-1]:.1f} | {rate:.0f}"
    print(f"| {url.split(':')[0]} | {shown} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", default="", help="URL of an empty database")
    chosen = parser.parse_args().postgresql
    with tempfile.TemporaryDirectory() as scratch, Path(os.devnull).open("w") as silent:
        configure(silent)
        root_key.make(Path(scratch) / "root.key", SystemEntropy())
        where = chosen or f"sqlite:///{scratch}/vestibule.db"
        migrate.upgrade(where)
        asyncio.run(_main(Path(scratch), where))
