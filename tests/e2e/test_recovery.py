"""Lost things in a browser: the recovery code for a lost phone, and a forgotten password."""

import pytest
from playwright.sync_api import expect

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import EMAIL, Arrive, Visitor

pytestmark = pytest.mark.browser

either_way = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
NEW_PASSWORD = "a bench under the old elm"


def ask_for_reset(visitor: Visitor, house: RunningHouse) -> None:
    """From the sign-in page to the second factor of a forgotten password."""
    visitor.open("/sign-in")
    visitor.follow("Forgot password?")
    visitor.type("E-mail", EMAIL)
    visitor.press("Send code")
    visitor.sees("If the account exists, a mail is on its way")
    visitor.verify(house.code("email"), label="Ten-character code")


def set_new_password(visitor: Visitor) -> None:
    """To the sign-in page: the reset itself opens nothing."""
    visitor.type("New password", NEW_PASSWORD)
    visitor.press("Set new password")
    visitor.is_at("/sign-in")
    visitor.open("/")
    visitor.is_at("/sign-in")


@either_way
def test_recovery_code_lets_in_to_set_up_again(
    arrive: Arrive, house: RunningHouse, javascript: bool
) -> None:
    """A new code is shown first, everything else has ended, and a new phone must be verified."""
    elsewhere = arrive()
    code = elsewhere.become_member()
    house.clock.advance(seconds=60)
    visitor = arrive(javascript=javascript)
    visitor.give_password()
    visitor.follow("Try another way")
    visitor.follow("Enter recovery code")
    visitor.is_at("/sign-in/recovery-code")
    visitor.type("Recovery code", code.lower().replace("-", " "))

    visitor.press("Recover and set up 2FA")

    visitor.is_at("/set-up/recovery-code")
    assert visitor.shown_recovery_code() != code
    elsewhere.open("/")
    elsewhere.is_at("/sign-in")
    visitor.open("/")
    assert visitor.path.startswith("/set-up")
    visitor.open("/set-up/recovery-code")
    visitor.press("Make another")
    visitor.save_recovery_code()
    visitor.is_at("/set-up")
    visitor.follow("Set up 2FA")
    visitor.ask_for_code(phone="(415) 555-0100", country="US")
    visitor.verify(house.code("sms", to="+14155550100"))
    visitor.is_at("/")
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    visitor.give_password()
    visitor.sees("number ending in 00")


@either_way
def test_forgotten_password_by_text(arrive: Arrive, house: RunningHouse, javascript: bool) -> None:
    """Mailbox and phone set a new password; signing in with it still asks for the phone."""
    visitor = arrive(javascript=javascript)
    visitor.become_member()
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    ask_for_reset(visitor, house)
    visitor.is_at("/forgot-password/second-factor")
    visitor.verify(house.code("sms"))

    set_new_password(visitor)

    house.clock.advance(seconds=60)
    visitor.give_password(password=NEW_PASSWORD)
    visitor.is_at("/sign-in/code")
    visitor.verify(house.code("sms"))
    visitor.is_at("/review")
    visitor.press("Yes, all mine")
    visitor.is_at("/")


def test_forgotten_password_by_app(visitor: Visitor, house: RunningHouse) -> None:
    """Mailbox and app do the same, and a code that served the reset serves no sign-in."""
    app = visitor.become_member_with_app()
    visitor.press("Sign out")
    ask_for_reset(visitor, house)
    visitor.is_at("/forgot-password/second-factor")
    visitor.verify(app.next_code())

    set_new_password(visitor)

    visitor.give_password(password=NEW_PASSWORD)
    visitor.verify(app.code())
    visitor.sees("That code was already used. Wait for the next one.")
    visitor.verify(app.next_code())
    visitor.is_at("/review")
    visitor.press("Yes, all mine")
    visitor.is_at("/")


def test_unknown_address_looks_the_same(visitor: Visitor, house: RunningHouse) -> None:
    """Asking for a reset of nobody's account shows the same page, and mails nobody."""
    visitor.open("/forgot-password")
    visitor.type("E-mail", "nobody@example.com")
    visitor.press("Send code")

    visitor.sees("If the account exists, a mail is on its way to nobody@example.com")
    expect(visitor.field("Ten-character code")).to_be_focused()
    assert house.settled() == []
