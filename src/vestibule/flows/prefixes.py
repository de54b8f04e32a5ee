"""Blocks of numbers and countries whose codes do not come back: nobody new is set up there (TF-04).

Derived from the figures of seven days, so nothing can get stuck: it ends as codes are entered, as
days pass, or when the operator says so. Confirmed numbers are not counted and not stopped: whoever
knows a password could otherwise close a block for its owners.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from vestibule.crypto.keyring import Keyring
from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import PhoneNumber
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.tolls import (
    CONVERSION_DAYS,
    COUNTRY_FLOOR,
    PREFIX_FLOOR,
    Figures,
    Floor,
    LimitName,
    day_of,
)
from vestibule.flows.alarms import raise_alarm
from vestibule.flows.work import Work
from vestibule.storage import tolls

_NEVER = Floor(sent=2**31, percent=0)
_WHOLE = ""
"""In the place of a country: the row counts one as a whole, and is no prefix of it."""


@dataclass(frozen=True, slots=True)
class PrefixConversion:
    """The codes of one block, the number without its last four digits."""

    name: ClassVar[LimitName] = LimitName.CONVERSION
    number: PhoneNumber

    async def look(self, work: Work) -> Refused | None:
        marks = _marks(work.means.keyring, self.number.prefix)
        figures = await _figures(work, marks, before=_tomorrow(work.now))
        return Refused(Reason.SEND_PAUSED) if PREFIX_FLOOR.is_pumped(figures) else None

    async def take(self, work: Work, *, counts_only: bool) -> Refused | None:
        current, *former = _marks(work.means.keyring, self.number.prefix)
        today = day_of(work.now)
        earlier = await _figures(work, [current], before=today)
        other = await _figures(work, former, before=_tomorrow(work.now))
        is_counted = await tolls.count_send(
            work.tx,
            current,
            today,
            country=self.number.region,
            earlier=Figures(earlier.sent + other.sent, earlier.converted + other.converted),
            floor=_NEVER if counts_only else PREFIX_FLOOR,
        )
        return None if is_counted else Refused(Reason.SEND_PAUSED)

    async def tell(self, work: Work) -> None:
        await raise_alarm(work, "prefix_paused", day_of(work.now), country=self.number.region)


@dataclass(frozen=True, slots=True)
class CountryConversion:
    """The codes of a country, without those of its blocks that are stopped by themselves."""

    name: ClassVar[LimitName] = LimitName.CONVERSION
    region: str

    async def look(self, work: Work) -> Refused | None:
        marks = _marks(work.means.keyring, "country", self.region)
        # All of it is a few rows; without the stopped blocks it is a scan, seldom worth it.
        whole = await _figures(work, marks, before=_tomorrow(work.now))
        if not COUNTRY_FLOOR.is_pumped(whole):
            return None
        going = await tolls.figures_of_going(
            work.tx, self.region, since=_since(work.now), floor=PREFIX_FLOOR
        )
        return Refused(Reason.SEND_PAUSED) if COUNTRY_FLOOR.is_pumped(going) else None

    async def take(self, work: Work, *, counts_only: bool) -> Refused | None:  # noqa: ARG002 - a few more in a race are no harm
        current, *_ = _marks(work.means.keyring, "country", self.region)
        await tolls.count_send(
            work.tx,
            current,
            day_of(work.now),
            country=_WHOLE,
            earlier=Figures(0, 0),
            floor=_NEVER,
        )
        return None

    async def tell(self, work: Work) -> None:
        await raise_alarm(work, "country_paused", day_of(work.now), country=self.region)


async def count_conversion(work: Work, number: PhoneNumber) -> None:
    """A number that was not confirmed has entered its code."""
    keyring, today = work.means.keyring, day_of(work.now)
    block, *_ = _marks(keyring, number.prefix)
    await tolls.count_conversion(work.tx, block, today, country=number.region)
    whole, *_ = _marks(keyring, "country", number.region)
    await tolls.count_conversion(work.tx, whole, today, country=_WHOLE)


async def allow_prefix(work: Work, prefix: str, *, region: str) -> bool:
    """The operator vouches for a block: its figures begin anew. False where there were none."""
    gone = 0
    for mark in _marks(work.means.keyring, prefix):
        gone += await tolls.forget_mark(work.tx, mark)
    await work.note(EventName.CONVERSION_FORGOTTEN, country=region, of="prefix")
    return gone > 0


async def allow_country(work: Work, region: str) -> bool:
    """The same of a country and all its blocks."""
    gone = await tolls.forget_country(work.tx, region)
    for mark in _marks(work.means.keyring, "country", region):
        gone += await tolls.forget_mark(work.tx, mark)
    await work.note(EventName.CONVERSION_FORGOTTEN, country=region, of="country")
    return gone > 0


def _marks(keyring: Keyring, *of: str) -> list[bytes]:
    """A prefix is one field and a country two, so that neither can be taken for the other."""
    return keyring.macs(KeyPurpose.PHONE_PREFIX, *of)


async def _figures(work: Work, marks: list[bytes], *, before: datetime) -> Figures:
    sent = converted = 0
    for mark in marks:
        found = await tolls.figures(work.tx, mark, since=_since(work.now), before=before)
        sent, converted = sent + found.sent, converted + found.converted
    return Figures(sent, converted)


def _since(now: datetime) -> datetime:
    return day_of(now) - CONVERSION_DAYS


def _tomorrow(now: datetime) -> datetime:
    return day_of(now) + timedelta(days=1)
