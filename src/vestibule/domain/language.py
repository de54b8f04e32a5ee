"""Which language a person is spoken to in, and what a language is called, written and counted by.

A language is named by its BCP 47 tag everywhere (`pt-BR`); only folders of catalogues and Babel
write `pt_BR`. Where the sentences of a language come from is not known here.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, get_datetime_format

ENGLISH = "en"
"""What the sources say; it needs no catalogue."""

LONGEST_HEADER = 400
MOST_RANGES = 20
_RANGE = re.compile(
    r"(?P<range>\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)"
    r"(?:\s*;\s*[qQ]\s*=\s*(?P<quality>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages a house offers; the first is for whoever asks for none of them."""

    tags: tuple[str, ...] = (ENGLISH,)

    @property
    def default(self) -> str:
        return self.tags[0]

    def offered(self, asked: str) -> str | None:
        """The offered language that has exactly this tag, in any case, or None."""
        return next((tag for tag in self.tags if tag.lower() == asked.lower()), None)

    def lookup(self, asked: str) -> str | None:
        """RFC 4647 §3.4: the tag, then the same with fewer and fewer parts, or None.

        Past the RFC, a language is answered by its sister: `pt-PT` by `pt-BR`.
        """
        parts = asked.split("-")
        while parts:
            found = self.offered("-".join(parts))
            if found is not None:
                return found
            parts.pop()
            if parts and len(parts[-1]) == 1:
                parts.pop()
        primary = asked.split("-")[0].lower()
        return next((tag for tag in self.tags if tag.split("-")[0].lower() == primary), None)

    def nearest(self, asked: str) -> str:
        """The same, or the first language of the house."""
        return self.lookup(asked) or self.default

    def negotiate(self, accept_language: str) -> str:
        """What a browser's Accept-Language asks for, as far as it is offered (RFC 9110 §12.5.4)."""
        ranges = _by_quality(accept_language)
        unwanted = {asked.lower() for quality, asked in ranges if quality == 0}
        for quality, asked in ranges:
            if quality > 0 and asked == "*":
                return next((tag for tag in self.tags if tag.lower() not in unwanted), self.default)
            found = self.lookup(asked) if quality > 0 else None
            if found is not None:
                return found
        return self.default


def _by_quality(header: str) -> list[tuple[float, str]]:
    """Ranges with their qualities, the most wanted first; what is no range is passed over."""
    # What is cut off may be half a range, so the last part goes.
    whole = header if len(header) <= LONGEST_HEADER else header[:LONGEST_HEADER].rpartition(",")[0]
    wanted = []
    for part in whole.split(",")[:MOST_RANGES]:
        found = _RANGE.fullmatch(part.strip())
        if found is not None:
            wanted.append((float(found["quality"] or "1"), found["range"]))
    # Equal ones stay in their order.
    return sorted(wanted, key=lambda one: one[0], reverse=True)


def folder_of(language: str) -> str:
    """The name of a catalogue's folder: `pt_BR`."""
    return language.replace("-", "_")


def tag_of(folder: str) -> str:
    """The tag that a catalogue's folder stands for."""
    return folder.replace("_", "-")


def native_name(language: str) -> str:
    """What its speakers call it, written as at the begin of a line: `Português (Brasil)`."""
    name = locale_of(language).get_display_name() or language
    return name[:1].upper() + name[1:]


def direction(language: str) -> str:
    """`ltr` or `rtl`, for HTML's `dir`."""
    return str(locale_of(language).text_direction)


# --- times, always with their zone where they are shown -------------------------------------


def clock_time(at: datetime, language: str) -> str:
    """A time of day with its zone, readable without JavaScript: `14:40 UTC`."""
    return f"{plain_time(at, language)} UTC"


def day(at: datetime, language: str, zone: tzinfo = UTC) -> str:
    """A day as it is written there: `24 Nov 2026`."""
    return _written("yMMMd", at, language, zone)


def moment(at: datetime, language: str) -> str:
    """A day with its time and zone."""
    return _joined(day(at, language), f"{_written('Hm', at, language, UTC)} UTC", language)


def plain_time(at: datetime, language: str, zone: tzinfo = UTC) -> str:
    """A time of day as a zone's clocks show it, for whoever names that zone beside it."""
    return _written("Hms" if at.second else "Hm", at, language, zone)


def plain_moment(at: datetime, language: str, zone: tzinfo) -> str:
    """A day with its time, in the same way."""
    return _joined(day(at, language, zone), _written("Hm", at, language, zone), language)


def _joined(day: str, time: str, language: str) -> str:
    both = str(get_datetime_format("medium", _for_dates(language)))
    return both.replace("'", "").replace("{1}", day).replace("{0}", time)


def _written(skeleton: str, at: datetime, language: str, zone: tzinfo) -> str:
    return str(format_skeleton(skeleton, at.astimezone(zone), locale=_for_dates(language)))


def _for_dates(language: str) -> Locale:
    """English that names no country puts the day first, as most of the world does."""
    return locale_of("en-GB" if language == ENGLISH else language)


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """What Babel knows of a language; English where it knows none of that name."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale(ENGLISH)
