"""The addresses of an account: which one gets codes, which are told, which are held from others.

For seven days a former address is told of everything and belongs to nobody else. After "not me"
the present one gets no codes; who proves a mailbox of before and a second factor has it back, and
after a freeze's 72 hours the present one may be proven so as well (R8). Tells nobody: see
`notices`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.crypto.seal import Place
from vestibule.domain.account import Account
from vestibule.domain.event import EventName
from vestibule.domain.identifier import EmailAddress, mask_email, parse_email
from vestibule.domain.safety import FREEZE_FOR, NOT_ME_FOR
from vestibule.flows.work import Work
from vestibule.storage import (
    accounts,
    challenges,
    former_addresses,
    resets,
    safeguards,
    sign_ups,
    throttles,
    waiting_resets,
)
from vestibule.storage.former_addresses import FormerAddress


@dataclass(frozen=True, slots=True)
class Claim:
    """Why an address is not free, told to its own mailbox only."""

    locale: str
    held_until: datetime | None
    """Set where the account has it no more, and it is held until then."""


# --- looking ------------------------------------------------------------------------------------


async def claim_on(work: Work, address_key: str, *, besides: str | None = None) -> Claim | None:
    """Who has this address or had it lately, an account `besides` left out.

    Both are looked for in every case, so that all answers take as long (EN-06).
    """
    owner = await accounts.find_by_email(work.tx, address_key)
    former = await former_addresses.find(work.tx, _marks(work, address_key), work.now)
    if owner is not None and owner.id != besides:
        return Claim(owner.locale, None)
    if former is None or former.account_id == besides:
        return None
    before = await accounts.get(work.tx, former.account_id)
    return Claim(before.locale if before else work.caller.locale, former.held_until_at)


async def account_named(work: Work, address_key: str) -> Account | None:
    """The account that signs in by this address: its own, or one that "not me" may give back."""
    owner = await accounts.find_by_email(work.tx, address_key)
    former = await former_addresses.find(work.tx, _marks(work, address_key), work.now)
    if owner is not None or former is None:
        return owner
    account = await accounts.get(work.tx, former.account_id)
    if account is None or await returning(work, account, address_key) is None:
        return None
    return account


async def written(work: Work, account: Account, address_key: str) -> str | None:
    """How codes of a reset are addressed that was asked for by this address; None: not at all.

    The present address gets none in the 72 hours after "not me".
    """
    if address_key == account.email_key:
        return account.email if _is_open(account, work.now) else None
    former = await returning(work, account, address_key)
    return _opened(work, former) if former else None


def _is_open(account: Account, now: datetime) -> bool:
    doubted_at = account.address_suspended_at
    return doubted_at is None or now >= doubted_at + FREEZE_FOR


async def returning(work: Work, account: Account, address_key: str) -> FormerAddress | None:
    """The former address that this names, if it may come back now."""
    if account.address_suspended_at is None or address_key == account.email_key:
        return None
    marks = _marks(work, address_key)
    held = await former_addresses.of_account(work.tx, account.id, work.now)
    return next((one for one in held if one.is_returnable and one.address_mac in marks), None)


async def key_of(work: Work, account: Account, former_id: str) -> str | None:
    """The key of a former address that is held still."""
    held = await former_addresses.of_account(work.tx, account.id, work.now)
    named = next((_opened(work, one) for one in held if one.id == former_id), None)
    address = parse_email(named) if named else None
    return address.key if address else None


async def mailbox(work: Work, account: Account) -> str:
    """Where codes go that are asked for from within: the address before the doubted one."""
    if account.address_suspended_at is None:
        return account.email
    held = await former_addresses.of_account(work.tx, account.id, work.now)
    back = [one for one in held if one.is_returnable]
    return _opened(work, back[-1]) if back else account.email


async def told(work: Work, account: Account) -> list[tuple[str, bool]]:
    """Every address valid within seven days, and whether it may answer with "not me" (R8)."""
    marks = _marks(work, account.email_key)
    # One may have been left twice, or be the account's again: each hears of it once.
    former: dict[bytes, tuple[str, bool]] = {}
    for one in await former_addresses.of_account(work.tx, account.id, work.now):
        _, may_answer = former.get(one.address_mac, ("", False))
        if one.address_mac not in marks:
            former[one.address_mac] = (_opened(work, one), may_answer or one.is_returnable)
    return [(account.email, account.address_suspended_at is None), *former.values()]


async def doubtful_act(work: Work, account: Account, acts: Collection[str]) -> str | None:
    """The one of these acts that gave the account its present address, if it is standing."""
    held = await former_addresses.of_account(work.tx, account.id, work.now)
    if not held or account.address_suspended_at is not None:
        return None
    return held[-1].act_id if held[-1].act_id in acts else None


async def giver(work: Work, account: Account, former_id: str | None) -> str | None:
    """The act of this week that gave the account its address, or a former one.

    None where it is older. Who only went elsewhere and back gave it nothing.
    """
    held = await former_addresses.of_account(work.tx, account.id, work.now)
    at = next((at for at, one in enumerate(held) if one.id == former_id), len(held))
    marks = [held[at].address_mac] if at < len(held) else _marks(work, account.email_key)
    while at:
        act_id = held[at - 1].act_id
        while at and held[at - 1].act_id == act_id:
            at -= 1
        if held[at].address_mac not in marks:
            return act_id
    return None


def _marks(work: Work, address_key: str) -> list[bytes]:
    return work.means.keyring.macs(KeyPurpose.ADDRESS, address_key)


def _opened(work: Work, former: FormerAddress) -> str:
    place = Place("former_addresses", "address_sealed", former.id)
    return work.means.seal.open(former.address_sealed, place)


# --- changing -----------------------------------------------------------------------------------


async def hold(work: Work, *address_keys: str) -> None:
    """Order this unit after every other one that gives one of these addresses to somebody."""
    marks = [work.means.keyring.bucket("address", key) for key in address_keys]
    for mark in sorted(marks):
        await throttles.hold_lane(work.tx, mark, work.now, kind="address")


async def move(work: Work, account: Account, to: EmailAddress, *, act_id: str) -> bool:
    """Give the account this proven address; False where somebody else has or holds it.

    The account is held. What it had before is told and held for seven days.
    """
    await hold(work, account.email_key, to.key)
    if await claim_on(work, to.key, besides=account.id) is not None:
        return False
    if not await _put(work, account, to):
        return False
    is_doubted = account.address_suspended_at is not None
    await _keep_former(work, account, act_id=act_id, is_returnable=not is_doubted)
    await safeguards.end_suspended_address(work.tx, account.id)
    await work.note(
        EventName.ADDRESS_CHANGED,
        account_id=account.id,
        session_id=act_id,
        old=mask_email(account.email),
        new=mask_email(to),
    )
    return True


async def _put(work: Work, account: Account, to: EmailAddress) -> bool:
    """Where it had this address before, that row stays: the chain says what came from what."""
    if not await accounts.move(
        work.tx, account.id, seen_key=account.email_key, email=to.address, key=to.key
    ):
        return False
    # EF-08: whoever waits for a code to it has proven nothing.
    await sign_ups.end_for_address(work.tx, to.key)
    return True


async def _keep_former(
    work: Work, account: Account, *, act_id: str | None, is_returnable: bool
) -> None:
    former_id = work.means.entropy.id()
    place = Place("former_addresses", "address_sealed", former_id)
    await former_addresses.add(
        work.tx,
        FormerAddress(
            id=former_id,
            account_id=account.id,
            address_sealed=work.means.seal.seal(account.email, place),
            address_mac=work.means.keyring.mac(KeyPurpose.ADDRESS, account.email_key),
            act_id=act_id,
            is_returnable=is_returnable,
            replaced_at=work.now,
            held_until_at=work.now + NOT_ME_FOR,
        ),
    )


async def hold_longer(work: Work, former_id: str, until: datetime) -> None:
    """Keep a former address from others, and able to come back, until then at least."""
    await former_addresses.hold_longer(work.tx, former_id, until)


# --- "not me", and the way back -------------------------------------------------------------------


async def suspend(work: Work, account: Account, acts: Collection[str]) -> None:
    """Codes go to the address before these acts' first change; what came after it is let go.

    What was mailed to the present one opens nothing more. It stays where it is that address
    again, or where none of before is left, since an account needs a mailbox.
    """
    held = await former_addresses.of_account(work.tx, account.id, work.now)
    first = next((at for at, one in enumerate(held) if one.act_id in acts), None)
    if first is None:
        return
    before = [one for one in held[: first + 1] if one.is_returnable]
    for after in held[first + 1 :]:
        await former_addresses.let_go(work.tx, after.id)
    if not before or before[-1].address_mac in _marks(work, account.email_key):
        return
    if not await safeguards.suspend_address(work.tx, account.id, work.now):
        return
    for one in before:
        await former_addresses.hold_longer(work.tx, one.id, work.now + NOT_ME_FOR)
    await resets.end_of_account(work.tx, account.id)
    await waiting_resets.cancel(work.tx, account.id)
    await challenges.end_of_account(work.tx, account.id, work.now)
    await work.note(
        EventName.ADDRESS_SUSPENDED, account_id=account.id, address=mask_email(account.email)
    )


async def prove(work: Work, account: Account, address_key: str) -> bool:
    """A mailbox and a second factor were proven together: it is the account's; False if not.

    The account is held, and its address suspended. The other one is let go for good.
    """
    former = await returning(work, account, address_key)
    if former is None and address_key != account.email_key:
        return False
    back = account.email
    if former is not None:
        back = _opened(work, former)
        if not await _bring_back(work, account, back):
            return False
    await safeguards.end_suspended_address(work.tx, account.id)
    await former_addresses.settle(work.tx, account.id)
    await work.note(EventName.ADDRESS_RETURNED, account_id=account.id, address=mask_email(back))
    return True


async def _bring_back(work: Work, account: Account, former: str) -> bool:
    address = parse_email(former)
    if address is None:
        return False
    await hold(work, account.email_key, address.key)
    if not await _put(work, account, address):
        return False
    await _keep_former(work, account, act_id=None, is_returnable=False)
    return True
