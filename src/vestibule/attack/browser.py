"""One browser without JavaScript: its own cookies, the page it is on, the forms of that page.

Fields and forms are found by name and address, never by words: houses speak many languages. It
follows redirects within the house only.
"""

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import urljoin, urlsplit

import httpx

from vestibule.attack.page import FoundForm, Page
from vestibule.attack.wire import Wire, set_cookies

MOST_REDIRECTS = 8


class Unexpected(Exception):
    """An honest visit did not get where it should; what it was for cannot be tried."""


class LedAway(Unexpected):
    """The house sent a visitor to somebody else."""


class Browser:
    """Cookies by name and value; the page that was arrived at last."""

    def __init__(self, wire: Wire, cookies: Mapping[str, str] | None = None) -> None:
        self.wire = wire
        self.cookies = dict(cookies or {})
        self.page = Page()
        self.path = ""
        self.text = ""
        self.status = 0

    def cookie(self, name: str) -> str:
        """The value of a cookie by its plain name, with or without `__Host-`; "" without one."""
        return self.cookies.get(name) or self.cookies.get(f"__Host-{name}", "")

    async def ask(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        keep: bool = True,
    ) -> httpx.Response:
        """One request, no redirect followed; what it sets is kept unless told otherwise."""
        answer = await self.wire.send(
            method, path, cookies=self.cookies, data=data, content=content, headers=headers
        )
        if keep:
            for one in set_cookies(answer):
                if one.is_dropped:
                    self.cookies.pop(one.name, None)
                else:
                    self.cookies[one.name] = one.value
        return answer

    async def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Open a page and go where it leads."""
        return await self._follow(path, await self.ask("GET", path, headers=headers))

    async def post(self, path: str, **typed: str) -> httpx.Response:
        """Post as a hand-made request would, with this page's token, and go where it leads."""
        data = {"csrf": self.token, **typed}
        return await self._follow(path, await self.ask("POST", path, data=data))

    async def submit(self, *names: str, **typed: str) -> httpx.Response:
        """Fill the form that has these fields, press its first button, go where it leads."""
        path, data = self.filled(*names, **typed)
        return await self._follow(path, await self.ask("POST", path, data=data))

    def filled(self, *names: str, **typed: str) -> tuple[str, dict[str, str]]:
        """Where the form with these fields would post to, and what; raises `Unexpected`."""
        form = self.page.with_field(*names)
        if form is None:
            raise Unexpected(f"no form with {' and '.join(names)} on {self.path}")
        return self.filled_form(form, **typed)

    def filled_form(self, form: FoundForm, **typed: str) -> tuple[str, dict[str, str]]:
        """The same of one form."""
        data = dict(form.fields)
        if form.buttons and form.buttons[0][1]:
            data[form.buttons[0][1]] = form.buttons[0][2]
        path = urljoin(self.path, form.action) if form.action else self.path
        return path, {**data, **typed}

    async def volley(self, name: str, values: Sequence[str]) -> list[httpx.Response]:
        """Post the form with this field once for each value, all at once; keeps nothing."""
        posts = []
        for value in values:
            path, data = self.filled(name, **{name: value})
            posts.append(self.ask("POST", path, data=data, keep=False))
        return await asyncio.gather(*posts)

    @property
    def token(self) -> str:
        """The token of any form of this page."""
        return next((one.fields["csrf"] for one in self.page.forms if "csrf" in one.fields), "")

    async def _follow(self, path: str, answer: httpx.Response) -> httpx.Response:
        for _ in range(MOST_REDIRECTS):
            location = answer.headers.get("location")
            if location is None:
                break
            if not self.wire.reads(location):
                raise LedAway(f"{path} leads away, to {location[:80]!r}")
            parts = urlsplit(urljoin(path, location))
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            answer = await self.ask("GET", path)
        self.page, self.path, self.status = Page(), path.split("?")[0], answer.status_code
        self.text = answer.text
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page.feed(answer.text)
        return answer
