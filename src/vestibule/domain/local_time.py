"""How a person is told when something is or was: in their zone where it is known, else in UTC.

A time is never said without its zone. Daylight saving is the zone data's business; the hour that
comes twice is told apart by UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from vestibule.domain import language
from vestibule.domain.zone import place, rules


def N_(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is said."""
    return text


# Translators: 14 Nov 2026, 10:04 (Berlin time)
_LOCAL = N_("%(local)s (%(place)s time)")
# Translators: 14 Nov 2026, 10:04 (Berlin time; 09:04 UTC)
_WITH_UTC = N_("%(local)s (%(place)s time; %(utc)s)")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is told: the language, its sentences, and the zone by its name, if it is known."""

    tag: str
    say: Callable[[str], str]
    zone: str | None = None

    def day(self, at: datetime) -> str:
        """The day that it was there: `14 Nov 2026`."""
        return language.day(at, self.tag, rules(self.zone) or UTC)

    def clock_time(self, at: datetime) -> str:
        """A time of day with its zone: `10:04 (Berlin time)`."""
        zone = rules(self.zone)
        if zone is None:
            return language.clock_time(at, self.tag)
        return self._told(at, language.plain_time(at, self.tag, zone), zone)

    def moment(self, at: datetime) -> str:
        """A day with its time and zone: `14 Nov 2026, 10:04 (Berlin time)`."""
        zone, at = rules(self.zone), at.replace(second=0)
        if zone is None:
            return language.moment(at, self.tag)
        return self._told(at, language.plain_moment(at, self.tag, zone), zone)

    def moment_twice(self, at: datetime) -> str:
        """The same with UTC beside it, as notices say it (NO-02)."""
        zone, at = rules(self.zone), at.replace(second=0)
        if zone is None:
            return language.moment(at, self.tag)
        return self._beside_utc(at, language.plain_moment(at, self.tag, zone), zone)

    def _told(self, at: datetime, local: str, zone: tzinfo) -> str:
        if _comes_twice(at, zone):
            return self._beside_utc(at, local, zone)
        return self.say(_LOCAL) % {"local": local, "place": self._place}

    def _beside_utc(self, at: datetime, local: str, zone: tzinfo) -> str:
        is_same_day = at.astimezone(zone).date() == at.astimezone(UTC).date()
        utc = (language.clock_time if is_same_day else language.moment)(at, self.tag)
        return self.say(_WITH_UTC) % {"local": local, "place": self._place, "utc": utc}

    @property
    def _place(self) -> str:
        return place(self.zone or "", self.tag)


def _comes_twice(at: datetime, zone: tzinfo) -> bool:
    """Whether the zone's clocks show this time once more, as when summer ends (PEP 495)."""
    local = at.astimezone(zone)
    return local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
