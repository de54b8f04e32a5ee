"""Proof that a form came from our page in this browser (WB-01, EF-07).

Two independent checks: what the browser says of the request's origin, and a token over the
visit's cookie and, inside, the session.
"""

import base64
import binascii
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from vestibule.crypto.keyring import Keyring, Purpose
from vestibule.entropy import Entropy

_SALT = 16


def issue(keyring: Keyring, entropy: Entropy, *, visit: str, session_id: str) -> str:
    """A token for one form; a new salt each time, so that compression tells nothing."""
    salt = entropy.bytes(_SALT)
    mark = keyring.mac(Purpose.CSRF, salt, visit, session_id)
    return base64.urlsafe_b64encode(salt + mark).rstrip(b"=").decode()


def is_ours(keyring: Keyring, token: str, *, visit: str | None, session_id: str) -> bool:
    """Whether the token was made for this browser and this session (or none)."""
    if not visit or not token or len(token) > 200:
        return False
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return False
    salt, mark = raw[:_SALT], raw[_SALT:]
    return keyring.matches(mark, Purpose.CSRF, salt, visit, session_id)


def is_same_origin(headers: Headers, public_origin: str) -> bool:
    """Refuse what the browser marks as sent from elsewhere: by Sec-Fetch-Site, Origin or Referer.

    A client that sends none of them is no browser; the token alone decides there.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None and (referrer := headers.get("referer")):
        origin = _origin_of(referrer)
    return origin is None or origin == public_origin


def _origin_of(address: str) -> str:
    """Scheme, host and port as the address writes them; "" where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
