"""What people type: every written form of a code is read, and nothing typed is an error."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule.domain import one_time_code, recovery_code
from vestibule.domain.one_time_code import CodeFault
from vestibule.entropy import CROCKFORD

SEPARATORS = [" ", "-", "–", "\N{NO-BREAK SPACE}", "\t", "\N{ZERO WIDTH SPACE}", "\N{MINUS SIGN}"]
ZEROS = "0\N{FULLWIDTH DIGIT ZERO}\N{ARABIC-INDIC DIGIT ZERO}\N{DEVANAGARI DIGIT ZERO}"
SEEN_AS = {"1": "1IiLl", "0": "0Oo"}

anything = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789 -\ud800iLoU", max_size=30),
    st.sampled_from([None, 123456, b"123456", ["123456"], {"$ne": 1}, "1" * 10_000]),
)


@st.composite
def spaced(draw: st.DrawFn, written: list[str]) -> str:
    """The symbols with separators before, between and after them."""
    gaps = st.lists(st.sampled_from(SEPARATORS), max_size=2).map("".join)
    return draw(gaps) + "".join(symbol + draw(gaps) for symbol in written)


@st.composite
def digit_codes(draw: st.DrawFn) -> tuple[str, str]:
    """A code of six or ten digits, and a way to write it."""
    length = draw(st.sampled_from([6, 10]))
    code = draw(st.text(alphabet="0123456789", min_size=length, max_size=length))
    written = [chr(ord(draw(st.sampled_from(ZEROS))) + int(digit)) for digit in code]
    return code, draw(spaced(written))


@st.composite
def crockford_codes(draw: st.DrawFn, length: int) -> tuple[str, str]:
    """A code of Crockford symbols, and a way to write it."""
    code = draw(st.text(alphabet=CROCKFORD, min_size=length, max_size=length))
    written = [draw(st.sampled_from(SEEN_AS.get(c, c + c.lower()))) for c in code]
    return code, draw(spaced(written))


@given(digit_codes())
@settings(max_examples=50)
def test_every_written_form_of_a_code_is_read(pair: tuple[str, str]) -> None:
    """OC-11: However a code is spaced and in whatever digits, it is read as itself."""
    code, written = pair

    assert one_time_code.parse(written, len(code)) == code


@given(crockford_codes(length=10))
@settings(max_examples=50)
def test_every_written_form_of_a_reset_code_is_read(pair: tuple[str, str]) -> None:
    """OC-11: However a reset code is spaced, cased or misread, it is read as itself."""
    code, written = pair

    assert one_time_code.parse_reset(written) == code


@given(crockford_codes(length=24))
@settings(max_examples=50)
def test_every_written_form_of_a_recovery_code_is_read(pair: tuple[str, str]) -> None:
    """RC-01: However a recovery code is spaced, cased or misread, it is read as itself."""
    code, written = pair

    assert recovery_code.parse(written) == code
    assert recovery_code.is_last_group(code, written)
    assert recovery_code.is_last_group(code, "-".join(recovery_code.last_group(code)))


@given(anything, st.sampled_from([6, 10]))
@settings(max_examples=100)
def test_nothing_typed_is_an_error(typed: object, digits: int) -> None:
    """OC-11: Whatever arrives, it is exactly a code or a named fault, never an exception."""
    code = one_time_code.parse(typed, digits)
    reset = one_time_code.parse_reset(typed)
    recovery = recovery_code.parse(typed)

    assert isinstance(code, CodeFault) or (
        code.isascii() and code.isdecimal() and len(code) == digits
    )
    assert isinstance(reset, CodeFault) or (set(reset) <= set(CROCKFORD) and len(reset) == 10)
    assert recovery is None or (set(recovery) <= set(CROCKFORD) and len(recovery) == 24)
    assert recovery_code.is_last_group("A" * 24, typed) in (True, False)
