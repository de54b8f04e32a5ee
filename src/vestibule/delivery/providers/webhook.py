"""A signed JSON POST to the operator's own service, which reaches any carrier.

The signature is HMAC-SHA-256 over `id.timestamp.body`, so the receiver can tell that it is ours,
whole, and young. A redirect is never followed: the body holds a live code.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from vestibule.clock import Clock
from vestibule.delivery.provider import (
    Accepted,
    Message,
    Outcome,
    PermanentFailure,
    Probe,
    TemporaryFailure,
    Throttled,
)
from vestibule.domain.delivery import Fault

ID, TIMESTAMP, SIGNATURE = "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"
LONGEST_WAIT = 3600
_FEWEST_SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """Where messages are posted, and the secret both sides know."""

    url: str
    secret: str = field(repr=False)
    timeout: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ValueError("write it as https://sms.example.com/messages")
        if len(self.secret.encode()) < _FEWEST_SECRET_BYTES:
            raise ValueError(f"the secret needs at least {_FEWEST_SECRET_BYTES} bytes")


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the Base64 of HMAC-SHA-256 over `id.timestamp.body`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    mark = hmac.digest(secret.encode(), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(mark).decode()}"


class WebhookProvider:
    """Hands each message to one HTTP service.

    2xx is accepted; 429 waits as `Retry-After` says; 422 means that this recipient cannot be
    reached, with the reason in its JSON body; anything else is tried again.
    """

    name = "webhook"

    def __init__(
        self,
        target: WebhookTarget,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._target = target
        self._clock = clock
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=target.timeout.total_seconds(),
            follow_redirects=False,
            trust_env=False,
        )

    async def send(self, message: Message, to: str) -> Outcome:
        body = _body(message, to)
        timestamp = int(self._clock().timestamp())
        headers = {
            "Content-Type": "application/json",
            ID: message.id,
            TIMESTAMP: str(timestamp),
            SIGNATURE: signature(
                self._target.secret, message_id=message.id, timestamp=timestamp, body=body
            ),
        }
        try:
            response = await self._client.post(self._target.url, content=body, headers=headers)
        except httpx.TimeoutException:
            return TemporaryFailure("timeout")
        except httpx.HTTPError as error:
            return TemporaryFailure(type(error).__name__)
        return _outcome(message, response)

    async def probe(self) -> Probe:
        try:
            response = await self._client.options(self._target.url)
        except httpx.HTTPError as error:
            return Probe(False, f"webhook: no answer ({type(error).__name__})")
        return Probe(response.status_code < 500, f"webhook: answers HTTP {response.status_code}")

    async def close(self) -> None:
        await self._client.aclose()


def _body(message: Message, to: str) -> bytes:
    said = {
        "id": message.id,
        "channel": message.channel,
        "to": to,
        "purpose": message.purpose,
        "locale": message.locale,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "spoken": list(message.script.spoken) if message.script else [],
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _outcome(message: Message, response: httpx.Response) -> Outcome:
    status = response.status_code
    if 200 <= status < 300:
        return Accepted(_told(response, "reference") or message.id)
    if status == 429:
        return Throttled(_seconds(response.headers.get("retry-after", "")))
    if status == 422:
        return _permanent(_told(response, "reason") or "")
    return TemporaryFailure(f"HTTP {status}")


def _permanent(reason: str) -> PermanentFailure:
    """The reason in our own words where it is one of them; else the number is out of reach."""
    known = {fault.value: fault for fault in Fault}
    return PermanentFailure(known.get(reason, Fault.UNREACHABLE), reason or "refused")


def _told(response: httpx.Response, name: str) -> str | None:
    """A short plain text of the answer's JSON object, if it has one."""
    try:
        found = response.json()
    except ValueError:
        return None
    value = found.get(name) if isinstance(found, dict) else None
    return value[:100] if isinstance(value, str) and value.isprintable() else None


def _seconds(text: str) -> int:
    return min(int(text), LONGEST_WAIT) if text.isascii() and text.isdigit() else 30
