"""A carrier on loopback: a real HTTP server that holds every request to its OpenAPI document.

A request that the document does not allow is answered 422 and counted, whatever the test wanted.
"""

import base64
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from openapi_core import OpenAPI
from openapi_core.contrib.starlette import StarletteOpenAPIRequest
from openapi_core.exceptions import OpenAPIError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

FORM = "application/x-www-form-urlencoded"
VECTORS = Path(__file__).parents[1] / "vectors" / "openapi"


@dataclass(frozen=True)
class Said:
    """An answer, or one of the ways of giving none."""

    status: int = 200
    body: object = None
    """JSON, or bytes as they are."""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    breaks_off: bool = False
    """Half an answer, and then the connection is closed."""

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Got:
    """One request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), strict_parsing=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def login(self) -> str:
        """`user:password` of Basic authorization."""
        kind, _, value = self.headers["authorization"].partition(" ")
        assert kind == "Basic"
        return base64.b64decode(value).decode()

    @property
    def everything(self) -> str:
        return f"{self.path}?{self.query} {self.headers} {self.body.decode()}"


@dataclass
class Carrier:
    """What it says next and what it got; `refused` are the faults of what it got."""

    documents: list[tuple[dict[str, Any], OpenAPI]]
    """As they are read, and as they are held to."""
    says: Said = field(default_factory=Said)
    got: list[Got] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        headers = {name.lower(): value for name, value in request.headers.items()}
        got = Got(request.method, request.url.path, request.url.query, headers, body)
        self.got.append(got)
        says = self.says
        if fault := self._fault(request, body):
            self.refused.append(fault)
            says = Said(422, {"refused": True})
        while says.hangs and (await receive())["type"] != "http.disconnect":
            pass
        await _answer(says, send)

    def _fault(self, request: Request, body: bytes) -> str:
        """Why no document allows the request; empty if one does."""
        found = []
        for _, document in self.documents:
            try:
                document.validate_request(StarletteOpenAPIRequest(request, body))
            except OpenAPIError as error:
                found.append(f"{error!r} {error.__cause__!r}")
            else:
                return self._unknown_fields(request, body)
        return "; ".join(found)

    def _unknown_fields(self, request: Request, body: bytes) -> str:
        """A form's fields that no document names: the library leaves them out unseen."""
        if request.headers.get("content-type") != FORM:
            return ""
        resource = request.url.path.rsplit("/", 1)[-1]
        [operations] = [
            operations
            for document, _ in self.documents
            for path, operations in document["paths"].items()
            if path.endswith(f"/{resource}")
        ]
        known = operations["post"]["requestBody"]["content"][FORM]["schema"]["properties"]
        return ", ".join(sorted(set(parse_qs(body.decode())) - set(known)))


async def _answer(says: Said, send: Send) -> None:
    length = len(says.content) * (2 if says.breaks_off else 1)
    headers = {"content-type": "application/json", "content-length": str(length), **says.headers}
    named = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    if says.hangs:
        return
    await send({"type": "http.response.start", "status": says.status, "headers": named})
    if says.breaks_off:
        await send({"type": "http.response.body", "body": says.content, "more_body": True})
        return
    await send({"type": "http.response.body", "body": says.content})


@contextmanager
def carrier(*documents: str) -> Iterator[Carrier]:
    """Serves on a free port until the block ends; every request must have been a valid one."""
    read = [json.loads((VECTORS / name).read_bytes()) for name in documents]
    found = Carrier([(one, OpenAPI.from_dict(one)) for one in read])
    config = uvicorn.Config(
        found,
        lifespan="off",
        log_config=None,
        log_level="critical",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield found
        finally:
            server.should_exit = True
            thread.join(10)
    assert not thread.is_alive(), "the carrier did not end"


@contextmanager
def resetting_carrier() -> Iterator[str]:
    """The URL of a server that resets every connection once a request has begun."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                connection.recv(100)
                # A linger of no seconds makes the close a reset.
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)
