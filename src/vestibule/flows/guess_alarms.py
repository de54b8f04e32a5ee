"""What an operator hears of guesses at one account: replays, and its budget used up (AU-05).

Once an hour for each account; the account's own notices are in `wrong_codes`.
"""

from datetime import timedelta

from vestibule.domain.tolls import hour_of
from vestibule.flows.alarms import raise_alarm
from vestibule.flows.work import Work
from vestibule.storage import throttles

REPLAYS_IN_AN_HOUR = 3
"""A person types a used code once or twice; who replays what he has seen goes on."""


async def strikes_reached(work: Work, account_id: str) -> None:
    """The budget of six-digit codes is used up: somebody knows this password and goes on."""
    await raise_alarm(work, "strikes", hour_of(work.now), account=account_id)


async def replayed(work: Work, account_id: str) -> None:
    """A code or time step came again that was used already; an alarm at the third in an hour."""
    bucket = work.means.keyring.bucket("replays", account_id)
    until = await throttles.spend(
        work.tx,
        bucket,
        kind="replays",
        limit=REPLAYS_IN_AN_HOUR - 1,
        period=timedelta(hours=1),
        now=work.now,
    )
    if until is not None:
        await raise_alarm(work, "replays", hour_of(work.now), account=account_id)
