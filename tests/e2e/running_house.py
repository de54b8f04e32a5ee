"""A house that is really served: a socket on this machine, the worker, a clock that we move.

The test process starts it and ends it. Everything that tests learn of it, they learn as a
stranger would: over HTTP, and codes from the simulator's own JSON. When it ends it is searched
for every secret that a browser sent it or was given.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn

from tests.databases import migrated_sqlite
from tests.front_door import START
from tests.leaks import LeakAlarm, WatchedApp, watching
from vestibule.bootstrap import Built, build_house
from vestibule.clock import ManualClock
from vestibule.crypto import root_key
from vestibule.crypto.password_hash import CHEAPEST
from vestibule.entropy import SeededEntropy, SystemEntropy
from vestibule.flows.deliver import drain
from vestibule.settings import Settings
from vestibule.storage.database import connect

PATIENCE = 60.0
"""Seconds after which something that does not happen is a failure."""

Message = dict[str, Any]
T = TypeVar("T")


class RunningHouse:
    """One served house, seen from outside."""

    def __init__(self, origin: str, clock: ManualClock, built: Built, alarm: LeakAlarm) -> None:
        self.origin = origin
        self.clock = clock
        self.built = built
        self.alarm = alarm
        self.loop = asyncio.new_event_loop()
        # A connection that the server closes while it is idle would look like a broken answer.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=origin, timeout=PATIENCE, limits=limits)
        self._read: set[str] = set()

    def messages(self) -> list[Message]:
        """Everything on the phone and in the mailbox, oldest first."""
        answer = self._http.get("/simulator/messages")
        answer.raise_for_status()
        found: list[Message] = answer.json()
        return found

    def settled(self) -> list[Message]:
        """The same after all that waited has left and all that is due by now was told.

        Until the clock is moved nothing more is coming.
        """
        self._inside(self._settle())
        return self.messages()

    async def _settle(self) -> None:
        await self._hand_over()
        # The worker looks by itself once a second, but nobody knows when.
        await self.built.worker.work_once()
        await self._hand_over()
        assert self.built.telephone is not None
        await self.built.telephone.settle()

    async def _hand_over(self) -> None:
        """Send what waits, and see what the worker has begun to send arrive."""
        worker = self.built.worker
        while await drain(worker.delivering) or worker.under_way:
            await worker.next_sent()

    def wait_for(self, wanted: Callable[[Message], bool]) -> Message:
        """The newest message that is wanted and that no test has read; it may yet arrive.

        What is on its way arrives first: else an older one that nobody read would be taken for it.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._inside(self._hand_over())
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

    def leaks(self) -> list[str]:
        """Where this house has written down a secret, as places and kinds; it still runs."""
        return self._inside(self.alarm.search_house(self.built))

    def write(self, sql: str, **values: object) -> None:
        """Change what it keeps, behind its back."""
        self._inside(self.built.means.database.transact(lambda tx: tx.execute(sql, **values)))

    def _inside(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_house(
    folder: Path, *, settings: dict[str, object] | None = None
) -> Iterator[RunningHouse]:
    """Serves a new house on a free port until the block ends; then it may hold no secret."""
    folder.mkdir(parents=True, exist_ok=True)
    with _listener() as listener, watching() as alarm:
        house = _build(folder, listener, settings or {}, alarm)
        server = uvicorn.Server(_config(house))
        thread = threading.Thread(target=_serve, args=(house, server, listener))
        thread.start()
        found = []
        try:
            yield house
            found = house.leaks()
        finally:
            house.close()
            server.should_exit = True
            thread.join(PATIENCE)
        found += alarm.told()
    assert not thread.is_alive(), "the server did not end"
    assert alarm.is_rung_on_purpose or found == [], found


def _listener() -> socket.socket:
    # asyncio switches Nagle's delay off only where the socket says that it speaks TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    return listener


def _config(house: RunningHouse) -> uvicorn.Config:
    return uvicorn.Config(
        WatchedApp(house.built.app, house.alarm),
        loop="none",
        ws="none",
        lifespan="on",
        access_log=False,
        # What the server says goes where the alarm listens.
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def _build(
    folder: Path, listener: socket.socket, settings: dict[str, object], alarm: LeakAlarm
) -> RunningHouse:
    origin = f"http://localhost:{listener.getsockname()[1]}"
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
    return RunningHouse(origin, clock, built, alarm)


def _serve(house: RunningHouse, server: uvicorn.Server, listener: socket.socket) -> None:
    with asyncio.Runner(loop_factory=lambda: house.loop) as runner:
        runner.run(server.serve(sockets=[listener]))
