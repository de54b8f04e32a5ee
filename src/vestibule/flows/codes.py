"""Sent one-time codes: issue one, send it again, and verify what was typed.

The single place where a texted, spoken or mailed code is compared. Its walk is two
transactions: the first counts the try and commits, then the code is compared, and the second
uses the challenge up by one conditional statement (OC-03, OC-07).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.crypto.seal import Place
from vestibule.domain import one_time_code
from vestibule.domain.challenge import (
    MAX_TRIES,
    Challenge,
    Channel,
    Purpose,
    lifetime,
    may_reuse,
    next_send_at,
    resend_wait,
)
from vestibule.domain.delivery import is_call_instead
from vestibule.domain.event import EventName
from vestibule.domain.identifier import PhoneNumber, phone_of
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.throttle import LONG_DIGITS
from vestibule.flows.conversion import note_conversion
from vestibule.flows.sending import (
    Granted,
    give_short_codes_back,
    spend_send,
    take_short_code,
)
from vestibule.flows.silent_numbers import number_mark
from vestibule.flows.work import Means, Work
from vestibule.storage import accounts, challenges, outbox

RESET_CODE_LENGTH = 10
_GUESSED_AT = {Purpose.SIGN_UP, Purpose.WALL, Purpose.ADDRESS, Purpose.NOTICE_ADDRESS}
"""Codes that somebody without the mailbox may ask for, and then guess at."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A code to be sent: for what, bound to what, to whom."""

    purpose: Purpose
    binding_id: str
    channel: Channel
    destination: PhoneNumber | str
    account_id: str | None = None
    authenticator_id: str | None = None
    digits: int = 0
    """None given: as many as the operator chose (OC-01)."""
    is_decoy: bool = False
    """The address is not one that may be told: nothing is sent, everything looks the same."""
    known_browser: bool = False
    act: str = ""
    """Which change a step-up is for, where its message names that."""

    @property
    def address(self) -> str:
        return (
            self.destination.e164 if isinstance(self.destination, PhoneNumber) else self.destination
        )

    @property
    def country(self) -> str | None:
        """The region of the number; mails have none."""
        return self.destination.region if isinstance(self.destination, PhoneNumber) else None


@dataclass(frozen=True, slots=True)
class Sent:
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Reserved:
    """A try that is counted and committed, and may now be compared."""

    challenge: Challenge
    code: str
    tries: int


@dataclass(frozen=True, slots=True)
class Proven:
    challenge: Challenge


async def send(work: Work, asked: Asked) -> Sent | Refused:
    """Send the code its binding waits for: the same one while it lasts, else a new one.

    Refuses before the resend timer has run, after five sends, and past a budget. Of two racing
    requests one sends (OC-09). A call waits for no timer where the text did not arrive in 20 s.
    """
    asked = replace(asked, digits=asked.digits or work.means.policy.code_digits)
    live = await challenges.live(work.tx, asked.purpose, asked.binding_id)
    is_instead = live is not None and await _is_call_instead(work, live, asked)
    if live is not None:
        too_soon = _refuse_resend(work, live, waits=not is_instead)
        if too_soon is not None:
            return too_soon
    spent = await spend_send(
        work,
        purpose=asked.purpose,
        channel=asked.channel,
        account_id=asked.account_id,
        destination=asked.destination,
        known_browser=asked.known_browser,
        is_spaced=not is_instead,
    )
    if isinstance(spent, Refused):
        return spent
    if asked.purpose in _GUESSED_AT and (
        spent is Granted.CROWDED or (live is not None and live.digits == LONG_DIGITS)
    ):
        asked = replace(asked, digits=LONG_DIGITS)
    if live is not None and _is_same_code_enough(work, live, asked):
        return await _send_again(work, live, asked)
    is_short = asked.purpose in _GUESSED_AT and asked.digits < LONG_DIGITS
    if is_short and not await take_short_code(work, asked.address):
        asked = replace(asked, digits=LONG_DIGITS)
    return await _issue(work, asked, replaced=live)


async def _is_call_instead(work: Work, live: Challenge, asked: Asked) -> bool:
    is_other = live.authenticator_id != asked.authenticator_id or live.channel is asked.channel
    if is_other or live.is_expired(work.now):
        return False
    return is_call_instead(await outbox.delivery_of(work.tx, live.id), asked.channel, work.now)


def _refuse_resend(work: Work, live: Challenge, *, waits: bool) -> Refused | None:
    if live.is_expired(work.now):
        return None
    wait_until = next_send_at(live)
    if wait_until is None:
        return Refused(Reason.SENDS_USED_UP, details={"until": live.expires_at})
    if waits and work.now < wait_until:
        return Refused(Reason.SEND_TOO_SOON, details={"until": wait_until})
    return None


def _is_same_code_enough(work: Work, live: Challenge, asked: Asked) -> bool:
    """OC-08: one value is right at a time; the same one goes out while two minutes remain."""
    same_place = live.authenticator_id == asked.authenticator_id and live.digits == asked.digits
    return same_place and live.tries < live.max_tries and may_reuse(live, work.now)


async def _send_again(work: Work, live: Challenge, asked: Asked) -> Sent | Refused:
    taken = await challenges.reserve_send(
        work.tx, live.id, sends=live.sends, channel=asked.channel, now=work.now
    )
    if not taken:
        return Refused(Reason.SEND_TOO_SOON, details={"until": work.now + resend_wait(live.sends)})
    challenge = replace(live, sends=live.sends + 1, last_sent_at=work.now, channel=asked.channel)
    await _put_message(work, challenge, asked)
    return Sent(challenge)


async def _issue(work: Work, asked: Asked, *, replaced: Challenge | None) -> Sent | Refused:
    await challenges.end(work.tx, asked.purpose, asked.binding_id, work.now)
    entropy, seal = work.means.entropy, work.means.seal
    if asked.purpose is Purpose.RESET:
        code = one_time_code.issue_reset(entropy)
    else:
        code = one_time_code.issue(entropy, asked.digits)
    challenge_id = entropy.id()
    spoken_for = await challenges.latest_number(work.tx, asked.purpose, asked.binding_id)
    challenge = Challenge(
        id=challenge_id,
        purpose=asked.purpose,
        binding_id=asked.binding_id,
        account_id=asked.account_id,
        authenticator_id=asked.authenticator_id,
        channel=asked.channel,
        destination_sealed=seal.seal(
            asked.address, Place("challenges", "destination_sealed", challenge_id)
        ),
        digits=asked.digits,
        code_mac=b"",
        code_sealed=seal.seal(code, Place("challenges", "code_sealed", challenge_id)),
        issued_at=work.now,
        expires_at=work.now + lifetime(asked.channel),
        tries=0,
        max_tries=MAX_TRIES,
        sends=_sends_so_far(work, replaced) + 1,
        last_sent_at=work.now,
        number=spoken_for + 1,
        is_decoy=asked.is_decoy,
    )
    challenge = replace(
        challenge,
        code_mac=work.means.keyring.mac(
            KeyPurpose.CODE, *_bound_to(challenge, asked.address, code)
        ),
    )
    if not await challenges.add(work.tx, challenge):
        return Refused(Reason.SEND_TOO_SOON, details={"until": work.now + timedelta(seconds=30)})
    await _put_message(work, challenge, asked)
    return Sent(challenge)


def _sends_so_far(work: Work, replaced: Challenge | None) -> int:
    """OC-09: a fresh code in the place of a spent one goes on with the same timers."""
    return 0 if replaced is None or replaced.is_expired(work.now) else replaced.sends


def _bound_to(challenge: Challenge, address: str, code: str) -> tuple[str, ...]:
    """OC-04, OC-05: what a code's MAC is over; a code is worth nothing anywhere else."""
    return (challenge.id, challenge.account_id or "", challenge.purpose.value, address, code)


async def _put_message(work: Work, challenge: Challenge, asked: Asked) -> None:
    await work.note(
        EventName.CHALLENGE_SENT,
        account_id=challenge.account_id,
        method=challenge.channel.value,
        purpose=challenge.purpose.value,
    )
    # EN-03: a decoy's message is written too, and has ended before anybody could send it.
    expires_at = work.now if challenge.is_decoy else challenge.expires_at
    await outbox.put(
        work.tx,
        outbox.Waiting(
            id=work.means.entropy.id(),
            challenge_id=challenge.id,
            account_id=challenge.account_id,
            kind="_".join(filter(None, ("code", challenge.purpose.value, asked.act))),
            channel=challenge.channel,
            locale=await _language(work, challenge),
            destination_sealed=None,
            body_sealed=None,
            written_at=work.now,
            expires_at=expires_at,
            attempts=0,
            country=asked.country,
            number_mac=number_mark(work.means, asked.address)
            if challenge.channel is Channel.SMS
            else None,
        ),
    )
    work.has_mail = True


async def _language(work: Work, challenge: Challenge) -> str:
    """Whoever asks for an account's code may be a stranger: its owner has to understand it."""
    # EN-03: looked for where there is none too.
    return await accounts.locale(work.tx, challenge.account_id or "") or work.caller.locale


async def reserve(work: Work, purpose: Purpose, binding_id: str, typed: str) -> Reserved | Refused:
    """Count a try of the binding's own challenge, before anything is compared (OC-07).

    Text that is no code at all is told so and costs nothing (OC-11).
    """
    challenge = await challenges.live(work.tx, purpose, binding_id)
    if challenge is None:
        return Refused(Reason.CODE_NOT_SENT)
    code = parse_for(purpose, challenge.digits, typed)
    if isinstance(code, Refused):
        return code
    if challenge.is_expired(work.now):
        return Refused(Reason.CODE_EXPIRED)
    tries = await challenges.reserve_try(work.tx, challenge.id, work.now)
    if tries is None:
        return Refused(Reason.TOO_MANY_WRONG_CODES)
    return Reserved(challenge, code, tries)


def channels_open_to(means: Means, challenge: Challenge) -> frozenset[Channel]:
    """The ways by which the challenge's number can be reached."""
    place = Place("challenges", "destination_sealed", challenge.id)
    number = phone_of(means.seal.open(challenge.destination_sealed, place))
    if challenge.purpose is Purpose.ENROLL:
        return means.policy.set_up_channels(number.region)
    return means.policy.channels_to(number.region)


def parse_for(purpose: Purpose, digits: int, typed: str) -> str | Refused:
    if purpose is Purpose.RESET:
        code = one_time_code.parse_reset(typed)
    else:
        code = one_time_code.parse(typed, digits)
    if isinstance(code, one_time_code.CodeFault):
        return Refused(Reason(code.value.lower()), "code", {"digits": digits})
    return code


def is_right(work: Work, reserved: Reserved) -> bool:
    """Whether the typed code is the challenge's, compared in constant time as keyed MACs."""
    challenge = reserved.challenge
    address = destination_of(work, challenge)
    return challenge.code_mac is not None and work.means.keyring.matches(
        challenge.code_mac, KeyPurpose.CODE, *_bound_to(challenge, address, reserved.code)
    )


def destination_of(work: Work, challenge: Challenge) -> str:
    """Where its code goes: an address, or a number in E.164."""
    place = Place("challenges", "destination_sealed", challenge.id)
    return work.means.seal.open(challenge.destination_sealed, place)


async def settle(work: Work, reserved: Reserved) -> Proven | Refused:
    """Compare a reserved try and use the challenge up: of N right ones exactly one is proven."""
    challenge = reserved.challenge
    if is_right(work, reserved) and not challenge.is_decoy:
        if await challenges.consume(work.tx, challenge.id, work.now):
            await note_conversion(work, challenge)
            if challenge.purpose in _GUESSED_AT and challenge.digits < LONG_DIGITS:
                await _give_back(work, challenge)
            return Proven(challenge)
        if challenge.is_expired(work.now):
            # Typed in its last moment and compared after it: late, and no replay.
            return Refused(Reason.CODE_EXPIRED)
        return Refused(Reason.CODE_SPENT, "code")
    earlier = await _was_earlier(work, reserved)
    if reserved.tries >= challenge.max_tries:
        return Refused(Reason.TOO_MANY_WRONG_CODES, "code")
    left = challenge.max_tries - reserved.tries
    if earlier is not None:
        return Refused(
            Reason.CODE_EARLIER,
            "code",
            {
                "number": earlier,
                "newest": challenge.number,
                "sent": challenge.last_sent_at or challenge.issued_at,
            },
        )
    return Refused(Reason.CODE_WRONG, "code", {"left": left})


async def _give_back(work: Work, proven: Challenge) -> None:
    """Neither it nor those that it replaced, to the same address, count as guessed at any more."""
    address = destination_of(work, proven)
    rows = await challenges.earlier_macs(work.tx, proven.purpose, proven.binding_id)
    replaced = [
        row
        for row in rows
        if row["id"] != proven.id
        and int(row["digits"]) < LONG_DIGITS
        and destination_of(work, _replaced(proven, row)) == address
    ]
    await give_short_codes_back(work, address, 1 + len(replaced))


async def note_wrong(work: Work, challenge: Challenge, refused: Refused) -> None:
    """For the codes that are no second factor: what is one is noted where it is proven."""
    await work.note(
        EventName.CHALLENGE_FAILED,
        account_id=challenge.account_id,
        outcome="failure",
        reason=refused.reason,
        method=challenge.channel.value,
        purpose=challenge.purpose.value,
    )


async def _was_earlier(work: Work, reserved: Reserved) -> int | None:
    """The number of the replaced code that was typed: "that was code 1"."""
    newest = reserved.challenge
    rows = await challenges.earlier_macs(work.tx, newest.purpose, newest.binding_id)
    for row in rows:
        old = _replaced(newest, row)
        address = destination_of(work, old)
        if work.means.keyring.matches(
            row["code_mac"], KeyPurpose.CODE, *_bound_to(old, address, reserved.code)
        ):
            return old.number
    return None


def _replaced(newest: Challenge, row: Mapping[str, object]) -> Challenge:
    return replace(
        newest,
        id=str(row["id"]),
        destination_sealed=row["destination_sealed"],  # type: ignore[arg-type]  # Any from a row
        number=int(str(row["number"])),
    )
