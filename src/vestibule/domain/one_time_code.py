"""One-time codes: made, and read back from what a person typed.

Neither stores nor compares them: the keyed MAC over a code is the flows' business.
"""

from enum import StrEnum

from vestibule.domain import typed_code
from vestibule.entropy import CROCKFORD, Entropy

RESET_LENGTH = 10
"""Ten Crockford symbols are 50 bits: a reset code is guessed at without any password."""


class CodeFault(StrEnum):
    """Why typed text cannot be a code. None of these uses a try (OC-11)."""

    CODE_EMPTY = "code_empty"
    CODE_NOT_DIGITS = "code_not_digits"
    CODE_TOO_SHORT = "code_too_short"
    CODE_TOO_LONG = "code_too_long"
    CODE_OTHER_SYMBOLS = "code_other_symbols"


def issue(entropy: Entropy, digits: int) -> str:
    """A code of 6 to 10 decimal digits, uniform, leading zeros included (OC-01)."""
    if not 6 <= digits <= 10:
        raise ValueError(f"a one-time code has 6 to 10 digits, not {digits}")
    return entropy.digits(digits)


def parse(text: object, digits: int) -> str | CodeFault:
    """The code as ASCII digits, or what is wrong with the text; test with `CodeFault` first.

    Spaces and dashes are dropped, full-width and other scripts' digits folded. Anything that
    is not text is refused like text without digits.
    """
    symbols = typed_code.compact(text)
    if symbols is None:
        return CodeFault.CODE_TOO_LONG if isinstance(text, str) else CodeFault.CODE_NOT_DIGITS
    if not symbols:
        return CodeFault.CODE_EMPTY
    code = typed_code.to_digits(symbols)
    if code is None:
        return CodeFault.CODE_NOT_DIGITS
    return _length_fault(code, digits) or code


def issue_reset(entropy: Entropy) -> str:
    """The mailed code of a forgotten password: ten Crockford symbols."""
    return entropy.pick(CROCKFORD, RESET_LENGTH)


def parse_reset(text: object) -> str | CodeFault:
    """The reset code in canonical symbols, or what is wrong with the text."""
    symbols = typed_code.compact(text)
    if symbols is None:
        return CodeFault.CODE_TOO_LONG if isinstance(text, str) else CodeFault.CODE_OTHER_SYMBOLS
    if not symbols:
        return CodeFault.CODE_EMPTY
    code = typed_code.to_crockford(symbols)
    if any(symbol not in CROCKFORD for symbol in code):
        return CodeFault.CODE_OTHER_SYMBOLS
    return _length_fault(code, RESET_LENGTH) or code


def _length_fault(code: str, length: int) -> CodeFault | None:
    if len(code) < length:
        return CodeFault.CODE_TOO_SHORT
    return CodeFault.CODE_TOO_LONG if len(code) > length else None
