"""Mails and texts that tell of a change, each with its answer "this was not me" (R8, NO-01).

A change is told to the account's address and, as a text, to every number that was valid in the
last seven days; what only failed, or a sign-in from a new browser, goes by mail alone, because
texts cost money. Mails draw on no budget: nobody can use one up to bury them (NO-04). What texts
of notices may cost is in `notice_texts`.
They carry no code, token or secret that would open anything (NO-02).
"""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.crypto.seal import Place
from vestibule.domain.account import Account, Authenticator
from vestibule.domain.challenge import Channel
from vestibule.domain.identifier import PhoneNumber, is_landline, phone_of
from vestibule.domain.safety import NOT_ME_FOR
from vestibule.entropy import CROCKFORD
from vestibule.flows.addresses import Claim
from vestibule.flows.notice_addresses import Mailbox, mailboxes
from vestibule.flows.notice_texts import may_text
from vestibule.flows.silent_numbers import number_mark
from vestibule.flows.ways import phone_number
from vestibule.flows.work import Work, digest
from vestibule.storage import authenticators, digests, disavowals, outbox, throttles
from vestibule.storage.disavowals import Disavowal
from vestibule.storage.retention import KEPT

NOT_ME_CODE_LENGTH = 8
TEXTED = frozenset(
    {
        "address_changed",
        "address_returned",
        "changes_frozen",
        "closing_asked",
        "closing_cancelled",
        "default_method_changed",
        "method_added",
        "method_removed",
        "not_me",
        "notice_address_removed",
        "notice_address_set",
        "number_changed",
        "password_changed",
        "password_reset",
        "recovery_code_replaced",
        "recovery_code_used",
        "recovery_finished",
        "recovery_stopped",
        "reset_cancelled",
        "reset_waits",
    }
)
BY_OPERATORS = frozenset({"account_suspended", "account_unsuspended", "operators_signed_out"})
WITHOUT_ANSWER = BY_OPERATORS | {
    "account_closed",
    "account_closed_elsewhere",
    "address_held",
    "address_taken",
    "address_wanted",
    "changes_frozen",
    "closing_cancelled",
    "not_me",
    "passkey_copied",
    "reset_cancelled",
    "texts_stopped",
}
"""There is nothing to take back, or it has just been taken back."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How many of a kind are told singly; the rest is told together."""

    singly: int
    period: timedelta
    digest_every: timedelta


DIGEST_AFTER = timedelta(hours=1)
NOISY = {
    # Somebody who knows the password can make as many as he likes.
    "wrong_second_factor": Noise(1, timedelta(days=1), timedelta(days=1)),
    "new_browser": Noise(5, timedelta(hours=1), timedelta(hours=1)),
}


async def tell(
    work: Work,
    account: Account,
    *,
    kind: str,
    act_id: str,
    removed: frozenset[str] = frozenset(),
    unless_text_to: str | None = None,
    **facts: str,
) -> None:
    """Leave the notices of one act in the outbox, in its transaction (NO-03).

    `removed` are the authenticators that this act ended: their numbers are told so.
    `unless_text_to` is the one that this act has just bound: its owner holds it.
    """
    if kind in NOISY and not await _is_told_singly(work, account.id, kind, act_id):
        return
    await tell_by_mail(work, account, kind=kind, act_id=act_id, facts=facts)
    if kind not in TEXTED:
        return
    standing = await authenticators.of_account(work.tx, account.id)
    numbers = [(one, True) for one in standing if one.id != unless_text_to]
    for ended in await authenticators.ended(work.tx, account.id, work.now - NOT_ME_FOR):
        numbers.append((ended.authenticator, ended.is_returnable))
    texted = set()
    for authenticator, may_answer in numbers:
        number = _number_to_text(work, authenticator)
        if number is None or number.e164 in texted:
            continue
        texted.add(number.e164)
        is_last = authenticator.id in removed
        if not await may_text(work, account, kind, number, is_last=is_last):
            continue
        said = "number_removed" if is_last else kind
        answer = facts
        if may_answer and kind not in WITHOUT_ANSWER and account.is_enrolled:
            answer = {**facts, "code": await _offer_code(work, account.id, kind, act_id)}
        await put_notice(
            work,
            kind=said,
            to=number.e164,
            account_id=account.id,
            channel=Channel.SMS,
            locale=account.locale,
            facts=answer,
        )


def _number_to_text(work: Work, authenticator: Authenticator) -> PhoneNumber | None:
    """The number, where texts may go to it; not a stale one (PN-04).

    A stranger who has it by now would learn of the account, and could stop its changes.
    """
    number = phone_number(work.means, authenticator)
    if number is None or is_landline(number) or authenticator.stale_since(work.now) is not None:
        return None
    is_open = Channel.SMS in work.means.policy.channels_to(number.region)
    return number if is_open else None


async def tell_together(work: Work, account: Account, digested: digests.Digest) -> None:
    """One mail for all the noisy news of a while."""
    facts = {"times": str(digested.hits), "since": digested.since_at.isoformat()}
    await tell_by_mail(
        work, account, kind=f"many_{digested.kind}", act_id=digested.act_id, facts=facts
    )


async def _is_told_singly(work: Work, account_id: str, kind: str, act_id: str) -> bool:
    noise = NOISY[kind]
    bucket = work.means.keyring.bucket(f"notice-{kind}", account_id)
    until = await throttles.spend(
        work.tx,
        bucket,
        kind=f"notice-{kind}",
        limit=noise.singly,
        period=noise.period,
        now=work.now,
    )
    if until is None:
        return True
    await digests.count(
        work.tx,
        account_id,
        kind=kind,
        act_id=act_id,
        wait=DIGEST_AFTER,
        spacing=noise.digest_every,
        now=work.now,
    )
    return False


async def tell_by_mail(
    work: Work, account: Account, *, kind: str, act_id: str, facts: dict[str, str]
) -> None:
    """To its address and second address, with those of the last seven days, each its own link."""
    for to in await mailboxes(work, account):
        is_answered = to.may_answer and kind not in WITHOUT_ANSWER and account.is_enrolled
        await _mail(work, account, to, kind=kind, act_id=act_id if is_answered else None, **facts)


async def _mail(
    work: Work, account: Account, to: Mailbox, *, kind: str, act_id: str | None, **facts: str
) -> None:
    # Who reads another mailbox than the account's is told why the mail came there.
    answer = facts if to.notice_address_id is None else {**facts, "second": "yes"}
    if act_id is not None:
        token = work.means.entropy.token()
        offered = replace(
            _offered(work, account.id, kind, act_id), notice_address_id=to.notice_address_id
        )
        await disavowals.add(work.tx, offered, token_digest=digest(token))
        answer = {**answer, "token": token}
    await put_notice(
        work,
        kind=kind,
        to=to.address,
        account_id=account.id,
        locale=account.locale,
        time_zone=account.time_zone,
        facts=answer,
    )


async def _offer_code(work: Work, account_id: str, kind: str, act_id: str) -> str:
    code = work.means.entropy.pick(CROCKFORD, NOT_ME_CODE_LENGTH)
    offered = _offered(work, account_id, kind, act_id)
    code_mac = work.means.keyring.mac(KeyPurpose.NOT_ME, code)
    await disavowals.add(work.tx, offered, code_mac=code_mac)
    return code


def _offered(work: Work, account_id: str, kind: str, act_id: str) -> Disavowal:
    return Disavowal(
        id=work.means.entropy.id(),
        account_id=account_id,
        act_id=act_id,
        notice=kind,
        source=place(work.caller.source),
        user_agent=work.caller.user_agent,
        made_at=work.now,
        expires_at=work.now + NOT_ME_FOR,
    )


def place(source: str) -> str:
    """The network a person may recognise, without the last part of the address (NO-02)."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return ""
    if address.is_loopback:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return ".".join([*str(address).split(".")[:3], "x"])
    return str(ipaddress.ip_network((address, 48), strict=False))


async def tell_owner(work: Work, to: str, claim: Claim | None, *, kind: str) -> None:
    """Say in its own mailbox that somebody tried to use an address, in its owner's language.

    Nobody is told of a free one, in about the same time (EN-03).
    """
    if claim is None:
        await outbox.put_nothing(work.tx)
        return
    held = claim.held_until
    await put_notice(
        work,
        kind=kind if held is None else "address_held",
        to=to,
        account_id=None,
        locale=claim.locale,
        facts={} if held is None else {"when": held.isoformat()},
    )


async def put_notice(
    work: Work,
    *,
    kind: str,
    to: str,
    account_id: str | None,
    channel: Channel = Channel.EMAIL,
    locale: str | None = None,
    time_zone: str | None = None,
    facts: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Leave one notice in the outbox, in the transaction of what it tells (NO-03)."""
    message_id = work.means.entropy.id()
    seal = work.means.seal
    body = {
        **facts,
        "at": work.now.isoformat(),
        # Operators have a command and no browser.
        "browser": "" if kind in BY_OPERATORS else work.caller.user_agent,
        "place": place(work.caller.source),
        # Its owner's, never the caller's (NO-02).
        "time_zone": time_zone or "",
    }
    await outbox.put(
        work.tx,
        outbox.Waiting(
            id=message_id,
            challenge_id=None,
            account_id=account_id,
            kind=f"notice_{kind}",
            channel=channel,
            locale=locale or work.caller.locale,
            destination_sealed=seal.seal(to, Place("outbox", "destination_sealed", message_id)),
            body_sealed=seal.seal(json.dumps(body), Place("outbox", "body_sealed", message_id)),
            written_at=work.now,
            expires_at=work.now + KEPT["outbox"][1],
            attempts=0,
            country=None if channel is Channel.EMAIL else phone_of(to).region,
            number_mac=number_mark(work.means, to) if channel is Channel.SMS else None,
        ),
    )
    work.has_mail = True
