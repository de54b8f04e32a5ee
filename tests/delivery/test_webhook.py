"""The webhook provider, against a real HTTP server on loopback."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from vestibule.clock import ManualClock
from vestibule.delivery.provider import (
    Accepted,
    Message,
    Outcome,
    PermanentFailure,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.providers.webhook import WebhookProvider, WebhookTarget, signature
from vestibule.domain.delivery import Fault

SECRET = "a secret of the operator's own making"
NOW = datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
MESSAGE = Message(
    id="message-1",
    channel="sms",
    account_label="ada@example.com",
    purpose="sign_in",
    subject=None,
    text="012345 is your Acme code.\n\n@id.example.com #012345",
    html=None,
    code="012345",
    locale="en",
)


@dataclass
class Carrier:
    """A small HTTP server that answers what the test says and keeps what it got."""

    answer: str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    hangs: bool = False
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line]
        headers = {name.lower(): value for name, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append((headers, body))
        if self.hangs:
            await reader.read()
        writer.write(self.answer.encode())
        writer.close()


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    found = Carrier()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


async def _sent(carrier: Carrier, *, patience: float = 5) -> Outcome:
    target = WebhookTarget(
        f"http://127.0.0.1:{carrier.port}/messages", SECRET, timedelta(seconds=patience)
    )
    provider = WebhookProvider(target, ManualClock(NOW))
    try:
        return await provider.send(MESSAGE, "+447400123456")
    finally:
        await provider.close()


def _answer(status: str, body: str = "", *headers: str) -> str:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines) + f"\r\n\r\n{body}"


async def test_post_carries_the_message_signed(carrier: Carrier) -> None:
    """The receiver can tell from the signature that the post is ours, whole and young."""
    outcome = await _sent(carrier)

    (headers, body) = carrier.got[0]
    signed = b"message-1." + str(int(NOW.timestamp())).encode() + b"." + body
    expected = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-id"] == "message-1"
    assert json.loads(body) == {
        "id": "message-1",
        "channel": "sms",
        "to": "+447400123456",
        "purpose": "sign_in",
        "locale": "en",
        "subject": None,
        "text": MESSAGE.text,
        "html": None,
        "spoken": [],
    }
    assert outcome == Accepted("message-1")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_answer("202 Accepted", '{"reference": "SM1"}'), Accepted("SM1")),
        (_answer("200 OK", "[1]"), Accepted("message-1")),
        (_answer("429 Too Many", "", "Retry-After: 17"), Throttled(17)),
        (_answer("429 Too Many", "", "Retry-After: soon"), Throttled(30)),
        (
            _answer("422 Unprocessable", '{"reason": "landline"}'),
            PermanentFailure(Fault.LANDLINE, "landline"),
        ),
        (_answer("422 Unprocessable", "nothing"), PermanentFailure(Fault.UNREACHABLE, "refused")),
        (_answer("500 Broken"), TemporaryFailure("HTTP 500")),
        (_answer("302 Found", "", "Location: http://127.0.0.1:1/"), TemporaryFailure("HTTP 302")),
    ],
)
async def test_answers_become_outcomes(carrier: Carrier, answer: str, expected: Outcome) -> None:
    """Each kind of answer leads where routing expects; a redirect is not followed."""
    carrier.answer = answer

    assert await _sent(carrier) == expected
    assert len(carrier.got) == 1


async def test_garbage_is_tried_again(carrier: Carrier) -> None:
    """What is not HTTP is a temporary failure."""
    carrier.answer = "hello\r\n\r\n"

    assert isinstance(await _sent(carrier), TemporaryFailure)


async def test_hanging_carrier_times_out(carrier: Carrier) -> None:
    """A carrier that says nothing costs the timeout and no more."""
    carrier.hangs = True

    assert await _sent(carrier, patience=0.2) == TemporaryFailure("timeout")


async def test_nobody_there_is_tried_again() -> None:
    """A refused connection is a temporary failure."""
    assert isinstance(await _sent(Carrier(port=1)), TemporaryFailure)


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("ftp://127.0.0.1/x", SECRET),
        ("https://user:password@sms.example.com/", SECRET),
        ("https://", SECRET),
        ("https://sms.example.com/", "short"),
    ],
)
def test_unusable_target_is_refused(url: str, secret: str) -> None:
    """A target that cannot be called, or a secret that can be guessed, stops the start."""
    with pytest.raises(ValueError, match=r"write it as|at least 24 bytes"):
        WebhookTarget(url, secret)


def test_secret_is_never_shown() -> None:
    """Printing a target tells its address and nothing more."""
    assert SECRET not in repr(WebhookTarget("https://sms.example.com/", SECRET))


def test_signature_covers_every_part() -> None:
    """Another id, time or body has another signature."""
    parts = [("a", 1, b"x"), ("b", 1, b"x"), ("a", 2, b"x"), ("a", 1, b"y")]

    found = {signature(SECRET, message_id=i, timestamp=t, body=b) for i, t, b in parts}

    assert len(found) == len(parts)
