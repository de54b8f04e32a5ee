"""What carriers post to us, proven and read: signatures first, over the raw bytes.

Every comparison takes the same time. Nothing is looked up or changed here, and a post that cannot
be proven is never read. The address is our configured origin and the path, never a Host header.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from vestibule.clock import Clock
from vestibule.delivery.provider import Receipt
from vestibule.delivery.providers import twilio, vonage
from vestibule.delivery.webhook_signature import ID, Secrets
from vestibule.domain.delivery import Fault
from vestibule.domain.opt_out import Wish, wish_of

TOLERANCE = timedelta(minutes=5)
MOST_FIELDS = 100
TEXTS = "texts"
"""The last part of the address for texts from numbers: such a post is about no message of ours."""

_TWILIO_FAULTS = {str(code): fault for code, fault in twilio.RECEIPT_FAULTS.items()}

_E164 = re.compile(r"\+?([1-9][0-9]{6,14})")
_CODE = re.compile(r"#(\d{1,6})$")


@dataclass(frozen=True, slots=True)
class TextFromNumber:
    """A text that a number sent to us, if it asks for something."""

    id: str
    """The carrier's own, the same on a repetition; "" where it gives none."""
    e164: str
    wish: Wish


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
        reference = _field(body, "MessageSid") or _field(body, "CallSid")
        if text in {"delivered", "read"}:
            return Receipt("delivered", reference=reference)
        if call == "completed":
            return Receipt("ended", reference=reference)
        if text in {"failed", "undelivered"}:
            fault = _TWILIO_FAULTS.get(_field(body, "ErrorCode"), Fault.UNREACHABLE)
            return Receipt("undelivered", fault, reference)
        if text in twilio.TAKEN or call in twilio.TAKEN_CALLS:
            return Receipt("taken", reference=reference)
        return _undelivered(twilio.CALL_FAULTS.get(call), reference)

    def text(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - one shape for every carrier
        body: bytes,
    ) -> TextFromNumber | None:
        """Twilio says itself what a text asks for, where it was told to look: `OptOutType`."""
        told = _field(body, "OptOutType") or _field(body, "Body")
        return _text_from(_field(body, "MessageSid"), _field(body, "From"), told)


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
        except (JoseError, ValueError, TypeError):
            # The reader breaks with the last of them on a `crit` that is no list of words.
            return False
        at, named = claims.get("iat"), claims.get("payload_hash")
        if not isinstance(at, int) or not isinstance(named, str):
            return False
        made = hashlib.sha256(body).hexdigest().encode()
        is_whole = hmac.compare_digest(made, named.lower().encode())
        # A text's receipt names its message; what is posted for another is not for this one.
        ours = _text(_object(body), "client_ref")
        is_about_it = ours in {"", _last(path)} or _last(path) == TEXTS
        return is_whole and _is_young(at, self._clock) and is_about_it

    def key(self, body: bytes) -> str:
        """# may end the input without being a digit of it: what did not time out had a key."""
        pressed = _object(body).get("dtmf")
        if not isinstance(pressed, dict):
            return ""
        return _text(pressed, "digits") or ("#" if pressed.get("timed_out") is False else "")

    def receipt(self, body: bytes) -> Receipt | None:
        told = _object(body)
        status, error = _text(told, "status"), told.get("error")
        reference = _text(told, "message_uuid") or _text(told, "uuid")
        if status in {"delivered", "read"}:
            return Receipt("delivered", reference=reference)
        if status == "completed":
            return Receipt("ended", reference=reference)
        is_text = "message_uuid" in told or isinstance(error, dict)
        if is_text and status in {"rejected", "undeliverable", "failed"}:
            fault = vonage.RECEIPT_FAULTS.get(_vonage_code(error), Fault.UNREACHABLE)
            return Receipt("undelivered", fault, reference)
        if status in (vonage.TAKEN if is_text else vonage.TAKEN_CALLS):
            return Receipt("taken", reference=reference)
        return None if is_text else _undelivered(vonage.CALL_FAULTS.get(status), reference)

    def text(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - one shape for every carrier
        body: bytes,
    ) -> TextFromNumber | None:
        """`from` is the number itself in version 1, and an object that holds it in 0.1."""
        told = _object(body)
        sender, said = told.get("from"), _text(told, "text")
        if isinstance(sender, dict):
            message = told.get("message")
            content = message.get("content") if isinstance(message, dict) else None
            sender, said = sender.get("number"), _text(content, "text") if content else said
        number = sender if isinstance(sender, str) else ""
        return _text_from(_text(told, "message_uuid"), number, said)


def _vonage_code(error: object) -> str:
    """`1240`, at the end of the problem's type, or as its title or code; "" where there is none."""
    if not isinstance(error, dict):
        return ""
    found = _CODE.search(_text(error, "type"))
    return found[1] if found else str(error.get("title") or error.get("code") or "")


class WebhookCallbacks:
    """The operator's own service, which signs as we do: HMAC over `id.timestamp.body` (WH-02).

    The signed id is the message's own, which the path names too: none is told of another. A text
    from a number has an id of the service's own. Either active secret may have signed.
    """

    name = "webhook"

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def is_genuine(self, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        at = self._secrets.signed(headers, body)
        is_about_it = _last(path) in {headers.get(ID.lower(), ""), TEXTS}
        return at is not None and _is_young(at, self._clock) and is_about_it

    def key(self, body: bytes) -> str:  # noqa: ARG002 - one shape for every carrier
        """It fetches no calls: it gets the script, and plays it as it is."""
        return ""

    def receipt(self, body: bytes) -> Receipt | None:
        told = _object(body)
        reference = _text(told, "reference")
        match _text(told, "status"):
            case "taken":
                return Receipt("taken", reference=reference)
            case "delivered":
                return Receipt("delivered", reference=reference)
            case "undelivered":
                known = {fault.value: fault for fault in Fault}
                fault = known.get(_text(told, "reason"), Fault.UNREACHABLE)
                return Receipt("undelivered", fault, reference)
        return None

    def text(self, headers: Mapping[str, str], body: bytes) -> TextFromNumber | None:
        told = _object(body)
        return _text_from(headers.get(ID.lower(), ""), _text(told, "from"), _text(told, "text"))


def _undelivered(fault: Fault | None, reference: str) -> Receipt | None:
    return Receipt("undelivered", fault, reference) if fault else None


def _text_from(text_id: str, sender: str, said: str) -> TextFromNumber | None:
    """None for short codes and names, and for texts that ask for nothing."""
    number, wish = _E164.fullmatch(sender), wish_of(said)
    return TextFromNumber(text_id, f"+{number[1]}", wish) if number and wish else None


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
