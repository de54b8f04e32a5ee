"""The country table as an operator writes it: TOML in, rules out, each fault by country and key.

Opens no file: what stands in it is an argument.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from vestibule.domain.identifier import countries
from vestibule.domain.tolls import CONFIRMED_TIMES, Access, CountryRule, CountryTable

MILLIONTHS = 1_000_000
"""Money is whole millionths of the operator's currency: sums stay exact."""


def parse_table(text: str, *, sms_price: int | None, voice_price: int | None) -> CountryTable:
    """The table; ValueError names the country and the key that cannot be, or the line of TOML."""
    data = tomllib.loads(text, parse_float=Decimal)
    known = {country.region for country in countries(None)}
    first = CountryRule(sms_price=sms_price, voice_price=voice_price)
    default = _rule("default", data.pop("default", {}), first)
    for region in data:
        if region not in known:
            raise ValueError(f"{region} is not a two-letter country code such as GB")
    return CountryTable(
        {region: _rule(region, line, default) for region, line in data.items()}, default
    )


def parse_money(value: object) -> int:
    """An amount as millionths; ValueError for what is none, or finer than that."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("write an amount such as 0.05, without quotes or currency")
    amount = Decimal(value)
    if not amount.is_finite() or not 0 <= amount < MILLIONTHS:
        raise ValueError("write an amount of 0 or more, below a million")
    millionths = amount * MILLIONTHS
    if millionths != int(millionths):
        raise ValueError("write six decimals at most")
    return int(millionths)


def _rule(name: str, line: object, default: CountryRule) -> CountryRule:
    if not isinstance(line, Mapping):
        raise ValueError(f"{name}: write it as a table, [{name}]")
    read: dict[str, object] = {}
    for key, value in line.items():
        reader = _READERS.get(key)
        if reader is None:
            raise ValueError(f"{name}: {key} is no key; there are {', '.join(_READERS)}")
        try:
            read[key] = reader(value)
        except ValueError as fault:
            raise ValueError(f"{name}: {key}: {fault}") from fault
    found: CountryRule = replace(default, **read)  # type: ignore[arg-type]  # read key by key
    if "per_hour" in read and "per_hour_confirmed" not in read:
        found = replace(found, per_hour_confirmed=found.per_hour * CONFIRMED_TIMES)
    return found


def _access(value: object) -> Access:
    if not isinstance(value, str) or value not in set(Access):
        raise ValueError('write "yes", "confirmed" or "no"')
    return Access(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("write a whole number, 0 or more")
    return value


def _day(value: object) -> datetime:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("write a day as 2027-03-31, without quotes")
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


_READERS: Mapping[str, Callable[[object], object]] = {
    "sms": _access,
    "voice": _access,
    "sms_price": parse_money,
    "voice_price": parse_money,
    "per_hour": _count,
    "per_hour_confirmed": _count,
    "until": _day,
}
