"""What texts and calls may cost: the country table, prices, ceilings, and when a block is pumped.

Pure decisions over figures; counting is storage's, and the table's file is read in
`domain.country_table`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum, unique
from typing import assert_never

from vestibule.domain.challenge import Channel
from vestibule.domain.identifier import countries

PHONE_CHANNELS = frozenset({Channel.SMS, Channel.VOICE})
SET_UPS_PER_HOUR = 100
"""TF-03: what a country gets in an hour where its operator says nothing else."""
CONFIRMED_TIMES = 10
"""Confirmed numbers stop long after set-ups: at ten times as many an hour."""


@unique
class LimitName(StrEnum):
    """The limits that an operator may try out by `VESTIBULE_TRACK_ONLY`, and the one of mails."""

    NUMBER = "number"
    ACCOUNT = "account"
    SOURCE = "source"
    PREFIX = "prefix"
    COUNTRY = "country"
    MONEY = "money"
    CONVERSION = "conversion"
    MAIL = "mail"


TRACKABLE = tuple(name for name in LimitName if name is not LimitName.MAIL)


# ── Countries ────────────────────────────────────────────────────────────────────────────────


class Access(StrEnum):
    """Who gets a text or a call in a country."""

    YES = "yes"
    CONFIRMED = "confirmed"
    """Numbers that are confirmed already: sign-in goes on, set-up does not."""
    NO = "no"
    """Nobody who has another way; `CountryRule.may_send` says what of those who have none."""


@dataclass(frozen=True, slots=True)
class CountryRule:
    """One country's line of the table; prices in millionths, None where nobody said."""

    sms: Access = Access.YES
    voice: Access = Access.YES
    sms_price: int | None = None
    voice_price: int | None = None
    per_hour: int = SET_UPS_PER_HOUR
    per_hour_confirmed: int = SET_UPS_PER_HOUR * CONFIRMED_TIMES
    until: datetime | None = None
    """When a way that "no" closed ceases to prove even those who have nothing else."""

    def access(self, channel: Channel) -> Access:
        return self.voice if channel is Channel.VOICE else self.sms

    def price(self, channel: Channel) -> int:
        """What a message costs; nothing where nobody said what."""
        return (self.voice_price if channel is Channel.VOICE else self.sms_price) or 0

    def may_send(self, channel: Channel, *, confirmed: bool, now: datetime) -> bool:
        """Whether a message may leave at all.

        R1: a way that the operator closed still proves the owner who has no other, until the
        end date that the operator sets. Whoever has another way is not offered it.
        """
        access = self.access(channel)
        match access:
            case Access.YES:
                return True
            case Access.CONFIRMED:
                return confirmed
            case Access.NO:
                return confirmed and (self.until is None or now < self.until)
            case other:
                assert_never(other)


@dataclass(frozen=True, slots=True)
class CountryTable:
    """Every country's rule; `default` is the rule of those without a line of their own."""

    rules: Mapping[str, CountryRule] = field(default_factory=dict)
    default: CountryRule = CountryRule()

    def rule(self, region: str) -> CountryRule:
        return self.rules.get(region, self.default)

    def closed(self, region: str) -> frozenset[Channel]:
        """The ways that are offered to nobody there who has another."""
        rule = self.rule(region)
        return frozenset(way for way in PHONE_CHANNELS if rule.access(way) is Access.NO)

    def set_up_channels(self, region: str) -> frozenset[Channel]:
        """The ways by which a number of the country can be confirmed for the first time."""
        rule = self.rule(region)
        return frozenset(way for way in PHONE_CHANNELS if rule.access(way) is Access.YES)

    @property
    def set_up_ways(self) -> frozenset[Channel]:
        """The ways by which a phone can be confirmed anywhere at all."""
        lines = (self.default, *self.rules.values())
        return frozenset(
            way for way in PHONE_CHANNELS if any(one.access(way) is Access.YES for one in lines)
        )

    def is_open_everywhere(self) -> bool:
        return not self.rules and self.default.sms is self.default.voice is Access.YES

    def unpriced(self) -> str | None:
        """The first line that is open for a channel without a price for it, as `GB.sms_price`."""
        for name, rule in {"default": self.default, **self.rules}.items():
            if rule.sms is not Access.NO and rule.sms_price is None:
                return f"{name}.sms_price"
            if rule.voice is not Access.NO and rule.voice_price is None:
                return f"{name}.voice_price"
        return None


def listed_table(
    served: frozenset[str], *, sms_price: int | None, voice_price: int | None
) -> CountryTable:
    """The table of a plain list: what is on it is open, the rest for who is confirmed there."""
    opened = CountryRule(sms_price=sms_price, voice_price=voice_price)
    if not served:
        return CountryTable(default=opened)
    shut = replace(opened, sms=Access.CONFIRMED, voice=Access.CONFIRMED)
    return CountryTable(dict.fromkeys(served, opened), shut)


def set_up_regions(
    table: CountryTable, reach: Mapping[str, frozenset[Channel]]
) -> frozenset[str] | None:
    """Where a phone can be set up; None is everywhere.

    `reach` are the ways that have a provider, by region, and under "" everywhere else.
    """
    if table.is_open_everywhere() and all(PHONE_CHANNELS & ways for ways in reach.values()):
        return None
    return frozenset(
        country.region
        for country in countries(None)
        if table.set_up_channels(country.region) & reach.get(country.region, reach[""])
    )


# ── Money ────────────────────────────────────────────────────────────────────────────────────


class Spender(StrEnum):
    """Who asks for a message, by how much of a budget is kept from them for others."""

    SET_UP = "set_up"
    SIGN_IN = "sign_in"
    KNOWN_BROWSER = "known_browser"


CEILINGS: Mapping[Spender, int] = {
    # Percent of a budget: set-ups stop first, and an owner's own browser last.
    Spender.SET_UP: 80,
    Spender.SIGN_IN: 95,
    Spender.KNOWN_BROWSER: 100,
}
ALARM_LEVELS = (50, 80, 95, 100)
"""Percent of a budget that an alarm tells of; from 80 on somebody stops at each."""


def ceiling(budget: int, spender: Spender) -> int:
    """The most that may be reserved in a period once this one has taken."""
    return budget * CEILINGS[spender] // 100


def levels_reached(before: int, after: int, budget: int) -> list[int]:
    """The alarm levels that this amount went past or came to."""
    return [level for level in ALARM_LEVELS if before * 100 < level * budget <= after * 100]


def segments(text: str) -> int:
    """How many texts a carrier bills: 160 characters alone, 153 each in a row (70, 67 in UCS-2)."""
    # Near enough for a bill: what GSM 03.38 has beyond ASCII is in Latin-1 or Greek.
    is_gsm = all(ord(one) < 0x100 or 0x391 <= ord(one) <= 0x3A9 for one in text)
    alone, in_a_row = (160, 153) if is_gsm else (70, 67)
    return 1 if len(text) <= alone else -(-len(text) // in_a_row)


def hour_of(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(now: datetime) -> datetime:
    return hour_of(now).replace(hour=0)


# ── Conversion ───────────────────────────────────────────────────────────────────────────────

CONVERSION_DAYS = timedelta(days=6)
"""Today and the six days before it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Codes that went out to numbers nobody had confirmed, and codes that came back."""

    sent: int
    converted: int


@dataclass(frozen=True, slots=True)
class Floor:
    """Pumped: fewer than `percent` of at least `sent` codes came back (TF-04)."""

    sent: int
    percent: int

    def is_pumped(self, figures: Figures) -> bool:
        return figures.sent >= self.sent and figures.converted * 100 < self.percent * figures.sent


PREFIX_FLOOR = Floor(sent=20, percent=30)
COUNTRY_FLOOR = Floor(sent=200, percent=15)


# ── What the operator decided ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Tolls:
    """The operator's word on texts and calls; amounts in millionths, None is no limit."""

    table: CountryTable = CountryTable()
    budget_hour: int | None = None
    budget_day: int | None = None
    track_only: frozenset[LimitName] = frozenset()
    allows_voip: bool = True
    alarm_email: str = ""
