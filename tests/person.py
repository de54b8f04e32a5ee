"""A person at a browser without JavaScript: opens pages, fills the forms that are there.

Knows no selector of ours: fields are found by name, buttons and links by the words on them.
"""

import html
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

import httpx

from vestibule.attack.page import FoundForm, Page


class Person:
    """One browser. Every method returns the page it ended on."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.response: httpx.Response = httpx.Response(200)
        self.page = Page()

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
        self.page = Page()
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
