"""The simulated phone in a browser: a call waits for a key, 1 repeats, 9 stops what it was for."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Page, expect

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import Arrive, Visitor

pytestmark = pytest.mark.browser

CODE = re.compile(r"\d( \d){5}")


@pytest.fixture
def desk(visitor: Visitor, house: RunningHouse) -> Page:
    """The desk in another tab of a visitor who asked for a call at the wall."""
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code("Call me")
    page = visitor.page.context.new_page()
    page.goto(f"{house.origin}/simulator")
    return page


def _heard(page: Page) -> str:
    """The digits of the transcript, once they were said three times."""
    digits = page.locator(".transcript .digit")
    expect(digits.nth(2)).to_have_text(CODE)
    return digits.nth(0).inner_text().replace(" ", "")


def test_key_on_the_keyboard_brings_the_code(visitor: Visitor, desk: Page) -> None:
    """TF-05: no code is in the page before a key; typed on the keyboard, the key brings it."""
    desk.get_by_role("button", name="Answer").press("Enter")
    expect(desk.locator("[data-state]").first).to_have_text("It waits for a key")
    assert not CODE.search(desk.locator("main").inner_text())

    desk.keyboard.press("5")

    expect(desk.get_by_role("log", name="Transcript")).to_contain_text("You pressed 5")
    code = _heard(desk)
    desk.get_by_role("button", name="Hang up").click()
    expect(desk.locator(".note").first).to_contain_text("Answered")
    visitor.verify(code)
    visitor.is_at("/set-up/recovery-code")


def test_one_says_it_again(desk: Page) -> None:
    """1, pressed on the keypad of the screen, says the digits again."""
    desk.get_by_role("button", name="Answer").click()
    desk.get_by_role("button", name="5", exact=True).click()
    _heard(desk)

    desk.get_by_role("button", name="1", exact=True).click()

    expect(desk.locator(".transcript .digit")).to_have_count(6)


def test_nine_stops_what_the_call_was_for(visitor: Visitor, desk: Page) -> None:
    """9 takes the number's set-up back: its code opens nothing, and the call is over."""
    desk.get_by_role("button", name="Answer").click()
    desk.get_by_role("button", name="9", exact=True).click()

    expect(desk.get_by_role("log", name="Transcript")).to_contain_text("We stopped it")
    expect(desk.get_by_role("button", name="Close")).to_be_visible()
    visitor.verify("000000")
    visitor.is_at("/set-up/phone")


def test_reload_in_the_middle_goes_on(desk: Page) -> None:
    """A page that is loaded anew while the call talks shows what was said, and takes the key."""
    desk.get_by_role("button", name="Answer").click()
    expect(desk.get_by_role("button", name="Hang up")).to_be_visible()
    desk.reload()
    expect(desk.get_by_role("log", name="Transcript")).to_contain_text("press any other key")

    desk.get_by_role("button", name="5", exact=True).click()

    assert len(_heard(desk)) == 6


def test_call_without_a_script(arrive: Arrive, house: RunningHouse) -> None:
    """Without JavaScript the keys are buttons of a form, and the code comes after one."""
    visitor = arrive(javascript=False)
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code("Call me")
    # Nothing on the page would show a call that rings later.
    house.settled()
    desk = visitor.page.context.new_page()
    desk.goto(f"{house.origin}/simulator")
    desk.get_by_role("button", name="Answer").click()
    keypad = desk.locator("form.keypad")
    expect(keypad).to_be_visible()
    said = desk.locator("main").inner_text().replace(keypad.inner_text(), "")
    assert "press any other key" in said
    assert not CODE.search(said)

    desk.get_by_role("button", name="5", exact=True).click()

    expect(desk.locator(".call .body")).to_contain_text(CODE)
    found = CODE.search(desk.locator(".call .body").inner_text())
    assert found
    desk.get_by_role("button", name="Hang up").click()
    visitor.verify(found[0].replace(" ", ""))
    visitor.is_at("/set-up/recovery-code")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_call_on_the_line_has_no_accessibility_fault(desk: Page, scheme: str) -> None:
    """Axe finds nothing while the call talks and its keypad is there."""
    desk.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    desk.get_by_role("button", name="Answer").click()
    expect(desk.get_by_role("group", name="Keypad")).to_be_visible()

    results = Axe().run(desk)

    assert results.violations_count == 0, results.generate_report()
