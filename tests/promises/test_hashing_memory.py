"""Two hundred passwords at once at the full cost, in a server of its own (PH-05)."""

import asyncio
import os
import re
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.databases import migrated_sqlite
from tests.faults.processes import free_ports
from tests.serving import ready, serving
from vestibule.crypto import root_key
from vestibule.crypto.password_hash import OWASP
from vestibule.entropy import SystemEntropy

pytestmark = pytest.mark.anyio

SIGN_INS = 200
AT_ONCE = len(os.sched_getaffinity(0))
ROOM_KIB = 64 * 1024
"""For two hundred connections and what one run of the interpreter leaves behind."""


def _peak_kib(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


async def _sign_ins(origin: str) -> list[httpx.Response]:
    """Nobody's addresses: they cost what an account's costs (EN-02)."""
    limits = httpx.Limits(max_connections=SIGN_INS)
    async with httpx.AsyncClient(base_url=origin, limits=limits, timeout=120) as client:
        page = await client.get("/sign-in")
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert token, page.text
        headers = {"origin": "http://localhost:8000"}
        forms = [
            {"csrf": token[1], "email": f"user{n}@example.com", "password": "not the lantern"}
            for n in range(SIGN_INS)
        ]
        return await asyncio.gather(
            *(client.post("/sign-in", data=form, headers=headers) for form in forms)
        )


async def test_two_hundred_sign_ins_stay_within_their_memory(tmp_path: Path) -> None:
    """PH-05: of 200 sign-ins at once as many are hashed as there are cores, each in its 19 MiB;
    the queue takes its number and is answered, and what is past it gets 503 with Retry-After."""
    url = migrated_sqlite(tmp_path / "vestibule.db")
    root_key.make(tmp_path / "root.key", SystemEntropy())
    [port] = free_ports(1)
    origin = f"http://127.0.0.1:{port}"
    async with serving(tmp_path, url, [port]) as served:
        await ready([origin])
        [pid] = served.process_ids
        before = _peak_kib(pid)
        answers = await _sign_ins(origin)
        grown = _peak_kib(pid) - before

    assert grown <= AT_ONCE * OWASP.memory_kib + ROOM_KIB, f"{grown} KiB more"
    said = Counter(one.status_code for one in answers)
    # How many there are hangs on the machine; test_hashing_queue.py fills the queue for certain.
    busy = [one for one in answers if one.status_code == 503]
    assert said[303] + len(busy) == SIGN_INS, said
    assert said[303] >= AT_ONCE
    assert {one.headers["retry-after"] for one in busy} <= {"2"}
