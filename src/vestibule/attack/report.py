"""What a run says: aligned rows, a summary, and the same as JSON."""

from collections.abc import Sequence
from typing import Any, assert_never

from vestibule.attack.outcome import Attack, Finding, Holds, NotTried, Outcome, Stopped
from vestibule.attack.run import Row
from vestibule.attack.target import Target

NO_GUESSES = "-"


def heading(attacks: Sequence[Attack]) -> str:
    """The names of the columns."""
    return _aligned(attacks, ("attack", "requests", "guesses", "result", "what was tried"))


def line(row: Row, attacks: Sequence[Attack]) -> str:
    """One row; a result that is no plain success is said below it."""
    guesses = getattr(row.outcome, "evaluated", None)
    cells = (
        row.attack.slug,
        str(row.requests),
        NO_GUESSES if guesses is None else str(guesses),
        verdict(row.outcome),
        row.attack.tried,
    )
    return f"{_aligned(attacks, cells)}\n    {details(row.outcome)}"


def _aligned(attacks: Sequence[Attack], cells: tuple[str, str, str, str, str]) -> str:
    width = max(len(attack.slug) for attack in attacks)
    slug, requests, guesses, result, tried = cells
    return f"{slug:<{width}}  {requests:>8}  {guesses:>7}  {result:<9}  {tried}"


def verdict(outcome: Outcome) -> str:
    match outcome:
        case Holds():
            return "holds"
        case Finding():
            return "FINDING"
        case NotTried():
            return "not tried"
        case Stopped():
            return "STOPPED"
        case other:
            assert_never(other)


def details(outcome: Outcome) -> str:
    match outcome:
        case Holds(figures=text) | Finding(what=text) | NotTried(why=text) | Stopped(why=text):
            return text
        case other:
            assert_never(other)


def left_out(rows: Sequence[Row]) -> list[str]:
    """What was not tried here, and why: an empty list says that all was."""
    found = [row for row in rows if isinstance(row.outcome, NotTried)]
    if not found:
        return []
    why = [f"  {row.attack.slug}: {details(row.outcome)}" for row in found]
    head = f"{len(found)} of {len(rows)} attacks were not tried, so nothing is known of them:"
    return [head, *why]


def summary(rows: Sequence[Row]) -> str:
    """The last line."""
    said = [verdict(row.outcome) for row in rows]
    counts = ", ".join(
        f"{said.count(word)} {words}"
        for word, words in (
            ("FINDING", "with a finding"),
            ("holds", "held"),
            ("not tried", "not tried here"),
            ("STOPPED", "not tried to the end"),
        )
        if word in said or word == "FINDING"
    )
    requests, seconds = sum(row.requests for row in rows), sum(row.seconds for row in rows)
    guesses = sum(getattr(row.outcome, "evaluated", None) or 0 for row in rows)
    return (
        f"{len(rows)} attacks: {counts}; {requests} requests, {guesses} guesses compared,"
        f" {seconds:.0f} s."
    )


def as_json(rows: Sequence[Row], target: Target, exit_status: int) -> dict[str, Any]:
    """Everything that the table says, for a machine."""
    return {
        "target": list(target.origins),
        "exit": exit_status,
        "attacks": [
            {
                "attack": row.attack.slug,
                "tried": row.attack.tried,
                "requirements": list(row.attack.ids),
                "requests": row.requests,
                "guesses": getattr(row.outcome, "evaluated", None),
                "seconds": round(row.seconds, 3),
                "result": verdict(row.outcome).lower().replace(" ", "_"),
                "details": details(row.outcome),
            }
            for row in rows
        ],
    }
