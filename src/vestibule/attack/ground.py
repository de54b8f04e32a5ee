"""What an attack stands on: browsers, accounts made for it, and the codes that come for them.

Where the simulator runs, accounts are made as they are needed and thrown away. Elsewhere there is
one, named by the operator, whose app's secret he gives. Time, chance and waiting are arguments.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from vestibule.attack.browser import Browser, Unexpected
from vestibule.attack.wire import Wire, set_cookies
from vestibule.clock import Clock
from vestibule.domain import totp
from vestibule.entropy import Entropy

PATIENCE_SECONDS = 20.0
POLL_SECONDS = 0.1
NEARLY_OVER = 4
"""Seconds before the end of a time step in which no app is set up: it would look slow."""

Pause = Callable[[float], Awaitable[None]]


class NeedsSimulator(Exception):
    """This is tried only where codes can be read: the target has no simulator."""


@dataclass
class Member:
    """An account whose password and second factor are known here."""

    email: str
    password: str
    secret: bytes = b""
    how: totp.Parameters = totp.USUAL
    """How its app computes codes."""
    last_step: int = -1
    """The newest time step of its app that was used."""
    phone: str = ""
    recovery_code: str = ""
    inside: Browser | None = None
    """A browser that is signed in, if one is."""


@dataclass
class Ground:
    """One run's means."""

    wire: Wire
    clock: Clock
    entropy: Entropy
    pause: Pause
    own: Member | None = None
    """The operator's account, where there is no simulator."""
    read: set[str] = field(default_factory=set)
    """Ids of messages whose code was taken."""
    found: list[str] = field(default_factory=list)
    """What the attack that is running has found: it stands, whatever stops the attack later."""

    def browser(self, cookies: Mapping[str, str] | None = None) -> Browser:
        return Browser(self.wire, cookies)

    def need_simulator(self) -> None:
        if self.own is not None:
            raise NeedsSimulator

    def address(self) -> str:
        """An address that nobody has."""
        return f"attack-{self.entropy.pick('abcdefghjkmnpqrstuvwxyz23456789', 16)}@example.com"

    # --- time and codes -------------------------------------------------------------------

    def step(self) -> int:
        return totp.step_at(self.clock())

    async def app_code(self, member: Member) -> str:
        """The next code of a member's app that was not used; waits for its time step."""
        step = max(member.last_step + 1, self.step())
        while self.step() < step:
            await self.pause(0.5)
        member.last_step = step
        return member.how.code(member.secret, step)

    def wrong_codes(self, member: Member, count: int) -> list[str]:
        """Codes that the member's app shows at no time around now."""
        now = self.step()
        near = {member.how.code(member.secret, now + by) for by in range(-15, 16)}
        digits = member.how.digits
        start = int(self.entropy.digits(digits))
        spread = (
            str((start + 7 * turn) % 10**digits).zfill(digits) for turn in range(count + len(near))
        )
        return [one for one in spread if one not in near][:count]

    async def messages(self) -> list[dict[str, Any]]:
        """Everything that the simulator shows, of every process."""
        found: list[dict[str, Any]] = []
        for _ in self.wire.origins:
            answer = await self.wire.send("GET", "/simulator/messages")
            if answer.status_code == httpx.codes.OK:
                found += answer.json()
        return found

    async def code(self, channel: str, to: str) -> str:
        """The newest code that came to somebody and was not read yet; it may still be coming."""
        waited = 0.0
        while waited < PATIENCE_SECONDS:
            for one in reversed(await self.messages()):
                is_theirs = (one["channel"], one["to"]) == (channel, to) and one["code"]
                if is_theirs and one["id"] not in self.read:
                    self.read.add(one["id"])
                    return str(one["code"])
            await self.pause(POLL_SECONDS)
            waited += POLL_SECONDS
        raise Unexpected(f"no code came by {channel}")

    # --- who is inside --------------------------------------------------------------------

    async def is_inside(self, cookies: Mapping[str, str]) -> bool:
        """Whether the house says so itself."""
        answer = await self.wire.send("GET", "/session", cookies=cookies)
        return answer.status_code == httpx.codes.OK

    async def sessions_in(self, *answers: httpx.Response) -> int:
        """How many different sessions these answers opened that are alive."""
        given = {
            (one.name, one.value)
            for answer in answers
            for one in set_cookies(answer)
            if one.name.removeprefix("__Host-") == "session" and not one.is_dropped
        }
        return sum([await self.is_inside({name: value}) for name, value in sorted(given)])
