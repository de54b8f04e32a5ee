"""Who may cause a message, how often: the send budgets of product section 5.

Mails have their own allowances, here; what a text or call draws on is in `tolls`. Budgets are
spent before a message is written and survive restarts, since they live in the database (RL-07).
"""

from datetime import timedelta
from enum import StrEnum

from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.identifier import PhoneNumber, parse_email
from vestibule.domain.refusal import Refused
from vestibule.domain.tolls import LimitName
from vestibule.flows.limits import DAY, HOUR, YEAR, Budget, Stopped, spend_all
from vestibule.flows.refusals import note_refusal
from vestibule.flows.sources import network_of, source_of
from vestibule.flows.tolls import Toll, spend_question, spend_toll
from vestibule.flows.work import Work

OTHERS_MAY_ASK = {Purpose.SIGN_UP, Purpose.RESET, Purpose.WALL}
"""Strangers cause these mails, or who knows a password: they may use up the usual ones."""

NEW_ADDRESS_ACCOUNT_HOUR, NEW_ADDRESS_ACCOUNT_DAY = 5, 10
"""RL-10: one account must not fill mailboxes of others."""
NEW_ADDRESS_DAY = 5
"""Five tries for each: nobody guesses his way to an address that is not his."""


CROWDED_SOURCE_HOUR = 100
"""RL-10: past its usual mails; the accounts' own browsers need none of these."""


class Granted(StrEnum):
    """By what a message may leave."""

    USUAL = "usual"
    CROWDED = "crowded"
    """Past the address's usual mails: so many networks ask for codes to it that they may guess."""


CONFIRMED = {
    Purpose.SIGN_IN,
    Purpose.STEP_UP,
    Purpose.CLOSE,
    Purpose.RESET_FACTOR,
    Purpose.REVERIFY,
}


async def spend_send(
    work: Work,
    *,
    purpose: Purpose,
    channel: Channel,
    account_id: str | None,
    destination: PhoneNumber | str,
    known_browser: bool = False,
    is_spaced: bool = True,
) -> Granted | Refused:
    """Take a send from every budget it draws on: by what it may leave, or why it may not."""
    country = None
    stopped: Granted | Stopped | Refused
    if isinstance(destination, PhoneNumber):
        country = destination.region
        toll = Toll(
            number=destination,
            channel=channel,
            is_confirmed=purpose in CONFIRMED,
            account_id=account_id,
            known_browser=known_browser,
            source=source_of(work),
            is_spaced=is_spaced,
        )
        stopped = await spend_toll(work, toll) or Granted.USUAL
    else:
        stopped = await _spend_mail(
            work, purpose, account_id, _key_of(destination), known_browser=known_browser
        )
    if isinstance(stopped, Granted):
        return stopped
    refused = stopped.refused if isinstance(stopped, Stopped) else stopped
    await note_refusal(
        work,
        EventName.CHALLENGE_REFUSED,
        account_id=account_id,
        reason=refused.reason,
        method=channel.value,
        **({"limit": stopped.limit.name.value} if isinstance(stopped, Stopped) else {}),
        **({"country": country} if country else {}),
    )
    return refused


async def spend_number_question(
    work: Work, number: PhoneNumber, channel: Channel, *, account_id: str
) -> Refused | None:
    """Take what a set-up's send costs who asks, where none leaves and that tells of the number."""
    toll = Toll(
        number=number,
        channel=channel,
        is_confirmed=False,
        account_id=account_id,
        known_browser=False,
        source=source_of(work),
    )
    stopped = await spend_question(work, toll)
    return stopped.refused if stopped else None


async def spend_hash(work: Work) -> Refused | None:
    """Take a hash for a stranger's new password: ten an hour for each source, then when again.

    Asked before the hashing, which is the dearest thing that anybody can ask for (PH-05).
    """
    stopped = await spend_all(work, _source_budget(work, "sign-up-hash-hour"))
    return stopped.refused if stopped else None


async def take_short_code(work: Work, address: str) -> bool:
    """Whether a code mailed to this address may have six digits still.

    Ten that nobody proved may in a year, five guesses each: who asks in an owner's place, at
    sign-up, with a password at the wall, or for an account of their own, has fifty guesses in a
    million, as at a second factor (product section 5).
    """
    return await _short_codes(address).take(work, counts_only=False) is None


async def has_short_code(work: Work, address: str) -> bool:
    """Whether `take_short_code` would take one now; takes nothing."""
    return await _short_codes(address).look(work) is None


async def give_short_codes_back(work: Work, address: str, count: int) -> None:
    """The last of them was right, so nobody guesses at them any more.

    Kept, they would tell strangers who count theirs that somebody signed up with it (EN-01).
    """
    await _short_codes(address).give_back(work, count)


def _short_codes(address: str) -> Budget:
    return _mail("mailed-short-year", _key_of(address), 10, YEAR)


def _key_of(address: str) -> str:
    """By which an address is counted, however it is spelled: two that are one have one count.

    Folding alone leaves some letters with two marks in two forms.
    """
    parsed = parse_email(address)
    return parsed.key if parsed else address


async def _spend_mail(
    work: Work, purpose: Purpose, account_id: str | None, address: str, *, known_browser: bool
) -> Granted | Stopped:
    stopped = await spend_all(work, _mail_budgets(work, purpose, account_id, address))
    if stopped is None:
        return Granted.USUAL
    if purpose not in OTHERS_MAY_ASK:
        return stopped
    # The owner still gets one an hour; a list of addresses, each of which would, has an end.
    own = _mail(f"mail-own-{purpose}", f"{address} {network_of(work)}", 1)
    source = None if known_browser else network_of(work, ipv4=32)
    crowd = _mail(f"mail-crowd-{purpose}", source or "", CROWDED_SOURCE_HOUR)
    return await spend_all(work, [own] if source is None else [crowd, own]) or Granted.CROWDED


def _source_budget(work: Work, kind: str) -> list[Budget]:
    """Spent before all others: who has used up his own must not use up anybody else's."""
    source = source_of(work)
    return [] if source is None else [_mail(kind, source, 10)]


def _mail_budgets(
    work: Work, purpose: Purpose, account_id: str | None, address: str
) -> list[Budget]:
    if purpose is Purpose.SETTINGS_GATE and account_id is not None:
        return [_mail(f"mail-hour-{purpose}", account_id, 10)]
    if purpose is Purpose.WALL and account_id is not None:
        # Asked for with the password alone, so fewer guesses a day.
        return [
            _mail(f"mail-hour-{purpose}", account_id, 5),
            _mail(f"mail-day-{purpose}", account_id, 10, DAY),
        ]
    own: list[Budget] = []
    each_day = 10
    if purpose in {Purpose.ADDRESS, Purpose.NOTICE_ADDRESS} and account_id is not None:
        each_day, most = NEW_ADDRESS_DAY, NEW_ADDRESS_ACCOUNT_DAY
        own = [
            _mail(f"mail-account-hour-{purpose}", account_id, NEW_ADDRESS_ACCOUNT_HOUR),
            _mail(f"mail-account-day-{purpose}", account_id, most, DAY),
        ]
    return [
        *own,
        *_source_budget(work, f"mail-source-hour-{purpose}"),
        _mail(f"mail-hour-{purpose}", address, 5),
        _mail(f"mail-day-{purpose}", address, each_day, DAY),
    ]


def _mail(kind: str, key: str, limit: int, period: timedelta = HOUR) -> Budget:
    return Budget(LimitName.MAIL, kind, key, limit, period)
