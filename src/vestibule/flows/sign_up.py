"""Signing up: a record bound to one browser, a mailed code, and only then an account.

An address that is taken looks exactly like a free one: its owner gets a mail, the stranger a
decoy challenge that no code answers (EN-06).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from vestibule.domain.account import Account
from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import EmailAddress, parse_email
from vestibule.domain.password import judge, normalise
from vestibule.domain.pending import (
    SIGN_UP_LIFETIME,
    WALL_LIFETIME,
    PendingSignIn,
    SignInState,
    SignUp,
)
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import codes
from vestibule.flows.addresses import Claim, claim_on, hold
from vestibule.flows.names import folded, refuse_name
from vestibule.flows.notices import tell_owner
from vestibule.flows.sending import spend_hash
from vestibule.flows.work import Caller, Means, Work, digest, look, work
from vestibule.storage import accounts, challenges, sign_ins, sign_ups, throttles

_GUESSED = frozenset({Reason.PASSWORD_COMMON, Reason.PASSWORD_CONTEXT})


@dataclass(frozen=True, slots=True)
class Started:
    """The mail is on its way, or looks so: the token names this browser's sign-up."""

    token: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The address is proven: the account exists and its wall is open to this browser."""

    pending_token: str


@dataclass(frozen=True, slots=True)
class View:
    sign_up: SignUp
    challenge: Challenge | None


async def start(
    means: Means,
    caller: Caller,
    *,
    name: str,
    email: str,
    password: str,
    return_to: str | None,
    old_token: str | None,
) -> Started | Refused:
    """Check the form, keep the sign-up, send the code. Raises `Busy`."""
    name = folded(name)
    address = parse_email(email)
    refused = _refuse_form(means, name, address, password)
    if refused is not None or address is None:
        return refused or Refused(Reason.EMAIL_NOT_AN_ADDRESS, "email")
    spent = await work(means, caller, spend_hash)
    if spent is not None:
        return replace(spent, field="email")
    password_mac = await means.passwords.hash(normalise(password))
    token = means.entropy.token()

    async def unit(work: Work) -> Started | Refused:
        claim = await claim_on(work, address.key)
        sign_up = SignUp(
            id=means.entropy.id(),
            email=address.address,
            email_key=address.key,
            name=name,
            locale=caller.locale,
            password_mac=password_mac,
            is_decoy=claim is not None,
            return_to=return_to,
            created_at=work.now,
            expires_at=work.now + SIGN_UP_LIFETIME,
        )
        return await _keep(work, sign_up, claim, token, old_token)

    return await work(means, caller, unit)


async def change_address(
    means: Means, caller: Caller, *, token: str, email: str
) -> Started | Refused:
    """Use another address: name and password stay, the old sign-up dies."""
    address = parse_email(email)
    if address is None:
        return Refused(Reason.EMAIL_NOT_AN_ADDRESS, "email")
    new_token = means.entropy.token()

    async def unit(work: Work) -> Started | Refused:
        old = await sign_ups.find(work.tx, digest(token), work.now)
        if old is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        claim = await claim_on(work, address.key)
        moved = replace(
            old,
            id=means.entropy.id(),
            email=address.address,
            email_key=address.key,
            is_decoy=claim is not None,
        )
        return await _keep(work, moved, claim, new_token, token)

    return await work(means, caller, unit)


def _refuse_form(
    means: Means, name: str, address: EmailAddress | None, password: str
) -> Refused | None:
    refused = refuse_name(name)
    if refused is not None:
        return refused
    if address is None:
        return Refused(Reason.EMAIL_NOT_AN_ADDRESS, "email")
    return refuse_password(means, password, context=(name, address.address))


def refuse_password(
    means: Means, password: str, *, context: tuple[str, ...], field: str = "password"
) -> Refused | None:
    """Why a new password will not do (PW-01, PW-02, PW-05), or None."""
    policy = means.policy.password
    fault = judge(policy, password, context=(means.policy.product, *context))
    if fault is None:
        return None
    details = {"least": policy.minimum, "most": policy.maximum}
    return Refused(Reason(fault.value.lower()), field, details)


def guessed_first(means: Means, password: str, account: Account) -> Reason | None:
    """Why a guesser of this person would try their password, as they are called now (PW-05).

    A sign-up may have moved to another address since the password was looked at.
    """
    refused = refuse_password(means, password, context=(account.name, account.email))
    return refused.reason if refused is not None and refused.reason in _GUESSED else None


async def _keep(
    work: Work, sign_up: SignUp, claim: Claim | None, token: str, old_token: str | None
) -> Started | Refused:
    visit = work.visit_digest()
    # Its row lock orders the two requests of a double click.
    lane = work.means.keyring.bucket("sign-up-visit", visit)
    await throttles.hold_lane(work.tx, lane, work.now, kind="visit")
    again = await sign_ups.repeat(work.tx, sign_up, token_digest=digest(token), visit_digest=visit)
    if again is not None:
        return Started(token)
    sent = await codes.send(work, _asked(sign_up))
    if isinstance(sent, Refused):
        return replace(sent, field="email")
    if old_token:
        old = await sign_ups.find(work.tx, digest(old_token), work.now)
        if old is not None:
            await sign_ups.end(work.tx, old.id)
            await challenges.end(work.tx, Purpose.SIGN_UP, old.id, work.now)
    await sign_ups.add(work.tx, sign_up, token_digest=digest(token), visit_digest=visit)
    is_free = claim is None
    await work.note(EventName.SIGN_UP_STARTED if is_free else EventName.SIGN_UP_EXISTING_ADDRESS)
    await tell_owner(work, sign_up.email, claim, kind="address_taken")
    return Started(token)


def _asked(sign_up: SignUp) -> codes.Asked:
    return codes.Asked(
        purpose=Purpose.SIGN_UP,
        binding_id=sign_up.id,
        channel=Channel.EMAIL,
        destination=sign_up.email,
        is_decoy=sign_up.is_decoy,
    )


async def resend(means: Means, caller: Caller, token: str) -> codes.Sent | Refused:
    async def unit(work: Work) -> codes.Sent | Refused:
        sign_up = await sign_ups.find(work.tx, digest(token), work.now)
        if sign_up is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        sent = await codes.send(work, _asked(sign_up))
        # Looked for in either case, so that both take as long.
        claim = await claim_on(work, sign_up.email_key)
        if isinstance(sent, codes.Sent):
            of_owner = claim if sign_up.is_decoy else None
            await tell_owner(work, sign_up.email, of_owner, kind="address_taken")
        return sent

    return await work(means, caller, unit)


async def view(means: Means, caller: Caller, token: str) -> View | None:
    async def unit(work: Work) -> View | None:
        sign_up = await sign_ups.find(work.tx, digest(token), work.now)
        if sign_up is None:
            return None
        return View(sign_up, await challenges.live(work.tx, Purpose.SIGN_UP, sign_up.id))

    return await look(means, caller, unit)


async def verify(means: Means, caller: Caller, *, token: str, typed: str) -> Verified | Refused:
    """Prove the address: the account is made, and its set-up opens to this browser only."""

    async def reserve(work: Work) -> tuple[SignUp, codes.Reserved] | Refused:
        sign_up = await sign_ups.find(work.tx, digest(token), work.now)
        if sign_up is None:
            return Refused(Reason.SIGN_IN_EXPIRED)
        reserved = await codes.reserve(work, Purpose.SIGN_UP, sign_up.id, typed)
        return reserved if isinstance(reserved, Refused) else (sign_up, reserved)

    tried = await work(means, caller, reserve)
    if isinstance(tried, Refused):
        return tried
    sign_up, reserved = tried

    async def settle(work: Work) -> Verified | Refused:
        proven = await codes.settle(work, reserved)
        if isinstance(proven, Refused):
            await codes.note_wrong(work, reserved.challenge, proven)
            return proven
        return await _create_account(work, sign_up)

    return await work(means, caller, settle)


async def _create_account(work: Work, sign_up: SignUp) -> Verified | Refused:
    account_id = work.means.entropy.id()
    # Held, so that no account that changes its address gets or leaves this one meanwhile.
    await hold(work, sign_up.email_key)
    is_free = await claim_on(work, sign_up.email_key) is None
    added = is_free and await accounts.add(
        work.tx,
        account_id=account_id,
        email=sign_up.email,
        email_key=sign_up.email_key,
        name=sign_up.name,
        # Of the page on which the address was proven: it may have been changed meanwhile.
        locale=work.caller.locale,
        now=work.now,
    )
    if not added:
        # Another browser proved the same address in the meantime: it owns the account.
        await sign_ups.end(work.tx, sign_up.id)
        return Refused(Reason.SIGN_IN_EXPIRED)
    await accounts.add_password(
        work.tx, account_id, password_mac=sign_up.password_mac, now=work.now
    )
    await sign_ups.end_for_address(work.tx, sign_up.email_key)
    await work.note(EventName.SIGN_UP_VERIFIED, account_id=account_id)
    return Verified(await _open_wall(work, sign_up, account_id, work.now))


async def _open_wall(work: Work, sign_up: SignUp, account_id: str, now: datetime) -> str:
    """The address was proven in this browser, so its first set-up asks for no second code."""
    token = work.means.entropy.token()
    await sign_ins.add(
        work.tx,
        PendingSignIn(
            id=work.means.entropy.id(),
            account_id=account_id,
            state=SignInState.ENROLLMENT,
            is_known_browser=False,
            authenticator_id=None,
            channel=None,
            password_at=now,
            email_confirmed_at=now,
            recovered_at=None,
            return_to=sign_up.return_to,
            source=work.caller.source,
            user_agent=work.caller.user_agent,
            created_at=now,
            expires_at=now + WALL_LIFETIME,
        ),
        token_digest=digest(token),
        visit_digest=work.visit_digest(),
    )
    return token
