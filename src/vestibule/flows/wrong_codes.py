"""Telling the owner of wrong second factors after a right password, and of the strikes they add.

The first wrong code of a sign-in says that somebody knows the password (NO-01); the milestones
say how far it went. Counts nothing itself: that is done before the comparison.
"""

from datetime import timedelta

from vestibule.domain.challenge import Purpose
from vestibule.domain.throttle import (
    EPOCH_BUDGET,
    LONG_PAUSE_STRIKES,
    SHORT_PAUSE_STRIKES,
    YEAR,
    YEAR_BUDGET,
)
from vestibule.flows import notices
from vestibule.flows.ways import Holder
from vestibule.flows.work import Work
from vestibule.storage import accounts, throttles

MILESTONES = (SHORT_PAUSE_STRIKES, LONG_PAUSE_STRIKES, EPOCH_BUDGET)
LAST_TRY = 5


async def tell(work: Work, holder: Holder, *, strikes: int, is_short: bool) -> None:
    """After a wrong code, whose try is the sign-in's `strikes`-th."""
    # The owner's own browser may mistype; five in a row are news there too.
    first = LAST_TRY if holder.known_browser else 1
    if strikes == first and holder.purpose not in {Purpose.STEP_UP, Purpose.CLOSE}:
        await notices.tell(
            work, holder.account, kind="wrong_second_factor", act_id=holder.binding_id
        )
    if is_short:
        await _tell_milestones(work, holder)


async def _tell_milestones(work: Work, holder: Holder) -> None:
    account = holder.account
    password = await accounts.password(work.tx, account.id)
    epoch = password.epoch if password else 0
    counted = await throttles.strikes(work.tx, account.id, password_epoch=epoch, now=work.now)
    reached = [(f"epoch {epoch}", most) for most in MILESTONES if counted.epoch >= most]
    if counted.year >= YEAR_BUDGET:
        reached.append(("year", YEAR_BUDGET))
    for within, most in reached:
        if await _is_first(work, account.id, f"{within} {most}", YEAR):
            await notices.tell(
                work, account, kind="strikes", act_id=holder.binding_id, times=str(most)
            )


async def _is_first(work: Work, account_id: str, what: str, period: timedelta) -> bool:
    """Parallel guesses jump over a number, so a milestone is reached by any count past it."""
    bucket = work.means.keyring.bucket("notice-strikes", account_id, what)
    until = await throttles.spend(
        work.tx, bucket, kind="notice-strikes", limit=1, period=period, now=work.now
    )
    return until is None
