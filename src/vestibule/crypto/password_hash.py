"""Passwords at rest: Argon2id, then a keyed step whose key is not in the database.

Must not judge passwords (domain.password) nor bound how many are hashed at once (flows).
"""

import base64
import hmac
import re
import unicodedata
from dataclasses import dataclass

from argon2.low_level import ARGON2_VERSION, Type, hash_secret_raw

from vestibule.crypto.keyring import Keyring, Purpose, UnknownKey
from vestibule.crypto.mac import mac
from vestibule.entropy import Entropy

SALT_LENGTH = 16
TAG_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Profile:
    """What one hash costs: memory in KiB, passes over it, lanes."""

    memory_kib: int
    passes: int
    lanes: int


OWASP = Profile(memory_kib=19_456, passes=2, lanes=1)
"""OWASP Password Storage: the least for Argon2id with two passes (PH-01)."""

CHEAPEST = Profile(memory_kib=8, passes=1, lanes=1)
"""The least that Argon2 allows: for tests only, settings refuse it in production."""


class PasswordHash:
    """Makes and compares stored passwords; safe to share between threads."""

    def __init__(self, keyring: Keyring, entropy: Entropy, profile: Profile) -> None:
        self._keyring = keyring
        self._entropy = entropy
        self._profile = profile
        self._nothing = entropy.bytes(SALT_LENGTH), entropy.bytes(TAG_LENGTH)

    def hash(self, password: str) -> str:
        """The stored form: algorithm, version, cost, salt, keyed tag and key id (PH-02)."""
        salt = self._entropy.bytes(SALT_LENGTH)
        raw, key_id = _argon2id(password, salt, self._profile), self._keyring.current
        tag = mac(self._keyring.key(Purpose.PASSWORD, key_id), raw)
        return str(_Stored(self._profile, salt, tag, key_id))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one.

        `None` (no such account) and a key that is not on the ring cost the same work and are
        False. Raises ValueError for text that `hash` cannot have made.
        """
        # EN-03: nobody's is read as any other is.
        known = _Stored.parse(str(self._nobody()) if stored is None else stored)
        raw = _argon2id(password, known.salt, known.profile)
        try:
            key = self._keyring.key(Purpose.PASSWORD, known.key_id)
        except UnknownKey:
            return False
        is_same = hmac.compare_digest(mac(key, raw), known.tag)
        return is_same and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether it costs less than the profile, or is tied to an earlier key (PH-04)."""
        known = _Stored.parse(stored)
        is_cheaper = (
            known.profile.memory_kib < self._profile.memory_kib
            or known.profile.passes < self._profile.passes
        )
        return is_cheaper or known.key_id != self._keyring.current

    def _nobody(self) -> "_Stored":
        return _Stored(self._profile, *self._nothing, self._keyring.current)


@dataclass(frozen=True, slots=True)
class _Stored:
    profile: Profile
    salt: bytes
    tag: bytes
    key_id: str

    def __str__(self) -> str:
        cost = f"m={self.profile.memory_kib},t={self.profile.passes},p={self.profile.lanes}"
        salt, tag = _in_base64(self.salt), _in_base64(self.tag)
        return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${tag}$k={self.key_id}"

    @classmethod
    def parse(cls, text: str) -> "_Stored":
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError("not a stored password")
        memory_kib, passes, lanes = (int(found[name]) for name in "mtp")
        return cls(
            Profile(memory_kib, passes, lanes),
            _from_base64(found["salt"]),
            _from_base64(found["tag"]),
            found["key_id"],
        )


_FORM = re.compile(
    rf"\$argon2id\$v={ARGON2_VERSION}"
    r"\$m=(?P<m>[1-9][0-9]{0,7}),t=(?P<t>[1-9][0-9]{0,2}),p=(?P<p>[1-9][0-9]{0,2})"
    r"\$(?P<salt>[A-Za-z0-9+/]{22})\$(?P<tag>[A-Za-z0-9+/]{43})\$k=(?P<key_id>[A-Za-z0-9_-]+)"
)


def _argon2id(password: str, salt: bytes, profile: Profile) -> bytes:
    # PW-04: the same password typed on another keyboard may arrive decomposed.
    secret = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hash_secret_raw(
        secret=secret,
        salt=salt,
        time_cost=profile.passes,
        memory_cost=profile.memory_kib,
        parallelism=profile.lanes,
        hash_len=TAG_LENGTH,
        type=Type.ID,
        version=ARGON2_VERSION,
    )


def _in_base64(octets: bytes) -> str:
    # As in PHC strings: the standard alphabet without padding.
    return base64.b64encode(octets).rstrip(b"=").decode()


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
