"""Further copies of a message that may have arrived already: few, and paid for before they leave.

A request that was sent and never answered may have been taken. Sending it again may text somebody
twice and be billed twice, so a copy draws on what every text or call draws on.
"""

from vestibule.domain.challenge import Channel
from vestibule.domain.identifier import phone_of
from vestibule.flows.notice_texts import spend_notice_copy
from vestibule.flows.sending import CONFIRMED
from vestibule.flows.tolls import Toll, spend_copy
from vestibule.flows.work import NOBODY, Means, Work, work
from vestibule.storage import challenges, outbox
from vestibule.storage.outbox import Waiting

MOST_COPIES = 2
MOST_MAILS = 4
"""A mail costs nothing, but nobody wants it ten times."""


def most_copies(waiting: Waiting) -> int:
    """How many further copies of this message may ever leave while it is in doubt."""
    return MOST_MAILS if waiting.channel is Channel.EMAIL else MOST_COPIES


async def take_copy(means: Means, waiting: Waiting, to: str, *, doubts: int) -> bool:
    """Whether one more copy may leave; what it costs is taken. `doubts` are not noted yet.

    A copy that was paid for and certainly not taken is free to be tried again.
    """

    async def unit(work: Work) -> bool:
        known = await outbox.doubts_and_copies(work.tx, waiting)
        if known is None:
            return False
        noted, copies = known
        if copies >= noted + doubts:
            return True
        if copies >= most_copies(waiting) or not await _pay(work, waiting, to):
            return False
        return await outbox.take_copy(work.tx, waiting, most=most_copies(waiting))

    return await work(means, NOBODY, unit)


async def _pay(work: Work, waiting: Waiting, to: str) -> bool:
    if waiting.channel is Channel.EMAIL:
        return True
    if waiting.challenge_id is None:
        return await spend_notice_copy(work, waiting, to)
    challenge = await challenges.get(work.tx, waiting.challenge_id)
    if challenge is None:
        return False
    toll = Toll(
        number=phone_of(to),
        channel=waiting.channel,
        is_confirmed=challenge.purpose in CONFIRMED,
        account_id=waiting.account_id,
        # Nobody asks for a copy, so no browser and no source is there to be counted.
        known_browser=False,
        source=None,
        is_spaced=False,
    )
    return await spend_copy(work, toll) is None
