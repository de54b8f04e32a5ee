"""A code that came back: the only receipt that no carrier can sell us.

The one place where a conversion is counted, whatever it is counted for.
"""

from vestibule.crypto.seal import Place
from vestibule.domain.challenge import Challenge, Purpose
from vestibule.domain.identifier import phone_of
from vestibule.domain.routing import Figures, Route
from vestibule.domain.tolls import PHONE_CHANNELS
from vestibule.flows.prefixes import count_conversion
from vestibule.flows.work import Work
from vestibule.storage import outbox, routes


async def note_conversion(work: Work, challenge: Challenge) -> Route | None:
    """Mark the challenge's newest message once, and count it for the route that carried it.

    In the hour of its hand-over, so that an hour's codes entered never exceed those sent.
    """
    if challenge.purpose is Purpose.ENROLL and challenge.channel in PHONE_CHANNELS:
        place = Place("challenges", "destination_sealed", challenge.id)
        number = phone_of(work.means.seal.open(challenge.destination_sealed, place))
        await count_conversion(work, number)
    found = await outbox.convert(work.tx, challenge.id, work.now)
    if found is None:
        return None
    route, handed_over_at = found
    await routes.count(work.tx, route, Figures(converted=1), handed_over_at)
    return route
