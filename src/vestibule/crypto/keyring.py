"""One key per purpose, derived from the root key; earlier roots stay readable by their id.

The ring of a process is one object that lives as long as it does: `take` gives it other roots.
Must not read files or the environment: the root keys are an argument (KY-02).
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vestibule.crypto.mac import mac
from vestibule.crypto.root_key import RootKeys

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
    ADDRESS = "address"
    """Finding an address that an account had lately without storing it readable."""
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
    """No key of that id is on the ring, or not for that purpose."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """Swapped as a whole, so that a reader on another thread sees one state or the other."""

    current: str
    by_id: Mapping[str, Mapping[Purpose, bytes]]
    oldest: str
    """The root that has been there longest, which is not always the last by id."""


class Keyring:
    """The current keys and the earlier ones, by key id.

    What is stored names its key; to read it back, ask by that id: `key(purpose, key_id)`. A root
    that was retired may have left single keys, so an id can be known for some purposes only.
    """

    def __init__(self, current: str, roots: Mapping[str, bytes]) -> None:
        by_id = {key_id: _all_of(root) for key_id, root in roots.items()}
        self._keys = _Keys(current, by_id, oldest=next(reversed(by_id), current))
        self.on_unknown: Callable[[], None] | None = None
        """Called once when an id is not known, before it is given up: to look for newer keys."""

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

    @classmethod
    def of(cls, roots: RootKeys, now: datetime) -> Self:
        """The ring of what a file, the environment or a command holds."""
        ring = cls("", {})
        ring.take(roots, now)
        return ring

    def take(self, roots: RootKeys, now: datetime) -> bool:
        """Read with these keys from now on, and write with the newest whose time has come.

        Whether anything changed. Whoever holds the ring sees the new keys at their next use.
        """
        current = roots.current(now)
        ordered = sorted(roots.roots, key=lambda one: one.id != current.id)
        by_id: dict[str, Mapping[Purpose, bytes]] = {one.id: _all_of(one.key) for one in ordered}
        for key_id in sorted({key_id for key_id, _ in roots.kept}):
            by_id[key_id] = {
                purpose: roots.kept[key_id, purpose.value]
                for purpose in Purpose
                if (key_id, purpose.value) in roots.kept
            }
        fresh = _Keys(current.id, by_id, oldest=roots.roots[-1].id)
        is_changed, self._keys = fresh != self._keys, fresh
        return is_changed

    @property
    def current(self) -> str:
        """The id of the key that new digests and seals are made with."""
        return self._keys.current

    def ids(self, purpose: Purpose) -> tuple[str, ...]:
        """The ids that have a key for the purpose, the current first, then newer before older."""
        return tuple(key_id for key_id, keys in self._keys.by_id.items() if purpose in keys)

    def key(self, purpose: Purpose, key_id: str | None = None) -> bytes:
        """The purpose's key, 32 bytes; current unless an id is given. Raises `UnknownKey`."""
        wanted = self.current if key_id is None else key_id
        found = self._find(purpose, wanted)
        if found is None and self.on_unknown is not None:
            self.on_unknown()
            found = self._find(purpose, wanted)
        if found is None:
            raise UnknownKey(wanted)
        return found

    def mac(self, purpose: Purpose, *fields: str | bytes) -> bytes:
        """A keyed digest to be stored: the current key's id, a dot, 32 bytes."""
        key_id = self.current
        return _mac_by(key_id, self.key(purpose, key_id), *fields)

    def bucket(self, *fields: str | bytes) -> bytes:
        """The name under which tries or sends are counted (RL-07).

        By the oldest root, so that a new one empties no window; they begin anew once it retires.
        """
        key_id = self._keys.oldest
        return _mac_by(key_id, self.key(Purpose.THROTTLE, key_id), *fields)

    def matches(self, stored: bytes, purpose: Purpose, *fields: str | bytes) -> bool:
        """Whether the stored digest is over these fields, by the key that it names.

        False for an unknown key or a malformed digest; takes constant time otherwise.
        """
        named = key_id_of(stored)
        try:
            key = self.key(purpose, named)
        except UnknownKey:
            return False
        return hmac.compare_digest(stored, _mac_by(named, key, *fields))

    def macs(self, purpose: Purpose, *fields: str | bytes) -> list[bytes]:
        """The digest under each known key, current first, to look a stored one up."""
        keys = self._keys.by_id
        return [_mac_by(one, of[purpose], *fields) for one, of in keys.items() if purpose in of]

    def _find(self, purpose: Purpose, key_id: str) -> bytes | None:
        keys = self._keys.by_id.get(key_id)
        return None if keys is None else keys.get(purpose)


def key_id_of(stored: bytes) -> str:
    """The key that a stored digest names, known or not."""
    return stored[: -_MAC_LENGTH - 1].decode("ascii", "replace")


def _mac_by(key_id: str, key: bytes, *fields: str | bytes) -> bytes:
    return key_id.encode() + b"." + mac(key, *fields)


def _all_of(root: bytes) -> Mapping[Purpose, bytes]:
    return {purpose: _derived(root, purpose) for purpose in Purpose}


def _derived(root: bytes, purpose: Purpose) -> bytes:
    # RFC 5869 §3.1: a root that is already uniform needs no salt.
    info = f"vestibule/1/{purpose.value}".encode()
    return HKDF(algorithm=SHA256(), length=_KEY_LENGTH, salt=None, info=info).derive(root)
