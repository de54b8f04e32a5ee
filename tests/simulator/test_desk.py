"""The desk in a real browser, under the web application's content security policy."""

import json
import re
from base64 import b32encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.call_script import a_script
from tests.simulator.conftest import Put
from vestibule.simulator.app import PAGE_SIZE

pytestmark = pytest.mark.browser

RFC_6238_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
LINK = f"otpauth://totp/Acme:ada%40example.org?secret={RFC_6238_SECRET}&issuer=Acme"
RFC6238 = json.loads((Path(__file__).parent.parent / "vectors" / "rfc6238.json").read_text())
SPOKEN = a_script()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of which every fault in the console fails the test."""
    faults: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: faults.append(message.text) if _is_fault(message) else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert faults == []


def _is_fault(message: Any) -> bool:  # playwright's console message, of which only two fields count
    return message.type in ("error", "warning") and "favicon" not in message.text


def _add(page: Page, text: str) -> None:
    page.get_by_label("Set-up link or secret").fill(text)
    page.get_by_role("button", name="Add", exact=True).click()


# RFC 6238 appendix B, SHA-1: the last six of its eight digits.
RFC_6238_CODES = {
    59: "287 082",
    1111111109: "081 804",
    1111111111: "050 471",
    1234567890: "005 924",
    2000000000: "279 037",
    20000000000: "353 130",
}


def test_app_shows_the_codes_of_the_standard(page: Page) -> None:
    """The page works out the published test vectors, leading zeros kept."""
    page.goto("/simulator")
    _add(page, LINK)
    expect(page.locator(".account")).to_contain_text("Acme ada@example.org")

    for seconds, code in RFC_6238_CODES.items():
        page.clock.set_fixed_time(datetime.fromtimestamp(seconds, UTC))
        expect(page.locator(".account")).to_contain_text(code)


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_app_knows_other_digests_and_eight_digits(page: Page, digest: str) -> None:
    """TO-01: asked for by the link, the vectors of all three digests come out, in eight digits."""
    secret = b32encode(RFC6238["secrets_ascii"][digest].encode()).decode().rstrip("=")
    page.goto("/simulator")
    _add(page, f"otpauth://totp/Acme:a?secret={secret}&algorithm={digest.upper()}&digits=8")

    for vector in RFC6238["codes"]:
        page.clock.set_fixed_time(datetime.fromtimestamp(vector["unix_time"], UTC))
        copied = page.locator(".account [data-copy]")
        expect(copied).to_have_attribute("data-copy", vector[digest])


def test_app_keeps_accounts_and_copies_and_removes_them(page: Page) -> None:
    """A bare secret is enough; it survives a reload, and goes after a second press of Remove."""
    page.clock.set_fixed_time(datetime.fromtimestamp(59, UTC))
    page.goto("/simulator")
    _add(page, "gezd gnbv gy3t qojq gezd gnbv gy3t qojq")
    page.reload()

    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "287082"
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator(".account")).to_have_count(1)
    page.get_by_role("button", name="Remove for good").click()

    expect(page.locator(".account")).to_have_count(0)
    assert RFC_6238_SECRET not in page.evaluate("JSON.stringify(localStorage)")


NO_SECRETS = (
    "",
    "hello",
    "otpauth://hotp/A?secret=GEZDGNBVGY3TQOJQ",
    "otpauth://totp/A?secret=1",
    f"otpauth://totp/A?secret={RFC_6238_SECRET}&algorithm=MD5",
    f"otpauth://totp/A?secret={RFC_6238_SECRET}&digits=7",
    "https://acme.test/",
)


def test_app_says_what_to_paste_when_it_cannot_read(page: Page) -> None:
    """What is no TOTP secret is refused beside the field, and what was typed stays."""
    page.goto("/simulator")

    for text in NO_SECRETS:
        _add(page, text)
        expect(page.locator("#link-error")).to_contain_text("Paste the whole otpauth:// link")
        expect(page.get_by_label("Set-up link or secret")).to_have_value(text)
    _add(page, LINK)

    expect(page.locator("#link-error")).to_be_empty()
    expect(page.locator(".account")).to_have_count(1)


def test_app_never_sends_a_secret(page: Page) -> None:
    """No request of the page holds the secret or a code."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.url} {request.post_data}"))
    page.goto("/simulator")
    _add(page, LINK)
    code = page.locator(".account [data-copy]").get_attribute("data-copy") or "missing"
    page.reload()

    assert asked
    assert not [one for one in asked if RFC_6238_SECRET in one or code in one]


def test_text_arrives_as_a_banner_whose_code_copies(page: Page, put: Put) -> None:
    """A new text appears without a reload, above the older ones."""
    put(text="the older text")
    page.goto("/simulator")

    put(text="042042 is your code.", purpose="sign_in")

    newest = page.locator(".note").first
    expect(newest).to_contain_text("042042 is your code.")
    expect(newest).to_contain_text("Sign in · ada@example.org")
    expect(page.get_by_role("status").first).to_contain_text("New text message")
    newest.get_by_role("button", name="Copy code").click()
    expect(newest.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "042042"


def test_call_rings_is_answered_and_writes_down_what_it_says(page: Page, put: Put) -> None:
    """Answer shows the live transcript, digits on one line; then the call is over."""
    page.goto("/simulator")
    put(channel="voice", script=SPOKEN)
    expect(page.locator("#phone").get_by_text("Incoming call")).to_be_visible()
    expect(page.get_by_role("button", name="5", exact=True)).to_be_hidden()

    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_role("button", name="Hang up")).to_be_focused()

    transcript = page.get_by_role("log", name="Transcript")
    expect(transcript).to_contain_text("0 4 2 0 4 2")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".note").first).to_contain_text("Answered")


def test_call_declined_stays_in_the_list_and_rings_no_more(page: Page, put: Put) -> None:
    """Decline ends the ringing, for good also after a reload."""
    put(channel="voice", script=SPOKEN)
    page.goto("/simulator")

    # The call came before the page was opened, and still rings.
    page.get_by_role("button", name="Decline").click()
    expect(page.locator(".note")).to_contain_text("Declined")
    page.reload()

    expect(page.locator(".note")).to_have_count(1)
    expect(page.get_by_role("button", name="Answer")).to_be_hidden()


def test_page_of_older_messages_stays_as_it_is(page: Page, put: Put) -> None:
    """Older messages are a link away; new ones come to the newest page only."""
    for n in range(PAGE_SIZE + 5):
        put(text=f"text number {n}.")
    page.goto("/simulator")
    expect(page.get_by_text(f"text number {PAGE_SIZE + 4}.")).to_be_attached()
    expect(page.get_by_text("text number 2.")).to_have_count(0)

    page.get_by_role("link", name="Older messages").click()
    put(text="a new text")
    expect(page.get_by_text("text number 2.")).to_be_visible()
    expect(page.get_by_text("a new text")).to_have_count(0)
    page.get_by_role("link", name="Newest messages").click()

    expect(page.get_by_text("a new text")).to_be_attached()


def test_mail_lifts_the_flag_until_it_is_opened(page: Page, put: Put) -> None:
    """The flag is up while a new mail is unread."""
    page.goto("/simulator")
    mailbox = page.locator("[data-mailbox]")
    put(channel="email", subject="Your code", text="042042. See http://acme.test/help.")

    expect(mailbox).to_have_class(re.compile("flag-up"))
    mailbox.get_by_text("Your code").click()

    expect(mailbox).not_to_have_class(re.compile("flag-up"))
    expect(mailbox.get_by_role("link")).to_have_attribute("href", "http://acme.test/help")


def test_narrow_desk_shows_one_part_at_a_time(page: Page, put: Put) -> None:
    """Below 720 px the parts are tabs, and a hidden part says that something came."""
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto("/simulator")
    expect(page.locator("#phone")).to_be_visible()
    expect(page.locator("#app")).to_be_hidden()

    put(channel="email", subject="Your code")
    expect(page.get_by_role("link", name="Mailbox 1")).to_be_visible()
    page.get_by_role("link", name="Mailbox").click()

    expect(page.locator("#mail")).to_be_visible()
    expect(page.locator("#phone")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_desk_without_a_script_stacks_its_parts(chromium: Browser, origin: str, put: Put) -> None:
    """With scripts off, everything that came is visible and the dead controls are not."""
    put(text="a text")
    put(channel="voice", script=SPOKEN)
    put(channel="email", subject="Your code", text="a mail")
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    page = context.new_page()

    page.goto(f"{origin}/simulator")

    for words in ("a text", "Ringing", "a mail", "Reload"):
        expect(page.get_by_text(words, exact=words == "a mail")).to_be_visible()
    seen = [button for button in page.get_by_role("button").all() if button.is_visible()]
    assert [button.inner_text() for button in seen] == ["Answer", "Decline"]
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_text("0 4 2 0 4 2")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_desk_has_no_accessibility_fault(page: Page, put: Put, scheme: Any, width: int) -> None:
    """Axe finds nothing, with messages of every kind, an account, and a call on the line."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 740})
    put()
    put(channel="email", subject="Your code")
    page.goto("/simulator")
    if width < 720:
        page.get_by_role("link", name="App").click()
    _add(page, LINK)
    _expect_no_fault(page)
    if width < 720:
        page.get_by_role("link", name="Phone").click()
    put(channel="voice", script=SPOKEN)
    page.get_by_role("button", name="Answer").wait_for()
    _expect_no_fault(page)
    page.get_by_role("button", name="Answer").click()
    _expect_no_fault(page)


def _expect_no_fault(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
