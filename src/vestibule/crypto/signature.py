"""Ed25519 signatures (RFC 8032) by keys that are derived from the root. Nothing else.

Deterministic, so the same root always has the same public key.
"""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def sign(seed: bytes, octets: bytes) -> bytes:
    """The signature, 64 bytes; the seed is a purpose's key of 32."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(octets)


def public_key(seed: bytes) -> bytes:
    """The public key of a seed, 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def text_of(octets: bytes) -> str:
    """A key or signature as it is published: base64 with padding."""
    return base64.b64encode(octets).decode("ascii")


def is_signed(public: bytes, signature: bytes, octets: bytes) -> bool:
    """Whether the signature is over these bytes by this key; False for what is no key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, octets)
    except (InvalidSignature, ValueError):
        return False
    return True
