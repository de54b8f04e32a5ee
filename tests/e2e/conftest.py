"""A real Chromium for the whole package; for each test a served house and fresh profiles.

The browser is not of the session's scope: Playwright's synchronous interface holds the thread's
event loop, so it has to be gone before the tests of another room run theirs.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.chromium import chromium
from tests.e2e.running_house import RunningHouse, running_house
from tests.e2e.visitor import Visitor

Arrive = Callable[..., Visitor]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    with running_house(tmp_path / "house") as running:
        yield running


@pytest.fixture
def arrive(browser: Browser, house: RunningHouse) -> Iterator[Arrive]:
    """Lets a visitor with a fresh profile arrive; at the end none may have met a fault."""
    with ExitStack() as profiles:
        visitors: list[Visitor] = []

        def one(*, javascript: bool = True, width: int = 1280, height: int = 800) -> Visitor:
            context = browser.new_context(
                java_script_enabled=javascript, viewport={"width": width, "height": height}
            )
            context.set_default_timeout(5000)
            profiles.callback(context.close)
            visitors.append(Visitor(house, context))
            return visitors[-1]

        yield one
        faults = [fault for visitor in visitors for fault in visitor.faults]
    assert not faults, "\n".join(faults)


@pytest.fixture
def visitor(arrive: Arrive) -> Visitor:
    return arrive()
