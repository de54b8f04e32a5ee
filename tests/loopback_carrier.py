"""A carrier on this machine: a real HTTP server that takes the webhook's posts, or fails in a way.

Behaviours are asked for by name, and may be changed while it runs. It keeps what it accepted.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from vestibule.clock import Clock
from vestibule.delivery.providers.webhook import WebhookProvider, WebhookTarget
from vestibule.delivery.webhook_signature import Secrets

SECRET = "a secret of the operator's own making"
Behaviour = Literal[
    "accepts", "fails", "throttles", "refuses", "hangs", "resets", "garbage", "not this way"
]
_ANSWERS = {
    "accepts": '200 OK\r\n\r\n{"reference": "r"}',
    "fails": "500 Broken\r\n\r\n",
    "throttles": "429 Too Many\r\nRetry-After: 45\r\n\r\n",
    "not this way": '422 Unprocessable\r\n\r\n{"reason": "not_this_way"}',
    "refuses": '422 Unprocessable\r\n\r\n{"reason": "landline"}',
}


@dataclass
class Carrier:
    """One running carrier."""

    behaviour: Behaviour = "accepts"
    got: list[dict[str, Any]] = field(default_factory=list)
    """Every message that was posted whole, accepted or not."""
    port: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/messages"

    def provider(self, clock: Clock, *, patience: float = 5) -> WebhookProvider:
        target = WebhookTarget(self.url, Secrets(SECRET), timedelta(seconds=patience))
        return WebhookProvider(target, clock)

    def hang_up(self) -> None:
        """Break off every post that it hangs on, now and from now on."""
        self._hung_up.set()

    async def until(self, messages: int, *, within: float = 20) -> None:
        """Returns once that many messages were posted; fails after the time."""
        async with asyncio.timeout(within):
            while True:
                if len(self.got) >= messages:
                    return
                self._news.clear()
                await self._news.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One post; whether the connection may serve another."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.got.append(json.loads(await reader.readexactly(length)))
        self._news.set()
        how = self.behaviour
        if how == "hangs":
            await self._hang(reader)
        if how in {"hangs", "resets"}:
            writer.transport.abort()
            return False
        if how == "garbage":
            writer.write(b"what?\r\n\r\n")
            return False
        head, _, body = _ANSWERS[how].partition("\r\n\r\n")
        writer.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()
        return True

    async def _hang(self, reader: asyncio.StreamReader) -> None:
        """Until whoever posted is gone, or the test lets it hang up."""
        gone = asyncio.create_task(reader.read())
        released = asyncio.create_task(self._hung_up.wait())
        try:
            await asyncio.wait({gone, released}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            released.cancel()
            await asyncio.gather(gone, released, return_exceptions=True)


@asynccontextmanager
async def carrier(behaviour: Behaviour = "accepts") -> AsyncIterator[Carrier]:
    """A carrier that listens while the block runs."""
    found = Carrier(behaviour)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
