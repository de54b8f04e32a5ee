"""Signing in, in a browser: other ways, apps whose clock is off, tabs, keys, impatience."""

import pytest
from playwright.sync_api import expect

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import EMAIL, Arrive, Visitor
from tests.front_door import PASSWORD

pytestmark = pytest.mark.browser

either_way = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])


@either_way
def test_other_ways_are_free_to_choose(
    arrive: Arrive, house: RunningHouse, javascript: bool
) -> None:
    """Try another way goes from text to app to call and back, and each of them opens."""
    visitor = arrive(javascript=javascript)
    visitor.become_member()
    visitor.open_settings()
    visitor.follow("+ Add authentication app")
    visitor.press("Show the QR code")
    app = visitor.connect_app("Pocket app")
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    visitor.give_password()
    visitor.sees("number ending in 56")

    visitor.follow("Try another way")
    visitor.choose("Pocket app")
    visitor.sees("Enter the code Pocket app shows now.")
    visitor.follow("Try another way")
    house.clock.advance(seconds=30)
    visitor.choose("Voice call")
    visitor.sees("We are calling the number ending in 56.")
    visitor.follow("Try another way")
    visitor.choose("Pocket app")
    visitor.verify(app.code())

    visitor.is_at("/")


def test_code_of_an_app_opens_once(visitor: Visitor) -> None:
    """A code that opened the door is refused with the reason, and the next one opens."""
    app = visitor.become_member_with_app()
    visitor.press("Sign out")
    visitor.give_password()

    visitor.verify(app.code())
    visitor.sees("That code was already used. Wait for the next one.")
    expect(visitor.field("Six-digit code")).to_be_focused()
    visitor.verify(app.next_code())

    visitor.is_at("/")


@either_way
def test_phone_whose_clock_is_off(arrive: Arrive, house: RunningHouse, javascript: bool) -> None:
    """The page says by how much, and two codes in a row make that clock the app's own."""
    off = 150
    visitor = arrive(javascript=javascript)
    app = visitor.become_member_with_app()
    visitor.press("Sign out")
    visitor.give_password()

    visitor.verify(app.code(seconds=off))
    visitor.sees("Your phone's clock is off by about 150 seconds.")
    house.clock.advance(seconds=60)
    visitor.type("Six-digit code", app.code(seconds=off - 30))
    visitor.type("The next code", app.code(seconds=off))
    visitor.press("Verify")
    visitor.is_at("/")

    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    visitor.give_password()
    visitor.verify(app.code(seconds=off))
    visitor.is_at("/")


@either_way
def test_wrong_code_is_told_beside_its_field(
    arrive: Arrive, house: RunningHouse, javascript: bool
) -> None:
    """Each refusal names what to do, stands at the field, and is in the title first."""
    visitor = arrive(javascript=javascript)
    visitor.become_member()
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    visitor.give_password()
    field = visitor.field("Six-digit code")

    for typed, said in {
        "": "Enter the code.",
        "12ab56": "Use digits only.",
        "123": "The code has 6 digits. Some are missing.",
        "1234567": "The code has 6 digits. There are more here.",
    }.items():
        visitor.verify(typed)
        expect(field).to_have_accessible_description(said)
        assert visitor.page.title().startswith("Error: ")
        expect(field).to_have_value("")
    code = house.code("sms")
    visitor.verify(f"{code[:3]} {code[3:]}")

    visitor.is_at("/")


PHONE_THAT_READS_TEXTS = """
globalThis.OTPCredential ??= class {};
navigator.credentials.get = async ({ otp, signal }) => {
  if (!otp?.transport.includes("sms")) throw new DOMException("", "NotSupportedError");
  while (!signal.aborted) {
    const bound = /^@(\\S+) #(\\S+)$/.exec((await newestText()).split("\\n").at(-1));
    if (bound?.[1] === location.hostname) return { code: bound[2], type: "otp" };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new DOMException("", "AbortError");
};
"""
"""What a phone's browser does for `navigator.credentials.get({otp})` (WebOTP §2, origin-bound
one-time codes); no browser of a desktop has texts of its own."""


def test_text_fills_the_field_where_the_browser_reads_it(
    visitor: Visitor, house: RunningHouse
) -> None:
    """OC-12: the last line of the text, bound to our host, fills the code; the person presses."""
    visitor.become_member()
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    before = len(house.settled())
    visitor.page.expose_function(
        "newestText",
        lambda: next((m["text"] for m in house.messages()[before:] if m["channel"] == "sms"), ""),
    )
    visitor.page.add_init_script(PHONE_THAT_READS_TEXTS)

    visitor.give_password()

    expect(visitor.field("Six-digit code")).to_have_value(house.code("sms"))
    visitor.is_at("/sign-in/code")
    visitor.press("Verify")
    visitor.is_at("/")


def test_sign_in_by_keyboard_alone(visitor: Visitor, house: RunningHouse) -> None:
    """Tab, typing and Enter are enough, and focus starts where the typing starts."""
    visitor.become_member()
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    keys = visitor.page.keyboard
    visitor.open("/sign-in")
    expect(visitor.field("E-mail")).to_be_focused()

    keys.type(EMAIL)
    keys.press("Tab")
    expect(visitor.field("Password")).to_be_focused()
    keys.type(PASSWORD)
    with visitor.page.expect_navigation():
        keys.press("Enter")
    expect(visitor.field("Six-digit code")).to_be_focused()
    keys.type(house.code("sms"))
    keys.press("Tab")
    expect(visitor.button("Verify")).to_be_focused()
    with visitor.page.expect_navigation():
        keys.press("Space")

    visitor.is_at("/")
    keys.press("Tab")
    expect(visitor.page.get_by_role("link", name="Skip to content")).to_be_focused()
    keys.press("Enter")
    expect(visitor.page.get_by_role("main")).to_be_focused()


@either_way
def test_impatient_presses_are_one(arrive: Arrive, house: RunningHouse, javascript: bool) -> None:
    """A double click on any button sends one message and makes one session."""
    visitor = arrive(javascript=javascript)
    page = visitor.page

    def press_twice(words: str, *, is_proof: bool = False) -> None:
        before, button = page.url, visitor.button(words)
        if is_proof and not javascript:
            # Before the browser sends anything: a second press later breaks off the first one's
            # answer, and with it goes what the proof has brought.
            button.evaluate("it => { it.click(); it.click(); }")
        else:
            button.dblclick()
        # Not the navigation: the second click may abort the first one's.
        expect(page).not_to_have_url(before)
        page.wait_for_load_state("load")

    visitor.open("/sign-up")
    visitor.fill_sign_up(EMAIL)
    press_twice("Create account")
    visitor.is_at("/sign-up/code")
    assert len(house.settled()) == 1
    visitor.type("Six-digit code", house.code("email"))
    press_twice("Verify", is_proof=True)
    visitor.is_at("/set-up")
    visitor.follow("Set up 2FA")
    visitor.type("Phone number", "+44 7400 123456")
    press_twice("Send code by text message")
    visitor.is_at("/set-up/phone/code")
    assert len(house.settled()) == 2
    visitor.type("Six-digit code", house.code("sms"))
    press_twice("Verify", is_proof=True)
    visitor.is_at("/set-up/recovery-code")
    visitor.save_recovery_code()
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    before = len(house.settled())

    visitor.open("/sign-in")
    visitor.type("E-mail", EMAIL)
    visitor.type("Password", PASSWORD)
    press_twice("Sign in")
    visitor.is_at("/sign-in/code")
    assert len(house.settled()) == before + 1
    visitor.type("Six-digit code", house.code("sms"))
    press_twice("Verify", is_proof=True)
    visitor.open("/sessions")

    visitor.sees("No other browser is signed in.")


def test_two_tabs_are_one_sign_in(visitor: Visitor, house: RunningHouse) -> None:
    """A second tab continues the same sign-in; what one tab finished, the other follows."""
    visitor.become_member()
    visitor.press("Sign out")
    house.clock.advance(seconds=60)
    visitor.give_password()
    first, second = visitor.page, visitor.context.new_page()
    before = len(house.settled())

    visitor.page = second
    visitor.give_password()
    visitor.is_at("/sign-in/code")
    assert len(house.settled()) == before
    visitor.verify(house.code("sms"))
    visitor.is_at("/")

    visitor.page = first
    visitor.is_at("/sign-in/code")
    visitor.verify("000000")
    visitor.is_at("/")


def test_stale_tabs_of_a_set_up_follow(visitor: Visitor, house: RunningHouse) -> None:
    """A code typed again in a tab that was left behind leads to the step that is next."""
    visitor.open("/sign-up")
    visitor.fill_sign_up(EMAIL)
    visitor.press("Create account")
    first, code = visitor.page, house.code("email")
    visitor.page = visitor.context.new_page()
    visitor.open("/sign-up/code")
    visitor.verify(code)
    visitor.is_at("/set-up")
    visitor.page, second = first, visitor.page
    visitor.verify(code)
    visitor.is_at("/set-up")

    visitor.follow("Set up 2FA")
    visitor.ask_for_code()
    code = house.code("sms")
    visitor.page = second
    visitor.open("/set-up/phone/code")
    visitor.verify(code)
    visitor.is_at("/set-up/recovery-code")
    visitor.save_recovery_code()
    visitor.page = first
    visitor.verify(code)

    visitor.is_at("/")


def test_back_leads_forward(visitor: Visitor, house: RunningHouse) -> None:
    """Back after any step shows the current step, never a dead form or somebody's secret."""
    page = visitor.page
    visitor.sign_up()
    page.go_back()
    visitor.is_at("/set-up")
    visitor.follow("Set up 2FA")
    visitor.ask_for_code()
    page.go_back()
    visitor.is_at("/set-up/phone")
    page.go_forward()
    visitor.verify(house.code("sms"))
    code = visitor.shown_recovery_code()
    page.go_back()
    visitor.is_at("/")
    page.go_forward()
    assert code not in page.content()
    visitor.press("Make another")
    visitor.save_recovery_code()
    visitor.is_at("/")
    visitor.press("Sign out")
    page.go_back()
    visitor.is_at("/sign-in")
    house.clock.advance(seconds=60)
    visitor.give_password()
    page.go_back()
    visitor.is_at("/sign-in")
    page.go_forward()
    visitor.verify(house.code("sms"))

    page.go_back()

    visitor.is_at("/")
