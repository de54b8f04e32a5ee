"""The recovery code: 120 bits, read back however it was written down."""

import math

import pytest

from vestibule.domain import recovery_code
from vestibule.entropy import CROCKFORD, SeededEntropy

CODE = "ABCDEFGHJKMNPQRSTVWXYZ01"


def test_recovery_code_has_120_bits() -> None:
    """RC-01: 24 symbols of an alphabet of 32 are 120 bits, above the 112 of a plain MAC."""
    code = recovery_code.issue(SeededEntropy("paper"))

    assert len(set(CROCKFORD)) == 32
    assert not set("ILOU") & set(CROCKFORD)
    assert len(code) * math.log2(len(CROCKFORD)) == 120
    assert set(code) <= set(CROCKFORD)


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.lower(),
        "ABCD-EFGH-JKMN-PQRS-TVWX-YZ01",
        " abcd efgh jkmn\npqrs tvwx yz01 ",
        "ABCDEFGHJKMNPQRSTVWXYZOI",
        "abcdefghjkmnpqrstvwxyzol",
        "ABCD—EFGH—JKMN—PQRS—TVWX—YZ01",
        "\N{FULLWIDTH LATIN CAPITAL LETTER A}BCDEFGHJKMNPQRSTVWXYZ01",
    ],
)
def test_recovery_code_is_read_as_it_was_written_down(typed: str) -> None:
    """RC-01: Case, spaces and dashes do not matter; I and L read as 1, O as 0."""
    assert recovery_code.parse(typed) == CODE


@pytest.mark.parametrize(
    "typed",
    ["", CODE[:-1], CODE + "0", CODE[:-1] + "U", CODE[:-1] + "!", "A" * 10_000, None, [CODE], 7],
)
def test_text_that_is_no_recovery_code_is_none(typed: object) -> None:
    """OC-11: Anything but 24 symbols of the alphabet is no recovery code, and no error."""
    assert recovery_code.parse(typed) is None


def test_recovery_code_is_shown_in_six_groups() -> None:
    """RC-01: The code is shown as six groups of four that together are the code."""
    shown = recovery_code.groups(CODE)

    assert shown == ["ABCD", "EFGH", "JKMN", "PQRS", "TVWX", "YZ01"]
    assert recovery_code.last_group(CODE) == shown[-1]


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("YZ01", True),
        (" yz-oi ", True),
        ("ABCD-EFGH-JKMN-PQRS-TVWX-YZ01", True),
        ("YZ02", False),
        ("ABCD", False),
        ("Z01", False),
        ("", False),
        (None, False),
        ("\ud800", False),
    ],
)
def test_last_group_proves_that_the_code_was_saved(typed: object, right: bool) -> None:
    """EF-11: The last group, or the whole code, acknowledges it; nothing else does."""
    assert recovery_code.is_last_group(CODE, typed) is right


def test_label_is_short_and_tells_nothing_of_the_code() -> None:
    """A label looks like K7-3Q and is drawn apart from the code."""
    entropy = SeededEntropy("label")
    code, label = recovery_code.issue(entropy), recovery_code.label(entropy)

    assert len(label) == 5
    assert label[2] == "-"
    assert set(label.replace("-", "")) <= set(CROCKFORD)
    assert label.replace("-", "") not in code
