"""Owners and attackers of many accounts over real HTTP, each request to another server process.

Everybody acts at once; chance decides who asks which process, and its seed is given. Counts what
was asked and what came of it; judges nothing.
"""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import httpx

from tests.attack import all_at_once
from tests.faults.members import STEP, Member, join
from tests.faults.processes import Houses
from tests.front_door import PASSWORD
from tests.leaks import Watched
from tests.person import Person
from vestibule.domain import totp
from vestibule.entropy import SeededEntropy

PATIENCE = 60.0


class AnyProcess(httpx.AsyncBaseTransport):
    """Sends each request to a server that chance chooses, as a balancer without memory does."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        # A connection that a server closes while it is idle would look like a broken answer.
        limits = httpx.Limits(max_connections=16, max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        ports = self._crowd.houses.ports
        port = ports[self._crowd.chance.below(len(ports))]
        request.url = request.url.copy_with(port=port)
        self._crowd.counted["requests"] += 1
        self._crowd.counted[f"to process {ports.index(port)}"] += 1
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass
class Resident:
    """An owner: the browser that set the account up, the app, and the password of today."""

    member: Member
    browser: Person
    password: str = PASSWORD
    used: list[str] = field(default_factory=list)
    """The codes that opened something."""
    refused: list[str] = field(default_factory=list)
    """What the page said where they did not come in."""


class Crowd:
    """The accounts, and rounds in which all of their owners and attackers act in parallel."""

    def __init__(self, houses: Houses, *, seed: str) -> None:
        self.houses = houses
        self.chance = SeededEntropy(seed)
        self.counted: Counter[str] = Counter()
        self.residents: list[Resident] = []
        self._open = AsyncExitStack()

    async def move_in(self, count: int) -> None:
        """So many accounts with an app each, and one full sign-in of their known browser."""
        for turn in range(count):
            member = await join(self.houses, self.houses.origins[0], f"{turn}@example.com")
            self.residents.append(Resident(member, await self.browser()))
        self.houses.advance(10 * STEP)
        await asyncio.gather(*(self.come_in(one) for one in self.residents))
        # A day later those browsers are known (R11).
        self.houses.advance(25 * 3600)

    async def browser(self) -> Person:
        client = httpx.AsyncClient(
            base_url="http://127.0.0.1",
            transport=Watched(AnyProcess(self), self.houses.alarm),
            timeout=PATIENCE,
        )
        return Person(await self._open.enter_async_context(client))

    async def leave(self) -> None:
        await self._open.aclose()

    async def round(self, *, attackers: int, later: float) -> None:
        """`later` seconds after the last one: on each account so many attackers, and its owner."""
        self.houses.advance(later)
        acts = [self.attack(one) for one in self.residents for _ in range(attackers)]
        acts += [self.ask_and_guess(one) for one in self.residents]
        acts += [self.come_in(one) for one in self.residents]
        order = sorted(acts, key=lambda _: self.chance.below(2**32))
        await asyncio.gather(*order)

    # --- owners -------------------------------------------------------------------------------

    async def come_in(self, resident: Resident) -> None:
        """Sign in from the known browser; what is asked for besides is answered too."""
        person = resident.browser
        await person.get("/")
        if person.path in {"/", "/resume"}:
            await person.press("Sign out")
        await person.get("/sign-in")
        await person.press("Sign in", email=resident.member.email, password=resident.password)
        await self._enter_code(resident)
        if person.path == "/new-password":
            self.counted["new passwords demanded"] += 1
            resident.password = f"heron {self.chance.digits(8)} on the weathervane"
            await person.press("Set new password", new_password=resident.password)
        if (await person.client.get("/session")).status_code == 200:
            self.counted["owners' sign-ins"] += 1
        else:
            resident.refused.append(f"{person.path}: {person.text}")

    async def _enter_code(self, resident: Resident) -> None:
        person, member = resident.browser, resident.member
        if person.path != "/sign-in/code":
            return
        now = totp.hotp(member.secret, member.step)
        if any("next_code" in form.fields for form in person.page.forms):
            self.counted["two codes demanded"] += 1
            before = totp.hotp(member.secret, member.step - 1)
            await person.press("Verify", code=before, next_code=now)
            return
        await person.press("Verify", code=now)
        if "Enter the code after it too" in person.text:
            await self._enter_code(resident)
            return
        resident.used.append(now)

    # --- attackers ----------------------------------------------------------------------------

    async def attack(self, resident: Resident) -> None:
        """The right password in a new browser, then six codes at once, or one that was used."""
        person = await self.browser()
        await person.get("/sign-in")
        await person.press("Sign in", email=resident.member.email, password=resident.password)
        if person.path != "/sign-in/code":
            return
        two = any("next_code" in form.fields for form in person.page.forms)
        if resident.used and not two and self.chance.below(4) == 0:
            typed = [{"code": resident.used[-1]}]
            self.counted["replays"] += 1
        else:
            typed = [self._wrong(resident.member, two=two) for _ in range(6)]
            self.counted["guesses sent"] += 6
        await all_at_once(person, "Verify", typed)
        await person.get("/")
        self.counted["stolen"] += person.path != "/sign-in" and person.path != "/sign-in/code"

    def _wrong(self, member: Member, *, two: bool) -> dict[str, str]:
        near = {totp.hotp(member.secret, member.step + step) for step in range(-12, 13)}
        codes = (self.chance.digits(6) for _ in range(100))
        free = [one for one in codes if one not in near]
        return {"code": free[0], "next_code": free[1]} if two else {"code": free[0]}

    async def ask_and_guess(self, resident: Resident) -> None:
        """A stranger: a wrong password, and a reset whose code is guessed."""
        person = await self.browser()
        await person.get("/sign-in")
        await person.press("Sign in", email=resident.member.email, password="not the right one")
        await person.get("/forgot-password")
        await person.press("Send code", email=resident.member.email)
        if person.path == "/forgot-password/code":
            await person.press("Verify", code="AAAAAAAAAA")
        self.counted["stolen"] += person.path not in {"/forgot-password", "/forgot-password/code"}
