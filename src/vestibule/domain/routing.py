"""Which provider goes first, and why: routes ranked by measured success, resting ones last.

A route is a provider for one channel and country. Knows figures only; nothing is counted, stored
or sent here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

PRIOR_SENDS = 10
PRIOR_SHARE = 0.6
"""What a route is worth before it was measured: ten sends of which six came back."""
CLEARLY = 0.15
"""By how much a share must be better before a route moves ahead: chance alone moves nobody."""
MEASURED_FOR = timedelta(hours=24)
TYPED_WITHIN = timedelta(minutes=5)
"""A code that was sent more recently and has not come back says nothing yet."""

BREAKS_AFTER = 5
"""Failures in a row after which a route rests."""
_FIRST_REST = timedelta(seconds=30)
_LONGEST_REST = timedelta(minutes=10)
LONGEST_THROTTLE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """A provider for one channel and country; the country is "" for mails."""

    provider: str
    channel: str
    country: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of a route, for an hour or for ever."""

    accepted: int = 0
    """Attempts by their outcome: taken, not taken now, never to be taken."""
    failed: int = 0
    refused: int = 0
    delivered: int = 0
    undelivered: int = 0
    codes: int = 0
    """Of the accepted, those with a code; and the codes that came back."""
    converted: int = 0
    milliseconds: int = 0
    """Sums: of all attempts; from commit to hand-over; from hand-over to the receipt."""
    handover_milliseconds: int = 0
    receipt_milliseconds: int = 0

    def plus(self, other: "Figures") -> "Figures":
        return Figures(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(Figures))
        )


@dataclass(frozen=True, slots=True)
class Score:
    """What became of the last day's codes and messages of a route."""

    codes: int = 0
    """Codes it took, without those that may still be typed."""
    converted: int = 0
    delivered: int = 0
    undelivered: int = 0

    @property
    def conversion(self) -> float:
        """The estimated share of codes that come back: the only receipt that cannot be bought."""
        return _smoothed(self.converted, self.codes)

    @property
    def receipts(self) -> float:
        """The estimated share of messages that arrive; a route without receipts keeps the prior."""
        return _smoothed(self.delivered, self.delivered + self.undelivered)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row, and until when the route rests; without failures it was throttled."""

    failures: int = 0
    open_until: datetime | None = None

    def is_resting(self, now: datetime) -> bool:
        return self.open_until is not None and self.open_until > now

    def wants_trial(self, now: datetime) -> bool:
        """Rested after failures: one message tries it, and everybody else waits for the result."""
        return self.failures >= BREAKS_AFTER and not self.is_resting(now)


@dataclass(frozen=True, slots=True)
class Standing:
    score: Score = Score()
    breaker: Breaker = Breaker()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A provider in its place, and the operator's reading of why it is there."""

    provider: str
    reason: str
    breaker: Breaker


def order(
    configured: Sequence[str], standings: Mapping[str, Standing], now: datetime
) -> list[Ranked]:
    """The providers in the order in which they are asked; the settings' order where equal.

    A route moves ahead of another only where it is clearly better, and a resting one goes last.
    """
    known = {name: standings.get(name, Standing()) for name in configured}
    by_score = _by_score(configured, {name: one.score for name, one in known.items()})
    is_resting = {name: known[name].breaker.is_resting(now) for name in configured}
    places = sorted(by_score, key=lambda name: is_resting[name])
    return [
        Ranked(
            name,
            _rest(known[name].breaker)
            if is_resting[name]
            else _reason(name, configured, by_score, known),
            known[name].breaker,
        )
        for name in places
    ]


def rest_for(failures: int) -> timedelta | None:
    """How long a route rests after that many failures in a row: 30 s, doubling to 10 minutes."""
    if failures < BREAKS_AFTER:
        return None
    doublings = min(failures - BREAKS_AFTER, 10)
    return min(_FIRST_REST * (1 << doublings), _LONGEST_REST)


def hour_of(at: datetime) -> datetime:
    """The hour that something is counted in."""
    return at.replace(minute=0, second=0, microsecond=0)


def is_clearly_better(one: Score, other: Score) -> bool:
    """By codes entered; by receipts only where the codes do not speak against it."""
    if one.conversion >= other.conversion + CLEARLY:
        return True
    return one.conversion >= other.conversion and one.receipts >= other.receipts + CLEARLY


def _smoothed(good: int, all_of_them: int) -> float:
    return (good + PRIOR_SENDS * PRIOR_SHARE) / (max(good, all_of_them) + PRIOR_SENDS)


def _by_score(configured: Sequence[str], scores: Mapping[str, Score]) -> list[str]:
    """Each in turn goes ahead of the first one than which it is clearly better.

    "Clearly better" is a strict order, so nobody ends up behind a clearly worse one.
    """
    placed: list[str] = []
    for name in configured:
        worse = (
            at for at, other in enumerate(placed) if is_clearly_better(scores[name], scores[other])
        )
        placed.insert(next(worse, len(placed)), name)
    return placed


_PLACES = ("first", "second", "third")


def _reason(
    name: str,
    configured: Sequence[str],
    by_score: Sequence[str],
    known: Mapping[str, Standing],
) -> str:
    mine = known[name].score
    for other in by_score[by_score.index(name) :]:
        if _is_before(other, name, configured) and is_clearly_better(mine, known[other].score):
            return f"moved ahead: {_compared(mine, known[other].score)}"
    for other in by_score[: by_score.index(name)]:
        if _is_before(name, other, configured) and is_clearly_better(known[other].score, mine):
            return f"overtaken: {_compared(mine, known[other].score)}"
    place = configured.index(name)
    return f"{_PLACES[place] if place < len(_PLACES) else f'number {place + 1}'} by settings"


def _is_before(one: str, other: str, configured: Sequence[str]) -> bool:
    return configured.index(one) < configured.index(other)


def _compared(mine: Score, other: Score) -> str:
    if abs(mine.conversion - other.conversion) >= CLEARLY:
        return f"{mine.conversion:.0%} of codes entered against {other.conversion:.0%}".replace(
            "%", " %"
        )
    return f"{mine.receipts:.0%} delivered against {other.receipts:.0%}".replace("%", " %")


def _rest(breaker: Breaker) -> str:
    until = f"resting until {breaker.open_until:%H:%M:%S} UTC"
    if breaker.failures < BREAKS_AFTER:
        return f"{until}: it asked to be left alone"
    return f"{until} after {breaker.failures} failures"
