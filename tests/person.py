"""A person at a browser without JavaScript: opens pages, fills the forms that are there.

Knows no selector of ours: fields are found by name, buttons and links by the words on them.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx


@dataclass
class FoundForm:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str | None, str]] = field(default_factory=list)
    """Text, name, value of each."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FoundForm] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.title = ""
        self._form: FoundForm | None = None
        self._button: tuple[str | None, str] | None = None
        self._link: str | None = None
        self._select: str | None = None
        self._text = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        if tag == "form":
            self._form = FoundForm(a.get("action") or "", (a.get("method") or "get").lower())
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None and a.get("name"):
            if a.get("type") in {"radio", "checkbox"} and "checked" not in a:
                return
            self._form.fields[str(a["name"])] = a.get("value") or ""
        elif tag == "select" and self._form is not None:
            self._select = a.get("name")
        elif tag == "option" and self._select and self._form is not None:
            if "selected" in a or self._select not in self._form.fields:
                self._form.fields[self._select] = a.get("value") or ""
        elif tag == "button":
            self._button, self._text = (a.get("name"), a.get("value") or ""), ""
        elif tag == "a":
            self._link, self._text = a.get("href") or "", ""
        elif tag == "title":
            self._in_title = True

    def handle_endtag(self, tag: str) -> None:
        text = " ".join(self._text.split())
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "button" and self._button is not None:
            if self._form is not None:
                self._form.buttons.append((text, *self._button))
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links.append((text, self._link))
            self._link = None
        elif tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        self._text += data
        self.words.append(data)
        if self._in_title:
            self.title += data


class Person:
    """One browser. Every method returns the page it ended on."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.response: httpx.Response = httpx.Response(200)
        self.page = _Reader()

    @property
    def text(self) -> str:
        """The words of the page, white space folded."""
        return " ".join(" ".join(self.page.words).split())

    @property
    def path(self) -> str:
        return self.response.request.url.path

    @property
    def status(self) -> int:
        return self.response.status_code

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self._arrived(await self.client.get(path, follow_redirects=True, **kwargs))

    def _arrived(self, response: httpx.Response) -> httpx.Response:
        self.response = response
        self.page = _Reader()
        if response.headers.get("content-type", "").startswith("text/html"):
            self.page.feed(response.text)
        return response

    async def follow(self, words: str) -> httpx.Response:
        """Click the link with these words."""
        for text, href in self.page.links:
            if words in text:
                return await self.get(urljoin(self.path, href))
        raise AssertionError(f"no link {words!r} on {self.path}: {self.page.links}")

    def form(self, button: str) -> tuple[FoundForm, tuple[str, str | None, str]]:
        """The form with this button, and the button."""
        for form in self.page.forms:
            for one in form.buttons:
                if button in one[0]:
                    return form, one
        found = [one[0] for form in self.page.forms for one in form.buttons]
        raise AssertionError(f"no button {button!r} on {self.path}, only {found}: {self.text}")

    def filled(self, button: str, **typed: str) -> tuple[str, dict[str, str]]:
        """Where pressing the button would post to, and what."""
        form, (_, name, value) = self.form(button)
        data = {**form.fields, **typed}
        if name:
            data[name] = value
        return urljoin(self.path, form.action) if form.action else self.path, data

    async def press(self, button: str, **typed: str) -> httpx.Response:
        """Fill fields by name and press the button with these words."""
        action, data = self.filled(button, **typed)
        return self._arrived(await self.client.post(action, data=data, follow_redirects=True))

    async def post(self, path: str, data: dict[str, str], *, follow: bool = True) -> httpx.Response:
        """Post as a hand-made request would, with this page's token if there is one."""
        token = next((f.fields["csrf"] for f in self.page.forms if "csrf" in f.fields), "")
        response = await self.client.post(
            path, data={"csrf": token, **data}, follow_redirects=follow
        )
        return self._arrived(response) if follow else response

    def shown(self, pattern: str) -> str:
        """The first group of a pattern in the page's source, entities undone."""
        found = re.search(pattern, self.response.text)
        assert found is not None, f"{pattern!r} is not on {self.path}: {self.text}"
        return html.unescape(found.group(1))

    def cookie_names(self) -> Sequence[str]:
        return sorted(cookie.name for cookie in self.client.cookies.jar)
