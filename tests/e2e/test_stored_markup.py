"""Whatever a person can set is text on every page that shows it, in a real browser (WB-06).

A trap waits on every page: `Visitor` notes what the console says (the content policy's refusals
among it), dialogs and requests to other hosts, and `look` what was made of the text.
"""

import re
from base64 import b32encode
from contextlib import closing, suppress
from functools import partial
from urllib.parse import quote

import pytest
from playwright.sync_api import APIRequestContext, Browser, Error, Route

from tests.e2e.hostile_text import MAILBOX, TRAP, VECTORS, careless, look, made_of
from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import App, Arrive, Visitor
from tests.front_door import PASSWORD
from vestibule.flows.names import folded

pytestmark = pytest.mark.browser

SHOWN = (
    "/",
    "/settings",
    "/settings/name",
    "/settings/method",
    "/settings/close/confirm",
    "/settings/apps/{app}/rename",
    "/settings/apps/{app}/remove",
)
"""What shows a name or an app's name to whoever is inside."""


@pytest.fixture
def trapped(arrive: Arrive) -> Arrive:
    """Lets visitors arrive, on whose pages the trap waits."""

    def arrive_trapped() -> Visitor:
        visitor = arrive()
        visitor.context.add_init_script(TRAP)
        return visitor

    return arrive_trapped


def post(hands: APIRequestContext, origin: str, path: str, **typed: str) -> None:
    """Send the form of a page as it is, with these fields."""
    form = re.search(r'name="csrf" value="([^"]+)"', hands.get(origin + path).text())
    assert form is not None, path
    answer = hands.post(origin + path, form={"csrf": form[1], **typed})
    assert answer.ok, (path, answer.status, answer.text())


def as_header(text: str) -> str:
    """The text as far as a header can carry it."""
    return text.encode("latin-1", "replace").decode("latin-1")


def sign_in_as(browser: Browser, house: RunningHouse, app: App, agent: str) -> None:
    """A sign-in, by the app, of a browser that calls itself so."""
    with closing(browser.new_context(user_agent=as_header(agent))) as context:
        post(context.request, house.origin, "/sign-in", email=MAILBOX, password=PASSWORD)
        post(context.request, house.origin, "/sign-in/code", code=app.next_code())


def test_what_is_kept_is_text_everywhere(
    trapped: Arrive, browser: Browser, house: RunningHouse
) -> None:
    """WB-06: names of people, apps and browsers, and an address, do nothing on any page or file.

    Inside, at both doors, at the simulator's desk, in every mail and on its way to the disk.
    """
    visitor, waiting = trapped(), trapped()
    app = visitor.become_member_with_app(MAILBOX)
    visitor.press("Sign out")
    for text in VECTORS:
        sign_in_as(browser, house, app, text)
    visitor.give_password(MAILBOX)
    visitor.verify(app.next_code())
    visitor.open_settings()
    link = visitor.page.get_by_role("link", name="Rename").get_attribute("href") or ""
    app_id = link.split("/")[3]
    house.clock.advance(seconds=30)
    waiting.give_password(MAILBOX)

    for text in VECTORS:
        hands = visitor.context.request
        post(hands, house.origin, "/settings/name", name=text)
        post(hands, house.origin, link, app_name=text)
        for path in SHOWN:
            visitor.open(path.format(app=app_id))
            visitor.is_at(path.format(app=app_id))
            look(visitor, text)
        for path in ("/sign-in/code", "/sign-in/methods"):
            waiting.open(path)
            waiting.is_at(path)
            look(waiting, text)

    _look_at_lists(visitor)
    _look_at_mails(visitor)
    _look_at_files(visitor)


def _look_at_lists(visitor: Visitor) -> None:
    """Pages that show all at once: whose agents, which messages."""
    for path in ("/sessions", "/activity", "/simulator"):
        visitor.open(path)
        look(visitor, "all")
    visitor.page.get_by_role("heading", name="Authentication app").wait_for()
    for turn, text in enumerate(VECTORS):
        name, secret = quote(text, safe=""), b32encode(turn.to_bytes(20)).decode()
        link = f"otpauth://totp/{name}?secret={secret}&issuer={name}"
        visitor.type("Set-up link or secret", link)
        visitor.button("Add").click()
    visitor.page.locator(".account").nth(len(VECTORS) - 1).wait_for()
    look(visitor, "all")


def _look_at_mails(visitor: Visitor) -> None:
    """Each mail as a careless mail reader opens it: without any content policy."""
    inbox = visitor.house.built.inbox
    assert inbox is not None
    visitor.house.settled()
    mails = {one.purpose: one.html for one in inbox.messages() if one.html}
    assert len(mails) > 3, mails
    visitor.page.goto("about:blank")
    for purpose, page in mails.items():
        visitor.page.set_content(page)
        look(visitor, purpose)


def _look_at_files(visitor: Visitor) -> None:
    visitor.open("/activity")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name="Download as a file").click()
    assert re.fullmatch(r"security-activity-[\d-]+\.jsonl", download.value.suggested_filename)
    visitor.is_at("/activity")


def test_what_is_refused_comes_back_as_text(trapped: Arrive) -> None:
    """WB-06: a refused form shows what was typed as text, and every page its own address."""
    new, forgetful, known, at_wall = trapped(), trapped(), trapped(), trapped()
    new.open("/sign-up")
    forgetful.open("/forgot-password")
    at_wall.sign_up()
    at_wall.open("/set-up/phone")
    for text in VECTORS:
        typed = quote(text, safe="")
        new.type("Name", text)
        new.type("E-mail", text)
        new.press("Create account")
        forgetful.type("E-mail", text)
        forgetful.press("Send code")
        known.open(f"/{typed}")
        known.forgive(404)
        look(known, text)
        known.open(f"/sign-in?next={typed}&email={typed}&error={typed}#{typed}")
        known.type("E-mail", text)
        known.press("Sign in")
        at_wall.ask_for_code(phone=text)
        for visitor in (new, forgetful, known, at_wall):
            look(visitor, text)


def test_trap_springs_on_a_careless_page(trapped: Arrive, house: RunningHouse) -> None:
    """WB-06: each vector is noticed where a page shows it as it came, under our content policy."""
    visitor = trapped()
    visitor.become_member()
    visitor.open_settings()
    unnoticed = []
    for text in VECTORS:
        post(visitor.context.request, house.origin, "/settings/name", name=text)
        visitor.page.route(f"{house.origin}/**", partial(_give_careless, text))
        for path in ("/", "/settings/name"):
            # One of them leads away from the page before it is looked at.
            with suppress(Error):
                visitor.open(path)
                visitor.faults += made_of(visitor.page)
        visitor.page.unroute_all()
        visitor.page.goto("about:blank")
        if not visitor.faults:
            unnoticed.append(text)
        visitor.faults.clear()
    assert unnoticed == []


def _give_careless(text: str, route: Route) -> None:
    """Pages as they would be without care; what they load as it is."""
    if not route.request.is_navigation_request():
        route.continue_()
        return
    answer = route.fetch()
    route.fulfill(response=answer, body=careless(answer.text(), text, kept=folded(text)))
