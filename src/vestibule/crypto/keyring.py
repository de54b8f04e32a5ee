"""One key per purpose, derived from the root key; earlier roots stay readable by their id.

Must not read files or the environment: the root key is an argument (KY-02).
"""

import hmac
import re
from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vestibule.crypto.mac import mac

ROOT_LENGTH = 32
"""The fewest bytes of a root key: 256 bits."""

_KEY_LENGTH = 32
_MAC_LENGTH = 32
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NONE_EARLIER: Mapping[str, bytes] = MappingProxyType({})


@unique
class Purpose(StrEnum):
    """The inventory of symmetric keys: every use has its own (KY-01).

    A value is part of the derivation, so changing one loses what its key protects.
    """

    CODE = "code"
    """The digest of a one-time code, bound to its challenge."""
    RECOVERY_CODE = "recovery-code"
    """The digest of a recovery code."""
    SEAL = "seal"
    """Encryption bound to its place: authenticator secrets, destinations, messages to be sent, and
    the notice that waits in a cookie."""
    CSRF = "csrf"
    """The token in every form."""
    PHONE_FINGERPRINT = "phone-fingerprint"
    """Finding a phone number without storing it readable."""
    PHONE_PREFIX = "phone-prefix"
    """Counting what is sent to a block of numbers without storing it readable."""
    PASSWORD = "password"  # noqa: S105 - a purpose, not a password
    """The keyed step after Argon2 (PH-03)."""
    THROTTLE = "throttle"
    """The names of the buckets that tries and sends are counted in."""
    NOT_ME = "not-me"
    """The digest of the short code that a notice by text offers."""
    SESSION_REFERENCE = "session-reference"
    """Naming a session in the journal without its id."""
    JOURNAL = "journal"
    """The marks on the rows and heads of the journal (AU-04)."""
    JOURNAL_SIGNATURE = "journal-signature"
    """The seed of the Ed25519 key that signs what a person downloads of the journal."""


class UnknownKey(KeyError):
    """No key of that id is on the ring."""


class Keyring:
    """The current keys and the earlier ones, by key id."""

    def __init__(self, current: str, roots: Mapping[str, bytes]) -> None:
        self._current = current
        self._keys = {
            key_id: {purpose: _derived(root, purpose) for purpose in Purpose}
            for key_id, root in roots.items()
        }

    @classmethod
    def from_root(
        cls, root: bytes, *, key_id: str = "k1", previous: Mapping[str, bytes] = _NONE_EARLIER
    ) -> Self:
        """The ring of a root key and the roots before it, by their ids.

        Raises ValueError for a root under 256 bits, an id that is not 1 to 32 letters, digits,
        "_" or "-", and for an id or a root that stands for two keys.
        """
        if key_id in previous:
            raise ValueError(f"the key id {key_id!r} is both current and previous")
        roots = {key_id: root, **previous}
        for one, octets in roots.items():
            if not _KEY_ID.fullmatch(one):
                raise ValueError(f"{one!r} is not a key id")
            if len(octets) < ROOT_LENGTH:
                raise ValueError(f"root key {one!r} has under {ROOT_LENGTH} bytes")
        if len(set(roots.values())) < len(roots):
            raise ValueError("two key ids stand for the same root key")
        return cls(key_id, roots)

    @property
    def current(self) -> str:
        """The id of the key that new digests and seals are made with."""
        return self._current

    def key(self, purpose: Purpose, key_id: str | None = None) -> bytes:
        """The purpose's key, 32 bytes; current unless an id is given. Raises `UnknownKey`."""
        wanted = self._current if key_id is None else key_id
        if wanted not in self._keys:
            raise UnknownKey(wanted)
        return self._keys[wanted][purpose]

    def mac(self, purpose: Purpose, *fields: str | bytes) -> bytes:
        """A keyed digest to be stored: the current key's id, a dot, 32 bytes."""
        return self._mac_by(self._current, purpose, *fields)

    def matches(self, stored: bytes, purpose: Purpose, *fields: str | bytes) -> bool:
        """Whether the stored digest is over these fields, by the key that it names.

        False for an unknown key or a malformed digest; takes constant time otherwise.
        """
        named = stored[: -_MAC_LENGTH - 1].decode("ascii", "replace")
        if named not in self._keys:
            return False
        return hmac.compare_digest(stored, self._mac_by(named, purpose, *fields))

    def macs(self, purpose: Purpose, *fields: str | bytes) -> list[bytes]:
        """The digest under each known key, current first, to look a stored one up."""
        return [self._mac_by(key_id, purpose, *fields) for key_id in self._keys]

    def _mac_by(self, key_id: str, purpose: Purpose, *fields: str | bytes) -> bytes:
        return key_id.encode() + b"." + mac(self._keys[key_id][purpose], *fields)


def _derived(root: bytes, purpose: Purpose) -> bytes:
    # RFC 5869 §3.1: a root that is already uniform needs no salt.
    info = f"vestibule/1/{purpose.value}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY_LENGTH, salt=None, info=info).derive(root)
