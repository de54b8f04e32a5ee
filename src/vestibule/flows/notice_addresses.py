"""The mailboxes that hear of an account: its own of the week, and a second address (EM-07).

A second address is no identifier: it signs in to nothing, gets no code but the one that proves it,
and its answer does less than that of the account's own mailbox. Tells nobody: see `notices`.
"""

from collections.abc import Collection
from dataclasses import dataclass

from vestibule.crypto.seal import Place
from vestibule.domain.account import Account
from vestibule.domain.event import EventName
from vestibule.domain.identifier import EmailAddress, mask_email, parse_email
from vestibule.domain.safety import NOT_ME_FOR, EndedBy
from vestibule.flows import addresses
from vestibule.flows.work import Work
from vestibule.storage import notice_addresses
from vestibule.storage.notice_addresses import NoticeAddress


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who is told, and what an answer from there may do."""

    address: str
    may_answer: bool
    notice_address_id: str | None = None
    """Set for a second address: its answer stops, and takes nothing back."""


async def mailboxes(work: Work, account: Account) -> list[Mailbox]:
    """Every mailbox that is told of a change, each once: as the account's own if it is that too."""
    found = {
        _key(address): Mailbox(address, may_answer)
        for address, may_answer in await addresses.told(work, account)
    }
    for one in await notice_addresses.of_account(work.tx, account.id, work.now):
        address = _opened(work, one)
        may_answer = one.ended_by is not EndedBy.NOT_ME
        found.setdefault(_key(address), Mailbox(address, may_answer, one.id))
    return list(found.values())


async def standing(work: Work, account_id: str) -> EmailAddress | None:
    """The second address that the account has now."""
    found = await _standing(work, account_id)
    return parse_email(_opened(work, found)) if found else None


async def answers(work: Work, notice_address_id: str) -> bool:
    """Whether an answer that was offered to this second address counts still."""
    return await notice_addresses.answers(work.tx, notice_address_id, work.now)


async def doubtful_act(work: Work, account_id: str, acts: Collection[str]) -> str | None:
    """The one of these acts that set the second address."""
    found = await _standing(work, account_id)
    return found.act_id if found and found.act_id in acts else None


async def _standing(work: Work, account_id: str) -> NoticeAddress | None:
    rows = await notice_addresses.of_account(work.tx, account_id, work.now)
    return rows[0] if rows and rows[0].ended_by is None else None


def _opened(work: Work, one: NoticeAddress) -> str:
    return work.means.seal.open(one.address_sealed, _place(one.id))


def _place(notice_address_id: str) -> Place:
    return Place("notice_addresses", "address_sealed", notice_address_id)


def _key(address: str) -> str:
    parsed = parse_email(address)
    return parsed.key if parsed else address


# --- changing -----------------------------------------------------------------------------------


async def put(work: Work, account_id: str, address: EmailAddress, *, act_id: str) -> None:
    """Make this proven address the second one, in the place of any other; the account is held."""
    before = await _end(work, account_id)
    notice_address_id = work.means.entropy.id()
    await notice_addresses.add(
        work.tx,
        NoticeAddress(
            id=notice_address_id,
            account_id=account_id,
            address_sealed=work.means.seal.seal(address.address, _place(notice_address_id)),
            act_id=act_id,
            proven_at=work.now,
        ),
    )
    await work.note(
        EventName.NOTICE_ADDRESS_SET,
        account_id=account_id,
        session_id=act_id,
        address=mask_email(address),
        **({"old": mask_email(_opened(work, before))} if before else {}),
    )


async def take_off(work: Work, account_id: str, *, session_id: str) -> str | None:
    """The account has none from now on; which it had, masked. It is told for seven days (R8)."""
    gone = await _end(work, account_id)
    if gone is None:
        return None
    await _note_removed(work, gone, session_id=session_id)
    return mask_email(_opened(work, gone))


async def _end(work: Work, account_id: str) -> NoticeAddress | None:
    return await notice_addresses.end(
        work.tx, account_id, by=EndedBy.REMOVAL, told_until_at=work.now + NOT_ME_FOR
    )


async def disown(work: Work, account_id: str, acts: Collection[str]) -> None:
    """What "not me" reaches answers nothing more. It is told: whoever pressed may be the thief."""
    for gone in await notice_addresses.disown(
        work.tx, account_id, acts, told_until_at=work.now + NOT_ME_FOR
    ):
        await _note_removed(work, gone, reason="not_me")


async def _note_removed(
    work: Work, gone: NoticeAddress, *, session_id: str | None = None, reason: str | None = None
) -> None:
    await work.note(
        EventName.NOTICE_ADDRESS_REMOVED,
        account_id=gone.account_id,
        session_id=session_id,
        reason=reason,
        address=mask_email(_opened(work, gone)),
    )
