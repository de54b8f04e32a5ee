"""A submission server and its certificate, for the tests of mail."""

from collections.abc import AsyncIterator

import pytest

from tests.delivery.smtp_server import Certificate, MailServer, certificate, mail_server


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for the server's address."""
    return certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture
async def server(ours: Certificate) -> AsyncIterator[MailServer]:
    """A server that wants STARTTLS and a login, as submission servers do."""
    async with mail_server(starttls=ours.server) as running:
        yield running
