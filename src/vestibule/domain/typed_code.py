"""What a person typed into a code field, folded to the symbols that were meant.

Tolerant of spacing, dashes, case and other scripts' digits; knows no code and judges nothing.
"""

import unicodedata

_LONGEST_TYPED = 200
_CROCKFORD = str.maketrans("abcdefghijklmnopqrstuvwxyzILO", "ABCDEFGH1JK1MN0PQRSTUVWXYZ110")
_MINUS = "\N{MINUS SIGN}"


def compact(text: object) -> str | None:
    """The typed symbols without separators, NFKC; None for what no person types (OC-11).

    None: not text at all, or longer than any code however it is spaced.
    """
    if not isinstance(text, str) or len(text) > _LONGEST_TYPED:
        return None
    return "".join(c for c in unicodedata.normalize("NFKC", text) if not _is_separator(c))


def to_crockford(symbols: str) -> str:
    """Upper case, with the look-alikes I, L → 1 and O → 0; other symbols stay as they are."""
    return symbols.translate(_CROCKFORD)


def to_digits(symbols: str) -> str | None:
    """ASCII digits for any script's decimal digits; None when something else is among them."""
    values = [unicodedata.decimal(symbol, None) for symbol in symbols]
    if any(value is None for value in values):
        return None
    return "".join(str(value) for value in values)


def _is_separator(symbol: str) -> bool:
    # Cf: copied messages bring invisible direction marks and soft hyphens along.
    return (
        symbol.isspace() or unicodedata.category(symbol) in ("Pd", "Cf", "Cc") or symbol == _MINUS
    )
