"""The leak alarm: every secret that a house is shown or shows is registered, then looked for.

Each house in this process has one, and is searched when its test ends, whether a test's client or
a real browser came to its door; houses in processes of their own are searched in their database
and in what they wrote. Columns that hold what they say (an address) are excepted one by one.
"""

import io
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

import httpx
import structlog
from sqlalchemy import LargeBinary, Text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vestibule.bootstrap import Built
from vestibule.delivery.providers.simulator import Delivered
from vestibule.flows.metrics import gather
from vestibule.observability.logging import configure
from vestibule.observability.metrics import Gauges
from vestibule.storage.database import Database, Row, StorageDown, Transaction
from vestibule.storage.schema import metadata

READABLE = {
    "accounts.email": "an address",
    "accounts.email_key": "an address",
    "sign_ups.email": "an address",
    "sign_ups.email_key": "an address",
    "resets.email": "an address",
}
"""Columns that may hold a secret of that kind, and no other."""
WRITTEN_OUT = {"a code", "an address", "a link's token", "an answer's code"}
"""What a message is there to say; everything else it may say masked only."""

_FIELDS = {"password", "new_password", "code", "next_code", "recovery_code", "shown", "phone"}
_TOKENS = {"session", "pending", "sign-up", "reset", "browser", "visit"}


@dataclass
class Secrets:
    """What must appear nowhere, each with the kind it is told as."""

    kinds: dict[str, str] = field(default_factory=dict)

    def register(self, kind: str, secret: str) -> None:
        """Add one, in the ways it may be written."""
        if len(secret) >= 6 and not (secret in self.kinds and kind.startswith("a typed ")):
            self.kinds[secret] = kind
            # As an address on the web holds it.
            for quoted in (quote(secret, safe=""), quote_plus(secret)):
                self.kinds.setdefault(quoted, kind)
        digits = re.sub(r"\D", "", secret)
        if kind == "a number" and len(digits) >= 10:
            self.kinds[digits[-10:]] = kind

    def register_message(self, to: str, channel: str, code: str | None) -> None:
        """Add whom a message went to, and its code."""
        self.register("an address" if channel == "email" else "a number", to)
        self.register("a code", code or "")

    def hits(self, place: str, text: str) -> list[str]:
        """Where secrets are in a text: `place: kind`, never the secret."""
        return [
            f"{place}: {kind}"
            for secret, kind in self.kinds.items()
            if secret in text
            and re.search(rf"(?<![\w-]){re.escape(secret)}(?![\w-])|{_anywhere(secret)}", text)
        ]


def _anywhere(secret: str) -> str:
    """Long secrets count inside other text too; six digits would be found in any number."""
    return re.escape(secret) if len(secret) >= 10 else "(?!)"


@dataclass
class LeakAlarm(Secrets):
    """The secrets of one house, and where they have been seen already."""

    log: io.StringIO = field(default_factory=io.StringIO)
    outputs: io.StringIO = field(default_factory=io.StringIO)
    """What libraries say by themselves: the server's tracebacks, the event loop's."""
    seen: list[str] = field(default_factory=list)
    """Hits in answers, at the moment that they were given."""
    is_rung_on_purpose: bool = False
    """The test leaks something itself."""

    def sent(self, request: httpx.Request) -> None:
        """Register everything secret that a browser sends."""
        if request.method != "POST":
            return
        text = request.content.decode("latin-1")
        for name, value in parse_qsl(text):
            is_guess = "code" in name and len(set(value)) < 3
            if name in _FIELDS and not is_guess:
                self.register("a number" if name == "phone" else f"a typed {name}", value)
            if name == "email" and "@" in value:
                self.register("an address", value)

    def given(self, answer: httpx.Response) -> None:
        """Register everything secret that a browser is given, and look where none belongs."""
        for header in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(header).items():
                if name.removeprefix("__Host-") in _TOKENS and morsel.value:
                    self.register(f"a {name.removeprefix('__Host-')} token", morsel.value)
        text = answer.content.decode("latin-1")
        for secret in re.findall(r"secret=([A-Z2-7]{32})", text):
            self.register("an app's secret", secret)
        for code in re.findall(r'name="shown" value="([^"]+)"', text):
            self.register("a recovery code", code)
            self.register("a recovery code", code.replace("-", ""))
        if answer.is_server_error:
            self.seen += self.hits("an error page", text)
        if answer.has_redirect_location:
            self.seen += self.hits("a redirect", answer.headers["location"])

    def receive(self, messages: Iterable[Delivered]) -> None:
        """Register what a house has sent, and look for what it must not say."""
        for message in messages:
            self.register_message(message.to, message.channel, message.code)
            said = "\n".join(filter(None, (message.subject, message.text, message.html)))
            for token in re.findall(r"/not-me/([\w-]{43})", said):
                self.register("a link's token", token)
            for code in re.findall(r"/not-me\b.* ([0-9A-Z]{4}-[0-9A-Z]{4})\b", said):
                self.register("an answer's code", code)
                self.register("an answer's code", code.replace("-", ""))
            self.seen += [
                hit
                for hit in self.hits("a message", said)
                if hit.removeprefix("a message: ") not in WRITTEN_OUT
            ]

    def told(self) -> list[str]:
        """What was found in answers, messages and the log."""
        return [
            *self.seen,
            *self.hits("the log", self.log.getvalue()),
            *self.hits("the outputs", self.outputs.getvalue()),
        ]

    async def search_house(self, built: Built) -> list[str]:
        """Where a house of this process has written down a secret: `place: kind`, never it."""
        if built.inbox is not None:
            self.receive(built.inbox.messages())
        try:
            measured = Gauges().render(await gather(built.means)).decode()
            return await self.search(built.means.database, measured)
        except StorageDown:
            # The test has closed its database: what was said is left.
            return self.told()

    async def search(self, database: Database, measured: str = "") -> list[str]:
        """Every place where a secret was found: `place: kind`, never the secret."""
        found = [*self.told(), *self.hits("the metrics", measured)]
        for table in metadata.sorted_tables:
            columns = [
                column.name
                for column in table.columns
                if isinstance(column.type, Text | LargeBinary)
            ]
            sql = f"SELECT {', '.join(columns)} FROM {table.name}"  # noqa: S608 - the schema
            rows = await database.read(_all_of(sql))
            for column in columns:
                kept = "\n".join(_text_of(row[column]) for row in rows if row[column] is not None)
                found += self.hits(f"{table.name}.{column}", kept)
        return sorted(
            {hit for hit in found if READABLE.get(hit.split(": ")[0]) != hit.split(": ")[1]}
        )

    def lines(self) -> list[dict[str, object]]:
        """The log, parsed; a line that is no JSON object fails."""
        parsed = [json.loads(line) for line in self.log.getvalue().splitlines()]
        assert all(isinstance(line, dict) for line in parsed)
        return parsed


def _all_of(sql: str) -> Callable[[Transaction], Any]:
    async def unit(tx: Transaction) -> list[Row]:
        return await tx.fetch_all(sql)

    return unit


def _text_of(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class Watched(httpx.AsyncBaseTransport):
    """The way into a house, with the alarm beside it."""

    def __init__(self, inner: httpx.AsyncBaseTransport, alarm: LeakAlarm) -> None:
        self._inner = inner
        self._alarm = alarm

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(request.stream, AsyncIterator):
            await request.aread()
            self._alarm.sent(request)
        answer = await self._inner.handle_async_request(request)
        await answer.aread()
        self._alarm.given(answer)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


class WatchedApp:
    """A house's app with the alarm beside it, for clients that are not written by the test."""

    def __init__(self, inner: ASGIApp, alarm: LeakAlarm) -> None:
        self._inner = inner
        self._alarm = alarm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        form, page, start = bytearray(), bytearray(), dict[str, Any]()

        async def hear() -> Message:
            message = await receive()
            form.extend(message.get("body", b""))
            if not message.get("more_body"):
                path = f"http://localhost{scope['path']}"
                self._alarm.sent(httpx.Request(scope["method"], path, content=bytes(form)))
            return message

        async def say(message: Message) -> None:
            start.update(message)
            page.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                given = httpx.Response(
                    start["status"], headers=start["headers"], content=bytes(page)
                )
                self._alarm.given(given)
            await send(message)

        await self._inner(scope, hear, say)


@contextmanager
def watching() -> Iterator[LeakAlarm]:
    """An alarm that the log and the outputs are written to while the block runs."""
    before = structlog.get_config()
    alarm = LeakAlarm()
    configure(alarm.log)
    outputs = logging.StreamHandler(alarm.outputs)
    logging.getLogger().addHandler(outputs)
    try:
        yield alarm
    finally:
        logging.getLogger().removeHandler(outputs)
        structlog.configure(**before)
