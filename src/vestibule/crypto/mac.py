"""Keyed digests over several fields. Which key and which purpose is the key ring's business."""

import hashlib
import hmac


def mac(key: bytes, *fields: str | bytes) -> bytes:
    """HMAC-SHA-256 over the fields, 32 bytes."""
    return hmac.digest(key, framed(*fields), hashlib.sha256)


def framed(*fields: str | bytes) -> bytes:
    """The fields as one byte string that no other list of fields yields.

    Each is preceded by its length in four bytes, so ("ab", "c") and ("a", "bc") differ. Text
    counts as its UTF-8 bytes.
    """
    out = bytearray()
    for field in fields:
        # A lone surrogate reaches us from JSON; it must differ from other text, not raise.
        octets = field.encode("utf-8", "surrogatepass") if isinstance(field, str) else field
        out += len(octets).to_bytes(4, "big") + octets
    return bytes(out)
