"""Mail by SMTP, against a real SMTP server on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from gettext import NullTranslations
from urllib.parse import quote

import pytest

from tests.delivery.smtp_server import (
    PASSWORD,
    USER,
    Certificate,
    MailServer,
    certificate,
    mail_server,
)
from vestibule.clock import ManualClock
from vestibule.delivery.provider import (
    Accepted,
)
from vestibule.delivery.providers.smtp import SmtpProvider, SmtpServer
from vestibule.delivery.rendering import Envelope, House, SentCode, code_message

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
SENDER = "Ålesund, Café & חנות <codes@id.example.com>"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"
SHORT = timedelta(milliseconds=300)
MESSAGE = code_message(
    House("Café", "id.example.com", "https://id.example.com"),
    Envelope("message-1", "email", "ada@example.com", "ada", "pt_BR", NullTranslations()),
    SentCode("sign_in", "012345", 10, 1),
)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for the server's address."""
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@asynccontextmanager
async def provider(
    port: int,
    trusted: Certificate | None,
    *,
    url: str = "smtp://{login}@127.0.0.1:{port}?starttls=required",
    login: str = LOGIN,
    clock: ManualClock | None = None,
    patience: timedelta = timedelta(seconds=20),
) -> AsyncIterator[SmtpProvider]:
    """The provider for a server; closed at the end."""
    made = SmtpProvider(
        SmtpServer.parse(url.format(login=login, port=port)),
        SENDER,
        clock or ManualClock(NOW),
        tls=trusted.client if trusted else None,
        timeout=patience,
    )
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def server(ours: Certificate) -> AsyncIterator[MailServer]:
    """A server that wants STARTTLS and a login, as submission servers do."""
    async with mail_server(starttls=ours.server) as running:
        yield running


async def test_what_the_server_gets(server: MailServer, ours: Certificate) -> None:
    """A mail has all its headers, both parts as they were worded, and nothing beyond ASCII."""
    async with provider(server.port, ours) as mail:
        outcome = await mail.send(MESSAGE, "ada@example.com")
    assert outcome == Accepted("<message-1@id.example.com>")
    [got] = server.received
    assert (got.sender, got.recipients) == ("codes@id.example.com", ["ada@example.com"])
    assert got.user == USER
    headers = {name.lower(): str(value) for name, value in got.mail.items()}
    headers.pop("content-type")
    assert headers == {
        "from": '"Ålesund, Café & חנות" <codes@id.example.com>',
        "to": "ada@example.com",
        "subject": "Café: your code to sign in",
        "date": "Mon, 23 Nov 2026 14:02:00 +0000",
        "message-id": "<message-1@id.example.com>",
        "auto-submitted": "auto-generated",
        "content-language": "pt-BR",
        "mime-version": "1.0",
    }
    assert got.mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in got.mail.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert got.part("plain") == MESSAGE.text
    assert got.part("html") == MESSAGE.html
    assert got.raw.isascii()
    assert max(map(len, got.raw.split(b"\r\n"))) <= 78
    assert b"012345" not in got.raw.split(b"\r\n\r\n")[0]
