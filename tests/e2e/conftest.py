"""A real Chromium for each room of tests; for each test a served house and fresh profiles.

The browser is not of the session's scope: Playwright's synchronous interface holds the thread's
event loop, so it has to be gone before tests of another room run theirs, in whatever order.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.chromium import chromium
from tests.e2e.running_house import RunningHouse, running_house
from tests.e2e.visitor import Arrive, Visitor, reception


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    with running_house(tmp_path / "house") as running:
        yield running


@pytest.fixture
def arrive(browser: Browser, house: RunningHouse) -> Iterator[Arrive]:
    with reception(browser, house) as arriving:
        yield arriving


@pytest.fixture
def visitor(arrive: Arrive) -> Visitor:
    return arrive()
