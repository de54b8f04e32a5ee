"""A house that is really served: a socket on this machine, the worker, a clock that we move.

The test process starts it and ends it. Everything that tests learn of it, they learn as a
stranger would: over HTTP, and codes from the simulator's own JSON.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from tests.databases import migrated_sqlite
from tests.front_door import START
from vestibule.bootstrap import Built, build_house
from vestibule.clock import ManualClock
from vestibule.crypto import root_key
from vestibule.crypto.password_hash import CHEAPEST
from vestibule.entropy import SeededEntropy, SystemEntropy
from vestibule.flows.deliver import drain
from vestibule.settings import Settings
from vestibule.storage.database import connect

PATIENCE = 10.0
"""Seconds after which something that does not happen is a failure."""

Message = dict[str, Any]


class RunningHouse:
    """One served house, seen from outside."""

    def __init__(self, origin: str, clock: ManualClock, built: Built) -> None:
        self.origin = origin
        self.clock = clock
        self.built = built
        self.loop = asyncio.new_event_loop()
        self._http = httpx.Client(base_url=origin)
        self._read: set[str] = set()

    def messages(self) -> list[Message]:
        """Everything on the phone and in the mailbox, oldest first."""
        answer = self._http.get("/simulator/messages")
        answer.raise_for_status()
        found: list[Message] = answer.json()
        return found

    def settled(self) -> list[Message]:
        """The same after all that waited has left: now nothing more is coming."""
        asyncio.run_coroutine_threadsafe(self._settle(), self.loop).result(PATIENCE)
        return self.messages()

    async def _settle(self) -> None:
        await drain(self.built.worker.delivering)
        assert self.built.telephone is not None
        await self.built.telephone.settle()

    def wait_for(self, wanted: Callable[[Message], bool]) -> Message:
        """The newest message that is wanted and that no test has read; it may yet arrive."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for one in reversed(self.messages()):
                if one["id"] not in self._read and wanted(one):
                    self._read.add(one["id"])
                    return one
        said = [(one["channel"], one["purpose"], one["to"]) for one in self.messages()]
        raise AssertionError(f"no such message came, only {said}")

    def message(self, channel: str, *, to: str | None = None) -> Message:
        """The newest unread message with a code over a channel."""
        return self.wait_for(
            lambda one: one["channel"] == channel and one["code"] and to in {None, one["to"]}
        )

    def code(self, channel: str, *, to: str | None = None) -> str:
        if channel == "voice":
            return self.heard(self.call(to=to))
        return str(self.message(channel, to=to)["code"])

    def call(self, *, to: str | None = None) -> Message:
        """The newest unread call, which may yet ring."""
        return self.wait_for(lambda one: one["channel"] == "voice" and to in {None, one["to"]})

    def _hand(self, call: Message, path: str, **form: str) -> Message:
        """A hand on the phone, as the page's script has it."""
        answer = self._http.post(
            f"/simulator/calls/{call['id']}/{path}",
            data=form,
            headers={"accept": "application/json"},
        )
        answer.raise_for_status()
        found: Message = answer.json()
        return found

    def heard(self, call: Message) -> str:
        """Answer a call, press a key, write the digits down, and hang up."""
        self._hand(call, "answer")
        self._hand(call, "key", key="5")
        over = self._hand(call, "hang-up")
        lines = [one["text"] for one in over["heard"] if not one["is_key"]]
        digits = "".join(line for line in lines if len(line) == 1)
        return digits[: len(digits) // 3]

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_house(
    folder: Path, *, settings: dict[str, object] | None = None
) -> Iterator[RunningHouse]:
    """Serves a new house on a free port until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    # asyncio switches Nagle's delay off only where the socket says that it speaks TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        origin = f"http://localhost:{listener.getsockname()[1]}"
        house = _build(folder, origin, settings or {})
        server = uvicorn.Server(
            uvicorn.Config(
                house.built.app,
                loop="none",
                ws="none",
                lifespan="on",
                access_log=False,
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=_serve, args=(house, server, listener))
        thread.start()
        try:
            yield house
        finally:
            house.close()
            server.should_exit = True
            thread.join(PATIENCE)
    assert not thread.is_alive(), "the server did not end"


def _build(folder: Path, origin: str, settings: dict[str, object]) -> RunningHouse:
    root_key.make(folder / "root.key", SeededEntropy(str(folder)))
    clock = ManualClock(START)
    values = {"data": folder, "simulator": True, "public_origin": origin, **settings}
    url = migrated_sqlite(folder / "vestibule.db")
    built = build_house(
        Settings.model_validate(values),
        clock=clock,
        entropy=SystemEntropy(),
        profile=CHEAPEST,
        database=connect(url, sqlite_synchronous="OFF"),
    )
    return RunningHouse(origin, clock, built)


def _serve(house: RunningHouse, server: uvicorn.Server, listener: socket.socket) -> None:
    with asyncio.Runner(loop_factory=lambda: house.loop) as runner:
        runner.run(server.serve(sockets=[listener]))
