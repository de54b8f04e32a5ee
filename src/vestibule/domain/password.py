"""Which passwords will do. Hashing is `crypto.password_hash`; wording is the pages' business.

No composition rules and no expiry (PW-03): length, and not being guessed first, is all.
"""

import gzip
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise


class PasswordFault(StrEnum):
    """Why a password will not do; each has its sentence and its guidance (PW-06)."""

    PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105 - ids, not secrets, here and below
    PASSWORD_TOO_LONG = "password_too_long"  # noqa: S105
    PASSWORD_COMMON = "password_common"  # noqa: S105
    PASSWORD_CONTEXT = "password_context"  # noqa: S105


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Lengths in code points after NFC, `max_bytes` in UTF-8; the blocklist holds folded words."""

    minimum: int = 12
    maximum: int = 256
    max_bytes: int = 1024
    blocklist: frozenset[str] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        # PW-01, PW-02: the operator may tighten, never fall below these.
        if self.minimum < 8:
            raise ValueError("a password needs at least 8 characters")
        if self.maximum < 64 or self.maximum < self.minimum:
            raise ValueError("64 characters must be allowed, and the minimum within the maximum")


def judge(policy: PasswordPolicy, password: str, *, context: Sequence[str]) -> PasswordFault | None:
    """Why the password will not do, or None.

    `context` is what a guesser of this person tries first: product, name, e-mail address,
    domain. Whole passwords are compared, never parts: a long one may contain any word (PW-05).
    """
    # PW-02: nothing below runs over more text than a password may have.
    if len(password) > policy.max_bytes:
        return PasswordFault.PASSWORD_TOO_LONG
    plain = normalise(password)
    if len(plain) < policy.minimum:
        return PasswordFault.PASSWORD_TOO_SHORT
    octets = len(plain.encode("utf-8", "surrogatepass"))
    if len(plain) > policy.maximum or octets > policy.max_bytes:
        return PasswordFault.PASSWORD_TOO_LONG
    if _is_common(plain, policy.blocklist):
        return PasswordFault.PASSWORD_COMMON
    if _is_made_of(plain, context):
        return PasswordFault.PASSWORD_CONTEXT
    return None


def normalise(password: str) -> str:
    """NFC and nothing else: spaces and case are part of a password (PW-04)."""
    return unicodedata.normalize("NFC", password)


def fold(password: str) -> str:
    """What is left of a password when the usual disguises are taken off; for comparison only.

    Case, digits and punctuation at the edges, look-alike symbols, and repetition:
    "P@ssw0rd2024!" and "passwordpassword" are both "password". Look-alikes share one letter,
    so "l" becomes "i" as "1" does.
    """
    return _undisguised(_core(_same_case(password)))


def load_blocklist(packed: bytes) -> frozenset[str]:
    """The folded words of a gzipped list, one a line, UTF-8."""
    return frozenset(map(fold, gzip.decompress(packed).decode().splitlines()))


# ── Folding ──────────────────────────────────────────────────────────────────────────────────

_LEAST_CORE = 4
"""Fewer characters between long edges are not what the password is made of."""
_LONGEST_UNIT = 3
"""What repeats three symbols or fewer is guessed at once."""

_LOOK_ALIKES = str.maketrans("@4831!|l0$57+", "aabeiiiiosstt")
_NOT_A_LETTER = r"[\W\d_]"
# The end begins where its run begins; tried from within, the time would grow with the square.
_END = rf"(?<!{_NOT_A_LETTER}){_NOT_A_LETTER}+$"
_EDGES = re.compile(rf"^{_NOT_A_LETTER}+|{_END}")
_FRONT = re.compile(rf"^{_NOT_A_LETTER}+")
_BACK = re.compile(_END)
_SEPARATORS = re.compile(r"[\W_]+")


def _same_case(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _core(text: str) -> str:
    inner = _EDGES.sub("", text)
    return inner if len(inner) >= _LEAST_CORE else text


def _undisguised(text: str) -> str:
    # Digits alone disguise nothing: 9 and g differ where there is no word.
    has_letters = any(map(str.isalpha, text))
    return _unit(text.translate(_LOOK_ALIKES) if has_letters else text)


def _unit(text: str) -> str:
    """The shortest part whose repetition is the text, without regard to separators."""
    squeezed = _SEPARATORS.sub("", text) or text
    period = (squeezed + squeezed).find(squeezed, 1)
    return squeezed[:period] if 0 < period < len(squeezed) else text


# ── Comparing ────────────────────────────────────────────────────────────────────────────────


def _is_common(password: str, blocklist: frozenset[str]) -> bool:
    text = _same_case(password)
    if _runs(text) * 3 <= len(text):
        return True
    # The repeated part too: in "password1password1" the first digit is within.
    forms = (*_bare_forms(text), *_bare_forms(_unit(text)))
    return any(_is_guessed(bare, len(text), blocklist) for bare in forms)


def _is_guessed(bare: str, length: int, blocklist: frozenset[str]) -> bool:
    word = _undisguised(bare)
    # Eight free digits before "qkqk" make a password, whatever "qkqk" is worth.
    is_scrap = len(word) <= _LONGEST_UNIT and len(bare) * 2 > length
    return is_scrap or word in blocklist


def _bare_forms(text: str) -> Iterator[str]:
    """The text without its edges, and with one of them: "$unshine2024" begins with a letter."""
    yield _core(text)
    yield text
    for edge in (_FRONT, _BACK):
        inner = edge.sub("", text)
        if len(inner) >= _LEAST_CORE:
            yield inner


def _runs(text: str) -> int:
    """How many stretches of equal or neighbouring symbols: "aaaa", "3456" and "dcba" are one."""
    runs, step = 1, None
    for before, symbol in pairwise(text):
        taken = _neighbours(before, symbol)
        if taken is None or (step is not None and taken != step):
            runs, step = runs + 1, None
        else:
            step = taken
    return runs


def _neighbours(before: str, symbol: str) -> int | None:
    if before + symbol in ("90", "09"):
        return 1 if before == "9" else -1
    apart = ord(symbol) - ord(before)
    return apart if -1 <= apart <= 1 else None


_LEAST_CONTEXT_WORD = 3


def _is_made_of(password: str, context: Sequence[str]) -> bool:
    """Whether the password is context words and nothing else but edges and disguises."""
    words = {word for text in context for word in _context_words(text)}
    text = _same_case(password)
    bare = {_EDGES.sub("", text), *_bare_forms(text)}
    # "@" stands between the words of an address, and for "a" within a word.
    plain = {_SEPARATORS.sub("", form).translate(_LOOK_ALIKES) for form in bare}
    disguised = {_SEPARATORS.sub("", form.translate(_LOOK_ALIKES)) for form in bare}
    return any(_is_joined(form, words) for form in plain | disguised)


def _context_words(text: str) -> Iterator[str]:
    whole = _same_case(text)
    for part in (_SEPARATORS.sub("", whole), *_SEPARATORS.split(whole)):
        for word in (part, _EDGES.sub("", part)):
            if len(word) >= _LEAST_CONTEXT_WORD:
                yield word.translate(_LOOK_ALIKES)


def _is_joined(text: str, words: set[str]) -> bool:
    """Whether some of the words, in any order and number, make up the whole text."""
    reached = {0}
    for start in range(len(text)):
        if start in reached:
            reached |= {start + len(word) for word in words if text.startswith(word, start)}
    return bool(text) and len(text) in reached
