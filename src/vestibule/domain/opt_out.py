"""What a text from a number asks for: no more texts, or texts again. Everything else is nothing.

A word counts only where it is the whole text: "please stop by" asks for nothing.
"""

from enum import StrEnum


class Wish(StrEnum):
    STOP = "stop"
    START = "start"


_STOPS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_STARTS = frozenset({"START", "YES", "UNSTOP"})
"""The words that carriers in North America act upon by themselves, whatever we do."""
_LONGEST = 200


def wish_of(text: str) -> Wish | None:
    """The wish of a text, whatever its case, its blanks and the marks around the word."""
    if len(text) > _LONGEST:
        return None
    word = "".join(text.split()).strip(".!\"'“”").upper()
    if word in _STOPS:
        return Wish.STOP
    return Wish.START if word in _STARTS else None
