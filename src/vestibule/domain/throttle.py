"""How long a wrong try costs, and how far a six-digit code may still be trusted.

Pure arithmetic over counts; counting itself is one storage statement, before the comparison.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_PASSWORD_TRIES = 5
FIRST_PASSWORD_WAIT = timedelta(seconds=30)
LONGEST_PASSWORD_WAIT = timedelta(hours=1)

NETWORK_PASSWORD_TRIES = 200
"""Wrong passwords that a whole IPv4 /24 or IPv6 /48 has free; one source never gets so far."""
NETWORK_PASSWORD_WAIT = timedelta(seconds=30)
"""How soon it gets back one of them, so also the longest wait: the lane never shuts."""

SHORT_PAUSE_STRIKES, SHORT_PAUSE = 10, timedelta(minutes=15)
LONG_PAUSE_STRIKES, LONG_PAUSE = 15, timedelta(hours=1)
LONG_DIGITS = 10
"""A guess at a code of so many digits, or at two codes in a row, draws on no budget."""
EPOCH_BUDGET = 20
YEAR_BUDGET = 50
YEAR = timedelta(days=365)

SPRAY_WINDOW = timedelta(minutes=5)
SPRAY_COMPARED_WITH = timedelta(days=7)
SPRAY_LEAST, SPRAY_FACTOR = 50, 10
SPRAY_SLOWS_FOR = timedelta(minutes=15)
SPRAY_TRIES_PER_SOURCE = 5


@dataclass(frozen=True, slots=True)
class Strikes:
    """An account's wrong guesses at codes of the usual length, over all methods.

    `epoch`: since its password was set; `year`: in the last 365 days. The times are those of
    the tenth and fifteenth strike of the epoch.
    """

    epoch: int
    year: int
    tenth_at: datetime | None = None
    fifteenth_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.epoch >= SHORT_PAUSE_STRIKES and self.tenth_at is None:
            raise ValueError("ten strikes without the time of the tenth")
        if self.epoch >= LONG_PAUSE_STRIKES and self.fifteenth_at is None:
            raise ValueError("fifteen strikes without the time of the fifteenth")


@dataclass(frozen=True, slots=True)
class Open:
    """A guess may be made: at a code of the usual length, or at a long one.

    Long is ten digits if sent, and two codes in a row if from an app. A shorter code that was
    issued before no longer counts then.
    """

    is_long: bool


@dataclass(frozen=True, slots=True)
class PausedUntil:
    """No guess from this browser until then."""

    at: datetime


def password_wait(failures: int) -> timedelta:
    """The wait before the next password is looked at: none, then 30 s doubling to 1 h (RL-02)."""
    if failures < FREE_PASSWORD_TRIES:
        return timedelta()
    doublings = min(failures - FREE_PASSWORD_TRIES, 16)
    wait: timedelta = FIRST_PASSWORD_WAIT * 2**doublings
    return min(wait, LONGEST_PASSWORD_WAIT)


def network_try(empty_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The lane of a network, as the time at which it is empty: when a try is open, and the time
    that stands there once it was taken (RL-01).

    Each failure pushes that time on by one wait, and the lane empties by time alone. So 200 tries
    are free, a network that uses them up gets one every 30 seconds, and nobody waits longer.
    """
    room = NETWORK_PASSWORD_WAIT * (NETWORK_PASSWORD_TRIES - 1)
    return max(now, empty_at - room), max(now, empty_at) + NETWORK_PASSWORD_WAIT


def second_factor_decision(
    strikes: Strikes, *, now: datetime, known_browser: bool, is_password_known: bool = False
) -> Open | PausedUntil:
    """What the next guess at a second factor may be, given the strikes before it.

    At most 50 guesses at codes of six digits, or of eight, with at most two accepted values a
    year: P ≤ 1e-4. Past the budget nothing closes, so nobody can lock the owner out; the code only
    grows. The same goes for a password that others may know (`is_password_known`), until another
    one is set.
    """
    if is_password_known or strikes.epoch >= EPOCH_BUDGET or strikes.year >= YEAR_BUDGET:
        return Open(is_long=True)
    paused_until = None if known_browser else _pause_end(strikes)
    if paused_until is not None and now < paused_until:
        return PausedUntil(paused_until)
    return Open(is_long=False)


def _pause_end(strikes: Strikes) -> datetime | None:
    ends = []
    if strikes.tenth_at is not None:
        ends.append(strikes.tenth_at + SHORT_PAUSE)
    if strikes.fifteenth_at is not None:
        ends.append(strikes.fifteenth_at + LONG_PAUSE)
    return max(ends, default=None)


def is_spray(now_guessed: int, usual: float) -> bool:
    """Whether so many accounts with wrong second factors within five minutes are an attack (RL-11).

    `usual` is the mean of such windows in the last seven days. Accounts younger than that are
    not counted: whoever makes them could call the alarm at will.
    """
    return now_guessed >= max(SPRAY_LEAST, SPRAY_FACTOR * usual)
