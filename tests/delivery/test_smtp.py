"""Mail by SMTP as a real server on loopback gets it, and the connection it comes by."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest

from tests.delivery.sending import LOGIN, MESSAGE, NOW, provider
from tests.delivery.smtp_server import USER, Certificate, MailServer, mail_server
from vestibule.clock import ManualClock
from vestibule.delivery.provider import Accepted, PermanentFailure, Provider, TemporaryFailure
from vestibule.delivery.providers.smtp import IDLE_FOR, SmtpProvider, SmtpServer
from vestibule.domain.delivery import Fault


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


async def test_any_script_arrives_whole(server: MailServer, ours: Certificate) -> None:
    """Right-to-left text, lines of one dot, long lines and long subjects arrive as they were."""
    text = "הקוד שלך הוא 012345\n\n.\n..\nرمزك\n" + "long " * 300
    page = '<p dir="rtl">הקוד שלך</p>' + "<b>é</b>" * 200
    subject = ("קוד הכניסה שלך, " * 20).strip()
    message = replace(MESSAGE, subject=subject, text=text, html=page, locale="he")
    async with provider(server.port, ours) as mail:
        assert isinstance(await mail.send(message, "ada@example.com"), Accepted)
    [got] = server.received
    assert got.part("plain") == text
    assert got.part("html") == page
    assert str(got.mail["Subject"]) == subject
    assert got.raw.isascii()
    assert max(map(len, got.raw.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("name", ["חנות הספרים הגדולה, " * 6 + "x", "Long, " * 30 + "x", "ASCII"])
async def test_any_sender_arrives_whole(server: MailServer, ours: Certificate, name: str) -> None:
    """A long name in any script arrives as it is, beside the address."""
    made = SmtpProvider(
        SmtpServer.parse(f"smtp://{LOGIN}@127.0.0.1:{server.port}?starttls=required"),
        f"{name} <codes@id.example.com>",
        ManualClock(NOW),
        tls=ours.client,
    )
    assert isinstance(await made.send(MESSAGE, "ada@example.com"), Accepted)
    await made.close()
    # The parser of `Received.mail` puts blanks into a long name; this older one does not.
    line = message_from_bytes(server.received[0].raw)["From"].replace("\r\n", "")
    written, address = parseaddr(line)
    assert (str(make_header(decode_header(written))), address) == (name, "codes@id.example.com")


async def test_a_mail_without_a_page(server: MailServer, ours: Certificate) -> None:
    """A mail without HTML is plain text, with the same headers."""
    async with provider(server.port, ours) as mail:
        await mail.send(replace(MESSAGE, html=None), "ada@example.com")
    [got] = server.received
    assert got.mail.get_content_type() == "text/plain"
    assert got.mail["Content-Language"] == "pt-BR"
    assert got.part("plain") == MESSAGE.text


async def test_nothing_can_add_a_header(server: MailServer, ours: Certificate) -> None:
    """Line ends in a subject, an id or a locale end no header; in an address, they end it."""
    evil = "x\r\nBcc: eve@example.com\r\n\r\nbody\x00\u2028"
    message = replace(MESSAGE, subject=evil, id=evil, locale=evil)
    async with provider(server.port, ours) as mail:
        first = await mail.send(message, "ada@example.com")
        second = await mail.send(message, "ada@example.com")
        for to in (
            "a@b.example>\r\nRCPT TO:<eve@example.com",
            "ada@example.com, eve@example.com",
            "Eve <eve@example.com>",
            "ada@example.com\n",
            "ada@[127.0.0.1]",
            # Encoded words: the second is `x CR LF Bcc: eve@example.com CR LF X:`.
            "=?utf-8?q?eve=40example.com=2c?=@example.com",
            "=?utf-8?b?eA0KQmNjOiBldmVAZXhhbXBsZS5jb20NClg6IA==?=@example.com",
            "@example.com",
            "ada@",
            "",
        ):
            assert await mail.send(MESSAGE, to) == PermanentFailure(
                Fault.ADDRESS_REFUSED, "not a mail address"
            )
    assert isinstance(first, Accepted)
    assert first == second
    got = server.received[0]
    assert len(server.received) == 2
    assert got.recipients == ["ada@example.com"]
    assert got.mail["Bcc"] is None
    assert got.mail["Content-Language"] is None
    assert str(got.mail["Subject"]) == "x Bcc: eve@example.com body"
    assert got.mail["Message-ID"] == first.reference


@pytest.mark.parametrize(
    "local", ["ada", "!#$%&'*+-/=^_`{|}~", "?=ada=", "a" * 64, "zoë" * 20, "名前"]
)
async def test_an_address_stands_in_its_header_as_it_is(
    server: MailServer, ours: Certificate, local: str
) -> None:
    """EM-06: whatever an address may be made of, one line of the mail has it, letter by letter."""
    async with provider(server.port, ours) as mail:
        assert isinstance(await mail.send(MESSAGE, f"{local}@example.com"), Accepted)
    [got] = server.received
    head = got.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert [line for line in head if line.startswith(b"To:")] == [
        f"To: {local}@example.com".encode()
    ]
    assert got.recipients == [f"{local}@example.com"]


async def test_an_international_address(server: MailServer, ours: Certificate) -> None:
    """An address beyond ASCII is written as such to a server that takes it."""
    async with provider(server.port, ours) as mail:
        assert isinstance(await mail.send(MESSAGE, "zoë@example.com"), Accepted)
    [got] = server.received
    assert got.recipients == ["zoë@example.com"]
    assert "SMTPUTF8" in got.options
    assert str(got.mail["To"]) == "zoë@example.com"


async def test_an_international_address_at_an_old_server(ours: Certificate) -> None:
    """A server that takes ASCII addresses only leaves it to the next provider."""
    async with (
        mail_server(starttls=ours.server, is_international=False) as server,
        provider(server.port, ours) as mail,
    ):
        outcome = await mail.send(MESSAGE, "zoë@example.com")
        assert outcome == TemporaryFailure("international addresses not taken")
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)


async def test_other_channels(ours: Certificate) -> None:
    """A text or a call is no mail, whatever it is sent to."""
    made: Provider
    async with provider(1, ours) as made:
        for channel in ("sms", "voice"):
            message = replace(MESSAGE, channel=channel)
            assert await made.send(message, "+441234567890") == PermanentFailure(
                Fault.ADDRESS_REFUSED, "not a mail"
            )


# ── One connection ───────────────────────────────────────────────────────────────────────────


async def test_one_connection_for_many(server: MailServer, ours: Certificate) -> None:
    """Mails sent at the same time go one after the other over one connection, one login."""
    async with provider(server.port, ours) as mail:
        messages = [replace(MESSAGE, id=f"message-{n}") for n in range(5)]
        outcomes = await asyncio.gather(*(mail.send(m, "ada@example.com") for m in messages))
    assert outcomes == [Accepted(f"<message-{n}@id.example.com>") for n in range(5)]
    assert len(server.received) == 5
    assert (len(server.connections), server.logins) == (1, [True])


async def test_a_refusal_keeps_the_connection(server: MailServer, ours: Certificate) -> None:
    """After a refused recipient or mail the next one goes over the same connection."""
    async with provider(server.port, ours) as mail:
        await mail.send(MESSAGE, "gone@example.com")
        await mail.send(MESSAGE, "full@example.com")
        server.refuses_data = "554 5.7.1 looks like spam"
        await mail.send(MESSAGE, "ada@example.com")
        server.refuses_data = None
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
    assert [got.recipients for got in server.received] == [["ada@example.com"]]
    assert len(server.connections) == 1


async def test_a_connection_that_the_server_closed(server: MailServer, ours: Certificate) -> None:
    """A connection that the server closed is opened again, and the mail arrives once."""
    async with provider(server.port, ours) as mail:
        await mail.send(MESSAGE, "ada@example.com")
        server.hang_up()
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
    assert (len(server.received), len(server.connections)) == (2, 2)


async def test_a_connection_lost_half_way(server: MailServer, ours: Certificate) -> None:
    """A kept connection that breaks before the mail is tried once more on a fresh one."""
    async with provider(server.port, ours) as mail:
        await mail.send(MESSAGE, "ada@example.com")
        server.drops = 1
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
        assert (len(server.received), len(server.connections)) == (2, 2)
        server.drops = 2
        outcome = await mail.send(MESSAGE, "ada@example.com")
    assert outcome == TemporaryFailure("connection lost")
    assert (len(server.received), len(server.connections)) == (2, 3)


async def test_a_fresh_connection_is_tried_once(server: MailServer, ours: Certificate) -> None:
    """A first connection that breaks is not tried again: routing has other providers."""
    server.drops = 1
    async with provider(server.port, ours) as mail:
        outcome = await mail.send(MESSAGE, "ada@example.com")
    assert outcome == TemporaryFailure("connection lost")
    assert len(server.connections) == 1


async def test_an_idle_connection(server: MailServer, ours: Certificate) -> None:
    """A connection is used again within a minute, and not after one."""
    clock = ManualClock(NOW)
    async with provider(server.port, ours, clock=clock) as mail:
        for idle, connections in ((timedelta(), 1), (IDLE_FOR / 2, 1), (IDLE_FOR, 2)):
            clock.advance(idle)
            assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
            assert len(server.connections) == connections


async def test_closing(server: MailServer, ours: Certificate) -> None:
    """Closing ends the connection, may be done twice, and a later mail opens a new one."""
    async with provider(server.port, ours) as mail:
        await mail.close()
        await mail.send(MESSAGE, "ada@example.com")
        await mail.close()
        await mail.close()
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
    assert len(server.connections) == 2


async def test_a_send_that_is_cancelled(server: MailServer, ours: Certificate) -> None:
    """A mail that is given up half-way leaves no connection behind that is out of step."""
    async with provider(server.port, ours) as mail:
        await mail.send(MESSAGE, "ada@example.com")
        under_way = asyncio.create_task(mail.send(MESSAGE, "slow@example.com"))
        await server.reached.wait()
        under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await under_way
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
    assert [got.recipients for got in server.received] == [["ada@example.com"]] * 2
    assert len(server.connections) == 2
