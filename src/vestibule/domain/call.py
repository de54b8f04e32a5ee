"""A call with a code, from key to key: what is said next, and when it is over.

Knows no code, no carrier and no words. Without a key nothing is said that a mailbox could keep.
"""

from dataclasses import dataclass
from enum import StrEnum

MOST_ROUNDS = 3


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
    CODE_AND_GOODBYE = "code_and_goodbye"
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
        case (CallStage.ANSWERED, _) | (CallStage.HEARD, "1"):
            return _hear(stage, rounds + 1)
        case CallStage.HEARD, _:
            return Step(stage, CallStage.OVER, rounds, Line.GOODBYE)
        case _:
            return None


def ended(stage: CallStage, rounds: int) -> Step:
    """Its code is worth nothing any more, so nothing of it is said."""
    return Step(stage, CallStage.OVER, rounds, Line.GOODBYE)


def _hear(stage: CallStage, rounds: int) -> Step:
    if rounds >= MOST_ROUNDS:
        return Step(stage, CallStage.OVER, rounds, Line.CODE_AND_GOODBYE)
    return Step(stage, CallStage.HEARD, rounds, Line.CODE_AND_MENU)
