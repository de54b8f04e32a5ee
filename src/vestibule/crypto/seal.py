"""Sealing text for one place in the database; moved elsewhere, it no longer opens (KY-05).

Must not know what the text means, nor open anything that was sealed without a place.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.crypto.keyring import Keyring, Purpose, UnknownKey
from vestibule.crypto.mac import framed
from vestibule.entropy import Entropy

_NONCE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where sealed text lies: the row is the primary key."""

    table: str
    column: str
    row: str


class SealBroken(Exception):
    """The bytes were not sealed for this place, were altered, or their key is not on the ring."""


class Seal:
    """AES-256-GCM under the ring's key for sealing, bound to place and key id (TO-04)."""

    def __init__(self, keyring: Keyring, entropy: Entropy) -> None:
        self._keyring = keyring
        self._entropy = entropy

    def seal(self, text: str, place: Place) -> bytes:
        """Key id, a dot, a random 96-bit nonce, then ciphertext with its 128-bit tag.

        NIST SP 800-38D §8.3: at most 2^32 random nonces per key; change the root before that.
        """
        key_id = self._keyring.current
        cipher = AESGCM(self._keyring.key(Purpose.SEAL, key_id))
        nonce = self._entropy.bytes(_NONCE_LENGTH)
        sealed = cipher.encrypt(nonce, text.encode(), _bound_to(place, key_id))
        return key_id.encode() + b"." + nonce + sealed

    def open(self, sealed: bytes, place: Place) -> str:
        """The text that was sealed for this place; raises `SealBroken`."""
        named, _, rest = sealed.partition(b".")
        key_id = named.decode("ascii", "replace")
        try:
            cipher = AESGCM(self._keyring.key(Purpose.SEAL, key_id))
            nonce, ciphertext = rest[:_NONCE_LENGTH], rest[_NONCE_LENGTH:]
            return cipher.decrypt(nonce, ciphertext, _bound_to(place, key_id)).decode()
        except UnknownKey as unknown:
            raise SealBroken(f"sealed with an unknown key for {place}") from unknown
        except (InvalidTag, ValueError) as broken:
            raise SealBroken(f"not sealed for {place}, or altered") from broken


def _bound_to(place: Place, key_id: str) -> bytes:
    return framed(place.table, place.column, place.row, key_id)
