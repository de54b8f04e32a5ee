"""Whatever a request holds, the answer is one of ours: no header, cookie or body breaks a page."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from vestibule.web.doors import DOORS

T = TypeVar("T")
ANSWERS = {200, 302, 303, 400, 401, 403, 404, 405, 413, 415}
PATHS = [door.path.format(app_id="a", token="a") for door in DOORS]
FORMS = {
    "/sign-up": ("name", "email", "password"),
    "/sign-in": ("email", "password"),
    "/forgot-password": ("email",),
    "/not-me": ("not_me_code",),
}
HEADERS = (
    "accept-language", "authorization", "content-type", "cookie", "forwarded", "host", "origin",
    "sec-fetch-site", "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
)  # fmt: skip
COOKIES = ("session", "pending", "sign-up", "reset", "browser", "visit", "notice", "next")

# What a server passes on: h11 takes no control characters in a header's value.
visible = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
addresses = st.text("0123456789abcdef.:,%/[] ", max_size=60)
languages = st.text("abcdefgzABZ-_*;,q=.0159 ", max_size=300)
values = st.text(visible, max_size=300) | addresses | languages
typed = st.text(max_size=300) | st.sampled_from(
    ["\0", "a" * 70_000, "\ud800", "‮", "1" * 5000, "+" * 3000, "@" * 3000, "%s{0}${x}"]
)
hostile = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Ground:
    """One house that all requests of a run go to, and the loop that it lives in."""

    house: FrontDoor
    runner: asyncio.Runner

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Asked by a fresh browser, behind a proxy that is believed."""
        person = self.house.browser(source="192.0.2.1")
        return self.run(person.client.request(method, path, **more))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with _ground(tmp_path_factory.mktemp("ground")) as made:
        yield made


@contextmanager
def _ground(folder: Path) -> Iterator[Ground]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        database = sqlite_database(folder / "house.db")
        trusted: dict[str, object] = {"trusted_proxies": "192.0.2.0/24"}
        entering = stack.enter_async_context(front_door(database, folder, settings=trusted))
        house = runner.run(entering)
        # Text without end is typed into every field here, and is then nobody's secret.
        house.alarm.is_rung_on_purpose = True
        yield Ground(house, runner)
        runner.run(stack.aclose())
        runner.run(database.close())


def _are_ours(answers: list[httpx.Response]) -> bool:
    return {answer.status_code for answer in answers} <= ANSWERS


@hostile
@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(HEADERS), values, max_size=6))
def test_no_header_breaks_a_page(ground: Ground, path: str, headers: dict[str, str]) -> None:
    """RL-08, WB-07: forwarded addresses, languages and the rest are read or let be, never fatal."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    answers = [ground.ask(method, path, headers=raw) for method in ("GET", "POST")]

    assert _are_ours(answers), (answers, headers)


@hostile
@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(COOKIES), values, max_size=5))
def test_no_cookie_breaks_a_page(ground: Ground, path: str, cookies: dict[str, str]) -> None:
    """SE-02: a cookie that is not ours is as good as none."""
    line = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode("latin-1")

    answer = ground.ask("GET", path, headers=[(b"cookie", line)])

    assert _are_ours([answer]), (answer, cookies)


@hostile
@given(st.sampled_from(PATHS), st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_body_breaks_a_form(ground: Ground, path: str, body: bytes) -> None:
    """WB-07: bytes that are no form are refused as such."""
    kinds = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data")

    answers = [
        ground.ask("POST", path, content=body, headers={"content-type": kind}) for kind in kinds
    ]

    assert _are_ours(answers), (answers, body)


@hostile
@given(st.sampled_from(sorted(FORMS)), st.data())
def test_nothing_typed_breaks_a_form(ground: Ground, path: str, data: st.DataObject) -> None:
    """WB-06, WB-07: with the page's own token, whatever is typed gets a page."""
    form = {name: data.draw(typed) for name in FORMS[path]}
    person = ground.house.browser()
    ground.run(person.get(path))
    token = next(one.fields["csrf"] for one in person.page.forms if "csrf" in one.fields)
    body = httpx.QueryParams(
        {"csrf": token, **{k: v.encode("utf-8", "replace").decode() for k, v in form.items()}}
    )

    answer = ground.run(
        person.client.post(
            path,
            content=str(body).encode(),
            headers={"content-type": "application/x-www-form-urlencoded"},
            follow_redirects=True,
        )
    )

    assert _are_ours([answer]), (answer, form)


def test_a_broken_page_would_be_seen(tmp_path: Path) -> None:
    """A house that breaks answers otherwise: what holds above could fail."""
    with _ground(tmp_path) as ground:
        ground.run(ground.house.database.close())

        assert ground.ask("GET", "/readyz").status_code not in ANSWERS
