"""The leak alarm: every secret of a walk is registered, then logs and rows are searched for it.

`watching` takes over the log for a walk; `LeakAlarm.search` fails and names the place. Columns
that hold what they say (an address, a name) are excepted one by one.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import parse_qsl

import httpx
import structlog
from sqlalchemy import Text

from tests.attack import rows
from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.observability.logging import configure
from vestibule.storage.schema import metadata

READABLE = {
    "accounts.email": "an address",
    "accounts.email_key": "an address",
    "sign_ups.email": "an address",
    "sign_ups.email_key": "an address",
    "resets.email": "an address",
}
"""Columns that may hold a secret of that kind, and no other."""

_FIELDS = {"password", "new_password", "code", "next_code", "recovery_code", "shown", "phone"}
_TOKENS = {"session", "pending", "sign-up", "reset", "browser", "visit"}


@dataclass
class LeakAlarm:
    """What must appear nowhere, each with the kind it is told as."""

    log: io.StringIO
    secrets: dict[str, str] = field(default_factory=dict)

    def register(self, kind: str, secret: str) -> None:
        """Add one, in the ways it may be written."""
        if len(secret) >= 6:
            self.secrets[secret] = kind
        digits = re.sub(r"\D", "", secret)
        if kind == "a number" and len(digits) >= 10:
            self.secrets[digits[-10:]] = kind

    def watch(self, person: Person) -> Person:
        """Register everything secret that this browser sends or is given."""
        person.client.event_hooks["request"].append(self._sent)
        person.client.event_hooks["response"].append(self._given)
        return person

    async def _sent(self, request: httpx.Request) -> None:
        if request.method != "POST":
            return
        for name, value in parse_qsl((await request.aread()).decode()):
            if name in _FIELDS:
                self.register("a number" if name == "phone" else f"a typed {name}", value)
            if name == "email":
                self.register("an address", value)

    async def _given(self, response: httpx.Response) -> None:
        for header in response.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(header).items():
                if name in _TOKENS:
                    self.register(f"a {name} token", morsel.value)
        for secret in re.findall(r"secret=([A-Z2-7]{32})", (await response.aread()).decode()):
            self.register("an app's secret", secret)

    def receive(self, house: FrontDoor) -> None:
        """Register what the house has sent: codes and where they went."""
        for message in house.inbox():
            self.register("an address" if message.channel == "email" else "a number", message.to)
            if message.code:
                self.register("a code", message.code)

    async def search(self, house: FrontDoor) -> list[str]:
        """Where secrets were found: `place: kind`, never the secret."""
        self.receive(house)
        found = self._hits("the log", self.log.getvalue())
        for table in metadata.sorted_tables:
            for column in table.columns:
                if not isinstance(column.type, Text) or column.name.endswith("_mac"):
                    continue
                place = f"{table.name}.{column.name}"
                sql = f"SELECT {column.name} AS said FROM {table.name}"  # noqa: S608 - the schema
                for row in await rows(house, sql):
                    found += self._hits(place, str(row["said"]))
        return sorted({hit for hit in found if READABLE.get(hit.split(": ")[0]) != hit[-10:]})

    def _hits(self, place: str, text: str) -> list[str]:
        return [
            f"{place}: {kind}"
            for secret, kind in self.secrets.items()
            if secret in text
            and re.search(rf"(?<![\w-]){re.escape(secret)}(?![\w-])|{_anywhere(secret)}", text)
        ]

    def lines(self) -> list[dict[str, object]]:
        """The log, parsed; a line that is no JSON object fails."""
        parsed = [json.loads(line) for line in self.log.getvalue().splitlines()]
        assert all(isinstance(line, dict) for line in parsed)
        return parsed


def _anywhere(secret: str) -> str:
    """Long secrets count inside other text too; six digits would be found in any number."""
    return re.escape(secret) if len(secret) >= 10 else "(?!)"


@contextmanager
def watching() -> Iterator[LeakAlarm]:
    """An alarm that the log is written to while the block runs."""
    stream = io.StringIO()
    configure(stream)
    try:
        yield LeakAlarm(stream)
    finally:
        structlog.reset_defaults()
