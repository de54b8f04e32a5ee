"""Sign-ins of many people at once, and a hand that strikes after so many requests."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import httpx

from tests.faults.members import Member
from tests.faults.processes import Houses
from vestibule.entropy import SeededEntropy


class Load:
    """Rounds in which every member signs in; in each, `strike` is called at a random moment."""

    def __init__(self, houses: Houses, members: list[Member], *, seed: str) -> None:
        self.houses = houses
        self.members = members
        self._entropy = SeededEntropy(seed)
        self.broken = 0
        """Sign-ins whose answer never came, or was not yes."""

    async def round(self, strike: Callable[[], None]) -> None:
        """Half a minute later everybody signs in; the fault comes with one of the sign-ins."""
        self.houses.advance(31)
        turn = self._entropy.below(len(self.members))
        done = 0

        async def one(index: int, member: Member) -> None:
            nonlocal done
            origins = self.houses.origins
            is_in = False
            with suppress(httpx.TransportError, AssertionError):
                is_in = await member.sign_in(origins[index % len(origins)])
            self.broken += not is_in
            done += 1
            if done == turn + 1:
                await asyncio.to_thread(strike)

        async with asyncio.TaskGroup() as tasks:
            for index, member in enumerate(self.members):
                tasks.create_task(one(index, member))
