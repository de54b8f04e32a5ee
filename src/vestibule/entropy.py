"""Randomness as an argument. Nothing else in the package may draw random bytes."""

import base64
import hashlib
import secrets
import string
from abc import ABC, abstractmethod
from typing import Protocol


class Entropy(Protocol):
    """A source of unpredictable values."""

    def bytes(self, n: int) -> bytes: ...

    def digits(self, n: int) -> str: ...

    def id(self) -> str: ...

    def token(self) -> str: ...

    def pick(self, alphabet: str, n: int) -> str: ...


class _Drawn(ABC):
    """The derived forms, all over one `bytes(n)`, without modulo bias."""

    @abstractmethod
    def bytes(self, n: int) -> bytes: ...

    def below(self, n: int) -> int:
        """A uniform whole number in 0 … n-1, by rejection sampling."""
        width = (n.bit_length() + 7) // 8
        top = 256**width - 256**width % n
        while True:
            value = int.from_bytes(self.bytes(width), "big")
            if value < top:
                return value % n

    def digits(self, n: int) -> str:
        """`n` decimal digits, uniform from all zeros to all nines."""
        return str(self.below(10**n)).zfill(n)

    def id(self) -> str:
        """128 bits as 22 URL-safe characters: names a record, proves nothing."""
        return base64.urlsafe_b64encode(self.bytes(16)).rstrip(b"=").decode()

    def token(self) -> str:
        """256 bits as 43 URL-safe characters: a bearer secret; store only its digest."""
        return base64.urlsafe_b64encode(self.bytes(32)).rstrip(b"=").decode()

    def pick(self, alphabet: str, n: int) -> str:
        """`n` characters, each uniform over the alphabet."""
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(n))


class SystemEntropy(_Drawn):
    """The operating system's generator."""

    def bytes(self, n: int) -> bytes:
        return secrets.token_bytes(n)


class SeededEntropy(_Drawn):
    """Repeatable values for tests: SHA-256 in counter mode over a seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._counter = 0

    def bytes(self, n: int) -> bytes:
        out = b""
        while len(out) < n:
            self._counter += 1
            out += hashlib.sha256(self._seed + self._counter.to_bytes(8, "big")).digest()
        return out[:n]


CROCKFORD = string.digits + "ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U."""
