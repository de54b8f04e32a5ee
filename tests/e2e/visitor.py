"""A person at a real browser: reads labels, types, presses buttons, follows links.

Knows no selector of ours: fields by their label, buttons and links by the words on them. Notes
what a person would not see but the tests forbid: errors in the console, violations of the
content policy, dialogs, requests to another host.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Locator,
    Page,
    Request,
    expect,
)

from tests.e2e.running_house import PATIENCE, RunningHouse
from tests.front_door import PASSWORD

expect.set_options(timeout=PATIENCE * 1000)

EMAIL = "ada@example.com"
PHONE = "07400 123456"
NOTICE_OF_CLEARING = "Clear-Site-Data"


class Visitor:
    """One browser profile at one house, with one page in front."""

    def __init__(self, house: RunningHouse, context: BrowserContext) -> None:
        self.house = house
        self.context = context
        self.faults: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("request", self._watch)
        context.on("dialog", self._dismiss)
        self.page: Page = context.new_page()

    def _hear(self, message: ConsoleMessage) -> None:
        # Signing out clears this origin's data; Chromium reports that as if it were news.
        if message.type == "error" and NOTICE_OF_CLEARING not in message.text:
            self.faults.append(f"console on {message.location['url']}: {message.text}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((f"{self.house.origin}/", "data:", "blob:")):
            self.faults.append(f"asked another host: {request.url}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    # --- hands and eyes -------------------------------------------------------------------

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def text(self) -> str:
        """The words of the page, white space folded."""
        return " ".join(self.page.locator("body").inner_text().split())

    @property
    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def open(self, path: str) -> None:
        self.page.goto(f"{self.house.origin}{path}")

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def type(self, label: str, text: str) -> None:
        self.field(label).fill(text)

    def button(self, words: str) -> Locator:
        return self.page.get_by_role("button", name=words, exact=True)

    def press(self, words: str) -> None:
        """Press a button that leads to a page."""
        with self.page.expect_navigation():
            self.button(words).click()

    def follow(self, words: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=words).first.click()

    def choose(self, words: str) -> None:
        """Press the big button of a method, whose name starts with these words."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=words).click()

    def verify(self, code: str, *, label: str = "Six-digit code") -> None:
        self.type(label, code)
        self.press("Verify")

    def is_at(self, path: str) -> None:
        """The browser shows this page, or the test fails with what it shows instead."""
        assert self.path == path, f"at {self.path} instead of {path}: {self.text}"

    def sees(self, words: str) -> None:
        expect(self.page.locator("body")).to_contain_text(words)

    def widen(self, width: int, height: int = 800) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def overflow(self) -> int:
        """How many pixels of the page are out of sight to the side."""
        wide: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return max(0, wide)

    def forgive(self, status: int) -> None:
        """A page that a test asked for answers with this status; the console says so, rightly."""
        self.faults = [one for one in self.faults if f"status of {status}" not in one]

    # --- the article's steps ----------------------------------------------------------------

    def sign_up(self, email: str = EMAIL, *, name: str = "Ada Lovelace") -> None:
        """Up to the wall: the address is proven, nothing is set up."""
        self.open("/sign-up")
        self.fill_sign_up(email, name=name)
        self.press("Create account")
        self.is_at("/sign-up/code")
        self.verify(self.house.code("email", to=email))
        self.is_at("/set-up")

    def fill_sign_up(self, email: str, *, name: str = "Ada Lovelace") -> None:
        self.type("Name", name)
        self.type("E-mail", email)
        self.type("Password", PASSWORD)

    def ask_for_code(
        self, button: str = "Send code by text message", *, phone: str = PHONE, country: str = "GB"
    ) -> None:
        """Name a number on the page for it, and how the code shall come."""
        self.field("Country").select_option(country)
        self.type("Phone number", phone)
        self.press(button)

    def set_up_phone(self) -> str:
        """Through the wall by text; the recovery code, saved."""
        self.follow("Set up 2FA")
        self.ask_for_code()
        self.verify(self.house.code("sms"))
        self.is_at("/set-up/recovery-code")
        return self.save_recovery_code()

    def set_up_app(self) -> "App":
        """Through the wall by app; the app. Its recovery code is saved."""
        self.choose("Authentication app")
        app = self.connect_app()
        self.save_recovery_code()
        return app

    def connect_app(self, name: str = "Pocket app") -> "App":
        """From the page with the QR code to the page after it."""
        app = App(self.house, self.otpauth())
        self.type("Name of this app", name)
        self.verify(app.code())
        return app

    def otpauth(self) -> str:
        link = self.page.get_by_role("link", name="Open in an app on this device")
        return link.get_attribute("href") or ""

    def shown_recovery_code(self) -> str:
        """The code on the key tag, as a person would copy it."""
        tag = self.page.get_by_role("region", name="Vestibule recovery code")
        return "-".join(tag.locator("p").first.inner_text().split())

    def save_recovery_code(self) -> str:
        code = self.shown_recovery_code()
        self.type("Type its last group", code[-4:])
        self.press("Finish")
        return code

    def become_member(self, email: str = EMAIL) -> str:
        """An account with a phone, inside; the recovery code."""
        self.sign_up(email)
        code = self.set_up_phone()
        self.is_at("/")
        return code

    def become_member_with_app(self, email: str = EMAIL) -> "App":
        self.sign_up(email)
        app = self.set_up_app()
        self.is_at("/")
        return app

    def give_password(self, email: str = EMAIL, *, password: str = PASSWORD) -> None:
        """The first door only."""
        self.open("/sign-in")
        self.type("E-mail", email)
        self.type("Password", password)
        self.press("Sign in")

    def sign_in(self, email: str = EMAIL) -> None:
        """Both doors, by text."""
        self.give_password(email)
        self.verify(self.house.code("sms"))
        self.is_at("/")

    def open_settings(self) -> None:
        self.press("User Settings")
        self.verify(self.house.code("email"))
        self.is_at("/settings")

    def prove_it_is_me(self) -> None:
        """Password and a texted code, on the page that asks before a change."""
        self.is_at("/settings/confirm")
        self.press("Send code by text message")
        self.prove("sms")

    def prove(self, channel: str) -> None:
        self.type("Password", PASSWORD)
        self.type("Six-digit code", self.house.code(channel))
        self.press("Confirm")


@contextmanager
def reception(browser: Browser, house: RunningHouse) -> Iterator["Arrive"]:
    """Lets visitors with fresh profiles arrive; at the end none may have met a fault."""
    with ExitStack() as profiles:
        visitors: list[Visitor] = []

        def arrive(
            *, javascript: bool = True, width: int = 1280, height: int = 800, zone: str = "UTC"
        ) -> Visitor:
            context = browser.new_context(
                java_script_enabled=javascript,
                viewport={"width": width, "height": height},
                timezone_id=zone,
            )
            context.set_default_timeout(PATIENCE * 1000)
            profiles.callback(context.close)
            visitors.append(Visitor(house, context))
            return visitors[-1]

        yield arrive
        faults = [fault for visitor in visitors for fault in visitor.faults]
    assert not faults, "\n".join(faults)


Arrive = Callable[..., Visitor]


class App:
    """An authentication app that is not ours: `oathtool`, with a clock of its own."""

    def __init__(self, house: RunningHouse, link: str) -> None:
        self.house = house
        said = parse_qs(urlsplit(link).query)
        self.secret, digits = said["secret"][0], said["digits"][0]
        self.how = (f"--totp={said['algorithm'][0]}", f"--digits={digits}")

    def code(self, *, seconds: float = 0) -> str:
        """What it shows now, or where its clock is off, what it shows then."""
        at = int(self.house.clock().timestamp() + seconds)
        return _output("oathtool", *self.how, "-b", "-N", f"@{at}", self.secret)

    def next_code(self) -> str:
        """Wait for the code after the present one."""
        self.house.clock.advance(seconds=30)
        return self.code()


def photograph(what: Locator, picture: Path) -> None:
    """Take a picture of a part of the page.

    Chromium without a graphics card sometimes has no frame to give; that says nothing of the
    page, so the camera is tried again, and any other error is the test's.
    """
    for _ in range(4):
        try:
            what.screenshot(path=picture)
            return
        except Error as error:
            if "Unable to capture screenshot" not in error.message:
                raise
    what.screenshot(path=picture)


def read_qr(picture: Path) -> str:
    """What a camera would read from a picture; by a reader that is not ours."""
    return _output("zbarimg", "--raw", "-q", str(picture))


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
