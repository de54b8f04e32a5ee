"""Proving a passkey: what a browser is asked, and its answer, for every purpose.

Beside `second_factor`, which verifies six-digit codes: an answer here cannot be guessed, so it
draws on no budget, and no pause that somebody else's wrong codes brought stops it (RL-12).
Reading order: `prove` takes the open question away, whatever the answer (PK-01), then looks whose
credential it is, verifies the signature, moves the counter, and hands the evidence on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from vestibule.crypto.passkey_proof import (
    Answer,
    Credential,
    ProofRefused,
    Proven,
    RelyingParty,
    ask_to_prove,
    digest,
    is_owned,
    read_answer,
    verify_proof,
)
from vestibule.crypto.seal import Place
from vestibule.domain.account import Authenticator, AuthenticatorKind
from vestibule.domain.challenge import Channel
from vestibule.domain.event import EventName
from vestibule.domain.passkey import ANSWER_WITHIN, Passkey, is_clone
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.sign_in import Evidence, PasskeyProven
from vestibule.flows.notices import tell
from vestibule.flows.refusals import note_refusal
from vestibule.flows.sources import network_of
from vestibule.flows.ways import Holder
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import accounts, authenticators, passkeys, throttles

T = TypeVar("T")

CHALLENGE_LENGTH = 32
"""Bytes (PK-01)."""

Find = Callable[[Work], Awaitable[Holder | Refused]]
Then = Callable[[Work, Holder, Evidence], Awaitable[T | Refused]]


def party_of(means: Means) -> RelyingParty:
    policy = means.policy
    return RelyingParty(host=policy.host, origin=policy.origin, name=policy.product)


# --- asking -------------------------------------------------------------------------------


async def ask(means: Means, caller: Caller, *, find: Find, must_verify: bool) -> str | Refused:
    """What the browser asks of the account's passkeys, as JSON, on behalf of what `find` finds.

    Told after the password only: it names the account's credentials (R6).
    """

    async def unit(work: Work) -> str | Refused:
        holder = await find(work)
        if isinstance(holder, Refused):
            return holder
        standing = await of_account(work, holder.account.id)
        if not standing:
            return Refused(Reason.METHOD_UNKNOWN)
        challenge = await put_question(work, holder.binding_id, holder.purpose.value)
        return ask_to_prove(
            party_of(means),
            challenge=challenge,
            among=[credential_of(means, one) for one in standing],
            must_verify=must_verify,
            within=ANSWER_WITHIN,
        )

    return await work(means, caller, unit)


async def put_question(work: Work, owner_id: str, purpose: str) -> bytes:
    """A fresh challenge that this owner alone can have answered, for this purpose, once."""
    challenge = work.means.entropy.bytes(CHALLENGE_LENGTH)
    await passkeys.ask(
        work.tx,
        owner_id=owner_id,
        purpose=purpose,
        challenge_digest=digest(challenge),
        expires_at=work.now + ANSWER_WITHIN,
    )
    return challenge


async def of_account(work: Work, account_id: str) -> list[Authenticator]:
    """The account's passkeys that prove it, the oldest first."""
    bound = await authenticators.of_account(work.tx, account_id)
    return [one for one in bound if one.kind is AuthenticatorKind.PASSKEY]


def credential_of(means: Means, authenticator: Authenticator) -> Credential:
    place = Place("authenticators", "secret_sealed", authenticator.id)
    return Credential.of_text(means.seal.open(authenticator.secret_sealed, place))


# --- proving ------------------------------------------------------------------------------


async def prove(
    means: Means,
    caller: Caller,
    *,
    find: Find,
    answer: str,
    must_verify: bool,
    then: Then[T],
) -> T | Refused:
    """Verify an answer to what `ask` asked; `then` gets the evidence in the same transaction.

    The holder that it gets has the passkey that answered, whichever of the account's that was.
    A refusal commits too: the question is used up.
    """

    async def unit(work: Work) -> T | Refused:
        holder = await find(work)
        if isinstance(holder, Refused):
            return holder
        await accounts.hold(work.tx, holder.account.id)
        used = await take_answer(work, holder.binding_id, holder.purpose.value, answer)
        if isinstance(used, Refused):
            return await _refuse(work, used, holder)
        found = await find_passkey(work, used)
        if found is None or found[1].account_id != holder.account.id:
            return await _refuse(work, Refused(Reason.PASSKEY_WRONG), holder)
        proven = await verify(work, used, *found, must_verify=must_verify)
        if isinstance(proven, Refused):
            return await _refuse(work, proven, holder)
        await throttles.clear_strikes(work.tx, holder.binding_id)
        by = replace(holder, authenticator=found[1], channel=Channel.PASSKEY)
        return await then(work, by, PasskeyProven(found[1].id, proven.user_verified, work.now))

    return await work(means, caller, unit)


async def take_answer(work: Work, owner_id: str, purpose: str, text: str) -> Answer | Refused:
    """The answer, if it answers what this owner has open; that is used up by it (PK-01)."""
    try:
        answer = read_answer(text)
    except ProofRefused:
        return Refused(Reason.PASSKEY_WRONG)
    is_open = await passkeys.take(
        work.tx,
        owner_id=owner_id,
        purpose=purpose,
        challenge_digest=digest(answer.challenge),
        now=work.now,
    )
    return answer if is_open else Refused(Reason.PASSKEY_TOO_LATE)


async def find_passkey(work: Work, answer: Answer) -> tuple[Passkey, Authenticator] | None:
    """Whose it is, if it stands and its owner's handle is right where the answer has one."""
    passkey = await passkeys.find(work.tx, digest(answer.credential_id))
    if passkey is None:
        return None
    found = await authenticators.get(work.tx, passkey.account_id, passkey.authenticator_id)
    handle = await handle_of(work, passkey.account_id)
    if found is None or handle is None:
        return None
    return (passkey, found) if is_owned(answer, handle) else None


async def handle_of(work: Work, account_id: str) -> bytes | None:
    sealed = await passkeys.handle(work.tx, account_id)
    if sealed is None:
        return None
    place = Place("passkey_users", "handle_sealed", account_id)
    return bytes.fromhex(work.means.seal.open(sealed, place))


async def verify(
    work: Work,
    answer: Answer,
    passkey: Passkey,
    authenticator: Authenticator,
    *,
    must_verify: bool,
) -> Proven | Refused:
    """The signature and all that is signed; then the counter, which another use may have moved."""
    credential = credential_of(work.means, authenticator)
    try:
        proven = verify_proof(party_of(work.means), answer, credential, must_verify=must_verify)
    except ProofRefused:
        return Refused(Reason.PASSKEY_WRONG)
    shown = proven.flags
    if shown.is_copyable is not passkey.is_copyable:
        # PK-02: what was bound to one device for good does not become copyable, nor the reverse.
        return Refused(Reason.PASSKEY_WRONG)
    is_counted = not is_clone(passkey.sign_count, shown.sign_count) and await passkeys.use(
        work.tx,
        authenticator.id,
        seen=passkey.sign_count,
        sign_count=shown.sign_count,
        is_copied=shown.is_copied,
    )
    if not is_counted:
        await _suspect_clone(work, authenticator)
        return Refused(Reason.PASSKEY_COPIED)
    await authenticators.mark_used(work.tx, authenticator.id, work.now)
    return proven


async def _suspect_clone(work: Work, authenticator: Authenticator) -> None:
    """PK-04: its owner hears of it, and what to do: the recovery code replaces every method."""
    account = await accounts.get(work.tx, authenticator.account_id)
    await work.note(
        EventName.PASSKEY_COPIED,
        account_id=authenticator.account_id,
        outcome="failure",
        reason=Reason.PASSKEY_COPIED,
        method="passkey",
    )
    if account is not None:
        await tell(work, account, kind="passkey_copied", act_id=authenticator.id)


async def _refuse(work: Work, refused: Refused, holder: Holder) -> Refused:
    await note_refusal(
        work,
        EventName.SECOND_FACTOR_FAILED,
        account_id=holder.account.id,
        reason=refused.reason,
        method="passkey",
        purpose=holder.purpose.value,
    )
    return refused


# --- for strangers ------------------------------------------------------------------------

ALONE = "alone"
"""What a passkey is asked for where nobody is known yet."""
QUESTIONS_PER_SOURCE_HOUR = 1000
"""Of an IPv4 address or an IPv6 /48: each is a row for five minutes."""


async def refuse_flood(work: Work) -> Refused | None:
    """Why a source is asked nothing more for now; who has a password is never asked here."""
    source = network_of(work, ipv4=32)
    if source is None:
        return None
    until = await throttles.spend(
        work.tx,
        work.means.keyring.bucket("passkey-questions", source),
        kind="passkey-questions",
        limit=QUESTIONS_PER_SOURCE_HOUR,
        period=timedelta(hours=1),
        now=work.now,
    )
    return None if until is None else Refused(Reason.SIGN_IN_THROTTLED, details={"until": until})


async def ask_anybody(work: Work) -> str:
    """A question for the browser's visit: no account, no credential named (EN-05)."""
    challenge = await put_question(work, _visit(work), ALONE)
    return ask_to_prove(
        party_of(work.means),
        challenge=challenge,
        among=[],
        must_verify=True,
        within=ANSWER_WITHIN,
    )


def _visit(work: Work) -> str:
    return work.visit_digest().hex()


async def prove_anybody(work: Work, answer: str) -> tuple[Authenticator, PasskeyProven] | Refused:
    """Whose passkey answered the visit's question, with its account held, and the evidence.

    Whoever it is, only a verified user passes, and every fault is the same one to a stranger.
    """
    used = await take_answer(work, _visit(work), ALONE, answer)
    if isinstance(used, Refused):
        return await _refuse_anybody(work, used, None)
    found = await find_passkey(work, used)
    if found is None or not used.user_handle:
        return await _refuse_anybody(work, Refused(Reason.PASSKEY_WRONG), None)
    await accounts.hold(work.tx, found[1].account_id)
    # Held only now: it may have been removed meanwhile.
    found = await find_passkey(work, used)
    if found is None:
        return await _refuse_anybody(work, Refused(Reason.PASSKEY_WRONG), None)
    proven = await verify(work, used, *found, must_verify=True)
    if isinstance(proven, Refused):
        return await _refuse_anybody(work, proven, found[1].account_id)
    return found[1], PasskeyProven(found[1].id, proven.user_verified, work.now)


async def _refuse_anybody(work: Work, refused: Refused, account_id: str | None) -> Refused:
    await note_refusal(
        work,
        EventName.SECOND_FACTOR_FAILED,
        account_id=account_id,
        reason=refused.reason,
        method="passkey",
        purpose=ALONE,
    )
    return refused
