"""What people and browsers do: reload, odd names, foreign numbers, addresses that are taken."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import EMAIL, Arrive, Visitor

pytestmark = pytest.mark.browser

NARROWEST = 320
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 6
FULL_WIDTH = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
RIGHT_TO_LEFT = "محمد عبد الرحمن بن خالد"


def test_reload_never_sends(visitor: Visitor, house: RunningHouse) -> None:
    """Every page of the walk may be reloaded: it stays, and no message leaves."""

    def reload_is_quiet(path: str) -> None:
        visitor.is_at(path)
        before = len(house.settled())
        for _ in range(2):
            visitor.page.reload()
            visitor.is_at(path)
        assert len(house.settled()) == before

    visitor.open("/sign-up")
    visitor.fill_sign_up(EMAIL)
    visitor.press("Create account")
    reload_is_quiet("/sign-up/code")
    visitor.verify(house.code("email"))
    reload_is_quiet("/set-up")
    visitor.follow("Set up 2FA")
    visitor.ask_for_code()
    reload_is_quiet("/set-up/phone/code")
    visitor.verify(house.code("sms"))
    visitor.save_recovery_code()
    reload_is_quiet("/")
    house.clock.advance(seconds=60)
    visitor.press("User Settings")
    reload_is_quiet("/settings")
    visitor.verify(house.code("email"))
    reload_is_quiet("/settings")
    visitor.press("Sign out")
    visitor.give_password()
    reload_is_quiet("/sign-in/code")
    visitor.follow("Try another way")
    reload_is_quiet("/sign-in/methods")
    house.clock.advance(seconds=60)
    visitor.choose("Voice call")
    reload_is_quiet("/sign-in/code")
    visitor.open("/forgot-password")
    visitor.type("E-mail", EMAIL)
    visitor.press("Send code")
    reload_is_quiet("/forgot-password/code")
    visitor.verify(house.code("email"), label="Ten-character code")
    reload_is_quiet("/forgot-password/second-factor")


def test_refusal_is_gone_after_the_next_try(visitor: Visitor) -> None:
    """What was typed comes back with its refusal, a password never does."""
    visitor.open("/sign-up")
    visitor.type("Name", "Ada")
    visitor.type("E-mail", EMAIL)
    visitor.type("Password", "short")
    visitor.press("Create account")

    expect(visitor.field("Password")).to_have_accessible_description(
        re.compile("Use at least 12 characters")
    )
    expect(visitor.field("Name")).to_have_value("Ada")
    expect(visitor.field("E-mail")).to_have_value(EMAIL)
    expect(visitor.field("Password")).to_have_value("")
    expect(visitor.field("Password")).to_be_focused()


def test_resend_waits_for_its_time(visitor: Visitor, house: RunningHouse) -> None:
    """The button counts down, opens when its time has come, and sends the same code again."""
    visitor.page.clock.install(time=NOW)
    # The seconds that the test takes shall not be counted down.
    visitor.page.clock.pause_at(NOW + timedelta(seconds=1))
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code()
    code = house.code("sms")
    expect(visitor.button("Resend")).to_be_disabled()
    visitor.sees("in 0:30")

    visitor.page.clock.run_for(31_000)
    house.clock.advance(seconds=31)
    expect(visitor.button("Resend")).to_be_enabled()
    visitor.press("Resend")

    assert house.code("sms") == code
    visitor.sees("in 0:40")


def test_lost_text_offers_a_call(visitor: Visitor, house: RunningHouse) -> None:
    """A text that did not arrive is told without a reload, and a call opens at once."""
    visitor.page.clock.install()
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code(phone="07400 120003")
    house.settled()

    visitor.page.clock.run_for(5_000)

    visitor.sees("The text did not arrive. Is the phone on? Try a call, or another way.")
    expect(visitor.button("Resend")).to_be_disabled()
    visitor.press("Call me instead")
    visitor.sees("We are calling +44 7400 120003")
    visitor.verify(house.code("voice"))
    visitor.is_at("/set-up/recovery-code")


@pytest.mark.parametrize(
    ("country", "typed", "number"),
    [
        ("US", "(415) 555-0100", "+14155550100"),
        ("FR", "06 12 34 56 78", "+33612345678"),
        ("JP", "090-1234-5678", "+819012345678"),
        ("US", "+33 6 12 34 56 78", "+33612345678"),
        ("GB", "0033 6 12 34 56 78".translate(FULL_WIDTH), "+33612345678"),
    ],
)
def test_numbers_of_other_countries(
    visitor: Visitor, house: RunningHouse, country: str, typed: str, number: str
) -> None:
    """Numbers are read as people there write them, and what was typed in full wins."""
    visitor.sign_up()
    visitor.follow("Set up 2FA")

    visitor.ask_for_code(phone=typed, country=country)

    assert house.message("sms")["to"] == number


@pytest.mark.parametrize("name", [LONG[:200], RIGHT_TO_LEFT], ids=["long", "right-to-left"])
def test_names_stay_on_the_page(arrive: Arrive, name: str) -> None:
    """A name of 200 letters, or from right to left, breaks no page of 320 px."""
    visitor = arrive(width=NARROWEST)

    def nothing_sticks_out() -> None:
        assert visitor.overflow() == 0, f"{visitor.overflow()} px of {visitor.path}"

    visitor.sign_up(name=name)
    visitor.choose("Authentication app")
    app = visitor.connect_app(name[:60])
    visitor.save_recovery_code()
    visitor.sees(f"You are in, {name}.")
    nothing_sticks_out()
    visitor.open_settings()
    nothing_sticks_out()
    visitor.follow("Edit default method")
    nothing_sticks_out()
    visitor.open("/settings")
    visitor.follow("Rename")
    nothing_sticks_out()
    visitor.press("Sign out")
    visitor.give_password()
    visitor.sees(name[:60])
    nothing_sticks_out()
    visitor.verify(app.next_code())
    visitor.is_at("/")


def test_taken_address_looks_the_same(arrive: Arrive, house: RunningHouse) -> None:
    """Signing up with somebody's address shows what a new one shows, and tells its owner."""
    arrive().become_member()
    stranger, newcomer = arrive(), arrive()
    pages = []
    for visitor, email in ((stranger, EMAIL), (newcomer, "new@example.com")):
        visitor.open("/sign-up")
        visitor.fill_sign_up(email)
        visitor.press("Create account")
        visitor.verify("000000")
        pages.append((visitor.path, visitor.text.replace(email, "…")))

    assert pages[0] == pages[1]
    told = house.wait_for(lambda one: one["purpose"] == "address_taken")
    assert told["to"] == EMAIL
    assert told["code"] is None
