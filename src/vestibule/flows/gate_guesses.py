"""Guesses at the six-digit code that opens User Settings: fifty in any year, then it is longer.

Whoever has the password and a second factor, and not the mailbox, may ask for one code after the
other; five wrong ones end a session, and the next one is soon opened. Nothing closes: the mailed
code only grows, as a second factor's does (product section 5).
"""

from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.throttle import LONG_DIGITS, YEAR, YEAR_BUDGET
from vestibule.flows.codes import Reserved
from vestibule.flows.work import Work
from vestibule.storage import challenges, throttles

_KIND = "gate-guesses-year"


async def digits(work: Work, account_id: str) -> int:
    """How long the next code is; 0 for as long as usual."""
    until = await throttles.spent_until(
        work.tx, _bucket(work, account_id), limit=YEAR_BUDGET, now=work.now
    )
    return 0 if until is None else LONG_DIGITS


async def take(work: Work, account_id: str, tried: Reserved) -> Refused | None:
    """Count a guess before it is compared; why it is not looked at, if none is left."""
    challenge = tried.challenge
    if challenge.digits >= LONG_DIGITS:
        return None
    until = await throttles.spend(
        work.tx,
        _bucket(work, account_id),
        kind=_KIND,
        limit=YEAR_BUDGET,
        period=YEAR,
        now=work.now,
        ends_after_last=True,
    )
    if until is None:
        return None
    await challenges.end(work.tx, challenge.purpose, challenge.binding_id, work.now)
    return Refused(Reason.CODE_MUST_BE_LONGER, details={"digits": LONG_DIGITS})


async def give_back(work: Work, account_id: str, tried: Reserved) -> None:
    """It was right, so it was no guess."""
    if tried.challenge.digits < LONG_DIGITS:
        await throttles.unspend(work.tx, _bucket(work, account_id), count=1)


def _bucket(work: Work, account_id: str) -> bytes:
    return work.means.keyring.bucket(_KIND, account_id)
