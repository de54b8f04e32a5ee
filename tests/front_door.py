"""The whole house for a test: real flows, real storage, real pages; time and chance are given.

`FrontDoor` builds it over a database of the caller's choice and hands out browsers. Messages
leave when the test says so (`deliver`), which is what the worker does in the server. When its test
ends, the house is searched for every secret that came through its doors.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.leaks import LeakAlarm, Watched, watching
from tests.person import Person
from vestibule.bootstrap import Built, build_house
from vestibule.catalogues import Catalogues
from vestibule.clock import ManualClock
from vestibule.crypto import root_key
from vestibule.crypto.password_hash import CHEAPEST
from vestibule.delivery.providers.simulator import Delivered
from vestibule.domain import totp
from vestibule.entropy import SeededEntropy
from vestibule.flows.deliver import drain
from vestibule.settings import Settings
from vestibule.simulator.telephone import Telephone
from vestibule.storage.database import Database

PASSWORD = "a lantern in the porch"
START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class FrontDoor:
    """One running house without a socket."""

    def __init__(
        self,
        build: Callable[[Database], Built],
        over: Database,
        clock: ManualClock,
        alarm: LeakAlarm,
    ) -> None:
        self._build, self._over = build, over
        self.built = build(over)
        self.clock = clock
        self.alarm = alarm
        self.requests = 0
        self.form_takes = 0.0
        """Seconds that pass with each form that is sent; none, unless a test says so."""
        self._houses = [self.built]
        self._clients: list[httpx.AsyncClient] = []

    @property
    def database(self) -> Database:
        return self.built.means.database

    def browser(
        self,
        *,
        source: str = "203.0.113.7",
        agent: str = "Mozilla/5.0 test",
        language: str = "",
    ) -> Person:
        """A fresh browser: no cookies, its own address, its Accept-Language."""
        inside = httpx.ASGITransport(self._serve, client=(source, 40000))
        client = httpx.AsyncClient(
            transport=Watched(inside, self.alarm),
            base_url="http://localhost",
            headers={"user-agent": agent, "accept-language": language},
        )
        self._clients.append(client)
        return Person(client)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        self.requests += 1
        if scope["method"] == "POST":
            self.clock.advance(seconds=self.form_takes)
        await self.built.app(scope, receive, send)

    def restart(self, over: Database | None = None) -> None:
        """As a new process with the same key, over the same database or the one that was put back.

        What was in memory only is gone.
        """
        self._over = over or self._over
        self.built = self._build(self._over)
        self._houses.append(self.built)

    async def close(self) -> None:
        """End the connections of its browsers and to its carriers; the database stays open."""
        for client in self._clients:
            await client.aclose()
        for built in self._houses:
            for provider in built.providers.values():
                await provider.close()

    async def deliver(self) -> None:
        """Send everything that waits in the outbox; the simulated network does its part."""
        await drain(self.built.worker.delivering)
        await self.telephone.settle()

    @property
    def telephone(self) -> Telephone:
        assert self.built.telephone is not None
        return self.built.telephone

    def inbox(self) -> list[Delivered]:
        assert self.built.inbox is not None
        return self.built.inbox.messages()

    async def leaks(self) -> list[str]:
        """Where this house has written down a secret, as places and kinds."""
        return await self.alarm.search_house(self.built)

    async def message(self, channel: str, *, to: str | None = None) -> Delivered:
        """The newest message of a channel, after delivering what waits."""
        await self.deliver()
        found = [m for m in self.inbox() if m.channel == channel and to in {None, m.to}]
        assert found, f"no {channel} message for {to or 'anybody'}"
        return found[-1]

    async def code(self, channel: str, *, to: str | None = None) -> str:
        """The code of the newest message of a channel that carries one; a call is answered."""
        if channel == "voice":
            return await self.heard(to=to)
        await self.deliver()
        found = [m for m in self.inbox() if m.channel == channel and m.code]
        codes = [m.code for m in found if to in {None, m.to}]
        assert codes, f"no code by {channel} for {to or 'anybody'}"
        return str(codes[-1])

    async def heard(self, *, to: str | None = None) -> str:
        """Answer the newest call, press a key, write the digits down, and hang up."""
        call = await self.message("voice", to=to)
        await self.telephone.answer(call)
        await self.telephone.press(call, "5")
        on_line = self.telephone.call(call)
        assert on_line is not None
        said = "".join(one.text for one in on_line.heard if len(one.text) == 1 and not one.is_key)
        await self.telephone.hang_up(call)
        assert said, on_line.heard
        return said[: len(said) // 3]

    # --- the article's steps ----------------------------------------------------------------

    async def sign_up(self, person: Person, email: str, *, password: str = PASSWORD) -> None:
        """Up to the wall: the address is proven, nothing is set up."""
        await person.get("/sign-up")
        await person.press("Create account", name="Ada", email=email, password=password)
        await person.press("Verify", code=await self.code("email", to=email))
        assert person.path == "/set-up", person.text

    async def set_up_phone(self, person: Person, phone: str = "07400 123456") -> str:
        """Through the wall by text; the recovery code, which was saved."""
        await person.get("/set-up/phone")
        await person.press("Send code by text message", country="GB", phone=phone)
        await person.press("Verify", code=await self.code("sms"))
        return await self.save_recovery_code(person)

    async def set_up_app(self, person: Person) -> tuple[bytes, str]:
        """Through the wall by app; its secret and the recovery code, which was saved."""
        await person.get("/set-up")
        await person.press("Authentication app")
        secret = self.secret_on(person)
        await person.press("Verify", code=self.app_code(secret), app_name="Phone app")
        return secret, await self.save_recovery_code(person)

    def secret_on(self, person: Person) -> bytes:
        """The shared secret that the page of an app's set-up shows."""
        import base64

        text = person.shown(r"secret=([A-Z2-7]+)")
        return base64.b32decode(text + "=" * (-len(text) % 8))

    def app_code(self, secret: bytes, *, steps: int = 0) -> str:
        """What an app shows now, or `steps` of 30 seconds from now."""
        return totp.hotp(secret, totp.step_at(self.clock()) + steps)

    async def save_recovery_code(self, person: Person) -> str:
        assert person.path.endswith("/recovery-code"), person.text
        code = person.shown(r'name="shown" value="([^"]+)"')
        await person.press("Finish", last_group=code[-4:])
        return code

    async def member(
        self, email: str = "ada@example.com", *, phone: str = "07400 123456"
    ) -> tuple[Person, str]:
        """A browser inside, of an account with a phone; and its recovery code."""
        person = self.browser()
        await self.sign_up(person, email)
        code = await self.set_up_phone(person, phone)
        assert person.path == "/", person.text
        return person, code

    async def member_with_app(self, email: str = "ada@example.com") -> tuple[Person, bytes, str]:
        """A browser inside, of an account with an app; its secret and recovery code."""
        person = self.browser()
        await self.sign_up(person, email)
        secret, code = await self.set_up_app(person)
        assert person.path == "/", person.text
        return person, secret, code

    async def password(
        self, person: Person, email: str = "ada@example.com", *, password: str = PASSWORD
    ) -> None:
        """The first door only."""
        await person.get("/sign-in")
        await person.press("Sign in", email=email, password=password)

    async def sign_in(self, person: Person, email: str = "ada@example.com") -> None:
        """Both doors, by text."""
        await self.password(person, email)
        await person.press("Verify", code=await self.code("sms"))
        await self.answer_review(person)
        assert person.path == "/", person.text

    async def answer_review(self, person: Person) -> None:
        """Yes to "still yours?", where a sign-in opens with it."""
        if person.path == "/review":
            await person.press("Yes, all mine")

    async def let_time_pass(self, *, seconds: float) -> None:
        """Move the clock, and let the worker do what is due by then."""
        self.clock.advance(seconds=seconds)
        await self.built.worker.work_once()

    async def open_settings(self, person: Person) -> None:
        """The mailed code, so that User Settings is open."""
        await person.get("/")
        await person.press("User Settings")
        if "Six-digit code" in person.text:
            await person.press("Verify", code=await self.code("email"))
        assert person.path == "/settings", person.text

    async def prove_mailbox(self, person: Person) -> None:
        """What a new browser is asked for before it sets the password that strikes demand."""
        assert person.path == "/settings", person.text
        await person.press("Send code")
        await person.press("Verify", code=await self.code("email"))

    async def step_up(self, person: Person, *, password: str = PASSWORD) -> None:
        """Password and a texted code, on the page that asks before a change."""
        assert person.path == "/settings/confirm", person.text
        await person.press("Send code by text message")
        await person.press("Confirm", password=password, code=await self.code("sms"))


_houses: Counter[str] = Counter()
"""How many each test has made."""


def _chance(folder: Path) -> str:
    """Of each house of a test another one, the same in every run; outside of tests the folder's."""
    test, _, _ = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")  # noqa: TID251 - pytest's word
    _houses[test] += 1
    return f"{test} {_houses[test]}" if test else str(folder)


@asynccontextmanager
async def front_door(
    database: Database,
    folder: Path,
    *,
    settings: dict[str, object] | None = None,
    catalogues: Catalogues | None = None,
    clock: ManualClock | None = None,
    seed: str | None = None,
    beat: float = 0,
) -> AsyncIterator[FrontDoor]:
    """A house over this database, with its own keys in the folder; it closes no database.

    Its chance is the same each time that a test runs, or follows `seed`. Its answers wait for no
    beat, unless one is given.
    """
    key, entropy = folder / "root.key", SeededEntropy(seed or _chance(folder))
    root_key.make(key, entropy)
    clock = clock or ManualClock(START)
    values: dict[str, object] = {
        "data": folder,
        "simulator": True,
        "public_origin": "http://localhost",
        **(settings or {}),
    }

    def build(over: Database) -> Built:
        return build_house(
            Settings.model_validate(values),
            clock=clock,
            entropy=entropy,
            profile=CHEAPEST,
            database=over,
            catalogues=catalogues,
            beat=beat,
        )

    with watching() as alarm:
        house = FrontDoor(build, database, clock, alarm)
        try:
            yield house
        finally:
            await house.close()
        if not alarm.is_rung_on_purpose:
            found = await house.leaks()
            assert found == [], found
