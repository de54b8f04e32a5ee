"""What goes wrong with mail by SMTP, against real servers on loopback."""

import socket
from pathlib import Path

import pytest

from tests.delivery.sending import ENOUGH, LONG, MESSAGE, SHORT, provider
from tests.delivery.smtp_server import (
    USER,
    Certificate,
    MailServer,
    certificate,
    lame_server,
    mail_server,
    odd_server,
)
from vestibule.delivery.provider import (
    Accepted,
    InDoubt,
    NotThisWay,
    Outcome,
    PermanentFailure,
    Probe,
    TemporaryFailure,
)
from vestibule.domain.delivery import Fault


async def test_tls_from_the_start(ours: Certificate) -> None:
    """smtps:// is encrypted before a word is said."""
    async with (
        mail_server(tls=ours.server) as server,
        provider(server.port, ours, url="smtps://{login}@127.0.0.1:{port}") as mail,
    ):
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
        assert server.logins == [True]
        assert server.received[0].user == USER
        assert server.hellos == ["id.example.com"]


async def test_this_machine_may_do_without(ours: Certificate) -> None:
    """A server on this machine is used without encryption unless it is asked for."""
    async with (
        mail_server() as server,
        provider(server.port, ours, url="smtp://{login}@127.0.0.1:{port}") as mail,
    ):
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
        assert server.logins == [False]


async def test_no_login(ours: Certificate) -> None:
    """Without a user nobody logs in."""
    async with (
        mail_server(starttls=ours.server, is_login_wanted=False) as server,
        provider(server.port, ours, login="") as mail,
    ):
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
        assert server.logins == []


async def test_a_server_without_starttls(ours: Certificate) -> None:
    """Where STARTTLS is required but not offered, no login and no mail is said in the clear."""
    async with mail_server() as server, provider(server.port, ours) as mail:
        outcome = await mail.send(MESSAGE, "ada@example.com")
        assert outcome == TemporaryFailure("STARTTLS not offered")
        assert (server.logins, server.received, len(server.hellos)) == ([], [], 1)


def _refused(reason: str) -> PermanentFailure:
    return PermanentFailure(Fault.ADDRESS_REFUSED, reason)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("flaw", ["unknown issuer", "other name"])
async def test_a_wrong_certificate(tmp_path: Path, scheme: str, flaw: str) -> None:
    """A certificate of an unknown issuer, or for another name, gets neither login nor mail."""
    other = certificate(tmp_path, "mail.example.com")
    trusted = other if flaw == "other name" else None
    is_smtps = scheme == "smtps"
    url = scheme + "://{login}@127.0.0.1:{port}" + ("" if is_smtps else "?starttls=required")
    async with (
        mail_server(
            starttls=None if is_smtps else other.server, tls=other.server if is_smtps else None
        ) as server,
        provider(server.port, trusted, url=url) as mail,
    ):
        outcome = await mail.send(MESSAGE, "ada@example.com")
        assert outcome == TemporaryFailure("certificate not trusted")
        assert (server.logins, server.received) == ([], [])


async def test_tls_with_a_server_that_speaks_none(ours: Certificate) -> None:
    """smtps:// to a server that begins in the clear fails, and the reason names TLS."""
    async with (
        mail_server() as server,
        provider(server.port, ours, url="smtps://{login}@127.0.0.1:{port}") as mail,
    ):
        assert await mail.send(MESSAGE, "ada@example.com") == TemporaryFailure("TLS failed")


async def test_a_refused_login(server: MailServer, ours: Certificate) -> None:
    """Wrong credentials are the operator's to mend: a temporary failure that says so."""
    async with provider(server.port, ours, login="mailer:guess-of-a-password") as mail:
        outcome = await mail.send(MESSAGE, "ada@example.com")
    assert outcome == TemporaryFailure("535 5.7.8 login refused")
    assert (server.logins, server.received) == ([True], [])


async def test_a_login_that_was_forgotten(server: MailServer, ours: Certificate) -> None:
    """A server that wants a login where none is configured is the operator's to mend."""
    async with provider(server.port, ours, login="") as mail:
        outcome = await mail.send(MESSAGE, "ada@example.com")
    assert outcome == TemporaryFailure("530 5.7.0 sender refused")


# ── What goes wrong ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("to", "outcome"),
    [
        (
            "gone@example.com",
            _refused("550 5.1.1 recipient refused"),
        ),
        ("full@example.com", NotThisWay("452 4.2.2 recipient refused")),
        ("closing@example.com", TemporaryFailure("421 4.3.2 recipient refused")),
        ("login@example.com", TemporaryFailure("530 5.7.0 login wanted")),
    ],
)
async def test_a_refused_recipient(
    server: MailServer, ours: Certificate, to: str, outcome: Outcome
) -> None:
    """5xx is for good, 450 to 452 of this mailbox now, any other 4xx of the server; the reason
    holds the codes and not the server's words."""
    async with provider(server.port, ours) as mail:
        assert await mail.send(MESSAGE, to) == outcome
    assert server.received == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (
            "554 5.7.1 spam for ada@example.com",
            _refused("554 5.7.1 mail refused"),
        ),
        ("552 ada@example.com 5.3.4", _refused("552 mail refused")),
        ("451 4.3.0 later", TemporaryFailure("451 4.3.0 mail refused")),
        ("421 4.3.0 closing", TemporaryFailure("421 4.3.0 mail refused")),
    ],
)
async def test_a_refused_mail(
    server: MailServer, ours: Certificate, answer: str, outcome: Outcome
) -> None:
    """A refusal of the mail itself is told in the same way."""
    server.refuses_data = answer
    async with provider(server.port, ours) as mail:
        assert await mail.send(MESSAGE, "ada@example.com") == outcome


async def test_a_refused_sender(server: MailServer, ours: Certificate) -> None:
    """A sender that the server does not take is the operator's fault, not the recipient's."""
    server.refuses_sender = True
    async with provider(server.port, ours) as mail:
        outcome = await mail.send(MESSAGE, "ada@example.com")
    assert outcome == TemporaryFailure("550 5.7.1 sender refused")


async def test_a_server_that_hangs(server: MailServer, ours: Certificate) -> None:
    """A mail waits for the configured time and no longer, and the next one is not held up."""
    async with provider(server.port, ours, patience=ENOUGH) as mail:
        outcome = await mail.send(MESSAGE, "slow@example.com")
        assert outcome == TemporaryFailure("timeout")
        assert isinstance(await mail.send(MESSAGE, "ada@example.com"), Accepted)
    assert len(server.connections) == 2


async def test_a_server_that_is_slow_at_every_word() -> None:
    """The time is for the whole attempt: a server cannot stretch it by answering now and then."""
    url = "smtp://127.0.0.1:{port}"
    async with (
        lame_server(SHORT.total_seconds() / 2) as port,
        provider(port, None, url=url, patience=SHORT) as mail,
    ):
        assert await mail.send(MESSAGE, "ada@example.com") == TemporaryFailure("timeout")


async def test_a_mail_in_doubt(server: MailServer, ours: Certificate) -> None:
    """A mail whose content was sent is not sent again here, even over a connection kept."""
    async with provider(server.port, ours, patience=ENOUGH) as mail:
        await mail.send(MESSAGE, "ada@example.com")
        server.hangs_after_data = True
        assert await mail.send(MESSAGE, "ada@example.com") == InDoubt("timeout")
    assert len(server.received) == 2
    assert server.received[0].mail["Message-ID"] == server.received[1].mail["Message-ID"]


@pytest.mark.parametrize(
    ("says", "is_closing", "reason"),
    [
        (b"", False, "timeout"),
        (b"SSH-2.0-OpenSSH_9.9 ada@example.com", False, "timeout"),
        (b"SSH-2.0-OpenSSH_9.9 ada@example.com\r\n", False, "not an SMTP answer"),
        (b"\x00\xff\xfe\r\n\r\n", False, "not an SMTP answer"),
        (b"9" * 40000, False, "not an SMTP answer"),
        (b"999 what\r\n", False, "not an SMTP answer"),
        (b"554 5.3.2 no mail for ada@example.com\r\n", False, "554 5.3.2 server not ready"),
        (b"421 busy\r\n", True, "421 server not ready"),
        (b"220 mail.test\r\n", True, "connection lost"),
        (b"", True, "not connected"),
    ],
)
async def test_a_strange_greeting(
    ours: Certificate, says: bytes, is_closing: bool, reason: str
) -> None:
    """Whatever answers at the port, the failure is a short reason of our own words."""
    async with (
        odd_server(says, is_closing=is_closing) as port,
        provider(port, ours, patience=SHORT if reason == "timeout" else LONG) as mail,
    ):
        assert await mail.send(MESSAGE, "ada@example.com") == TemporaryFailure(reason)


async def test_nobody_listens(ours: Certificate) -> None:
    """A port where nobody listens refuses the connection; a name nobody has is not found."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    async with provider(port, ours) as mail:
        assert await mail.send(MESSAGE, "ada@example.com") == TemporaryFailure("connection refused")
    nowhere = "smtp://{login}@nobody.invalid:{port}"
    async with provider(port, ours, url=nowhere) as mail:
        assert await mail.send(MESSAGE, "ada@example.com") == TemporaryFailure("host not found")


async def test_probe(server: MailServer, ours: Certificate) -> None:
    """A probe connects, encrypts and logs in, and hands no mail in."""
    async with provider(server.port, ours) as mail:
        assert await mail.probe() == Probe(True, f"smtp: 127.0.0.1:{server.port} lets us in")

    assert (server.logins, server.received) == ([True], [])


async def test_probe_with_a_wrong_password(server: MailServer, ours: Certificate) -> None:
    """A login that is refused is told by the server's code, without user or password."""
    async with provider(server.port, ours, login="mailer%40example.com:wrong") as mail:
        probe = await mail.probe()

    assert not probe.is_fine
    assert probe.text.startswith(f"smtp: 127.0.0.1:{server.port}: 535 ")
    assert "mailer" not in probe.text
    assert "wrong" not in probe.text


async def test_probe_trusts_nobody_else(server: MailServer) -> None:
    """A probe of a server whose certificate nobody vouches for says no login."""
    async with provider(server.port, None) as mail:
        probe = await mail.probe()

    assert probe == Probe(False, f"smtp: 127.0.0.1:{server.port}: certificate not trusted")
    assert server.logins == []


async def test_probe_of_nobody(ours: Certificate) -> None:
    """A server that is not there is told as such."""
    async with provider(1, ours) as mail:
        assert await mail.probe() == Probe(False, "smtp: 127.0.0.1:1: connection refused")


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [(b"", "timeout"), (b"SSH-2.0-OpenSSH_9.9\r\n", "not an SMTP answer")],
)
async def test_probe_of_something_else(ours: Certificate, greeting: bytes, reason: str) -> None:
    """A server that hangs or speaks otherwise costs a probe the patience and no more."""
    async with (
        odd_server(greeting) as port,
        provider(port, ours, patience=SHORT if reason == "timeout" else LONG) as mail,
    ):
        probe = await mail.probe()

    assert probe == Probe(False, f"smtp: 127.0.0.1:{port}: {reason}")
