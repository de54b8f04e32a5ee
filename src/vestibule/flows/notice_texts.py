"""May a notice go by text too: what the notices of one account may cost in a day (TF-03).

Texts cost money, and who can change something as often as he likes can have numbers that pay
him. Mail tells every change all the same, so nothing is held back here: the text alone stays away.
"""

from vestibule.domain.account import Account
from vestibule.domain.challenge import Channel
from vestibule.domain.event import EventName
from vestibule.domain.identifier import PhoneNumber, phone_of
from vestibule.domain.tolls import LimitName, Spender
from vestibule.flows.limits import DAY, Budget, Limit, spend_all
from vestibule.flows.money import Money
from vestibule.flows.silent_numbers import is_opted_out
from vestibule.flows.work import Work
from vestibule.storage import accounts
from vestibule.storage.outbox import Waiting

TEXTS_OF_A_KIND = 5
"""The answer that the first one offers reaches what the same session changes later."""
TEXTS_OF_AN_ACCOUNT = 20


async def may_text(
    work: Work, account: Account, kind: str, number: PhoneNumber, *, is_last: bool = False
) -> bool:
    """Take one text of this kind to this number from what the account's notices may cost.

    Kinds are counted apart, so that no change hides behind another one that is made often. The
    last text to a number that goes away comes once for each number that was proven, so only money
    stops it: twenty others must not bury it (NO-04).
    """
    if await is_opted_out(work, number.e164):
        return False
    limits = _money(work, number)
    if not is_last:
        limits = [*_counts(account, kind, number), *limits]
    stopped = await spend_all(work, limits)
    if stopped is None:
        return True
    await work.note(
        EventName.NOTICE_NOT_TEXTED,
        account_id=account.id,
        outcome="failure",
        reason=stopped.refused.reason,
        method=Channel.SMS.value,
        limit=stopped.limit.name.value,
        notice=kind,
    )
    return False


async def spend_notice_copy(work: Work, waiting: Waiting, e164: str) -> bool:
    """Take one further copy of a text that may have arrived, from what its account's may cost."""
    account = await accounts.get(work.tx, waiting.account_id) if waiting.account_id else None
    return account is not None and await may_text(
        work, account, waiting.kind.removeprefix("notice_"), phone_of(e164)
    )


def _counts(account: Account, kind: str, number: PhoneNumber) -> list[Limit]:
    to = f"{account.id} {number.e164}"
    return [
        Budget(LimitName.NUMBER, f"notice-text-{kind}", to, TEXTS_OF_A_KIND, DAY),
        Budget(LimitName.ACCOUNT, "notice-text", account.id, TEXTS_OF_AN_ACCOUNT, DAY),
    ]


def _money(work: Work, number: PhoneNumber) -> list[Limit]:
    """Like a known browser's codes, they stop last."""
    tolls = work.means.policy.tolls
    price = tolls.table.rule(number.region).price(Channel.SMS)
    return [*Money.of(tolls, price, Spender.KNOWN_BROWSER)]
