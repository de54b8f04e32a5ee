"""How soon each page shows something, and what it weighs: `make bench`, or with a number of loads.

Chromium opens every page again and again, coming from another page of the house, with the style
and scripts in its cache, as a person would. The figure is the median first contentful paint,
counted from the click: the server's work, the way over loopback, and the drawing. The first row
is an answer of one line without any style: what the browser itself takes on this machine.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.chromium import chromium
from tests.e2e.running_house import running_house
from tests.e2e.tour import tour
from tests.e2e.visitor import Visitor, reception

LOADS = 11
TARGET_MS = 100
MEASURED = (
    "sign-up",
    "sign-up code",
    "set-up",
    "app",
    "phone",
    "phone code",
    "dashboard",
    "help",
    "settings gate",
    "settings",
    "confirm",
    "sessions",
    "sign-in",
    "code by text",
    "other ways",
    "code by app",
    "enter recovery code",
    "forgotten password",
    "simulator",
)

_PAINT = """() => new Promise(resolve => {
    new PerformanceObserver(list => {
        const paint = list.getEntriesByName('first-contentful-paint')[0];
        if (paint) resolve(paint.startTime);
    }).observe({type: 'paint', buffered: true});
})"""
_WEIGHTS = """() => {
    const loaded = [...performance.getEntriesByType('navigation'),
                    ...performance.getEntriesByType('resource')]
        .filter(one => one.initiatorType !== 'fetch');
    return [loaded[0].decodedBodySize, loaded.reduce((sum, one) => sum + one.decodedBodySize, 0)];
}"""


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds until something shows, and bytes before compression."""

    name: str
    paint_ms: float
    fastest_ms: float
    page_bytes: int
    all_bytes: int


def measure(loads: int) -> Iterator[Measured]:
    """Every page of the list, in the order of the walk."""
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        running_house(Path(folder)) as house,
        reception(browser, house) as arrive,
    ):
        bare = arrive()
        bare.open("/livez")
        yield _measure_page("(one line, no style)", bare, loads)
        bare.forgive(404)  # it names no icon, so the browser asks for one in the usual place
        for name, visitor in tour(arrive):
            if name in MEASURED:
                yield _measure_page(name, visitor, loads)


def _measure_page(name: str, visitor: Visitor, loads: int) -> Measured:
    path, paints = visitor.path, list[float]()
    for _ in range(loads):
        visitor.open("/help" if path != "/help" else "/sign-in")
        visitor.open(path)
        visitor.is_at(path)
        paints.append(visitor.page.evaluate(_PAINT))
    page_bytes, all_bytes = visitor.page.evaluate(_WEIGHTS)
    return Measured(name, statistics.median(paints), min(paints), page_bytes, all_bytes)


def main() -> int:
    """Print the table, and name the pages that miss the target."""
    loads = int(sys.argv[1]) if len(sys.argv) > 1 else LOADS
    say = sys.stdout.write
    say("| page | first paint, ms | fastest, ms | page, kB | with its files, kB |\n")
    say("|---|---|---|---|---|\n")
    slow = []
    for one in measure(loads):
        paints = f"{one.paint_ms:.0f} | {one.fastest_ms:.0f}"
        weights = f"{one.page_bytes / 1000:.1f} | {one.all_bytes / 1000:.1f}"
        say(f"| {one.name} | {paints} | {weights} |\n")
        if one.paint_ms >= TARGET_MS:
            slow.append(one.name)
    if slow:
        sys.stderr.write(f"at {TARGET_MS} ms or more: {', '.join(slow)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
