"""Time zones by their IANA names: which one a browser means, and what each is called.

A name is never trusted as text: what is kept is one that both the zone data and Babel know.
"""

import unicodedata
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.core import get_global

from vestibule.domain.language import locale_of

NO_PLACE = "UTC"
"""The zone of no place, which may be chosen too."""

LONGEST_NAME = 64
_NOWHERE = {"001", "ZZ"}


@dataclass(frozen=True, slots=True)
class Zone:
    """One that can be chosen: its name, and what it is called in a list."""

    name: str
    label: str


def parse(text: str) -> str | None:
    """The zone that a browser or a list names, by its present name; None for anything else."""
    if len(text) > LONGEST_NAME or text not in _names():
        return None
    present = str(get_global("zone_aliases").get(text, text))
    if present in {"Etc/UTC", "Etc/GMT"}:
        return NO_PLACE
    # Etc/GMT+5 is of no place, and its sign is read the wrong way round by everybody.
    is_of_a_place = "/" in present and not present.startswith("Etc/")
    return present if is_of_a_place and rules(present) is not None else None


def rules(name: str | None) -> tzinfo | None:
    """When the zone's clocks show what; None where there is no zone, or none of this name here."""
    if not name or name == NO_PLACE:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        # Another machine of the house may have newer data.
        return None


def place(name: str, language: str) -> str:
    """The town that a zone is called by, as that language writes it: `Athen`."""
    for locale in (locale_of(language), Locale("en")):
        said = locale.time_zones.get(name, {}).get("city")
        if said:
            return str(said)
    return name.rpartition("/")[2].replace("_", " ")


def label(name: str, language: str) -> str:
    """What a zone is called in a list: its country, then its town."""
    if name == NO_PLACE:
        return NO_PLACE
    country = _country(name, language)
    town = place(name, language)
    # The dash stays at the end of its line.
    return f"{country}\u00a0– {town}" if country else town


@lru_cache(maxsize=16)
def zones(language: str) -> tuple[Zone, ...]:
    """Every zone of a place by its label, in the language's order."""
    known = get_global("zone_territories")
    found = [Zone(name, label(name, language)) for name in known if parse(name) == name]
    return tuple(sorted(found, key=lambda zone: _alphabetical(zone.label)))


def find(text: str, language: str) -> tuple[Zone, ...]:
    """The zones whose country, town or IANA name has each word; towns that begin so come first."""
    words = _alphabetical(text[:LONGEST_NAME]).replace("/", " ").replace("_", " ").split()
    if not words:
        return ()
    found = [zone for zone, searched in _index(language) if all(one in searched for one in words)]
    return tuple(sorted(found, key=lambda zone: not _begins(place(zone.name, language), words[0])))


@lru_cache(maxsize=16)
def _index(language: str) -> tuple[tuple[Zone, str], ...]:
    """Each zone with the text that words are looked for in: thirty words cost no more than one."""
    return tuple(
        (zone, _alphabetical(f"{zone.label} {zone.name.replace('_', ' ')}"))
        for zone in zones(language)
    )


def _begins(town: str, word: str) -> bool:
    return _alphabetical(town).startswith(word)


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """The names of the IANA data that comes with the house; a machine's own has odd ones too."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def _country(name: str, language: str) -> str:
    territory = str(get_global("zone_territories").get(name, "ZZ"))
    if territory in _NOWHERE:
        return ""
    said = locale_of(language).territories.get(territory)
    return str(said or Locale("en").territories.get(territory, ""))


def _alphabetical(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).casefold()
