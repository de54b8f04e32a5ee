"""What a call with a code says, fetched stage by stage by the carrier that placed it.

The code is opened only to be spoken, after a key: a mailbox presses none. Every reference is good
for one fetch. The key 9 ends what the code was for. Whether a fetch is genuine is not asked here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from gettext import NullTranslations
from typing import assert_never

from vestibule.crypto.seal import Place
from vestibule.delivery.rendering import House, SentCode, call_script, farewell
from vestibule.domain import call as walk
from vestibule.domain.call import CallStage, Line, Step
from vestibule.domain.challenge import Challenge, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import phone_of
from vestibule.domain.language import ENGLISH
from vestibule.domain.pending import ResetStage
from vestibule.domain.tolls import hour_of
from vestibule.flows.alarms import raise_at_most
from vestibule.flows.notices import tell
from vestibule.flows.tolls import hang_up
from vestibule.flows.work import Caller, Means, Work, digest, work
from vestibule.storage import (
    accounts,
    authenticators,
    calls,
    challenges,
    outbox,
    resets,
    sessions,
    sign_ins,
)
from vestibule.storage.calls import Call
from vestibule.storage.database import Transaction
from vestibule.storage.outbox import Waiting

CARRIER = Caller(source="", user_agent="", request_id="", locale=ENGLISH)
"""Whoever fetches is the carrier's machine; of the person it tells nothing."""
MOST_DENIED_ALARMS = 10
"""In an hour, one for each account: past them, one more says that there are more."""


@dataclass(frozen=True, slots=True)
class Calling:
    """What a call is worded with, besides the means of every flow."""

    means: Means
    house: House
    words: Callable[[str], NullTranslations]


@dataclass(frozen=True, slots=True)
class Said:
    """What to say now; without a next reference no key is waited for, and the call ends."""

    sentences: tuple[str, ...]
    next_reference: str | None
    locale: str


async def place_call(means: Means, tx: Transaction, waiting: Waiting) -> str:
    """Note a call that is about to be placed; the reference that fetches its first words."""
    reference, now = means.entropy.token(), means.clock()
    call = Call(
        id=means.entropy.id(),
        message_id=waiting.id,
        challenge_id=waiting.challenge_id or "",
        stage=CallStage.PLACED,
        rounds=0,
        placed_at=now,
        expires_at=waiting.expires_at,
    )
    await calls.place(tx, call, token_digest=digest(reference))
    return reference


async def answer(calling: Calling, reference: str) -> Said:
    """Somebody, or a mailbox, picked up: who calls and why, and which key brings the code."""
    return await _fetch(calling, reference, lambda call: walk.picked_up(call.stage))


async def press(calling: Calling, reference: str, key: str) -> Said:
    """A key was pressed, or "" for none in time."""
    return await _fetch(
        calling, reference, lambda call: walk.pressed(call.stage, call.rounds, key[:1])
    )


async def _fetch(calling: Calling, reference: str, leads: Callable[[Call], Step | None]) -> Said:
    token_digest = digest(reference)

    async def unit(work: Work) -> Said:
        languages = work.means.policy.languages
        call = await calls.find(work.tx, token_digest, work.now)
        step = leads(call) if call else None
        if call is None or step is None:
            return _farewell(calling, languages.default)
        locale = languages.nearest(await outbox.locale_of(work.tx, call.message_id) or "")
        challenge = await challenges.get(work.tx, call.challenge_id)
        if not _is_live(work, challenge):
            challenge, step = None, walk.ended(call.stage, call.rounds)
        following = work.means.entropy.token()
        went_on = await calls.step(
            work.tx, token_digest, step=step, next_digest=digest(following), now=work.now
        )
        if challenge is None or not went_on:
            return _farewell(calling, locale)
        sentences = _sentences(calling, work, challenge, step.line, locale)
        if step.to is CallStage.DENIED:
            await _deny(work, challenge)
        if not step.waits_for_key:
            await hang_up(work.tx, work.means, call.message_id)
        return Said(sentences, following if step.waits_for_key else None, locale)

    return await work(calling.means, CARRIER, unit)


def _is_live(work: Work, challenge: Challenge | None) -> bool:
    """Whether its code would still open something: the seal is emptied at every end."""
    return (
        challenge is not None
        and challenge.code_sealed is not None
        and not challenge.is_expired(work.now)
    )


def _farewell(calling: Calling, locale: str) -> Said:
    return Said((farewell(calling.words(locale)),), None, locale)


def _sentences(
    calling: Calling, work: Work, challenge: Challenge, line: Line, locale: str
) -> tuple[str, ...]:
    is_spoken = line in {Line.CODE_AND_MENU, Line.CODE_AND_LAST_MENU}
    left = challenge.expires_at - work.now
    sent = SentCode(
        purpose=challenge.purpose.value,
        code=_open(work, challenge) if is_spoken else "",
        seconds=int(left.total_seconds()),
        number=challenge.number,
    )
    script = call_script(calling.house, calling.words(locale), sent)
    match line:
        case Line.OFFER:
            return (script.greeting, script.offer)
        case Line.CODE_AND_MENU:
            return (*script.code, script.menu)
        case Line.CODE_AND_LAST_MENU:
            return (*script.code, script.last_menu)
        case Line.NO_KEY:
            return (script.no_key,)
        case Line.DENIED:
            return (script.denied,)
        case Line.GOODBYE:
            return (script.goodbye,)
        case other:
            assert_never(other)


def _open(work: Work, challenge: Challenge) -> str:
    place = Place("challenges", "code_sealed", challenge.id)
    return work.means.seal.open(challenge.code_sealed or b"", place)


# --- the key 9 ------------------------------------------------------------------------------


async def _deny(work: Work, challenge: Challenge) -> None:
    """Whoever holds the number did not ask: what the code was for ends, and the owner is told."""
    await challenges.end(work.tx, challenge.purpose, challenge.binding_id, work.now)
    await _end_what_it_was_for(work, challenge)
    await work.note(
        EventName.CALL_DENIED,
        account_id=challenge.account_id,
        method=challenge.channel.value,
        purpose=challenge.purpose.value,
    )
    await raise_at_most(
        work,
        MOST_DENIED_ALARMS,
        "call_denied",
        hour_of(work.now),
        account=challenge.account_id or "",
        country=_country(work, challenge),
    )
    account = await accounts.get(work.tx, challenge.account_id) if challenge.account_id else None
    if account is not None:
        await tell(work, account, kind="call_denied", act_id=challenge.binding_id)


def _country(work: Work, challenge: Challenge) -> str:
    place = Place("challenges", "destination_sealed", challenge.id)
    return phone_of(work.means.seal.open(challenge.destination_sealed, place)).region


async def _end_what_it_was_for(work: Work, challenge: Challenge) -> None:
    binding_id, account_id = challenge.binding_id, challenge.account_id
    match challenge.purpose:
        case Purpose.SIGN_IN | Purpose.WALL:
            await sign_ins.end(work.tx, binding_id)
        case Purpose.ENROLL:
            await authenticators.finish_enrollment(work.tx, challenge.authenticator_id or "")
        case Purpose.SETTINGS_GATE | Purpose.STEP_UP | Purpose.CLOSE:
            if account_id and await sessions.end(work.tx, account_id, binding_id):
                await work.note(
                    EventName.SESSION_ENDED,
                    account_id=account_id,
                    session_id=binding_id,
                    reason="call_denied",
                )
        case Purpose.RESET | Purpose.RESET_FACTOR:
            for stage in ResetStage:
                await resets.end(work.tx, binding_id, seen=stage)
        case Purpose.SIGN_UP | Purpose.ADDRESS | Purpose.NOTICE_ADDRESS:
            # Their codes go by mail alone.
            pass
        case Purpose.REVERIFY:
            # Whoever answers may be a stranger by now, and ends nothing of the owner's.
            pass
        case other:
            assert_never(other)
