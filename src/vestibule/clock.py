"""The time of day as an argument. Nothing else in the package may read a clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


class SystemClock:
    """The machine's clock, as an aware UTC time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is told to move; tests and trials use it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta | None = None, *, seconds: float = 0) -> None:
        """Move by a duration; negative moves back, as a stepped clock would."""
        self._now += (by or timedelta()) + timedelta(seconds=seconds)
