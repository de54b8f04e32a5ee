"""A mail as it goes over the wire: addresses, headers, text and HTML, none of which can break out.

It knows no server and no connection; `smtp` hands the letter in.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as MAIL_LINES

from vestibule.delivery.provider import Message

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_MAILBOX = re.compile(r'[^\s\x00-\x20\x7f-\xa0\ud800-\udfff()<>\[\]:;@\\,"]{1,64}')
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_SEVEN_BIT = MAIL_LINES.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, ready to be handed in; its repr names neither recipient nor content."""

    reference: str
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)
    is_international: bool


def sender_address(sender: str) -> Address:
    """The name and address of `Acme Accounts <accounts@example.com>`, or of an address alone.

    The name may be in any script and needs no quotes. Raises ValueError when it is no sender.
    """
    name, bracket, rest = sender.strip().rpartition("<")
    found = address_of(rest.removesuffix(">") if bracket else rest)
    if found is None or not found.username.isascii():
        raise ValueError("write the sender as Acme Accounts <accounts@example.com>")
    said = CONTROL.sub(" ", name).strip().removeprefix('"').removesuffix('"')
    return Address(display_name=said, username=found.username, domain=found.domain)


def address_of(text: str) -> Address | None:
    """One plain address with an ASCII domain; nothing in it can end a line or a header.

    Nor what reads as an encoded word (RFC 2047), which may stand for both.
    """
    local, _, domain = text.rpartition("@")
    if "=?" in local or not _MAILBOX.fullmatch(local) or not is_host_name(domain):
        return None
    return Address(username=local, domain=domain)


def is_host_name(text: str) -> bool:
    return len(text) <= 253 and _HOST.fullmatch(text) is not None


def write_letter(message: Message, sender: Address, recipient: Address, now: datetime) -> Letter:
    """The mail with its headers; the Message-ID is made of the message's id, or its digest."""
    is_international = not recipient.username.isascii()
    digest = hashlib.sha256(message.id.encode("utf-8", "replace")).hexdigest()
    unique = message.id if _ID.fullmatch(message.id) else digest
    reference = f"<{unique}@{sender.domain}>"
    to = f"{recipient.username}@{recipient.domain}"
    mail = EmailMessage(policy=_SEVEN_BIT)
    mail["Date"] = now
    mail["Message-ID"] = reference
    # RFC 3834 §5: nobody's out-of-office note answers a code.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    # Only now: making parts would move it into the first of them.
    if _LANGUAGE.fullmatch(message.locale):
        mail["Content-Language"] = message.locale
    return Letter(
        reference=reference,
        recipient=to,
        # By hand, since EmailMessage reads an address anew and decodes what it finds in it.
        content=f"{_from(sender)}{_subject(message.subject or '')}To: {to}\r\n".encode()
        + mail.as_bytes(),
        is_international=is_international,
    )


# EmailMessage loses blanks where it breaks a long text beyond ASCII; the older Header does not.


def _from(sender: Address) -> str:
    name = sender.display_name
    if name.isascii():
        return f"From: {sender}\r\n"
    phrase = Header(name, header_name="From").encode(linesep="\r\n")
    return f"From: {phrase}\r\n <{sender.addr_spec}>\r\n"


def _subject(text: str) -> str:
    line = Header(CONTROL.sub(" ", text).strip(), header_name="Subject")
    return "Subject: " + line.encode(linesep="\r\n") + "\r\n"
