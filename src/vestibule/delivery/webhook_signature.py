"""How we and the operator's own service sign: HMAC-SHA-256 over `id.timestamp.body` (WH-02).

Two secrets may be active, so that one is changed without a moment in which a post is refused. It
knows no message and no time: whoever verifies asks how old a post is.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

ID, TIMESTAMP = "Webhook-Id", "Webhook-Timestamp"
SIGNATURE, KEY_IDS = "Webhook-Signature", "Webhook-Key-Ids"
MOST_SIGNATURES = 4
"""In one header; whoever sends more sends them to cost us time."""
_FEWEST_SECRET_BYTES = 24
_KEY_ID_OF = b"vestibule webhook key"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The active secrets: what is signed now, and for a while the one before it."""

    current: str = field(repr=False)
    previous: str = field(default="", repr=False)
    """Empty unless a change is under way."""

    def __post_init__(self) -> None:
        if any(len(secret.encode()) < _FEWEST_SECRET_BYTES for secret in self._active):
            raise ValueError(f"the secret needs at least {_FEWEST_SECRET_BYTES} bytes")
        if self.current == self.previous:
            raise ValueError("the previous secret is the same as the present one")

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Names that both sides can tell the secrets by, the present one's first."""
        return tuple(key_id(secret) for secret in self._active)

    def headers(self, *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """What a post carries: a signature by each secret, and whose each is, in one order."""
        made = [
            signature(secret, message_id=message_id, timestamp=timestamp, body=body)
            for secret in self._active
        ]
        return {
            ID: message_id,
            TIMESTAMP: str(timestamp),
            SIGNATURE: " ".join(made),
            KEY_IDS: " ".join(self.key_ids),
        }

    def signed(self, headers: Mapping[str, str], body: bytes) -> int | None:
        """When the post with these headers was signed by one of the secrets; None if by none.

        The names of the headers are in small letters. Which secret it was takes the same time.
        """
        message_id, timestamp = headers.get(ID.lower(), ""), headers.get(TIMESTAMP.lower(), "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            return None
        at = int(timestamp)
        given = headers.get(SIGNATURE.lower(), "").encode().split(b" ")[:MOST_SIGNATURES]
        made = [
            signature(secret, message_id=message_id, timestamp=at, body=body).encode()
            for secret in self._active
        ]
        is_ours = [hmac.compare_digest(mine, theirs) for mine in made for theirs in given]
        return at if message_id and any(is_ours) else None

    @property
    def _active(self) -> tuple[str, ...]:
        return (self.current, self.previous) if self.previous else (self.current,)


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the Base64 of HMAC-SHA-256 over `id.timestamp.body`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    mark = hmac.digest(secret.encode(), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(mark).decode()}"


def key_id(secret: str) -> str:
    """Eight hexadecimal digits that name a secret and do not tell it."""
    return hmac.digest(secret.encode(), _KEY_ID_OF, hashlib.sha256).hex()[:8]
