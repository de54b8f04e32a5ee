"""The URL of the mail server, the sender, and what is shown of them."""

from urllib.parse import quote

import pytest

from tests.delivery.sending import LOGIN, MESSAGE, provider
from tests.delivery.smtp_server import PASSWORD, USER, Certificate, MailServer
from vestibule.delivery.providers.letter import sender_address
from vestibule.delivery.providers.smtp import SmtpServer


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", SmtpServer(host="mail.example.com", port=587)),
        (
            "smtp://a%40b:p%2Fw%25@Mail.example.com:2587/?starttls=required",
            SmtpServer(host="mail.example.com", port=2587, user="a@b", password="p/w%"),
        ),
        (
            "smtps://a:b@mail.example.com",
            SmtpServer(
                host="mail.example.com",
                port=465,
                is_tls_from_start=True,
                is_starttls_required=False,
                user="a",
                password="b",
            ),
        ),
        ("smtp://localhost:25", SmtpServer(host="localhost", port=25, is_starttls_required=False)),
        ("smtp://[::1]:25", SmtpServer(host="::1", port=25, is_starttls_required=False)),
        (
            "smtp://127.0.0.9?starttls=none",
            SmtpServer(host="127.0.0.9", port=587, is_starttls_required=False),
        ),
        ("smtp://localhost?starttls=required", SmtpServer(host="localhost", port=587)),
    ],
)
def test_a_url(url: str, expected: SmtpServer) -> None:
    """A URL says host, port, encryption and login; what it leaves out is the safe choice."""
    assert SmtpServer.parse(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com:587",
        "http://u:hunter2@mail.example.com",
        "smtp://u:hunter2@",
        "smtp://u:hunter2@mail.example.com:0",
        "smtp://u:hunter2@mail.example.com:99999",
        "smtp://u:hunter2@mail.example.com:hunter2",
        "smtp://u:hun/hunter2@mail.example.com",
        "smtp://u:hunter2#hunter2@mail.example.com",
        "smtp://u:hunter2[@mail.example.com",
        "smtp://u:hunter2%FF@mail.example.com",
        "smtp://u:hunter2%00@mail.example.com",
        "smtp://u:hunter2%0A@mail.example.com",
        "smtp://:hunter2@mail.example.com",
        "smtp://hunter2@mail.example.com",
        "smtp://u:hunter2@mail example.com",
        "smtp://u:hunter2@mail.example.com/path",
        "smtp://u:hunter2@mail.example.com?hunter2",
        "smtp://u:hunter2@mail.example.com?starttls=hunter2",
        "smtp://u:hunter2@mail.example.com?starttls=none",
        "smtp://u:hunter2@10.0.0.1?starttls=none",
        "smtp://u:hunter2@mail.example.com?starttls=required&starttls=none",
        "smtps://u:hunter2@mail.example.com?starttls=required",
        "smtps://u:hunter2@localhost?starttls=none",
    ],
)
def test_a_wrong_url(url: str) -> None:
    """A URL that cannot be meant is refused by a sentence that repeats nothing secret of it."""
    with pytest.raises(ValueError, match=r"write it as|both|starttls") as refused:
        SmtpServer.parse(url)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_plain_text_to_another_machine_cannot_be_made() -> None:
    """Nor can a server value be built by hand that would send a login in the clear."""
    with pytest.raises(ValueError, match="on this machine only"):
        SmtpServer(host="10.0.0.1", port=25, is_starttls_required=False, user="u", password="p")


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
def test_mail_goes_to_no_metadata_service(host: str) -> None:
    """WH-04: link-local addresses are no mail servers; private ones are, as relays often stand."""
    with pytest.raises(ValueError, match="nothing is sent to that address"):
        SmtpServer.parse(f"smtp://{host}")
    assert SmtpServer.parse("smtp://10.0.0.1").is_starttls_required


async def test_secrets_stay_out_of_sight(server: MailServer, ours: Certificate) -> None:
    """No repr of the server, the provider or an outcome holds a user, a password or a code."""
    async with provider(server.port, ours) as mail:
        outcomes = [
            await mail.send(MESSAGE, to)
            for to in ("ada@example.com", "gone@example.com", "closing@example.com", "bad")
        ]
        parsed = SmtpServer.parse(f"smtp://{LOGIN}@127.0.0.1")
        shown = repr((mail, parsed, str(parsed), outcomes, vars(mail)))
    for secret in (USER, PASSWORD, quote(PASSWORD, safe=""), "012345", "@example.com"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("codes@example.com", "", "codes@example.com"),
        ("<codes@example.com>", "", "codes@example.com"),
        ("Acme, Inc. <codes@example.com>", "Acme, Inc.", "codes@example.com"),
        ('"Acme, Inc." <codes@example.com>', "Acme, Inc.", "codes@example.com"),
        ("  חנות <codes@example.com> ", "חנות", "codes@example.com"),
        ("A\r\nBcc: e@x.example <codes@example.com>", "A Bcc: e@x.example", "codes@example.com"),
    ],
)
def test_a_sender(sender: str, name: str, address: str) -> None:
    """A sender is a name in any script and an address, or an address alone."""
    found = sender_address(sender)
    assert (found.display_name, found.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "sender", ["", "Acme", "Acme <>", "Acme <codes>", "<a@b.example> x", "ä@b.example", "a@bü.de"]
)
def test_a_wrong_sender(sender: str) -> None:
    """A sender without an address that any server takes is refused."""
    with pytest.raises(ValueError, match="write the sender as"):
        sender_address(sender)
