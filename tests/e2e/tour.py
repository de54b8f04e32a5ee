"""One walk past every page of the house, for those who want to look at each of them.

`tour` yields a name whenever a page stands in front of a visitor. Whoever looks may resize,
recolour and reload nothing: the walk goes on from the page as it was.
"""

from collections.abc import Iterator
from datetime import timedelta

from tests.e2e.tour_of_passkeys import tour_of_passkeys
from tests.e2e.visitor import EMAIL, Arrive, Visitor
from tests.front_door import PASSWORD

Stop = tuple[str, Visitor]


def tour(arrive: Arrive) -> Iterator[Stop]:
    """Every page, each once, refusals and empty states among them."""
    visitor = arrive()
    visitor.open("/simulator")
    yield "simulator, empty", visitor
    yield from _sign_up(visitor)
    yield from _set_up(visitor)
    yield from _problems(visitor)
    yield from _settings(visitor)
    yield from _sessions(visitor, arrive())
    yield from _sign_in(visitor)
    visitor.open("/simulator")
    yield "simulator", visitor
    yield from _forgotten_password(arrive())
    yield from _wall(arrive())
    yield from _not_me(visitor)
    yield from _closing(arrive())
    yield from _stale_number(arrive())
    yield from tour_of_passkeys(arrive())


def _sign_up(visitor: Visitor) -> Iterator[Stop]:
    visitor.open("/sign-up")
    yield "sign-up", visitor
    visitor.press("Create account")
    yield "sign-up, refused", visitor
    visitor.fill_sign_up(EMAIL)
    visitor.press("Create account")
    yield "sign-up code", visitor
    visitor.follow("Use another address")
    yield "sign-up address", visitor
    visitor.follow("Back to the code")
    visitor.verify("123")
    yield "sign-up code, refused", visitor
    visitor.verify(visitor.house.code("email"))


def _set_up(visitor: Visitor) -> Iterator[Stop]:
    yield "set-up", visitor
    visitor.open("/set-up/app")
    yield "app, before", visitor
    visitor.press("Show the QR code")
    yield "app", visitor
    visitor.page.get_by_text("Cannot scan?").click()
    yield "app, by hand", visitor
    visitor.follow("Use a phone instead")
    yield "phone", visitor
    visitor.ask_for_code(phone="07400")
    yield "phone, refused", visitor
    visitor.ask_for_code()
    code = visitor.house.code("sms")
    visitor.page.reload()
    yield "phone code", visitor
    visitor.verify(code)
    yield "recovery code", visitor
    visitor.type("Type its last group", "AAAA")
    visitor.press("Finish")
    yield "recovery code, refused", visitor
    visitor.open("/set-up/recovery-code")
    yield "recovery code, gone", visitor
    visitor.open("/")
    yield "dashboard, reminding", visitor
    visitor.open("/set-up/recovery-code")
    visitor.press("Make another")
    visitor.save_recovery_code()
    yield "dashboard", visitor


def _problems(visitor: Visitor) -> Iterator[Stop]:
    visitor.open("/help")
    yield "help", visitor
    visitor.open("/no-such-page")
    visitor.forgive(404)
    yield "problem, not found", visitor
    visitor.open("/")
    visitor.page.evaluate("document.querySelectorAll('[name=csrf]').forEach(one => one.remove())")
    visitor.press("User Settings")
    visitor.forgive(403)
    yield "problem, out of date", visitor


def _settings(visitor: Visitor) -> Iterator[Stop]:
    house = visitor.house
    house.clock.advance(timedelta(minutes=11))
    visitor.open("/settings")
    yield "settings gate, before", visitor
    visitor.press("Send code")
    yield "settings gate", visitor
    visitor.verify(house.code("email"))
    yield "settings", visitor
    visitor.follow("+ Add authentication app")
    yield "confirm, before", visitor
    visitor.press("Send code by text message")
    yield "confirm", visitor
    visitor.press("Confirm")
    yield "confirm, refused", visitor
    visitor.prove("sms")
    visitor.press("Show the QR code")
    yield "app, inside", visitor
    visitor.connect_app("Tablet")
    yield "settings, with an app", visitor
    for link, name in {
        "Edit name": "name",
        "Edit time zone": "time zone",
        "Edit default method": "default method",
        "Rename Tablet": "rename app",
        "Remove Tablet": "remove app",
        "Change number": "change number",
        "Change password": "change password",
        "Generate new code": "new recovery code",
    }.items():
        visitor.open("/settings")
        visitor.follow(link)
        yield name, visitor
    yield from _change_address(visitor)
    yield from _second_address(visitor)


def _change_address(visitor: Visitor) -> Iterator[Stop]:
    """Asked for and left: the walk goes on under the address that it has."""
    visitor.open("/settings")
    visitor.follow("Change address")
    yield "change address", visitor
    visitor.type("New address", EMAIL.upper())
    visitor.press("Send code")
    yield "change address, refused", visitor
    visitor.type("New address", "ada.new@example.com")
    visitor.press("Send code")
    yield "change address code", visitor
    visitor.verify("000000")
    yield "change address code, refused", visitor


def _second_address(visitor: Visitor) -> Iterator[Stop]:
    """Set and kept, so that what follows is told there too."""
    house, second = visitor.house, f"{'ada.somewhere.else.' * 3}x@{'a-long-part.' * 8}example.org"
    visitor.open("/settings")
    visitor.follow("Add a second address")
    yield "second address", visitor
    visitor.type("Second address", EMAIL.upper())
    visitor.press("Send code")
    yield "second address, refused", visitor
    visitor.type("Second address", second)
    visitor.press("Send code")
    yield "second address code", visitor
    visitor.open("/settings")
    yield "settings, second address waits", visitor
    visitor.follow("Enter the code")
    visitor.verify(house.code("email", to=second))
    yield "settings, second address", visitor
    visitor.follow("Remove second address")
    yield "remove second address", visitor


def _sessions(visitor: Visitor, other: Visitor) -> Iterator[Stop]:
    house = visitor.house
    visitor.open("/sessions")
    yield "sessions, one", visitor
    house.clock.advance(seconds=60)
    other.sign_in()
    other.open("/settings/app")
    other.press("Send code")
    other.verify(house.code("email"))
    yield "settings, waiting", other
    visitor.open("/sessions")
    yield "sessions", visitor
    visitor.open("/activity")
    yield "activity", visitor
    house.clock.advance(timedelta(minutes=31))
    visitor.open("/")
    yield "resume", visitor
    visitor.press("Sign out")


def _sign_in(visitor: Visitor) -> Iterator[Stop]:
    house = visitor.house
    visitor.open("/sign-in")
    yield "sign-in", visitor
    visitor.give_password(password="not this one at all")
    yield "sign-in, refused", visitor
    visitor.give_password()
    yield "code by text", visitor
    visitor.verify("000000")
    yield "code by text, refused", visitor
    visitor.follow("Try another way")
    yield "other ways", visitor
    house.clock.advance(seconds=60)
    visitor.choose("Voice call")
    yield "code by call", visitor
    visitor.follow("Try another way")
    visitor.choose("Tablet")
    yield "code by app", visitor
    visitor.follow("Try another way")
    visitor.follow("Enter recovery code")
    yield "enter recovery code", visitor
    visitor.open("/sign-in/code")
    visitor.follow("Try another way")
    house.clock.advance(seconds=60)
    visitor.choose("Text message")
    visitor.verify(house.code("sms"))
    visitor.press("Sign out")


def _forgotten_password(visitor: Visitor) -> Iterator[Stop]:
    house = visitor.house
    # A number gets five codes an hour, and the walk has asked for them.
    house.clock.advance(timedelta(hours=1))
    visitor.open("/forgot-password")
    yield "forgotten password", visitor
    visitor.type("E-mail", EMAIL)
    visitor.press("Send code")
    yield "forgotten password, code", visitor
    house.clock.advance(timedelta(minutes=5))
    visitor.verify(house.code("email"), label="Ten-character code")
    yield "forgotten password, second factor", visitor
    visitor.verify(house.code("sms"))
    yield "forgotten password, new one", visitor


def _wall(visitor: Visitor) -> Iterator[Stop]:
    """An account whose set-up was left, back by its password."""
    visitor.sign_up("grace@example.com", name="Grace Hopper")
    visitor.press("Sign out")
    visitor.give_password("grace@example.com")
    yield "wall mail, before", visitor
    visitor.press("Send code")
    yield "wall mail", visitor


def _not_me(visitor: Visitor) -> Iterator[Stop]:
    """Somebody answers the notice of the app that was added, and the owner comes back."""
    house = visitor.house
    house.clock.advance(timedelta(hours=1))
    mail = house.wait_for(lambda one: one["purpose"] == "method_added" and one["to"] == EMAIL)
    path = str(mail["text"]).split(house.origin)[1].split()[0]
    visitor.open(path)
    yield "not me", visitor
    visitor.open("/not-me")
    yield "not me, by text", visitor
    visitor.press("This was not me")
    yield "not me, by text, refused", visitor
    visitor.open(path)
    visitor.press("This was not me")
    yield "not me, done", visitor
    visitor.give_password()
    yield "sign-in, stopped", visitor
    visitor.follow("Set a new password")
    visitor.type("E-mail", EMAIL)
    visitor.press("Send code")
    visitor.verify(house.code("email"), label="Ten-character code")
    visitor.verify(house.code("sms"))
    visitor.type("New password", "a heron on the weathervane")
    visitor.press("Set new password")
    house.clock.advance(timedelta(minutes=1))
    visitor.give_password(password="a heron on the weathervane")
    visitor.verify(house.code("sms"))
    yield "review", visitor
    visitor.press("Yes, all mine")


def _closing(visitor: Visitor) -> Iterator[Stop]:
    """Somebody closes the account, thinks again, and the answer in the mail is looked at."""
    house = visitor.house
    app = visitor.become_member_with_app("mary@example.com")
    house.clock.advance(timedelta(minutes=1))
    visitor.open_settings()
    visitor.follow("See what happens")
    yield "closing", visitor
    visitor.follow("Go on")
    yield "closing, the proof", visitor
    visitor.press("Close my account")
    yield "closing, refused", visitor
    visitor.type("Password", PASSWORD)
    visitor.type("Six-digit code", app.code())
    visitor.press("Close my account")
    yield "closing, asked", visitor
    visitor.open("/settings")
    yield "settings, closing", visitor
    visitor.open("/")
    yield "dashboard, closing", visitor
    mail = house.wait_for(lambda one: one["purpose"] == "closing_asked")
    path = str(mail["text"]).split(house.origin)[1].split()[0]
    visitor.open(path)
    yield "not me, closing", visitor
    visitor.open("/")
    visitor.press("Keep my account")
    yield "dashboard, kept", visitor


def _stale_number(visitor: Visitor) -> Iterator[Stop]:
    """A number rests for a year while its owner uses the app; then it is asked for again."""
    house = visitor.house
    email = "dorothy@example.com"
    app = visitor.become_member_with_app(email)
    house.clock.advance(timedelta(minutes=1))
    visitor.open_settings()
    visitor.open("/settings/phone")
    visitor.ask_for_code(phone="07400 654321")
    visitor.verify(house.code("sms"))
    visitor.press("Sign out")
    house.clock.advance(timedelta(days=366))
    visitor.give_password(email)
    visitor.verify(app.code())
    yield "dashboard, stale number", visitor
    visitor.follow("Prove it again")
    visitor.press("Send code")
    visitor.verify(house.code("email"))
    yield "number again", visitor
    visitor.press("Send code by text message")
    yield "number again, code", visitor
    visitor.follow("Not now")
    yield "settings, stale number", visitor
    visitor.press("Sign out")
    visitor.give_password(email)
    visitor.follow("Try another way")
    house.clock.advance(timedelta(minutes=1))
    visitor.choose("Text message")
    visitor.verify(house.code("sms"))
    yield "sign-in by a stale number", visitor
