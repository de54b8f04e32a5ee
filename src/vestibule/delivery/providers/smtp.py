"""Mail by the operator's own SMTP server: codes in turn over one kept connection, notices over
another, so that no code waits for a notice.

It must never send a user or password over a connection that others can read, nor repeat them, an
address or a server's own words in a reason: reasons are kept and shown.
"""

import asyncio
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

import aiosmtplib

from vestibule.clock import Clock
from vestibule.delivery.provider import (
    Accepted,
    InDoubt,
    Message,
    NotThisWay,
    Outcome,
    PermanentFailure,
    Probe,
    TemporaryFailure,
)
from vestibule.delivery.providers.letter import (
    CONTROL,
    Letter,
    address_of,
    is_host_name,
    sender_address,
    write_letter,
)
from vestibule.delivery.reach import is_forbidden
from vestibule.delivery.this_machine import is_this_machine
from vestibule.domain.delivery import Fault

IDLE_FOR = timedelta(seconds=60)
"""A connection that was unused for so long is not trusted to be alive."""

_HOW = "write it as smtp://user:password@mail.example.com:587?starttls=required or smtps://…"
_PORTS = {"smtp": 587, "smtps": 465}
_CLASS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
_NOT_THIS_MAILBOX = frozenset({450, 451, 452})
"""RFC 5321 §4.2.3: the mailbox is not to be had now; the server itself is well."""
_LOGIN_WANTED = frozenset({530, 534, 535, 538})
"""RFC 4954 §6: answers of a server that wants a login, or a better one, before anything else."""


# ── Where mail is handed in, and in whose name ───────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed in, how that is encrypted, and as whom; its repr names no secret."""

    host: str
    port: int
    is_tls_from_start: bool = False
    is_starttls_required: bool = True
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if is_forbidden(self.host):
            raise ValueError("nothing is sent to that address")
        if self.is_tls_from_start and self.is_starttls_required:
            raise ValueError("smtps:// is encrypted from the start and takes no starttls")
        if not self.is_encrypted and not is_this_machine(self.host):
            raise ValueError("starttls=none is for a server on this machine only")
        if (self.user is None) != (self.password is None):
            raise ValueError("give both a user and a password, or neither")

    @property
    def is_encrypted(self) -> bool:
        return self.is_tls_from_start or self.is_starttls_required

    @classmethod
    def parse(cls, url: str) -> Self:
        """The server of `smtp://user:password@host:port?starttls=required` or `smtps://…`.

        User and password are percent-decoded. The ports are 587 and 465 unless given. smtp://
        asks for STARTTLS unless the host is this machine, which alone may have `starttls=none`.
        Raises ValueError with a sentence that repeats nothing of the URL.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            user, password = _decoded(parts.username), _decoded(parts.password)
            asked = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
        except ValueError:
            # The library's errors quote the URL, so they are not even kept as a cause.
            raise ValueError(_HOW) from None
        is_bare = parts.path in {"", "/"} and not parts.fragment
        if parts.scheme not in _PORTS or not _is_host(host) or port == 0 or not is_bare:
            raise ValueError(_HOW)
        return cls(
            host=host,
            port=port or _PORTS[parts.scheme],
            is_tls_from_start=parts.scheme == "smtps",
            is_starttls_required=_wants_starttls(parts.scheme, host, asked),
            user=user,
            password=password,
        )


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return is_host_name(text)
    return True


def _decoded(text: str | None) -> str | None:
    """What was percent-encoded; an empty text is none, and control characters are refused."""
    decoded = unquote(text or "", errors="strict")
    if CONTROL.search(decoded):
        raise ValueError("a control character")
    return decoded or None


def _wants_starttls(scheme: str, host: str, asked: list[tuple[str, str]]) -> bool:
    match asked:
        case []:
            return scheme == "smtp" and not is_this_machine(host)
        case [("starttls", "required")]:
            return True
        case [("starttls", "none")] if scheme == "smtp":
            return False
    raise ValueError("the only option is starttls=required or, on this machine, starttls=none")


# ── The provider ─────────────────────────────────────────────────────────────────────────────


class _Failed(Exception):
    """A mail was not taken; `may_try_fresh` if the connection, not the mail, is at fault."""

    def __init__(self, outcome: Outcome, *, may_try_fresh: bool) -> None:
        super().__init__(type(outcome).__name__)
        self.outcome = outcome
        self.may_try_fresh = may_try_fresh


class _Line:
    """One connection, and the mails that wait for their turn on it."""

    def __init__(self, clock: Clock) -> None:
        self.lock = asyncio.Lock()
        self._clock = clock
        self._kept: aiosmtplib.SMTP | None = None
        self._used_at: datetime | None = None

    def take(self) -> aiosmtplib.SMTP | None:
        """The kept connection, which whoever takes it must keep again or close."""
        client, self._kept = self._kept, None
        if client is None or not client.is_connected:
            return None
        if self._used_at is None or self._clock() - self._used_at >= IDLE_FOR:
            client.close()
            return None
        return client

    def keep(self, client: aiosmtplib.SMTP) -> None:
        self._kept, self._used_at = client, self._clock()

    async def close(self, *, within_seconds: float) -> None:
        """Take leave of the server once the mail under way is through; never raises."""
        async with self.lock:
            client, self._kept = self._kept, None
            if client is not None:
                with suppress(aiosmtplib.SMTPException, OSError):
                    await client.quit(timeout=within_seconds)
                client.close()


class SmtpProvider:
    """Hands each mail to one SMTP server: codes in turn over one connection, notices over another.

    The server took it: accepted, with the Message-ID as the reference. It refuses the recipient
    or the mail for good (5xx): a permanent failure. It does not take mail for this recipient now
    (450, 451, 452): not this way. It says nothing once the mail was sent: in doubt. Everything
    else, wrong credentials and a wrong certificate too, may be mended: a temporary failure.
    """

    name = "smtp"

    def __init__(
        self,
        server: SmtpServer,
        sender: str,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        timeout: timedelta = timedelta(seconds=15),
    ) -> None:
        """`timeout` is for one whole attempt, from the connection to the server's last word."""
        self._server = server
        self._sender = sender_address(sender)
        self._clock = clock
        self._tls = tls or ssl.create_default_context()
        self._timeout = timeout.total_seconds()
        self._codes, self._notices = _Line(clock), _Line(clock)

    def line(self, message: Message) -> asyncio.Lock:
        """Codes wait for codes only."""
        return self._line(message).lock

    def _line(self, message: Message) -> _Line:
        return self._notices if message.code is None else self._codes

    async def send(self, message: Message, to: str) -> Outcome:
        async with self.line(message):
            return await self.send_in_turn(message, to)

    async def send_in_turn(self, message: Message, to: str) -> Outcome:
        recipient = address_of(to)
        if message.channel != "email":
            return PermanentFailure(Fault.ADDRESS_REFUSED, "not a mail")
        if recipient is None:
            return PermanentFailure(Fault.ADDRESS_REFUSED, "not a mail address")
        letter = write_letter(message, self._sender, recipient, self._clock())
        line = self._line(message)
        return await self._hand_in(letter, line, line.take())

    async def probe(self) -> Probe:
        """Connect, encrypt and log in over a connection of its own, and leave."""
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout):
                await self._open(client)
                await client.quit()
        except _Failed as failed:
            outcome = failed.outcome
        except (aiosmtplib.SMTPException, OSError) as error:
            outcome = _failure(error)
        else:
            return Probe(True, f"smtp: {self._server.host}:{self._server.port} lets us in")
        finally:
            client.close()
        reason = outcome.reason if isinstance(outcome, TemporaryFailure) else "refused"
        return Probe(False, f"smtp: {self._server.host}:{self._server.port}: {reason}")

    async def close(self) -> None:
        """Take leave of the server once the mails under way are through; never raises."""
        for line in (self._codes, self._notices):
            await line.close(within_seconds=min(self._timeout, 2))

    async def _hand_in(self, letter: Letter, line: _Line, kept: aiosmtplib.SMTP | None) -> Outcome:
        """Over the kept connection if there is one; if that turns out dead, over a new one."""
        try:
            return await self._attempt(letter, line, kept)
        except _Failed as failed:
            if kept is None or not failed.may_try_fresh:
                return failed.outcome
        return await self._hand_in(letter, line, None)

    async def _attempt(self, letter: Letter, line: _Line, kept: aiosmtplib.SMTP | None) -> Outcome:
        client = kept or self._client()
        is_usable, is_sending = False, False
        try:
            async with asyncio.timeout(self._timeout):
                # RFC 5321 §4.1.1.5: RSET ends what a refusal left open, and tells if it lives.
                await (self._open(client) if kept is None else client.rset())
                await self._address_it(client, letter)
                is_sending = True
                await client.data(letter.content)
            is_usable = True
        except (aiosmtplib.SMTPException, OSError) as error:
            is_usable = _is_refusal(error)
            may_try_fresh = not is_sending and not is_usable
            outcome = _failure(error)
            if is_sending and isinstance(outcome, TemporaryFailure) and not _is_answer(error):
                outcome = InDoubt(outcome.reason)
            raise _Failed(outcome, may_try_fresh=may_try_fresh) from None
        finally:
            if is_usable and client.is_connected:
                line.keep(client)
            else:
                client.close()
        return Accepted(letter.reference)

    def _client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.is_tls_from_start,
            start_tls=False,  # asked for below, where its absence can be told apart
            tls_context=self._tls,
            timeout=self._timeout,
            local_hostname=self._sender.domain,
        )

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        """Connect, encrypt, then log in; nothing of the login is said unless the first two hold."""
        await client.connect()
        await client.ehlo()
        server = self._server
        if server.is_starttls_required:
            if not client.supports_extension("starttls"):
                raise _Failed(TemporaryFailure("STARTTLS not offered"), may_try_fresh=False)
            await client.starttls()
            await client.ehlo()
        if server.user is None or server.password is None:
            return
        is_encrypted = client.get_transport_info("sslcontext") is not None
        if not is_encrypted and not is_this_machine(server.host):
            raise _Failed(TemporaryFailure("not encrypted"), may_try_fresh=False)
        if "plain" in client.server_auth_methods:
            await client.auth_plain(server.user, server.password)
        elif client.supported_auth_methods:
            await client.login(server.user, server.password)
        else:
            raise _Failed(TemporaryFailure("no login offered"), may_try_fresh=False)

    async def _address_it(self, client: aiosmtplib.SMTP, letter: Letter) -> None:
        if letter.is_international and not client.supports_extension("smtputf8"):
            failure = TemporaryFailure("international addresses not taken")
            raise _Failed(failure, may_try_fresh=False)
        options, encoding = (["SMTPUTF8"], "utf-8") if letter.is_international else ([], "ascii")
        await client.mail(self._sender.addr_spec, options=options, encoding=encoding)
        await client.rcpt(letter.recipient, encoding=encoding)


# ── What an answer means ─────────────────────────────────────────────────────────────────────


def _is_refusal(error: Exception) -> bool:
    """Whether the server refused this one mail, and would take another over the connection."""
    refusals = (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)
    return isinstance(error, refusals) and 400 <= error.code < 600 and error.code != 421


def _is_answer(error: Exception) -> bool:
    """Whether the server itself said that it does not take the mail."""
    return isinstance(error, aiosmtplib.SMTPResponseException) and 400 <= error.code < 600


def _failure(error: Exception) -> Outcome:
    """An error as a value; of the server's words only the codes are repeated."""
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return TemporaryFailure(_coded(error, "login refused"))
        case aiosmtplib.SMTPRecipientRefused() if error.code in _NOT_THIS_MAILBOX:
            return NotThisWay(_coded(error, "recipient refused"))
        case aiosmtplib.SMTPRecipientRefused():
            return _refused(error, "recipient refused")
        case aiosmtplib.SMTPDataError():
            return _refused(error, "mail refused")
        case aiosmtplib.SMTPSenderRefused():
            return TemporaryFailure(_coded(error, "sender refused"))
        case aiosmtplib.SMTPResponseException():
            return TemporaryFailure(_coded(error, "server not ready"))
        case TimeoutError():
            return TemporaryFailure("timeout")
    is_new = isinstance(error, aiosmtplib.SMTPConnectError)
    return TemporaryFailure(_broken(error) or ("not connected" if is_new else "connection lost"))


def _refused(error: aiosmtplib.SMTPResponseException, what: str) -> Outcome:
    if error.code in _LOGIN_WANTED:
        return TemporaryFailure(_coded(error, "login wanted"))
    reason = _coded(error, what)
    if 500 <= error.code < 600:
        return PermanentFailure(Fault.ADDRESS_REFUSED, reason)
    return TemporaryFailure(reason)


def _coded(error: aiosmtplib.SMTPResponseException, what: str) -> str:
    """`550 5.1.1 recipient refused`, with the class of RFC 3463 where the server gives one."""
    if not 200 <= error.code < 600:
        return "not an SMTP answer"
    found = _CLASS.match(error.message)
    return f"{error.code} {found.group()} {what}" if found else f"{error.code} {what}"


def _broken(error: BaseException | None) -> str | None:
    """What happened to the connection, by the first of its causes that has a name here."""
    match error:
        case None:
            return None
        case ssl.SSLCertVerificationError():
            return "certificate not trusted"
        case ssl.SSLError():
            return "TLS failed"
        case ConnectionRefusedError():
            return "connection refused"
        case socket.gaierror():
            return "host not found"
    return _broken(error.__cause__)
