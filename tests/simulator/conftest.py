"""A desk over a real inbox, behind the headers that the web application puts on."""

import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.databases import _cluster, database, postgresql_cluster, sqlite_database, store
from tests.front_door import FrontDoor, front_door
from vestibule.bootstrap import Built, build_house
from vestibule.clock import ManualClock
from vestibule.crypto import root_key
from vestibule.crypto.password_hash import CHEAPEST
from vestibule.delivery.provider import Message
from vestibule.delivery.providers.known_failures import TEST_ADDRESSES, TEST_NUMBERS
from vestibule.delivery.providers.simulator import Inbox
from vestibule.entropy import SeededEntropy
from vestibule.settings import Settings
from vestibule.simulator.app import Failing, simulator_routes
from vestibule.simulator.telephone import Telephone
from vestibule.storage.database import Database

__all__ = ["_cluster", "database", "postgresql_cluster", "store"]

NONCE = "bm9uY2U"
POLICY = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "google-chrome"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Put = Callable[..., str]
PATIENCE = 60.0
"""Seconds after which something that does not happen is a failure."""
expect.set_options(timeout=PATIENCE * 1000)


class Guarded:
    """The strictest policy that the web application sends, with its nonce in the request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Any) -> None:  # ASGI messages are untyped mappings
            if message["type"] == "http.response.start":
                message["headers"].append((b"content-security-policy", POLICY.encode()))
            await send(message)

        scope.setdefault("state", {})["nonce"] = NONCE
        await self.app(scope, receive, send_with_policy)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 3, 1, 10, 42, tzinfo=UTC))


@pytest.fixture
def built(tmp_path: Path, clock: ManualClock) -> Built:
    """A house whose flows take what the phone does; its desk is not used here."""
    entropy = SeededEntropy("desk")
    root_key.make(tmp_path / "root.key", entropy)
    settings = Settings.model_validate(
        {"data": tmp_path, "simulator": True, "public_origin": "http://localhost"}
    )
    database = sqlite_database(tmp_path / "vestibule.db")
    return build_house(settings, clock=clock, entropy=entropy, profile=CHEAPEST, database=database)


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """The whole house over SQLite and over PostgreSQL, with its own desk."""
    async with front_door(database, tmp_path) as running:
        yield running


@pytest.fixture
def inbox(built: Built) -> Inbox:
    assert built.inbox is not None
    return built.inbox


@pytest.fixture
def telephone(built: Built) -> Telephone:
    assert built.telephone is not None
    return built.telephone


@pytest.fixture
def put(inbox: Inbox) -> Put:
    """Puts a text message with a code into the inbox; every field may be given otherwise."""

    def put(**fields: Any) -> str:
        to = fields.pop("to", "+447700900142")
        defaults: dict[str, Any] = {
            "id": "m",
            "channel": "sms",
            "account_label": "ada@example.org",
            "purpose": "sign_in",
            "subject": None,
            "text": "042042 is your code.",
            "html": None,
            "code": None if fields.get("channel") == "voice" else "042042",
            "locale": "en",
        }
        return inbox.put(Message(**{**defaults, **fields}), to).id

    return put


@pytest.fixture
def desk(inbox: Inbox, telephone: Telephone) -> ASGIApp:
    failing = Failing(TEST_NUMBERS, TEST_ADDRESSES)
    return Guarded(Starlette(routes=simulator_routes(inbox, telephone, failing=failing)))


@pytest.fixture
def client(desk: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(desk), base_url="http://localhost")


@pytest.fixture
def origin(desk: ASGIApp) -> Iterator[str]:
    """The desk on a real port, for a real browser."""
    server = uvicorn.Server(
        uvicorn.Config(desk, lifespan="off", log_config=None, log_level="warning", ws="none")
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


# Not for the session: while Playwright runs, its loop would hinder the coroutine tests.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, origin: str) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        base_url=origin, reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    context.close()
