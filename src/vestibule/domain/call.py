"""A call with a code, from key to key: what is said next, when it is over, how long it may be.

Knows no code, no carrier and no words. Without a key nothing is said that a mailbox could keep.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MOST_ROUNDS = 3
RINGS_FOR = timedelta(seconds=30)
KEY_WITHIN = timedelta(seconds=10)
LONGEST_CALL = timedelta(minutes=5)
"""Ten digits, three rounds of them, to the last key: a call that lasts longer is cut off."""
PAUSE_SECONDS = 1.0
"""After each sentence and digit: digits that run together are heard as one number."""
_CHARACTERS_A_SECOND = 12
"""A slow voice: voices of carriers say 13 to 16."""
_SHORTEST_SECONDS = 0.6
"""One digit."""


class CallStage(StrEnum):
    PLACED = "placed"
    ANSWERED = "answered"
    HEARD = "heard"
    DENIED = "denied"
    OVER = "over"


class Line(StrEnum):
    """What is said: one part of the script, or two of them."""

    OFFER = "offer"
    CODE_AND_MENU = "code_and_menu"
    CODE_AND_LAST_MENU = "code_and_last_menu"
    NO_KEY = "no_key"
    DENIED = "denied"
    GOODBYE = "goodbye"


@dataclass(frozen=True, slots=True)
class Step:
    """Where the call goes on from a stage, how often its code was heard then, and what is said."""

    seen: CallStage
    to: CallStage
    rounds: int
    line: Line

    @property
    def waits_for_key(self) -> bool:
        return self.to in {CallStage.ANSWERED, CallStage.HEARD}


def picked_up(stage: CallStage) -> Step | None:
    """The carrier says that somebody, or something, answered; None if it has said so before."""
    if stage is not CallStage.PLACED:
        return None
    return Step(stage, CallStage.ANSWERED, 0, Line.OFFER)


def pressed(stage: CallStage, rounds: int, key: str) -> Step | None:
    """After a key, "" for none in time; None where no key is waited for."""
    match stage, key:
        case ((CallStage.ANSWERED | CallStage.HEARD), "9"):
            return Step(stage, CallStage.DENIED, rounds, Line.DENIED)
        case CallStage.ANSWERED, "":
            return Step(stage, CallStage.OVER, rounds, Line.NO_KEY)
        case (CallStage.ANSWERED, _):
            return _hear(stage, rounds + 1)
        case CallStage.HEARD, "1" if rounds < MOST_ROUNDS:
            return _hear(stage, rounds + 1)
        case CallStage.HEARD, _:
            return Step(stage, CallStage.OVER, rounds, Line.GOODBYE)
        case _:
            return None


def ended(stage: CallStage, rounds: int) -> Step:
    """Its code is worth nothing any more, so nothing of it is said."""
    return Step(stage, CallStage.OVER, rounds, Line.GOODBYE)


def _hear(stage: CallStage, rounds: int) -> Step:
    """The last round offers no other one, and still waits for "I did not ask for this"."""
    line = Line.CODE_AND_MENU if rounds < MOST_ROUNDS else Line.CODE_AND_LAST_MENU
    return Step(stage, CallStage.HEARD, rounds, line)


def seconds_to_say(sentences: Sequence[str]) -> float:
    """How long a voice needs at most for these, with the pause after each."""
    said = (max(_SHORTEST_SECONDS, len(one) / _CHARACTERS_A_SECOND) for one in sentences if one)
    return sum(one + PAUSE_SECONDS for one in said)


def most_seconds(*, before: Sequence[str], each_round: Sequence[str], after: Sequence[str]) -> int:
    """How long a whole call may be: all rounds, and the wait for a key before and after each."""
    waits = (MOST_ROUNDS + 1) * KEY_WITHIN.total_seconds()
    said = seconds_to_say(before) + MOST_ROUNDS * seconds_to_say(each_round) + seconds_to_say(after)
    return min(math.ceil(said + waits), int(LONGEST_CALL.total_seconds()))
