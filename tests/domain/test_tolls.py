"""What a text or call may cost: who may get one where, who stops first, when a block is pumped."""

from datetime import UTC, datetime, timedelta

import pytest

from vestibule.domain.challenge import Channel
from vestibule.domain.tolls import (
    COUNTRY_FLOOR,
    PREFIX_FLOOR,
    Access,
    CountryRule,
    CountryTable,
    Figures,
    Spender,
    ceiling,
    levels_reached,
    listed_table,
    segments,
    set_up_regions,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
BOTH = frozenset({Channel.SMS, Channel.VOICE})


@pytest.mark.parametrize(
    ("access", "until", "set_up", "sign_in"),
    [
        (Access.YES, None, True, True),
        (Access.CONFIRMED, None, False, True),
        (Access.NO, None, False, True),
        (Access.NO, NOW + timedelta(seconds=1), False, True),
        (Access.NO, NOW, False, False),
    ],
)
def test_flags_say_who_is_served(
    access: Access, until: datetime | None, set_up: bool, sign_in: bool
) -> None:
    """TF-02: "confirmed" ends set-ups; "no" ends sign-ins too, on the operator's day (R1)."""
    rule = CountryRule(sms=access, until=until)

    assert rule.may_send(Channel.SMS, confirmed=False, now=NOW) is set_up
    assert rule.may_send(Channel.SMS, confirmed=True, now=NOW) is sign_in
    assert rule.may_send(Channel.VOICE, confirmed=False, now=NOW)


def test_a_plain_list_is_a_table() -> None:
    """TF-02: what is not on the list is for those who are confirmed there, and for no set-up."""
    table = listed_table(frozenset({"GB"}), sms_price=40_000, voice_price=None)

    assert set_up_regions(table, {"": BOTH}) == frozenset({"GB"})
    assert table.rule("FR").may_send(Channel.SMS, confirmed=True, now=NOW)
    assert table.rule("FR").price(Channel.SMS) == 40_000
    assert (
        set_up_regions(listed_table(frozenset(), sms_price=None, voice_price=None), {"": BOTH})
        is None
    )


def test_a_region_needs_a_way_that_is_open_and_carried() -> None:
    """TF-02: a country open for calls alone is no country to set up in where nobody calls."""
    calls_only = CountryRule(sms=Access.NO)
    table = CountryTable({"GB": calls_only, "FR": calls_only}, CountryRule(Access.NO, Access.NO))

    reach = {"": BOTH, "FR": frozenset({Channel.SMS})}

    assert set_up_regions(table, reach) == frozenset({"GB"})
    assert table.set_up_ways == {Channel.VOICE}


def test_who_stops_first() -> None:
    """TF-03: of a budget of 100 set-ups get 80, sign-ins 95, and known browsers all of it."""
    assert [ceiling(100, one) for one in Spender] == [80, 95, 100]


def test_levels_are_passed_once() -> None:
    """TF-03: 50, 80 and 100 percent are each reached by one amount, also in one leap."""
    assert levels_reached(0, 49, 100) == []
    assert levels_reached(49, 50, 100) == [50]
    assert levels_reached(50, 51, 100) == []
    assert levels_reached(40, 100, 100) == [50, 80, 95, 100]


@pytest.mark.parametrize(
    ("sent", "converted", "is_pumped"),
    [(19, 0, False), (20, 5, True), (20, 6, False), (40, 11, True), (40, 12, False)],
)
def test_a_block_is_pumped_below_thirty_percent(sent: int, converted: int, is_pumped: bool) -> None:
    """TF-04: fewer than 30 % of at least 20 codes."""
    assert PREFIX_FLOOR.is_pumped(Figures(sent, converted)) is is_pumped


def test_a_country_has_a_larger_floor() -> None:
    """TF-04: a country as a whole: fewer than 15 % of at least 200 codes."""
    assert not COUNTRY_FLOOR.is_pumped(Figures(199, 0))
    assert COUNTRY_FLOOR.is_pumped(Figures(200, 29))
    assert not COUNTRY_FLOOR.is_pumped(Figures(200, 30))


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("あ" * 70, 1),
        ("あ" * 71, 2),
    ],
)
def test_long_texts_cost_more(text: str, texts: int) -> None:
    """A carrier bills a long text as several."""
    assert segments(text) == texts


def test_first_line_without_a_price_is_found() -> None:
    """A budget without prices would count nothing; a way that is closed needs none."""
    priced = CountryRule(sms_price=1, voice_price=0)

    assert CountryTable(default=priced).unpriced() is None
    assert CountryTable({"GB": CountryRule(sms_price=1)}, priced).unpriced() == "GB.voice_price"
    closed = CountryRule(sms_price=1, voice=Access.NO)
    assert CountryTable({"GB": closed}, priced).unpriced() is None
