"""The recovery code: 120 bits to keep on paper, and its public label.

Neither stores nor compares codes; the label says which code this is and proves nothing.
"""

import hmac

from vestibule.domain import typed_code
from vestibule.entropy import CROCKFORD, Entropy

LENGTH = 24
GROUP = 4


def issue(entropy: Entropy) -> str:
    """24 Crockford symbols, 120 bits (RC-01); above 112 bits one keyed MAC may store it."""
    return entropy.pick(CROCKFORD, LENGTH)


def parse(text: object) -> str | None:
    """The code in canonical symbols, or None when the text cannot be one.

    Case, spaces and dashes do not matter; I and L read as 1, O as 0.
    """
    symbols = typed_code.compact(text)
    code = typed_code.to_crockford(symbols or "")
    return code if len(code) == LENGTH and all(c in CROCKFORD for c in code) else None


def groups(code: str) -> list[str]:
    """The code as it is shown: six groups of four."""
    return [code[i : i + GROUP] for i in range(0, len(code), GROUP)]


def last_group(code: str) -> str:
    """The four symbols that a person types back to show that the code was saved."""
    return code[-GROUP:]


def is_last_group(code: str, typed: object) -> bool:
    """Whether the typed text is the code's last group; the whole code counts as well."""
    symbols = typed_code.to_crockford(typed_code.compact(typed) or "")
    expected = last_group(code) if len(symbols) == GROUP else code
    return hmac.compare_digest(symbols.encode(errors="replace"), expected.encode())


def label(entropy: Entropy) -> str:
    """A short public name, "K7-3Q": tells one code from an older one, opens nothing."""
    symbols = entropy.pick(CROCKFORD, 4)
    return f"{symbols[:2]}-{symbols[2:]}"
