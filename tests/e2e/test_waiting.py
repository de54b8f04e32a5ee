"""A page that waits for a message, in a browser: its poll, and what it opens."""

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import Arrive, Visitor

pytestmark = pytest.mark.browser

LOST = "07400 120004"
"""Its texts are taken, and nothing is heard of them."""


def test_call_instead_opens_by_itself(visitor: Visitor, house: RunningHouse) -> None:
    """OC-09: after 20 s without a receipt the poll opens *Call me instead*, and a press calls.

    A poll that a server in trouble answers is followed by another one.
    """
    polls: list[str] = []

    def trouble(route: Route) -> None:
        polls.append(route.request.url)
        if len(polls) <= 2:
            route.fulfill(status=503, body="later")
        else:
            route.continue_()

    visitor.page.route("**/set-up/phone/delivery", trouble)
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code("Send code by text message", phone=LOST)
    house.settled()
    call = visitor.button("Call me instead")
    expect(call).to_be_disabled()

    house.clock.advance(seconds=20)

    expect(call).to_be_enabled()
    expect(visitor.page.locator(".waiting.slow")).to_be_visible()
    assert len(polls) > 2
    visitor.forgive(503)
    expect(visitor.button("Resend")).to_be_disabled()
    visitor.press("Call me instead")
    visitor.sees("We are calling")
    visitor.verify(house.code("voice"))
    visitor.is_at("/set-up/recovery-code")


def test_call_instead_without_a_script(arrive: Arrive, house: RunningHouse) -> None:
    """OC-09: without JavaScript the reloaded page offers the call first, and a press calls."""
    visitor = arrive(javascript=False)
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code("Send code by text message", phone=LOST)
    house.settled()
    house.clock.advance(seconds=20)

    visitor.follow("Look where it is now")

    expect(visitor.page.locator(".waiting.slow")).to_be_visible()
    visitor.press("Call me instead")
    visitor.sees("We are calling")
    visitor.verify(house.code("voice"))
    visitor.is_at("/set-up/recovery-code")
