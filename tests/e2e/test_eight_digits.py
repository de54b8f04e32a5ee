"""A house of eight digits in a browser: every page asks for them, also on a narrow screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.running_house import RunningHouse, running_house
from tests.e2e.visitor import EMAIL, App, Visitor, reception

pytestmark = pytest.mark.browser

EIGHT: dict[str, object] = {"code_digits": 8, "app_digits": 8, "app_algorithm": "SHA512"}
LABEL = "Eight-digit code"


@pytest.fixture
def eight(tmp_path: Path) -> Iterator[RunningHouse]:
    with running_house(tmp_path / "house", settings=EIGHT) as running:
        yield running


def test_eight_digits_from_sign_up_to_sign_in(browser: Browser, eight: RunningHouse) -> None:
    """OC-01, TO-01: mail, text and an app that is not ours open the doors with eight digits."""
    with reception(browser, eight) as arrive:
        visitor: Visitor = arrive(width=320)
        visitor.open("/sign-up")
        visitor.fill_sign_up(EMAIL)
        visitor.press("Create account")
        visitor.sees("We sent an eight-digit code")
        assert visitor.overflow() == 0
        visitor.verify(eight.code("email", to=EMAIL), label=LABEL)
        visitor.is_at("/set-up")
        visitor.follow("Set up 2FA")
        visitor.ask_for_code()
        visitor.sees("We texted an eight-digit code")
        field = visitor.field(LABEL)
        code = eight.code("sms")
        field.press_sequentially(f"{code[:4]} {code[4:]}")
        expect(field).to_have_value(f"{code[:4]} {code[4:]}")
        fits = "element => element.scrollWidth <= element.clientWidth"
        assert field.evaluate(fits)
        assert visitor.overflow() == 0
        visitor.press("Verify")
        visitor.save_recovery_code()
        visitor.press("User Settings")
        visitor.verify(eight.code("email", to=EMAIL), label=LABEL)
        visitor.open("/settings/app")
        visitor.press("Show the QR code")
        visitor.page.get_by_text("Cannot scan?").click()
        visitor.sees("time-based, SHA512, 8 digits.")
        app = App(eight, visitor.otpauth())
        visitor.verify(app.code(), label=LABEL)
        visitor.is_at("/settings")
        visitor.press("Sign out")
        visitor.give_password()
        visitor.follow("Try another way")
        visitor.choose("Authenticator")
        visitor.verify(app.next_code(), label=LABEL)
        visitor.is_at("/")
