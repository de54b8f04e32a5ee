"""What a test counted, for the table of figures: `python -m scripts.figures` collects it."""

from collections.abc import Callable

from tests.faults.audit import Found

Record = Callable[[str, object], None]
"""pytest's `record_property`."""

COLUMNS = {
    "attacks": "attacks",
    "requests": "requests",
    "compared": "guesses compared",
    "faults": "faults",
    "confirmed": "confirmed",
    "lost": "lost",
    "twice": "spent twice",
}


def note(record: Record, **figures: int) -> None:
    """Keep them under the test's name; the names are those of `COLUMNS`."""
    assert figures.keys() <= COLUMNS.keys()
    for name, value in figures.items():
        record(f"figure {COLUMNS[name]}", value)


def note_audit(record: Record, found: Found, *, faults: int) -> None:
    """Those of an audit after so many faults."""
    note(
        record,
        faults=faults,
        requests=found.steps,
        confirmed=found.confirmed,
        lost=found.lost,
        twice=found.replayed + found.doubled,
    )
