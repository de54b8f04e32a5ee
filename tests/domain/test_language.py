"""Which language is chosen from what a browser asks, and how a language writes names and times."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domain.language import (
    LONGEST_HEADER,
    MOST_RANGES,
    Languages,
    clock_time,
    day,
    direction,
    folder_of,
    moment,
    native_name,
    tag_of,
)

HOUSE = Languages(("en", "de", "es", "fr", "ja", "pt-BR"))


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("de-AT-1996", "de"),
        ("pt-BR", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("pt", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("ja;q=0.1, es;q=0.9", "es"),
        ("es;q=0.5, fr;q=0.5", "es"),
        ("it, fr;q=0.3", "fr"),
        ("fr;q=0, de;q=0.1", "de"),
        ("*", "en"),
        ("it, *;q=0.1", "en"),
        ("en;q=0, *;q=0.1", "de"),
        ("it", "en"),
        ("zh-Hant-TW, zh;q=0.9", "en"),
        ("fr;q=1.5, es", "es"),
        ("fr;q=, es", "es"),
        ("fr;level=1, es", "es"),
        (" fr ; q = 0.8 ,, ", "fr"),
        ("x-klingon, i-default, fr;q=0.2", "fr"),
        ("../../etc, fr", "fr"),
        ("é, fr", "fr"),
    ],
)
def test_the_wanted_language_is_chosen(header: str, chosen: str) -> None:
    """RFC 4647 lookup, the highest quality first, the default where nothing fits."""
    assert HOUSE.negotiate(header) == chosen


def test_the_first_language_of_a_house_is_its_default() -> None:
    """Whoever asks for no offered language gets the operator's first."""
    assert Languages(("de", "en")).negotiate("it") == "de"
    assert Languages(("de", "en")).nearest("it") == "de"


def test_a_long_header_is_read_to_a_bound() -> None:
    """Past 400 characters or 20 ranges nothing is read, and no half range either."""
    assert HOUSE.negotiate("it," * MOST_RANGES + "fr") == "en"
    assert HOUSE.negotiate("x" * (LONGEST_HEADER - 2) + ",fr-CA") == "en"
    assert HOUSE.negotiate(("fr," + "y" * 50) * 10_000) == "fr"


@given(st.text(max_size=600))
def test_any_header_chooses_an_offered_language(header: str) -> None:
    """No header breaks the choice, and nothing is chosen that is not offered."""
    assert HOUSE.negotiate(header) in HOUSE.tags
    assert HOUSE.nearest(header) in HOUSE.tags


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("es", "Español"),
        ("fr", "Français"),
        ("de", "Deutsch"),
        ("pt-BR", "Português (Brasil)"),
        ("ja", "日本語"),
    ],
)
def test_languages_are_called_by_their_own_names(tag: str, name: str) -> None:
    """The chooser shows the name that a language's speakers look for."""
    assert native_name(tag) == name
    assert tag_of(folder_of(tag)) == tag


def test_direction_is_the_scripts() -> None:
    """A page in Hebrew would run from right to left."""
    assert (direction("ja"), direction("he")) == ("ltr", "rtl")


AT = datetime(2026, 3, 4, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("en", "4 Mar 2026, 09:05 UTC"),
        ("es", "4 mar 2026, 9:05 UTC"),
        ("fr", "4 mars 2026, 09:05 UTC"),
        ("de", "4. März 2026, 09:05 UTC"),
        ("pt-BR", "4 de mar. de 2026 09:05 UTC"),
        ("ja", "2026年3月4日 9:05 UTC"),
    ],
)
def test_times_are_written_as_there(tag: str, written: str) -> None:
    """Day and time in the language's own order, always with the zone."""
    assert moment(AT, tag) == written
    assert moment(AT, tag).startswith(day(AT, tag))
    assert moment(AT, tag).endswith(clock_time(AT, tag))


def test_seconds_are_said_where_there_are_any() -> None:
    """A resend timer names its second."""
    assert clock_time(AT.replace(second=7), "de") == "09:05:07 UTC"
