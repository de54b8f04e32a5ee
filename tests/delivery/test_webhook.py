"""The webhook provider, against a real HTTP server on loopback."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no types

from tests.delivery.carrier import resetting_carrier
from tests.delivery.phone_messages import CALL, MAIL, PAGELESS_CALL, TEXT, trial
from tests.delivery.test_reach import leads_to
from vestibule.clock import ManualClock
from vestibule.delivery.provider import (
    Accepted,
    CallScript,
    InDoubt,
    Message,
    Outcome,
    PermanentFailure,
    Probe,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.providers.webhook import WebhookProvider, WebhookTarget
from vestibule.delivery.reach import PRIVATE
from vestibule.delivery.webhook_signature import Secrets, key_id, signature
from vestibule.domain.delivery import Fault

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/reference/webhook.schema.json").read_text(encoding="utf-8")
)
SECRET = "a secret of the operator's own making"
SIGNED = f"posts signed by {key_id(SECRET)}"
NOW = datetime(2026, 11, 23, 10, 42, tzinfo=UTC)
HANGS, ENOUGH = 1.0, 20.0
"""Seconds for a carrier that says nothing, and for one that answers."""
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
    drips: bool = False
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
        if self.drips:
            gone = asyncio.create_task(reader.read())
            while not gone.done():
                writer.write(b" ")
                await asyncio.wait([gone], timeout=0.05)
            # Whoever goes with an answer half read resets the connection.
            await asyncio.gather(gone, return_exceptions=True)
        writer.close()


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    found = Carrier()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


def _provider(carrier: Carrier, patience: float = ENOUGH) -> WebhookProvider:
    target = WebhookTarget(
        f"http://127.0.0.1:{carrier.port}/messages", Secrets(SECRET), timedelta(seconds=patience)
    )
    return WebhookProvider(target, ManualClock(NOW))


async def _sent(
    carrier: Carrier,
    message: Message = MESSAGE,
    to: str = "+447400123456",
    *,
    patience: float = ENOUGH,
) -> Outcome:
    provider = _provider(carrier, patience)
    try:
        return await provider.send(message, to)
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
        "script": None,
        "spoken": [],
        "expires_in": 600,
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
        (
            _answer("422 Unprocessable", '{"reason": "+447400123456 is gone"}'),
            PermanentFailure(Fault.UNREACHABLE, "refused"),
        ),
        (
            _answer("422 Unprocessable", '{"reason": "no_longer_needed"}'),
            PermanentFailure(Fault.UNREACHABLE, "refused"),
        ),
        (_answer("500 Broken"), TemporaryFailure("HTTP 500")),
        (_answer("302 Found", "", "Location: http://127.0.0.1:1/"), TemporaryFailure("HTTP 302")),
    ],
)
async def test_answers_become_outcomes(carrier: Carrier, answer: str, expected: Outcome) -> None:
    """WH-04: each kind of answer leads where routing expects; a redirect is not followed."""
    carrier.answer = answer

    assert await _sent(carrier) == expected
    assert len(carrier.got) == 1


@pytest.mark.parametrize("message", [TEXT, CALL, MAIL, PAGELESS_CALL, trial("voice"), trial("sms")])
async def test_posts_fit_the_published_schema(carrier: Carrier, message: Message) -> None:
    """Every post fits the schema that the documents publish, a call with each of its stages."""
    await _sent(carrier, message)

    body = json.loads(carrier.got[0][1])
    Draft202012Validator(SCHEMA).validate(body)
    assert body["expires_in"] == message.valid_for_seconds
    if message.script is not None:
        assert CallScript(**{**body["script"], "code": tuple(body["script"]["code"])}) == (
            message.script
        )


def test_the_published_schema_refuses() -> None:
    """The schema is one, and it refuses a post that lacks something or has more."""
    Draft202012Validator.check_schema(SCHEMA)
    assert not Draft202012Validator(SCHEMA).is_valid({"id": "message-1"})


@pytest.mark.parametrize(
    ("answer", "probe"),
    [
        (_answer("204 No Content"), Probe(True, f"webhook: answers HTTP 204; {SIGNED}")),
        (_answer("405 Method Not Allowed"), Probe(True, f"webhook: answers HTTP 405; {SIGNED}")),
        (_answer("502 Bad Gateway"), Probe(False, f"webhook: answers HTTP 502; {SIGNED}")),
        ("hello\r\n\r\n", Probe(False, "webhook: no answer (connection lost)")),
    ],
)
async def test_probe(carrier: Carrier, answer: str, probe: Probe) -> None:
    """A probe reaches the service and sends it nothing."""
    carrier.answer = answer
    provider = _provider(carrier)

    assert await provider.probe() == probe
    await provider.close()
    assert [body for _, body in carrier.got] == [b""]


async def test_probe_of_nobody() -> None:
    """A service that is not there is said to give no answer."""
    provider = _provider(Carrier(port=1))

    assert await provider.probe() == Probe(False, "webhook: no answer (not connected)")
    await provider.close()


async def test_probe_of_a_name_that_leads_inside() -> None:
    """WH-04: a name that leads into a private network is told, and which setting allows that."""
    target = WebhookTarget("https://sms.example.com/", Secrets(SECRET), reach=leads_to("10.0.0.1"))
    provider = WebhookProvider(target, ManualClock(NOW))

    assert await provider.probe() == Probe(False, f"webhook: no answer ({PRIVATE})")
    assert await provider.send(MESSAGE, "+447400123456") == TemporaryFailure(PRIVATE)
    await provider.close()


async def test_slow_drops_of_an_answer_time_out(carrier: Carrier) -> None:
    """A service that answers a byte at a time costs the timeout and no more."""
    carrier.answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    carrier.drips = True

    assert await _sent(carrier, patience=HANGS) == InDoubt("timeout")


async def test_garbage_leaves_doubt(carrier: Carrier) -> None:
    """Who answers what is not HTTP has the post all the same."""
    carrier.answer = "hello\r\n\r\n"

    assert await _sent(carrier) == InDoubt("connection lost")


async def test_hanging_carrier_times_out(carrier: Carrier) -> None:
    """A carrier that says nothing costs the timeout, and may have the message."""
    carrier.hangs = True

    assert await _sent(carrier, patience=HANGS) == InDoubt("timeout")


async def test_reset_leaves_doubt() -> None:
    """A connection that is reset once the post has begun leaves its message in doubt."""
    with resetting_carrier() as url:
        provider = WebhookProvider(WebhookTarget(url, Secrets(SECRET)), ManualClock(NOW))
        try:
            assert await provider.send(MESSAGE, "+447400123456") == InDoubt("connection lost")
        finally:
            await provider.close()


async def test_nobody_there_is_tried_again() -> None:
    """A connection that is refused takes nothing: no doubt, a temporary failure."""
    assert await _sent(Carrier(port=1)) == TemporaryFailure("not connected")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("ftp://127.0.0.1/x", SECRET),
        ("https://user:password@sms.example.com/", SECRET),
        ("https://", SECRET),
        ("http://sms.example.com/", SECRET),
        ("https://sms.example.com/", "short"),
    ],
)
def test_unusable_target_is_refused(url: str, secret: str) -> None:
    """A target that cannot be called, or a secret that can be guessed, stops the start."""
    with pytest.raises(ValueError, match=r"write it as|at least 24 bytes|use https"):
        WebhookTarget(url, Secrets(secret))


def test_secret_is_never_shown() -> None:
    """Printing a target tells its address and nothing more."""
    assert SECRET not in repr(WebhookTarget("https://sms.example.com/", Secrets(SECRET, "x" * 24)))


def test_signature_covers_every_part() -> None:
    """Another id, time or body has another signature."""
    parts = [("a", 1, b"x"), ("b", 1, b"x"), ("a", 2, b"x"), ("a", 1, b"y")]

    found = {signature(SECRET, message_id=i, timestamp=t, body=b) for i, t, b in parts}

    assert len(found) == len(parts)
