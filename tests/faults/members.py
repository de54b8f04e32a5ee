"""People who sign in again and again while things break, and what they were told.

A book of acknowledgements: what the house confirmed must hold afterwards, whatever was killed.
"""

import asyncio
import base64
import re
from dataclasses import dataclass, field

import httpx

from tests.faults.house_process import EPOCH
from tests.faults.processes import PATIENCE, Houses
from tests.front_door import PASSWORD
from tests.person import Person
from vestibule.domain import totp

STEP = 30


@dataclass
class Member:
    """One account with an app, and every code it ever showed a house."""

    houses: Houses
    email: str
    secret: bytes
    tried: set[int] = field(default_factory=set)
    """The time steps whose code was posted."""
    confirmed: dict[int, str] = field(default_factory=dict)
    """The session's cookie by the step that opened it, where the house said so."""
    recovery_codes: list[str] = field(default_factory=list)
    """Those that were confirmed as saved, oldest first."""

    @property
    def step(self) -> int:
        return (int(EPOCH.timestamp()) + int(self.houses.now)) // STEP

    async def sign_in(self, origin: str) -> bool:
        """Both doors with the code of now; whether the house said yes. Raises TransportError."""
        return await self.post_code(origin, self.step)

    async def post_code(self, origin: str, step: int) -> bool:
        """A fresh browser with the password and the code of a step; is it inside afterwards?"""
        async with self.houses.client(origin) as client:
            person = Person(client)
            await person.get("/sign-in")
            await person.press("Sign in", email=self.email, password=PASSWORD)
            if person.path != "/sign-in/code":
                return False
            action, data = person.filled("Verify", code=totp.hotp(self.secret, step))
            self.tried.add(step)
            answer = await client.post(action, data=data)
            session = client.cookies.get("session")
            if answer.status_code == 303 and answer.headers["location"] == "/" and session:
                self.confirmed[step] = session
                return True
            return False


async def join(houses: Houses, origin: str, email: str) -> Member:
    """A new account with an app, made through one house."""
    async with houses.client(origin) as client:
        person = Person(client)
        await person.get("/sign-up")
        await person.press("Create account", name="Ada", email=email, password=PASSWORD)
        await person.press("Verify", code=await mailed_code(houses, email))
        await person.press("Authentication app")
        text = person.shown(r"secret=([A-Z2-7]+)")
        member = Member(houses, email, base64.b32decode(text + "=" * (-len(text) % 8)))
        code = totp.hotp(member.secret, member.step)
        await person.press("Verify", code=code, app_name="App")
        assert person.path == "/set-up/recovery-code", person.text
        shown = person.shown(r'name="shown" value="([^"]+)"')
        member.tried.add(member.step)
        await person.press("Finish", last_group=shown[-4:])
        assert person.path == "/", person.text
        member.recovery_codes.append(shown)
        return member


async def mailed_code(houses: Houses, to: str) -> str:
    """The code that was mailed, as the simulator of whichever house sent it shows it."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client, asyncio.timeout(PATIENCE):
        while True:
            for origin in houses.origins:
                messages = (await client.get(f"{origin}/simulator/messages")).json()
                for one in messages:
                    is_theirs = (one["channel"], one["to"]) == ("email", to)
                    if is_theirs and re.fullmatch(r"\d{6}", one["code"] or ""):
                        houses.alarm.register_message(one["to"], one["channel"], one["code"])
                        return str(one["code"])
            await asyncio.sleep(0.02)


async def is_inside(origin: str, session: str) -> bool:
    """Whether this session's cookie still opens the dashboard."""
    async with httpx.AsyncClient(base_url=origin, timeout=PATIENCE) as client:
        answer = await client.get("/", headers={"cookie": f"session={session}"})
        return answer.status_code == 200
