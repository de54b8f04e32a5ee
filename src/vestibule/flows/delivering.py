"""What delivery works with: the means, who carries what, how long things may take, and one walk.

The shapes only; how a message goes from provider to provider is in `attempts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from gettext import NullTranslations

from vestibule.delivery.number_signal import NumberSignal
from vestibule.delivery.provider import InDoubt, Message, Outcome, TemporaryFailure, Throttled
from vestibule.delivery.rendering import House
from vestibule.delivery.routing import Routes
from vestibule.domain.challenge import Channel
from vestibule.domain.routing import Route, Score
from vestibule.flows.work import Means

SCORES_LAST = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take. All attempts of one claim end well before its lease does."""

    lease: timedelta = timedelta(seconds=30)
    claim_for: timedelta = timedelta(seconds=22)
    attempt_for: timedelta = timedelta(seconds=8)
    mail_for: timedelta = timedelta(seconds=16)
    turn_for: timedelta = timedelta(seconds=20)
    """For a provider that attends to one message after the other; no part of an attempt."""
    at_once: int = 8
    """Messages under way at the same time in each lane."""

    def limit(self, channel: Channel) -> float:
        """Seconds for one attempt; submitting a mail takes longer."""
        wanted = self.mail_for if channel is Channel.EMAIL else self.attempt_for
        return wanted.total_seconds()


class ScoreMemory:
    """The scores of each channel and country for some seconds: reading them costs a scan."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[datetime, Mapping[str, Score]]] = {}

    def fresh(self, channel: str, country: str, now: datetime) -> Mapping[str, Score] | None:
        read_at, scores = self._kept.get((channel, country), (None, {}))
        is_fresh = read_at is not None and timedelta() <= now - read_at < SCORES_LAST
        return scores if is_fresh else None

    def keep(
        self, channel: str, country: str, scores: Mapping[str, Score], *, now: datetime
    ) -> None:
        self._kept[channel, country] = (now, scores)


@dataclass(frozen=True, slots=True)
class Delivering:
    """What delivery works with besides the means of every flow."""

    means: Means
    routes: Routes
    house: House
    words: Callable[[str], NullTranslations]
    pace: Pace = Pace()
    scores: ScoreMemory = field(default_factory=ScoreMemory)
    on_hand_over: Callable[[str, timedelta], None] = lambda _channel, _took: None
    """Told the channel and the time from commit to hand-over of each accepted message."""
    signal: NumberSignal | None = None
    """Knows which numbers changed hands lately; None where the operator has nobody to ask."""


Addressed = tuple[Message, str]
"""What is said, and to which number or address."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt and its answer."""

    route: Route
    outcome: Outcome
    started_at: datetime
    took: timedelta
    segments: int = 1
    """How many texts the carrier bills for it."""


@dataclass(slots=True)
class Walk:
    """One claimed message's way from provider to provider."""

    until: float
    """When the claim's time is over, by the event loop's clock."""
    tried: list[Tried] = field(default_factory=list)
    is_out_of_copies: bool = False
    """It may have arrived, and no further copy of it may leave."""

    @property
    def doubts(self) -> int:
        """How many of the attempts may have been taken, without our knowing."""
        return sum(isinstance(one.outcome, InDoubt) for one in self.tried)

    @property
    def may_come_right(self) -> bool:
        """Whether somebody failed for now who may do better in a moment."""
        return any(isinstance(one.outcome, TemporaryFailure | Throttled) for one in self.tried)
