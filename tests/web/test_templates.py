"""What every page keeps, whoever wires it: strict templates, protected forms, no inline code."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

from tests.web.page_samples import (
    GROUPS,
    INSIDE,
    KEY,
    LONG_NAME,
    PAGES,
    STATIC,
    TEMPLATES,
    environment,
    every_page,
    refusal,
)

PARTS = {
    "choices.html",
    "closing_notice.html",
    "fields.html",
    "key_tag.html",
    "layout.html",
    "mailed_code.html",
    "mark.html",
    "menu.html",
    "passkey_fields.html",
    "proof.html",
}
ENV = environment()
SHOWN = [pytest.param(name, extra, id=f"{name} {what}") for what, name, extra in PAGES]


class Page(HTMLParser):
    """Collect the elements of a page, and the form each field stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[tuple[dict[str, str | None], list[dict[str, str | None]]]] = []
        self.open_forms = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag == "form":
            assert not self.open_forms, "a form inside a form"
            self.open_forms += 1
            self.forms.append((found, []))
        elif tag in ("input", "select", "button") and self.open_forms:
            self.forms[-1][1].append(found)

    def handle_endtag(self, tag: str) -> None:
        self.open_forms -= tag == "form"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def render(name: str, extra: dict[str, Any]) -> str:
    return str(ENV.get_template(name).render(every_page(**extra)))


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_every_template_parses_and_is_shown_by_a_sample(path: Any) -> None:
    """No template exists that is neither a shared part nor rendered by these tests."""
    ENV.parse(path.read_text(encoding="utf-8"))
    assert path.name in PARTS | {name for _, name, _ in PAGES}


@pytest.mark.parametrize(("name", "extra"), SHOWN)
def test_every_form_that_changes_something_is_protected(name: str, extra: dict[str, Any]) -> None:
    """Each form is a POST and carries the CSRF field exactly once."""
    for form, fields in Page(render(name, extra)).forms:
        assert form["method"] == "post"
        assert [field["value"] for field in fields if field.get("name") == "csrf"] == ["csrf-token"]


@pytest.mark.parametrize(("name", "extra"), SHOWN)
def test_no_page_holds_inline_style_script_or_handler(name: str, extra: dict[str, Any]) -> None:
    """The content security policy can forbid inline code because there is none."""
    page = Page(render(name, extra))
    assert not page.all("style")
    for tag, attrs in page.elements:
        assert not [key for key in attrs if key == "style" or key.startswith("on")], tag
    for script in page.all("script"):
        assert script["type"] == "module"
        assert script["nonce"] == "bm9uY2U"
        assert (STATIC / str(script["src"]).removeprefix("/static/")).is_file()


@pytest.mark.parametrize(("name", "extra"), SHOWN)
def test_ids_are_unique_and_every_reference_finds_its_element(
    name: str, extra: dict[str, Any]
) -> None:
    """Labels, hints and errors point at what is on the page; focus has one place to go."""
    page = Page(render(name, extra))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in page.elements:
        pointed = f"{attrs.get('aria-describedby') or ''} {attrs.get('for') or ''}".split()
        assert set(pointed) <= set(ids), tag
    assert sum("autofocus" in attrs for _, attrs in page.elements) <= 1
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize(("name", "extra"), SHOWN)
def test_help_and_support_are_on_every_page_and_sign_out_where_a_person_is_known(
    name: str, extra: dict[str, Any]
) -> None:
    """Nobody is ever locked in, and there is never a second Sign out to choose from."""
    page = Page(render(name, extra))
    links = [attrs.get("href") for attrs in page.all("a")]
    assert "/help" in links
    assert "mailto:help@acme.example" in links
    ways_out = [form for form, _ in page.forms if form.get("action") == "/sign-out"]
    assert len(ways_out) == bool(extra.get("person"))


@pytest.mark.parametrize(("name", "extra"), SHOWN)
def test_words_stay_unblaming(name: str, extra: dict[str, Any]) -> None:
    """No page says "invalid" or "OTP", and none raises its voice."""
    html = re.sub(r'aria-invalid="true"|<!doctype html>|otpauth:[^"]*', "", render(name, extra))
    text = re.sub(r"<[^>]*>", " ", html)
    assert not re.search(r"invalid|\botp\b|!", text, re.IGNORECASE)


@pytest.mark.parametrize(("name", "extra"), SHOWN)
def test_a_page_with_its_sheet_and_scripts_stays_small(name: str, extra: dict[str, Any]) -> None:
    """Page, sheet and scripts together stay under 30 000 bytes, uncompressed."""
    html = render(name, extra)
    parts = re.findall(r'"/static/([^"]+)"', html)
    assert len(html.encode()) + sum((STATIC / part).stat().st_size for part in parts) < 30_000


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_scripts_are_short(path: Any) -> None:
    """Every script is under 80 lines and needs no other file."""
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") < 80
    assert not re.search(r"\bimport\b|innerHTML|\beval\b|https?:", source)


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_a_sheet_loads_nothing_and_mirrors_for_right_to_left(path: Any) -> None:
    """No stylesheet fetches anything or names a physical left or right."""
    sheet = path.read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import", sheet)
    assert not re.search(r"\b(left|right)\b\s*[:;]|-(left|right)\s*:", sheet)


def test_a_refusal_stands_beside_its_field_and_in_the_title() -> None:
    """The field is marked, described by the sentence, focused, and the title says so first."""
    wrong = refusal("code", "That code is not right. 3 tries left.")
    html = render("recovery_sign_in.html", {"refusal": refusal("recovery_code", wrong.text)})
    (field,) = [attrs for attrs in Page(html).all("input") if attrs.get("name") == "recovery_code"]
    assert field["aria-invalid"] == "true"
    assert "autofocus" in field
    assert "recovery_code-error" in str(field["aria-describedby"])
    assert wrong.text in html
    assert "<title>Error: " in html


def test_what_was_typed_is_kept_and_passwords_never_are() -> None:
    """A refused form comes back with its words, not with its secrets."""
    typed = {"name": "<b>Ines & Co</b>", "email": "ines@example.com", "password": "leaked"}
    html = render("sign_up.html", {"minimum": 12, "typed": typed})
    assert "&lt;b&gt;Ines &amp; Co&lt;/b&gt;" in html
    assert "ines@example.com" in html
    assert "leaked" not in html


@pytest.mark.parametrize(("digits", "label"), [(6, "Six-digit code"), (10, "Ten-digit code")])
def test_the_code_field_follows_the_length_of_the_challenge(digits: int, label: str) -> None:
    """One plain text field, ready for autofill, with room for separators."""
    (sample,) = [
        extra for what, name, extra in PAGES if (what, name) == ("text", "sign_in_code.html")
    ]
    html = render("sign_in_code.html", sample | {"digits": digits})
    (field,) = [attrs for attrs in Page(html).all("input") if attrs.get("name") == "code"]
    assert f">{label}</label>" in html
    assert field["type"] == "text"
    assert field["inputmode"] == "numeric"
    assert field["autocomplete"] == "one-time-code"
    assert field["maxlength"] == str(2 * digits - 1)


def test_a_recovery_code_is_in_the_page_only_while_it_is_shown() -> None:
    """Once shown, neither the code nor its groups are in the page again."""
    shown = render("recovery_code.html", INSIDE | KEY | {"base": "/settings"})
    gone = render(
        "recovery_code.html", INSIDE | KEY | {"base": "/settings", "code": None, "groups": []}
    )
    assert all(group in shown for group in GROUPS)
    assert not [group for group in GROUPS if group in gone]


def test_hostile_names_are_text() -> None:
    """Names of people, apps and browsers are written as text wherever they appear."""
    hostile = f'"><script>{LONG_NAME}</script>'
    (sample,) = [extra for what, name, extra in PAGES if (what, name) == ("bare", "settings.html")]
    app = SimpleNamespace(**vars(sample["apps"][0]) | {"name": hostile})
    html = render("settings.html", sample | {"apps": [app]})
    assert "<script>Wolfe" not in html


@pytest.mark.parametrize(("name", "extra"), SHOWN)
def test_no_page_shows_a_part_of_the_template(name: str, extra: dict[str, Any]) -> None:
    """A macro taken for a value, or an object for its text, is not shown to anybody."""
    shown = render(name, extra)

    assert not re.search(r"Macro &|&lt;(Macro|bound method|function|class|Undefined)", shown)
    assert "namespace(" not in shown
