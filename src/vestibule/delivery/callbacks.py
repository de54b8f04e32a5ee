"""What carriers post to us, proven and read: signatures first, over the raw bytes.

Every comparison takes the same time. Nothing is looked up or changed here, and a post that cannot
be proven is never read. The address is our configured origin and the path, never a Host header.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from vestibule.clock import Clock
from vestibule.delivery.provider import Receipt
from vestibule.delivery.providers.webhook import ID, SIGNATURE, TIMESTAMP, signature
from vestibule.domain.delivery import Fault

TOLERANCE = timedelta(minutes=5)
MOST_FIELDS = 100
DELIVERED = Receipt("delivered")

_TWILIO_FAULTS = {
    "21610": Fault.OPTED_OUT,
    "30003": Fault.UNREACHABLE,
    "30004": Fault.BLOCKED,
    "30005": Fault.NUMBER_INVALID,
    "30006": Fault.LANDLINE,
    "30007": Fault.BLOCKED,
}
_VONAGE_FAULTS = {
    "1050": Fault.BLOCKED,
    "1170": Fault.NUMBER_INVALID,
    "1190": Fault.NUMBER_INVALID,
    "1240": Fault.OPTED_OUT,
    "1280": Fault.BLOCKED,
}
_CALL_FAULTS = {
    "busy": Fault.BUSY,
    "no-answer": Fault.NO_ANSWER,
    "timeout": Fault.NO_ANSWER,
    "unanswered": Fault.NO_ANSWER,
    "canceled": Fault.NO_ANSWER,
    "cancelled": Fault.NO_ANSWER,
    "rejected": Fault.UNREACHABLE,
    "failed": Fault.UNREACHABLE,
}
"""How a call ended that nobody heard, in the words of either carrier."""


class TwilioCallbacks:
    """Forms under `X-Twilio-Signature`, made with the account's auth token (WH-01)."""

    name = "twilio"

    def __init__(self, auth_token: str, origin: str) -> None:
        self._auth_token = auth_token
        self._origin = origin

    def is_genuine(self, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        given = headers.get("x-twilio-signature", "").encode()
        fields = _fields(body)
        if fields is None:
            return False
        # Every address is tried, so that the time tells nothing.
        made = [
            hmac.compare_digest(twilio_signature(self._auth_token, url, fields), given)
            for url in _with_and_without_port(self._origin + path)
        ]
        return any(made)

    def key(self, body: bytes) -> str:
        return _field(body, "Digits")

    def receipt(self, body: bytes) -> Receipt | None:
        text, call = _field(body, "MessageStatus"), _field(body, "CallStatus")
        if text in {"delivered", "read"} or call == "completed":
            return DELIVERED
        if text in {"failed", "undelivered"}:
            fault = _TWILIO_FAULTS.get(_field(body, "ErrorCode"), Fault.UNREACHABLE)
            return Receipt("undelivered", fault)
        return _of_call(call)


def twilio_signature(auth_token: str, url: str, fields: list[tuple[str, str]]) -> bytes:
    """Base64 of HMAC-SHA-1 over the address and each field once, in the order of the names."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    mark = hmac.digest(auth_token.encode(), signed.encode("utf-8", "surrogateescape"), "sha1")
    return base64.b64encode(mark)


def _with_and_without_port(url: str) -> tuple[str, str]:
    """Twilio signs either; 443 and 80 are what our own origin leaves out."""
    parts = urlsplit(url)
    bare = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with_port = parts._replace(netloc=f"{bare}:{port}")
    return parts._replace(netloc=bare).geturl(), with_port.geturl()


class VonageCallbacks:
    """JSON under a signed token, which names the body's SHA-256 and its time (WH-02)."""

    name = "vonage"

    def __init__(self, secret: str, clock: Clock) -> None:
        self._key = OctKey.import_key(secret)
        self._clock = clock

    def is_genuine(self, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        try:
            claims = jwt.decode(token.strip(), self._key, algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            return False
        at, named = claims.get("iat"), claims.get("payload_hash")
        if not isinstance(at, int) or not isinstance(named, str):
            return False
        made = hashlib.sha256(body).hexdigest().encode()
        is_whole = hmac.compare_digest(made, named.lower().encode())
        # A text's receipt names its message; what is posted for another is not for this one.
        ours = _text(_object(body), "client_ref")
        return is_whole and _is_young(at, self._clock) and ours in {"", _last(path)}

    def key(self, body: bytes) -> str:
        pressed = _object(body).get("dtmf")
        return _text(pressed, "digits") if isinstance(pressed, dict) else ""

    def receipt(self, body: bytes) -> Receipt | None:
        told = _object(body)
        status, error = _text(told, "status"), told.get("error")
        if status in {"delivered", "read", "completed"}:
            return DELIVERED
        if status == "undeliverable" or isinstance(error, dict):
            title = _text(error, "title") if isinstance(error, dict) else ""
            return Receipt("undelivered", _VONAGE_FAULTS.get(title, Fault.UNREACHABLE))
        return _of_call(status)


class WebhookCallbacks:
    """The operator's own service, which signs as we do: HMAC over `id.timestamp.body` (WH-02).

    The signed id is the message's own, which the path names too: none is told of another.
    """

    name = "webhook"

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def is_genuine(self, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        message_id, timestamp = headers.get(ID.lower(), ""), headers.get(TIMESTAMP.lower(), "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            return False
        at = int(timestamp)
        made = signature(self._secret, message_id=message_id, timestamp=at, body=body)
        given = headers.get(SIGNATURE.lower(), "").encode()
        is_ours = hmac.compare_digest(made.encode(), given)
        return is_ours and _is_young(at, self._clock) and message_id == _last(path)

    def key(self, body: bytes) -> str:  # noqa: ARG002 - one shape for every carrier
        """It fetches no calls: it gets the script, and plays it as it is."""
        return ""

    def receipt(self, body: bytes) -> Receipt | None:
        told = _object(body)
        match _text(told, "status"):
            case "delivered":
                return DELIVERED
            case "undelivered":
                known = {fault.value: fault for fault in Fault}
                return Receipt("undelivered", known.get(_text(told, "reason"), Fault.UNREACHABLE))
        return None


def _of_call(status: str) -> Receipt | None:
    fault = _CALL_FAULTS.get(status)
    return Receipt("undelivered", fault) if fault else None


def _is_young(at: int, clock: Clock) -> bool:
    return abs(clock().timestamp() - at) <= TOLERANCE.total_seconds()


def _last(path: str) -> str:
    return urlsplit(path).path.rpartition("/")[2]


def _fields(body: bytes) -> list[tuple[str, str]] | None:
    """A form's fields, or None where the body is no form."""
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        return None


def _field(body: bytes, name: str) -> str:
    return next((value for found, value in _fields(body) or [] if found == name), "")


def _object(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(told: Mapping[str, object], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""
