"""What holds on every page: nobody is shut out, nothing overflows, little is loaded.

The walk is made once; each promise is then read from what was noted on the way.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files

import pytest
from playwright.sync_api import Browser

from tests.e2e.running_house import running_house
from tests.e2e.tour import tour
from tests.e2e.visitor import Visitor, reception

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
ABOUT_COLOUR = ["color-contrast", "link-in-text-block"]
SIZES = {"desktop": 1280, "phone": 360}
NARROWEST = 320
MOST_BYTES = 60_000


@dataclass
class Noted:
    """What was seen on one page."""

    violations: list[str] = field(default_factory=list)
    overflow: int = 0
    weight: int = 0
    title: str = ""
    headings: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def notes(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Noted]:
    """Each page's name and what was noted there."""
    with (
        running_house(tmp_path_factory.mktemp("house")) as house,
        reception(browser, house) as arrive,
    ):
        return {name: look_at(visitor) for name, visitor in tour(arrive)}


def look_at(visitor: Visitor) -> Noted:
    page = visitor.page
    noted = Noted(weight=weight_of(visitor), title=page.title())
    noted.headings = page.get_by_role("heading", level=1).all_inner_texts()
    page.evaluate(AXE)
    # Half-way through its arrival a message has colours that it never rests in.
    page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")
    for size, width in SIZES.items():
        visitor.widen(width)
        page.emulate_media(color_scheme="light")
        noted.violations += [f"light {size}: {one}" for one in violations(visitor)]
        # In the dark only colours differ.
        page.emulate_media(color_scheme="dark")
        noted.violations += [f"dark {size}: {one}" for one in violations(visitor, ABOUT_COLOUR)]
    page.emulate_media(color_scheme="light")
    visitor.widen(NARROWEST)
    noted.overflow = visitor.overflow()
    visitor.widen(SIZES["desktop"])
    return noted


def violations(visitor: Visitor, rules: list[str] | None = None) -> Iterator[str]:
    """What axe finds by some rules, or by all, one line for each element."""
    only = {"runOnly": rules} if rules else {}
    found = visitor.page.evaluate(
        "options => axe.run(options)", {"resultTypes": ["violations"], **only}
    )
    for rule in found["violations"]:
        for node in rule["nodes"]:
            yield f"{rule['id']} at {node['target']}: {node['failureSummary']}"


def weight_of(visitor: Visitor) -> int:
    """Bytes of the page and all it loads, uncompressed."""
    weight: int = visitor.page.evaluate(
        """() => [...performance.getEntriesByType('navigation'),
                  ...performance.getEntriesByType('resource')]
            .filter(one => one.initiatorType !== 'fetch')
            .reduce((sum, one) => sum + one.decodedBodySize, 0)"""
    )
    return weight


def test_nobody_is_shut_out(notes: dict[str, Noted]) -> None:
    """axe finds no violation on any page, light or dark, on a desktop or at 360 px."""
    found = {name: noted.violations for name, noted in notes.items() if noted.violations}

    assert not found, json.dumps(found, indent=1)


def test_nothing_overflows(notes: dict[str, Noted]) -> None:
    """No page is wider than a window of 320 px."""
    assert {name: noted.overflow for name, noted in notes.items() if noted.overflow} == {}


def test_pages_are_light(notes: dict[str, Noted]) -> None:
    """Each page with its style, scripts and pictures is at most 60 KB before compression."""
    heavy = {name: noted.weight for name, noted in notes.items() if noted.weight > MOST_BYTES}

    assert heavy == {}
    assert min(noted.weight for noted in notes.values()) > 10_000


def test_every_page_says_what_it_is(notes: dict[str, Noted]) -> None:
    """Each page has one first heading and a title that begins with it, or with the error."""
    for name, noted in notes.items():
        assert len(noted.headings) == 1, name
        assert noted.title.removeprefix("Error: ").startswith(noted.headings[0]), name
        assert noted.title.startswith("Error: ") == name.endswith(", refused"), name
