"""A real SMTP server on loopback, with a certificate of its own and faults by address."""

import asyncio
import ipaddress
import ssl
from asyncio.trsock import TransportSocket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "mailer@example.com", "pässword/with:signs"
"""What the server lets in; the signs are those that a URL must have encoded."""

REFUSALS = {
    "gone@example.com": "550 5.1.1 <gone@example.com> is not known here",
    "full@example.com": "452 4.2.2 the mailbox of full@example.com is full",
    "closing@example.com": "421 4.3.2 closing, tell closing@example.com",
    "login@example.com": "530 5.7.0 log in first",
}


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for one name, and both ends' TLS made of it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def certificate(folder: Path, *names: str) -> Certificate:
    """For host names or addresses; the client's end trusts nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    # The system's clock decides whether it is valid, so it is valid for long.
    start = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([_alternative(one) for one in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain = folder / f"{names[0]}.pem"
    chain.write_bytes(pem + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    return Certificate(server, ssl.create_default_context(cadata=pem.decode()))


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass(frozen=True)
class Received:
    """One mail as the server took it."""

    sender: str
    recipients: list[str]
    options: list[str]
    raw: bytes
    user: str | None

    @property
    def mail(self) -> EmailMessage:
        parsed = BytesParser(policy=default).parsebytes(self.raw)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def part(self, kind: str) -> str:
        """The text of the part `plain` or `html`, decoded."""
        part = self.mail.get_body((kind,))
        assert part is not None
        content = part.get_content()
        assert isinstance(content, str)
        return content.replace("\r\n", "\n").removesuffix("\n")


@dataclass
class MailServer:
    """What it was told to do, and all that it saw."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: list[SMTP] = field(default_factory=list)
    lines: list["Line"] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    """Each AUTH that was tried: whether it came encrypted."""
    hellos: list[str] = field(default_factory=list)
    drops: int = 0
    """How many recipients more are answered by closing the connection."""
    refuses_sender: bool = False
    refuses_data: str | None = None
    hangs_after_data: bool = False
    takes: float = 0
    """Seconds until it says that it has a mail."""
    first: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has read a mail, before it says so."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a mail hangs."""

    def hang_up(self) -> None:
        """Close every connection, as a server does with those that idle."""
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.close()

    # Hooks of aiosmtpd, called by name.

    async def handle_EHLO(
        self, _: SMTP, session: Session, __: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        session.host_name = name
        self.hellos.append(name)
        return answers

    async def handle_AUTH(self, server: SMTP, *_: Any) -> Any:  # aiosmtpd has no type for it
        assert server.transport is not None
        self.logins.append(server.transport.get_extra_info("sslcontext") is not None)
        return MISSING

    async def handle_MAIL(
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses_sender:
            return f"550 5.7.1 {address} may not send"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 fine"

    async def handle_RCPT(
        self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]
    ) -> str:
        if self.drops and server.transport is not None:
            self.drops -= 1
            server.transport.close()
        if address == "slow@example.com":
            await self._hang()
        if address in REFUSALS:
            return REFUSALS[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses_data is not None:
            return self.refuses_data
        content = envelope.original_content
        assert content is not None
        assert envelope.mail_from is not None
        login: Any = session.auth_data  # None by its type, what the authenticator gave in fact
        user = login.login.decode() if isinstance(login, LoginPassword) else None
        self.received.append(
            Received(envelope.mail_from, envelope.rcpt_tos, envelope.mail_options, content, user)
        )
        self.first.set()
        if self.takes:
            await asyncio.sleep(self.takes)
        if self.hangs_after_data:
            await self._hang()
        return "250 2.0.0 taken"

    async def _hang(self) -> None:
        self.reached.set()
        await asyncio.Event().wait()


class _Connection(SMTP):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(self.event_handler, MailServer)
        self.event_handler.lines.append(_line(transport))


Line = tuple[asyncio.WriteTransport, TransportSocket]


def _line(transport: asyncio.BaseTransport) -> Line:
    """A connection and its socket, which a closed connection no longer tells."""
    assert isinstance(transport, asyncio.WriteTransport)
    return transport, transport.get_extra_info("socket")


async def _end(lines: list[Line]) -> None:
    """Break the connections, and wait until their sockets are closed."""
    for transport, _ in lines:
        transport.abort()
    # asyncio tells nobody when it has closed a socket.
    while any(one.fileno() >= 0 for _, one in lines):  # noqa: ASYNC110 - see above
        await asyncio.sleep(0)


def _authenticate(
    _: SMTP, __: Session, ___: Envelope, ____: str, login: LoginPassword
) -> AuthResult:
    is_known = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_known, handled=False, auth_data=login)


@asynccontextmanager
async def mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    is_login_wanted: bool = True,
    is_international: bool = True,
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """Listens on 127.0.0.1, on a free port by default, in the test's own event loop."""
    seen = MailServer()

    def connected() -> SMTP:
        connection = _Connection(
            seen,
            hostname="mail.test",
            enable_SMTPUTF8=is_international,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=_authenticate,
            auth_required=is_login_wanted and starttls is not None,
            # It knows its own STARTTLS only: TLS from the start is no TLS to it.
            auth_require_tls=starttls is not None,
            loop=asyncio.get_running_loop(),
        )
        seen.connections.append(connection)
        return connection

    listening = await asyncio.get_running_loop().create_server(
        connected, "127.0.0.1", port, ssl=tls
    )
    seen.port = listening.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        listening.close()
        await _end(seen.lines)


@asynccontextmanager
async def odd_server(says: bytes, *, is_closing: bool = False) -> AsyncIterator[int]:
    """Something that greets with these bytes and then falls silent, or hangs up; its port."""

    lines: list[Line] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(_line(writer.transport))
        writer.write(says)
        if not is_closing:
            await reader.read()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await _end(lines)


@asynccontextmanager
async def lame_server(seconds: float) -> AsyncIterator[int]:
    """Greets at once and answers every command, each after this time; its port."""
    lines: list[Line] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(_line(writer.transport))
        writer.write(b"220 mail.test\r\n")
        while await reader.readline():
            asyncio.get_running_loop().call_later(seconds, writer.write, b"250 fine\r\n")

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await _end(lines)
