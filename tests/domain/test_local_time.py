"""How a time is told in a person's zone, and which zones there are (NO-02)."""

import timeit
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.languages.shipped import CATALOGUES
from vestibule.domain import zone
from vestibule.domain.language import clock_time, moment
from vestibule.domain.local_time import Reader

BERLIN = "Europe/Berlin"
LONGEST = "America/North_Dakota/New_Salem"
AT = datetime(2026, 11, 14, 9, 4, 30, 500, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""Berlin's clocks show 02:30 then, and half past two again an hour later."""
MARCH = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
"""Berlin's clocks show 01:59, and 03:00 a minute later."""


def reader(tag: str = "en", name: str | None = BERLIN) -> Reader:
    return Reader(tag, CATALOGUES.words(tag).gettext, name)


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("en", "14 Nov 2026, 10:04 (Berlin time; 09:04 UTC)"),
        ("de", "14. Nov. 2026, 10:04 (Ortszeit Berlin; 09:04 UTC)"),
        ("es", "14 nov 2026, 10:04 (hora de Berlín; 9:04 UTC)"),
        ("fr", "14 nov. 2026, 10:04 (heure locale, Berlin ; 09:04 UTC)"),
        ("pt-BR", "14 de nov. de 2026 10:04 (horário de Berlim; 09:04 UTC)"),
        ("ja", "2026年11月14日 10:04\uff08ベルリン時間、9:04 UTC\uff09"),
    ],
)
def test_notices_tell_local_time_and_utc(tag: str, told: str) -> None:
    """NO-02: local time, the town it is of, and UTC, each as the language writes it."""
    assert " ".join(reader(tag).moment_twice(AT).split()) == told, "to the minute"


def test_pages_tell_local_time_with_its_zone() -> None:
    """NO-02: a page names the town; a machine reads UTC beside it."""
    assert reader().moment(AT) == "14 Nov 2026, 10:04 (Berlin time)"
    assert reader().clock_time(AT.replace(second=7)) == "10:04:07 (Berlin time)"
    assert reader().day(AT.replace(hour=23)) == "15 Nov 2026"


@pytest.mark.parametrize("name", [None, "", "UTC", "Nowhere/At_All", "../../etc/passwd"])
def test_no_zone_is_utc(name: str | None) -> None:
    """NO-02: where no zone is known, or none of that name any more, UTC alone is told."""
    for told in (reader(name=name).moment_twice(AT), reader(name=name).moment(AT)):
        assert told == moment(AT, "en") == "14 Nov 2026, 09:04 UTC"
    assert reader(name=name).clock_time(AT) == clock_time(AT, "en")


def test_another_day_in_utc_is_named() -> None:
    """NO-02: Tokyo is at tomorrow already: the day of the UTC time is said too."""
    told = reader(name="Asia/Tokyo").moment_twice(AT.replace(hour=16))
    assert told == "15 Nov 2026, 01:04 (Tokyo time; 14 Nov 2026, 16:04 UTC)"


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """NO-02: on the night when summer ends, pages say UTC too for as long as two times are one."""
    shown = [reader().moment(OCTOBER + timedelta(hours=n)) for n in (-1, 0, 1, 2)]
    assert shown == [
        "25 Oct 2026, 01:30 (Berlin time)",
        "25 Oct 2026, 02:30 (Berlin time; 00:30 UTC)",
        "25 Oct 2026, 02:30 (Berlin time; 01:30 UTC)",
        "25 Oct 2026, 03:30 (Berlin time)",
    ]
    edge = [OCTOBER.replace(minute=0), OCTOBER.replace(hour=2, minute=0)]
    for at, is_twice in ((edge[0], True), (edge[0] - timedelta(seconds=1), False)):
        assert ("UTC" in reader().moment(at)) is is_twice
    assert "UTC" in reader().clock_time(edge[1] - timedelta(seconds=1))
    assert "UTC" not in reader().clock_time(edge[1])


def test_the_hour_that_is_left_out_is_never_told() -> None:
    """NO-02: on the night when summer begins, the minute after 01:59 is 03:00."""
    shown = [reader().moment(MARCH + timedelta(minutes=n)) for n in (0, 1)]
    assert shown == ["29 Mar 2026, 01:59 (Berlin time)", "29 Mar 2026, 03:00 (Berlin time)"]


def test_right_to_left_has_its_own_names() -> None:
    """NO-02: a language that runs from right to left names towns and months itself."""
    arabic = Reader("ar", str, BERLIN)
    assert "برلين" in arabic.moment_twice(AT)
    assert "نوفمبر" in arabic.moment_twice(AT)
    assert "10:04" in arabic.moment_twice(AT)


def test_the_longest_names_are_told_whole() -> None:
    """NO-02: no name of a town is cut."""
    assert reader(name=LONGEST).moment_twice(AT) == (
        "14 Nov 2026, 03:04 (New Salem, North Dakota time; 09:04 UTC)"
    )
    assert "New Salem (Dakota du Nord)" in reader("fr", LONGEST).moment(AT)


# --- which zones there are ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        # Browsers say names of before for years.
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("US/Eastern", "America/New_York"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("GMT", "UTC"),
        (LONGEST, LONGEST),
    ],
)
def test_a_zone_is_kept_by_its_present_name(said: str, kept: str) -> None:
    """What browsers call a zone is one of the names that the zone data has for it."""
    assert zone.parse(said) == kept


@pytest.mark.parametrize(
    "odd",
    ["", " ", "europe/berlin", "Europe/Berlin ", "Europe/Berlin\n", "Mars/Base", "localtime",
     "Factory", "posix/Europe/Berlin", "right/Europe/Berlin", "../Europe/Berlin", "Etc/GMT+5",
     "/etc/localtime", "tzdata.zi", "<b>Europe/Berlin</b>", "Europe", "+02:00", "x" * 5000,
     "Europe/Berlin" * 9],
)  # fmt: skip
def test_an_odd_zone_is_none(odd: str) -> None:
    """NO-02: what is no zone of a place is ignored, whatever file of the machine has that name."""
    assert zone.parse(odd) is None


@given(st.text(max_size=80) | st.sampled_from(sorted(available_timezones())))
def test_any_text_is_a_known_zone_or_none(text: str) -> None:
    """What is kept can be read again, and is told with a town."""
    kept = zone.parse(text)
    assert kept is None or zone.parse(kept) == kept
    if kept is not None and kept != zone.NO_PLACE:
        assert f"{zone.place(kept, 'en')} time" in reader(name=kept).moment(AT)


@pytest.mark.parametrize(
    ("text", "tag", "first"),
    [
        ("berlin", "en", "Germany – Berlin"),
        ("  BERL ", "en", "Germany – Berlin"),
        ("germany", "en", "Germany – Berlin"),
        ("agypten", "de", "Ägypten – Kairo"),
        ("sao paulo", "pt-BR", "Brasil – São Paulo"),
        ("New_York", "en", "United States – New York"),
        ("new york united", "en", "United States – New York"),
        ("Asia/Tokyo", "en", "Japan – Tokyo"),
        ("東京", "ja", "日本 – 東京"),
        ("برلين", "ar", "ألمانيا – برلين"),
    ],
)
def test_a_zone_is_found_by_country_or_town(text: str, tag: str, first: str) -> None:
    """Any case, any script of the page, with and without its marks; a town before a part of one."""
    assert zone.find(text, tag)[0].label.replace("\u00a0", " ") == first


@pytest.mark.parametrize("text", ["", "   ", "///", "Atlantis", "berlin japan", "x" * 5000])
def test_no_zone_is_found_for_other_text(text: str) -> None:
    """Nothing is found by nothing, by no name, or by the names of two."""
    assert zone.find(text, "en") == ()


def test_many_words_cost_hardly_more_than_one() -> None:
    """WB-07: a field full of one letter keeps nobody waiting: all is looked up in made texts."""

    def took(text: str) -> float:
        zone.find(text, "en")
        return min(timeit.repeat(lambda: zone.find(text, "en"), number=1, repeat=7))

    assert took("a " * 32) < 8 * took("a")


@pytest.mark.parametrize("tag", [*CATALOGUES.tags, "ar"])
def test_every_zone_of_the_list_can_be_chosen(tag: str) -> None:
    """The list has each zone once, each by a name that is its own, in the language's order."""
    found = zone.zones(tag)
    assert len(found) > 400
    assert len({one.label for one in found}) == len(found)
    assert all(zone.parse(one.name) == one.name for one in found)
    labels = [one.label.replace("\u00a0", " ") for one in zone.zones("de")]
    assert labels.index("Ägypten – Kairo") < labels.index("Albanien – Tirana")
