"""What an attack can come to, and what keeps one from being tried."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vestibule.attack.ground import Ground


@dataclass(frozen=True, slots=True)
class Holds:
    """The house withstood; the figures say what it withstood."""

    figures: str
    evaluated: int | None = None
    """How many guesses the house can have compared, where guesses were made."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The house gave way."""

    what: str
    evaluated: int | None = None


@dataclass(frozen=True, slots=True)
class NotTried:
    """This target offers no way to try it."""

    why: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """It could not be tried to the end, so it shows nothing."""

    why: str


Outcome = Holds | Finding | NotTried | Stopped


@dataclass(frozen=True, slots=True)
class Attack:
    """One row of the table."""

    slug: str
    tried: str
    ids: tuple[str, ...]
    """The requirements that it goes against."""
    run: Callable[[Ground], Awaitable[Outcome]]


def judged(findings: list[str], figures: str, *, evaluated: int | None = None) -> Outcome:
    """A finding of what was found, with the first few; else that it holds."""
    if not findings:
        return Holds(figures, evaluated)
    first, more = "; ".join(findings[:3]), len(findings) - 3
    return Finding(first + (f"; and {more} more" if more > 0 else ""), evaluated)
