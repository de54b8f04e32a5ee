"""Where `next` may lead, and what names may contain: hostile text in both (A.15)."""

import pytest

from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from vestibule.attack.redirect_targets import FRIENDLY, HOSTILE
from vestibule.attack.wire import browser_reads
from vestibule.web.paths import safe_path

pytestmark = pytest.mark.anyio

HERE = "http://localhost"


def test_hostile_targets_are_refused() -> None:
    """WB-05: of more than two hundred hostile targets none passes, and every plain path does."""
    assert len(HOSTILE) > 200

    passed = [target for target in HOSTILE if safe_path(target) is not None]

    assert [t for t in passed if browser_reads(t, HERE) != HERE] == []
    assert passed == []
    assert [safe_path(path) for path in FRIENDLY] == FRIENDLY


async def test_no_target_leads_away_after_a_sign_in(house: FrontDoor) -> None:
    """WB-05: with any of them as `next`, as query or cookie, the sign-in ends on a page of ours."""
    person, secret, _ = await house.member_with_app()
    await person.press("Sign out")
    for target in HOSTILE[::9]:
        for way in ("query", "cookie"):
            house.clock.advance(seconds=60)
            browser = house.browser()
            if way == "query":
                await browser.client.get("/sign-in", params={"next": target})
            elif target.isascii() and target.isprintable() and ";" not in target:
                browser.client.cookies.set("next", target)
            await house.password(browser)
            action, data = browser.filled("Verify", code=house.app_code(secret))
            answer = await browser.client.post(action, data=data)
            location = answer.headers["location"]
            assert answer.status_code == 303
            assert browser_reads(location, HERE) == HERE, (target, location)
            assert location == "/", (target, location)


async def test_no_target_leads_away_from_a_door_for_nobody(house: FrontDoor) -> None:
    """WB-05: whoever is inside is led on from the sign-in's page at once, to a page of ours."""
    person, _, _ = await house.member_with_app()
    for target in HOSTILE[::9]:
        answer = await person.client.get("/sign-in", params={"next": target})

        assert (answer.status_code, answer.headers["location"]) == (303, "/"), target
    answer = await person.client.get("/sign-in", params={"next": "/sessions?from=mail"})
    assert answer.headers["location"] == "/sessions?from=mail"


async def test_a_page_of_ours_is_returned_to(house: FrontDoor) -> None:
    """WB-05: the page first asked for is where both doors lead."""
    person, secret, _ = await house.member_with_app()
    await person.press("Sign out")
    house.clock.advance(seconds=60)
    await person.get("/sessions?from=mail")
    assert person.path == "/sign-in"
    await person.press("Sign in", email="ada@example.com", password=PASSWORD)
    await person.press("Verify", code=house.app_code(secret))

    assert str(person.response.request.url) == "http://localhost/sessions?from=mail"


MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>',
    "'><b>x", "</title><script>x</script>", "{{7*7}}", "{% raw %}", "${7*7}", "<!--", "]]>",
    "javascript:alert(1)", "&lt;b&gt;", "`<b>`", "\u202egnp.exe", "<iframe srcdoc=x>",
    '" autofocus onfocus="x', "' style='x", "<a href=//evil.example>", "\x1b[31mred", "%(name)s",
]  # fmt: skip


def _is_plain(person: Person, text: str) -> None:
    """The page holds no tag or attribute that the text would have made."""
    source = person.response.text
    if any(mark in text for mark in "<>"):
        assert text not in source, (person.path, text)
    for mark in ("<script>alert", "onerror=alert(1)>", "<svg/onload", "<iframe"):
        made = [line for line in source.splitlines() if mark in line and "&lt;" not in line]
        assert not made, (person.path, text, made)


async def _look_everywhere(person: Person, text: str) -> None:
    for path in ("/", "/settings", "/settings/method", "/sessions", "/help", "/settings/app"):
        await person.get(path)
        assert person.status == 200, path
        _is_plain(person, text)


async def test_names_are_text_on_every_page(house: FrontDoor) -> None:
    """WB-06: markup in a person's name, an app's name or a browser's name stays text."""
    for turn, text in enumerate(MARKUP):
        agent = text.encode("latin-1", "replace").decode("latin-1").replace("\x1b", "?")
        person = house.browser(source=f"198.51.100.{turn}", agent=agent)
        email = f"{turn}@example.com"
        await person.get("/sign-up")
        await person.press("Create account", name=text, email=email, password=PASSWORD)
        _is_plain(person, text)
        await person.press("Verify", code=await house.code("email", to=email))
        await person.press("Authentication app")
        code = house.app_code(house.secret_on(person))
        await person.press("Verify", code=code, app_name=text)
        await house.save_recovery_code(person)
        await person.press("User Settings")
        await house.deliver()
        gates = [m for m in house.inbox() if m.purpose == "settings_gate" and m.to == email]
        await person.press("Verify", code=str(gates[-1].code))
        await _look_everywhere(person, text)
        for message in house.inbox():
            assert text not in (message.html or "") or not any(mark in text for mark in "<>")


async def test_typed_text_comes_back_as_text(house: FrontDoor) -> None:
    """WB-06: what was typed into a refused form, and a path that is none, is shown as text."""
    person = house.browser()
    for text in MARKUP:
        await person.get("/sign-in")
        await person.press("Sign in", email=text, password="x")
        _is_plain(person, text)
        await person.get("/sign-up")
        await person.press("Create account", name=text, email=text, password="x")
        _is_plain(person, text)
        await person.client.get("/" + text.replace("\x1b", "").replace("\u202e", ""))
        await person.get("/sign-in", params={"next": text, "error": text, "email": text})
        _is_plain(person, text)


async def test_errors_say_nothing_of_the_inside(house: FrontDoor) -> None:
    """WB-06: error pages name no class, path, statement or version."""
    person = house.browser()
    for path in ("/no-such-page", "/settings/apps/x/rename", "/static/../settings.py", "/sign-out"):
        await person.get(path)
        for word in ("Traceback", "vestibule.", "sqlite", "SELECT", ".py", "Starlette", "0.1.0"):
            assert word not in person.response.text, (path, word)
