"""What a stranger makes the server say: lines like all others, without values, and not many."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
import structlog

from tests.databases import migrated_sqlite
from tests.faults.processes import free_ports
from tests.serving import PATIENCE, ready, serving
from vestibule.crypto import root_key
from vestibule.entropy import SystemEntropy
from vestibule.observability.logging import MOST_AN_HOUR, MOST_KINDS, ServerWords

pytestmark = pytest.mark.anyio

HOST = b"Host: localhost\r\n"
FORM = HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
REPORT = HOST + b"Content-Type: application/csp-report\r\n"
HALF = (
    b"POST /sign-in HTTP/1.1\r\n" + FORM + b"Content-Length: 500\r\n\r\ncsrf=",
    b"POST /csp-report HTTP/1.1\r\n" + REPORT + b"Content-Length: 500\r\n\r\n{",
)
"""Forms whose sender goes away in the middle."""
BROKEN = (
    b"no such thing\r\n\r\n",
    b"GET /livez HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /sign-in HTTP/1.1\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
)
UPGRADES = (
    b"POST /sign-in HTTP/1.1\r\n"
    + HOST
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\na",
    b"GET /sign-in HTTP/1.1\r\n"
    + HOST
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
)


async def _send(port: int, what: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(what)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def _answer(port: int, what: bytes) -> bytes:
    """The first line that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(what)
    async with asyncio.timeout(PATIENCE):
        line = await reader.readline()
    writer.close()
    return line.strip()


async def test_a_stranger_makes_no_noise(tmp_path: Path) -> None:
    """AU-02, AU-05: half a form is no failure of ours, and what is no HTTP is one line."""
    root_key.make(tmp_path / "root.key", SystemEntropy())
    url, (port,) = migrated_sqlite(tmp_path / "house.db"), free_ports(1)
    async with serving(tmp_path, url, [port]):
        await ready([f"http://127.0.0.1:{port}"])
        for one in HALF:
            await _send(port, one)
        assert {await _answer(port, one) for one in BROKEN} == {b"HTTP/1.1 400 Bad Request"}
        answers = [await _answer(port, one) for one in UPGRADES]

    assert answers == [b"HTTP/1.1 415 Unsupported Media Type", b"HTTP/1.1 200 OK"]
    log = (tmp_path / "servers.log").read_text().splitlines()
    lines = [json.loads(one) for one in log[2:]]
    assert "request_failed" not in {one["event"] for one in lines}
    said = [one["text"] for one in lines if one["event"] == "server_said"]
    assert said.count("Invalid HTTP request received.") == len(BROKEN)


def _record(text: str, *, hour: int = 0, error: Exception | None = None) -> logging.LogRecord:
    told = (type(error), error, None) if error else None
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 1, text, (), told)
    record.created = 3600.0 * hour
    return record


def test_each_kind_has_an_end() -> None:
    """AU-05: a kind is written a hundred times an hour, the last says so, and others go on."""
    words = ServerWords()
    with structlog.testing.capture_logs() as lines:
        for _ in range(MOST_AN_HOUR + 30):
            words.emit(_record("no HTTP"))
        words.emit(_record("another"))
        words.emit(_record("no HTTP", hour=1))

    assert len(lines) == MOST_AN_HOUR + 2
    assert [n for n, one in enumerate(lines) if "is_last_this_hour" in one] == [MOST_AN_HOUR - 1]
    assert [one["text"] for one in lines[-2:]] == ["another", "no HTTP"]


def test_kinds_have_an_end() -> None:
    """AU-05: words that differ each time are one kind past the fiftieth."""
    words = ServerWords()
    with structlog.testing.capture_logs() as lines:
        for turn in range(MOST_KINDS + MOST_AN_HOUR + 30):
            words.emit(_record(f"number {turn}"))

    assert len(lines) == MOST_KINDS + MOST_AN_HOUR


def test_errors_are_told_without_their_values() -> None:
    """AU-03: of an error the kind and the place, never its words."""
    with structlog.testing.capture_logs() as lines:
        ServerWords().emit(_record("broke", error=ValueError("the code is 123456")))

    (line,) = lines
    assert (line["event"], line["error"]) == ("server_failed", "ValueError")
    assert "123456" not in str(line)
