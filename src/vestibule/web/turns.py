"""How many requests for one account are worked on at once, before any asks for a connection.

Each waits for the same row, and would hold a connection while it waits: without an end to that,
whoever asks often enough for one account keeps everybody else from the database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from vestibule.flows.passwords import Busy

AT_ONCE = 2
"""So an account, with its lines for those inside, on their way in and at the first door, leaves
four of a process's ten connections."""
PATIENCE = 10.0
"""Seconds until a request that has not got its turn is told to come back."""


@dataclass(slots=True)
class _Line:
    places: asyncio.Semaphore
    people: int = 0


class Turns:
    """The lines before the accounts of one process; an account without requests has none."""

    def __init__(self, *, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lines: dict[str, _Line] = {}

    @property
    def count(self) -> int:
        """How many lines there are at present."""
        return len(self._lines)

    @asynccontextmanager
    async def of(self, line: str) -> AsyncIterator[None]:
        """The block runs once it is its turn; raises `Busy` where that takes too long.

        Whoever is nobody yet, in the line "", waits for nobody.
        """
        if not line:
            yield
            return
        found = self._lines.setdefault(line, _Line(asyncio.Semaphore(AT_ONCE)))
        found.people += 1
        try:
            try:
                async with asyncio.timeout(self._patience):
                    await found.places.acquire()
            except TimeoutError:
                raise Busy from None
            try:
                yield
            finally:
                found.places.release()
        finally:
            found.people -= 1
            if not found.people:
                del self._lines[line]
