"""The operator's file of countries: what it says, and how a fault in it is told."""

from datetime import UTC, datetime

import pytest

from vestibule.domain.country_table import parse_table
from vestibule.domain.tolls import Access, CountryTable

FILE = """
[default]
sms = "confirmed"
voice = "no"
sms_price = 0.08

[GB]
sms = "yes"
voice = "yes"
sms_price = 0.0405
voice_price = 1
per_hour = 300

[FR]
sms = "no"
voice = "yes"
until = 2027-03-31
"""


def parse(text: str) -> CountryTable:
    return parse_table(text, sms_price=50_000, voice_price=90_000)


def test_table_is_read() -> None:
    """TF-02: a country has its own line; what it leaves out says the default's."""
    table = parse(FILE)

    gb, fr, elsewhere = table.rule("GB"), table.rule("FR"), table.rule("JP")
    assert (gb.sms, gb.sms_price, gb.voice_price) == (Access.YES, 40_500, 1_000_000)
    assert (gb.per_hour, gb.per_hour_confirmed) == (300, 3000)
    assert (fr.sms, fr.sms_price, fr.voice_price) == (Access.NO, 80_000, 90_000)
    assert fr.until == datetime(2027, 3, 31, tzinfo=UTC)
    assert (elsewhere.sms, elsewhere.voice) == (Access.CONFIRMED, Access.NO)
    assert (elsewhere.per_hour, elsewhere.per_hour_confirmed) == (100, 1000)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[GB]\nsms = "maybe"', 'GB: sms: write "yes", "confirmed" or "no"'),
        ("[GB]\nsms = true", "GB: sms: write"),
        ("[GB]\nsms = []", "GB: sms: write"),
        ('[GB]\nsms_price = "0.05"', "GB: sms_price: write an amount"),
        ("[GB]\nsms_price = -1", "GB: sms_price: write an amount of 0 or more"),
        ("[GB]\nsms_price = nan", "GB: sms_price: write an amount of 0 or more"),
        ("[GB]\nsms_price = 0.0000001", "GB: sms_price: write six decimals"),
        ("[GB]\nper_hour = 1.5", "GB: per_hour: write a whole number"),
        ("[GB]\nper_hour = true", "GB: per_hour: write a whole number"),
        ('[GB]\nuntil = "2027"', "GB: until: write a day"),
        ("[GB]\nper_our = 1", "GB: per_our is no key"),
        ("[UK]\nper_hour = 1", "UK is not a two-letter country code"),
        ("GB = 1", "GB: write it as a table"),
        ("[default]\nvoice = 1", "default: voice: write"),
        ("[GB", "at end of document"),
    ],
)
def test_fault_names_country_and_key(text: str, says: str) -> None:
    """A fault says which country and which key, and what to write instead."""
    with pytest.raises(ValueError, match=r".") as fault:
        parse(text)

    assert says in str(fault.value)
