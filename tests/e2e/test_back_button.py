"""The Back button of a browser that keeps whole pages in memory."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.chromium import chromium
from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(keeps_pages=True) as started:
        yield started


def _back_to(visitor: Visitor, path: str) -> None:
    """A page from memory has no load that could be waited for."""
    visitor.page.evaluate("setTimeout(() => history.back())")
    visitor.page.wait_for_url(f"**{path}", wait_until="commit")


def test_back_shows_no_recovery_code(visitor: Visitor, house: RunningHouse) -> None:
    """R7, WB-03: Back from the dashboard leads to the page of the code, and the code is gone."""
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code()
    visitor.verify(house.code("sms"))
    code = visitor.page.locator("input[name=shown]").first.input_value()
    visitor.save_recovery_code()
    visitor.is_at("/")

    _back_to(visitor, "/set-up/recovery-code")

    visitor.sees("shown already")
    assert code not in visitor.page.content()


def test_back_shows_no_page_of_whoever_signed_out(visitor: Visitor, house: RunningHouse) -> None:
    """SE-06, WB-03: after sign-out every Back leads to the first door."""
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code()
    visitor.verify(house.code("sms"))
    visitor.save_recovery_code()
    for path in ("/activity", "/sessions"):
        visitor.open(path)
    visitor.press("Sign out")
    visitor.is_at("/sign-in")

    for _ in range(2):
        visitor.page.evaluate("setTimeout(() => history.back())")
        visitor.sees("New here?")
        assert "Ada" not in visitor.text
