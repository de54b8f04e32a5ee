"""One-time codes: uniform when made, tolerant when read, strict about what is a code."""

from collections import Counter

import pytest

from vestibule.domain import one_time_code
from vestibule.domain.one_time_code import CodeFault
from vestibule.entropy import CROCKFORD, SeededEntropy

CHI_SQUARE_9_AT_P_0001 = 27.88


def test_codes_are_uniform_in_every_place() -> None:
    """OC-01: Each of the ten digits is as frequent as the others, in each of the six places."""
    entropy = SeededEntropy("uniform")
    codes = [one_time_code.issue(entropy, 6) for _ in range(10_000)]

    for place in range(6):
        seen = Counter(code[place] for code in codes)
        chi_square = sum((seen[d] - 1_000) ** 2 / 1_000 for d in "0123456789")
        assert chi_square < CHI_SQUARE_9_AT_P_0001


def test_codes_keep_leading_zeros() -> None:
    """OC-01: A code may begin with zeros and always has all of its digits."""
    entropy = SeededEntropy("zeros")
    codes = [one_time_code.issue(entropy, 6) for _ in range(500)]

    assert {len(code) for code in codes} == {6}
    assert any(code.startswith("0") for code in codes)


@pytest.mark.parametrize("digits", [0, 4, 5, 11])
def test_codes_below_six_digits_are_not_made(digits: int) -> None:
    """OC-01: No setting and no bug makes a code shorter than six digits."""
    with pytest.raises(ValueError, match="6 to 10"):
        one_time_code.issue(SeededEntropy("short"), digits)


@pytest.mark.parametrize(
    "typed",
    [
        "004213",
        " 004213\n",
        "004 213",
        "004-213",
        "0 0 4 2 1 3",
        "004–213",
        "004\N{MINUS SIGN}213",
        "004\N{NO-BREAK SPACE}213",
        "\N{LEFT-TO-RIGHT ISOLATE}004213\N{POP DIRECTIONAL ISOLATE}",
        "004\N{SOFT HYPHEN}213",
        "\N{FULLWIDTH DIGIT ZERO}\N{FULLWIDTH DIGIT ZERO}\N{FULLWIDTH DIGIT FOUR}213",
        "\N{ARABIC-INDIC DIGIT ZERO}\N{ARABIC-INDIC DIGIT ZERO}\N{ARABIC-INDIC DIGIT FOUR}213",
        "\N{DEVANAGARI DIGIT ZERO}\N{BENGALI DIGIT ZERO}\N{THAI DIGIT FOUR}213",
    ],
)
def test_code_is_read_as_people_type_it(typed: str) -> None:
    """OC-11: Spaces, dashes and other scripts' digits are folded to the six ASCII digits."""
    assert one_time_code.parse(typed, 6) == "004213"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", CodeFault.CODE_EMPTY),
        (" \t-–- ", CodeFault.CODE_EMPTY),
        ("12345", CodeFault.CODE_TOO_SHORT),
        ("1234567", CodeFault.CODE_TOO_LONG),
        ("9" * 10_000, CodeFault.CODE_TOO_LONG),
        ("12345a", CodeFault.CODE_NOT_DIGITS),
        ("12345O", CodeFault.CODE_NOT_DIGITS),
        ("+12345", CodeFault.CODE_NOT_DIGITS),
        ("12.456", CodeFault.CODE_NOT_DIGITS),
        ("000000 OR 1=1", CodeFault.CODE_NOT_DIGITS),
        ('{"$ne":1}', CodeFault.CODE_NOT_DIGITS),
        ("\ud800", CodeFault.CODE_NOT_DIGITS),
    ],
)
def test_text_that_is_no_code_is_named(typed: str, fault: CodeFault) -> None:
    """OC-11: Text that cannot be a code is told what is wrong, and is no try."""
    assert one_time_code.parse(typed, 6) is fault


@pytest.mark.parametrize("typed", [None, 123456, 1.5, ["123456"], {"$ne": 1}, b"123456", True])
def test_code_is_read_from_text_only(typed: object) -> None:
    """OC-11: A number, list, object or nothing at all is never taken for a code."""
    assert one_time_code.parse(typed, 6) is CodeFault.CODE_NOT_DIGITS
    assert one_time_code.parse_reset(typed) is CodeFault.CODE_OTHER_SYMBOLS


@pytest.mark.parametrize(("typed", "right"), [("0123456789", True), ("123456", False)])
def test_length_is_the_challenges(typed: str, right: bool) -> None:
    """Where ten digits were sent, ten are asked for, and six are too short."""
    parsed = one_time_code.parse(typed, 10)

    assert parsed == (typed if right else CodeFault.CODE_TOO_SHORT)


def test_reset_code_is_ten_crockford_symbols() -> None:
    """A reset code has ten symbols, 50 bits, none of them I, L, O or U."""
    code = one_time_code.issue_reset(SeededEntropy("reset"))

    assert len(code) == 10
    assert set(code) <= set(CROCKFORD)
    assert one_time_code.parse_reset(code) == code


@pytest.mark.parametrize(
    "typed", ["01ABC DEFGH", "oiabcdefgh", "OLABC-DEFGH", "\N{FULLWIDTH DIGIT ZERO}1abcdefgh"]
)
def test_reset_code_is_read_as_people_type_it(typed: str) -> None:
    """OC-11: Case, separators and the look-alikes I, L and O do not matter in a reset code."""
    assert one_time_code.parse_reset(typed) == "01ABCDEFGH"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("--", CodeFault.CODE_EMPTY),
        ("ABCDEFGH9", CodeFault.CODE_TOO_SHORT),
        ("ABCDEFGH900", CodeFault.CODE_TOO_LONG),
        ("A" * 10_000, CodeFault.CODE_TOO_LONG),
        ("UBCDEFGH90", CodeFault.CODE_OTHER_SYMBOLS),
        ("ABCDEFGH9!", CodeFault.CODE_OTHER_SYMBOLS),
    ],
)
def test_text_that_is_no_reset_code_is_named(typed: str, fault: CodeFault) -> None:
    """OC-11: Text that cannot be a reset code is told what is wrong, and is no try."""
    assert one_time_code.parse_reset(typed) is fault
