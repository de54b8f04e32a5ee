"""The article in a browser: sign-up, the wall, the recovery code, the dashboard, signing in."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import Arrive, Visitor, photograph, read_qr

pytestmark = pytest.mark.browser

either_way = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])


@either_way
def test_walk_by_text(arrive: Arrive, house: RunningHouse, javascript: bool) -> None:
    """Sign-up, a texted code, the saved recovery code, the dashboard, and in again by text."""
    visitor = arrive(javascript=javascript)
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code("Send code by text message")
    visitor.sees("We texted a six-digit code to +44 7400 123456")
    visitor.verify(house.code("sms", to="+447400123456"))
    visitor.is_at("/set-up/recovery-code")

    code = visitor.shown_recovery_code()
    visitor.type("Type its last group", "AAAA")
    visitor.press("Finish")
    visitor.sees("That is not the last group.")
    assert visitor.shown_recovery_code() == code
    visitor.type("Type its last group", code[-4:].lower())
    visitor.press("Finish")

    visitor.is_at("/")
    visitor.sees("You are in, Ada Lovelace.")
    visitor.press("Sign out")
    visitor.is_at("/sign-in")
    visitor.give_password()
    visitor.sees("Enter the code we texted to the number ending in 56")
    visitor.verify(house.code("sms"))
    visitor.is_at("/")


@either_way
def test_walk_by_call(arrive: Arrive, house: RunningHouse, javascript: bool) -> None:
    """The same with a phone that rings: the spoken digits open both set-up and sign-in."""
    visitor = arrive(javascript=javascript)
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code("Call me")
    visitor.sees("We are calling +44 7400 123456.")
    call = house.call()
    assert (call["code"], call["heard"]) == (None, [])
    visitor.verify(house.heard(call))
    visitor.save_recovery_code()
    visitor.is_at("/")
    visitor.press("Sign out")

    visitor.give_password()
    visitor.sees("We are calling the number ending in 56")
    visitor.verify(house.code("voice"))

    visitor.is_at("/")


@either_way
def test_walk_by_app(arrive: Arrive, javascript: bool, tmp_path: Path) -> None:
    """What a camera reads is the page's link; an app that is not ours opens the second door."""
    visitor = arrive(javascript=javascript)
    visitor.sign_up()
    visitor.choose("Authentication app")
    visitor.is_at("/set-up/app")
    picture = tmp_path / "qr.png"
    photograph(visitor.page.get_by_role("img", name="QR code for your authentication app"), picture)
    assert read_qr(picture) == visitor.otpauth()
    visitor.page.get_by_text("Cannot scan?").click()
    by_hand = visitor.page.locator("dt", has_text="Secret").locator("+ dd").inner_text()
    app = visitor.connect_app()
    assert "".join(by_hand.split()) == app.secret
    visitor.save_recovery_code()
    visitor.is_at("/")
    visitor.press("Sign out")

    visitor.give_password()
    visitor.is_at("/sign-in/code")
    visitor.verify(app.next_code())

    visitor.is_at("/")


def test_recovery_code_can_be_kept(visitor: Visitor, house: RunningHouse) -> None:
    """Copy fills the clipboard, Download saves a file, and on paper there is the key tag only."""
    page = visitor.page
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=house.origin)
    visitor.sign_up()
    visitor.choose("Authentication app")
    visitor.connect_app()
    code = visitor.shown_recovery_code()

    visitor.button("Copy").click()
    visitor.sees("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code

    with page.expect_download() as download:
        visitor.button("Download").click()
    assert download.value.suggested_filename == "vestibule-recovery-code-2026-11-23.txt"
    assert code in Path(download.value.path()).read_text()

    page.evaluate("window.print = () => document.body.setAttribute('data-printed', '')")
    visitor.button("Print").click()
    expect(page.locator("body[data-printed]")).to_be_attached()
    page.emulate_media(media="print")
    tag = page.get_by_role("region", name="Vestibule recovery code")
    assert visitor.text == " ".join(tag.inner_text().split())
    assert "When your phone is gone" in visitor.text
    page.emulate_media(media="screen")

    visitor.save_recovery_code()
    visitor.is_at("/")


def test_recovery_code_can_be_downloaded_without_javascript(arrive: Arrive) -> None:
    """Download is a form of its own, and leaves the page where it is."""
    visitor = arrive(javascript=False)
    visitor.sign_up()
    visitor.choose("Authentication app")
    visitor.connect_app()
    code = visitor.shown_recovery_code()

    with visitor.page.expect_download() as download:
        visitor.button("Download").click()

    assert code in Path(download.value.path()).read_text()
    assert visitor.shown_recovery_code() == code
    assert not visitor.button("Copy").is_visible()
    assert not visitor.button("Print").is_visible()


def test_simulated_call_is_answered(arrive: Arrive) -> None:
    """The simulated phone rings, and its transcript holds the digits that open the door."""
    visitor, phone = arrive(), arrive()
    visitor.sign_up()
    phone.page.clock.install()
    phone.open("/simulator")
    visitor.follow("Set up 2FA")
    visitor.ask_for_code("Call me")

    expect(phone.button("Answer")).to_be_visible()
    phone.button("Answer").click()
    transcript = phone.page.get_by_role("log", name="Transcript")
    phone.page.get_by_role("button", name="5", exact=True).click()
    # The digits come from the house, and only then have they a time of their own to run.
    expect(transcript).to_contain_text("You pressed 5")
    phone.page.clock.run_for(60_000)
    expect(transcript).to_contain_text(re.compile(r"\d( \d){5}"))
    spoken = re.search(r"^\d( \d){5}$", transcript.inner_text(), re.MULTILINE)
    assert spoken, transcript.inner_text()

    visitor.verify(spoken.group().replace(" ", ""))
    visitor.is_at("/set-up/recovery-code")
