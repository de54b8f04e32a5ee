"""A mail and the provider that sends it, for the tests of mail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from gettext import NullTranslations
from urllib.parse import quote

from tests.delivery.smtp_server import PASSWORD, USER, Certificate
from vestibule.clock import ManualClock
from vestibule.delivery.envelope import Envelope
from vestibule.delivery.providers.smtp import SmtpProvider, SmtpServer
from vestibule.delivery.rendering import House, SentCode, code_message

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
SENDER = "Ålesund, Café & חנות <codes@id.example.com>"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"
SHORT, ENOUGH, LONG = timedelta(seconds=0.2), timedelta(seconds=4), timedelta(seconds=20)
"""How long a mail may take: to see it time out, to see it also get through, never to matter."""

MESSAGE = code_message(
    House("Café", "id.example.com", "https://id.example.com"),
    Envelope("message-1", "email", "ada@example.com", "ada", "pt-BR", NullTranslations()),
    SentCode("sign_in", "012345", 600, 1),
)


@asynccontextmanager
async def provider(
    port: int,
    trusted: Certificate | None,
    *,
    url: str = "smtp://{login}@127.0.0.1:{port}?starttls=required",
    login: str = LOGIN,
    clock: ManualClock | None = None,
    patience: timedelta = LONG,
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
