"""Draining the outbox: claim what is due, render it, and send several messages at once.

The code is opened here, for the moment of sending; the outbox names the challenge instead of
carrying it (R10). How one message goes from provider to provider is in `attempts`.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from vestibule.crypto.seal import Place
from vestibule.delivery.alarm_wording import alarm_message
from vestibule.delivery.envelope import Envelope
from vestibule.delivery.notice_wording import notice_message
from vestibule.delivery.provider import Message
from vestibule.delivery.rendering import SentCode, code_message
from vestibule.domain.challenge import Channel
from vestibule.flows import attempts
from vestibule.flows.alarms import ALARM_KIND
from vestibule.flows.calls import place_call
from vestibule.flows.delivering import Addressed, Delivering
from vestibule.flows.number_signals import refuse_changed_number
from vestibule.observability.logging import log_failure
from vestibule.storage import accounts, challenges, outbox
from vestibule.storage.database import StorageError, Transaction
from vestibule.storage.outbox import NEWS, Waiting

__all__ = ["NEWS", "Delivering", "Dispatcher", "drain"]


async def drain(delivering: Delivering) -> int:
    """Send everything that is due, one after the other; how many messages were claimed.

    For whoever waits for the end of it; the worker has a dispatcher.
    """
    count = 0
    while waiting := await _claim(delivering, outbox.LANES):
        await _deliver(delivering, waiting)
        count += 1
    return count


class Dispatcher:
    """Sends messages beside one another, by lanes: what hangs in one holds up no other lane.

    Codes of each channel have a lane and notices have one, so codes always overtake notices.
    """

    def __init__(self, delivering: Delivering, when_done: Callable[[], None] | None = None) -> None:
        self._delivering = delivering
        self._when_done = when_done or (lambda: None)
        self._lane_of: dict[asyncio.Task[None], str] = {}

    @property
    def under_way(self) -> int:
        return len(self._lane_of)

    async def fill(self) -> int:
        """Claim and begin to send what is due, as far as the lanes have room; how many."""
        count = 0
        while lanes := self._lanes_with_room():
            waiting = await _claim(self._delivering, lanes)
            if waiting is None:
                break
            count += 1
            task = asyncio.create_task(_deliver(self._delivering, waiting))
            self._lane_of[task] = waiting.lane
            task.add_done_callback(self._done)
        return count

    async def next_done(self) -> None:
        """Returns once any message under way has its outcome."""
        if self._lane_of:
            await asyncio.wait(self._lane_of, return_when=asyncio.FIRST_COMPLETED)

    async def finish(self, within_seconds: float) -> None:
        """Let what is under way end; what takes longer is given up, and sent after its lease."""
        if self._lane_of:
            await asyncio.wait(self._lane_of, timeout=within_seconds)
        left = list(self._lane_of)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _lanes_with_room(self) -> list[str]:
        taken = Counter(self._lane_of.values())
        return [lane for lane in outbox.LANES if taken[lane] < self._delivering.pace.at_once]

    def _done(self, task: asyncio.Task[None]) -> None:
        self._lane_of.pop(task, None)
        self._when_done()


async def _claim(delivering: Delivering, lanes: Sequence[str]) -> Waiting | None:
    async def unit(tx: Transaction) -> Waiting | None:
        now, lease = delivering.means.clock(), delivering.pace.lease
        return await outbox.claim(tx, now=now, lease=lease, lanes=lanes)

    return await delivering.means.database.transact(unit, single_statement=True)


async def _deliver(delivering: Delivering, waiting: Waiting) -> None:
    """One message on its whole way; a bug of ours is logged, and the message tried again later.

    Its claim is committed already, so one that cannot be rendered holds up nobody.
    """
    try:
        await _send(delivering, waiting)
    except StorageError as error:
        log_failure("delivery_failed", error, message_id=waiting.id)
    except Exception as error:
        log_failure("delivery_failed", error, message_id=waiting.id)
        await attempts.put_back(delivering, waiting)


async def _send(delivering: Delivering, waiting: Waiting) -> None:
    ranked = await attempts.ranking(delivering, waiting.channel.value, waiting.country or "")
    # Last of all, so that the code is still good when its message leaves.
    addressed = await delivering.means.database.transact(
        lambda tx: _address(delivering, tx, waiting)
    )
    if addressed is None:
        await attempts.give_up(delivering, waiting)
        return
    if await refuse_changed_number(delivering.means, delivering.signal, waiting, addressed[1]):
        return
    await attempts.send(delivering, waiting, ranked, addressed)


async def _address(delivering: Delivering, tx: Transaction, waiting: Waiting) -> Addressed | None:
    """What is said to whom; None where the code or our claim has ended meanwhile."""
    if not await outbox.is_still_ours(tx, waiting, delivering.means.clock()):
        return None
    if waiting.challenge_id is None:
        return await _address_notice(delivering, tx, waiting)
    return await _address_code(delivering, tx, waiting)


async def _envelope(delivering: Delivering, tx: Transaction, waiting: Waiting, to: str) -> Envelope:
    account = await accounts.get(tx, waiting.account_id) if waiting.account_id else None
    # One that was offered when this was written may be gone.
    locale = delivering.means.policy.languages.nearest(waiting.locale)
    return Envelope(
        message_id=waiting.id,
        channel=waiting.channel.value,  # type: ignore[arg-type]  # an outbox has no app's codes
        to=to,
        account_label=account.email if account else to,
        locale=locale,
        words=delivering.words(locale),
    )


async def _address_code(
    delivering: Delivering, tx: Transaction, waiting: Waiting
) -> tuple[Message, str] | None:
    """The code's message, or None when its challenge has ended meanwhile: never sent late."""
    challenge = await challenges.get(tx, waiting.challenge_id or "")
    now = delivering.means.clock()
    if challenge is None or challenge.code_sealed is None or challenge.is_expired(now):
        return None
    seal = delivering.means.seal
    place = Place("challenges", "destination_sealed", challenge.id)
    to = seal.open(challenge.destination_sealed, place)
    left = challenge.expires_at - now
    sent = SentCode(
        purpose=challenge.purpose.value,
        code=seal.open(challenge.code_sealed, Place("challenges", "code_sealed", challenge.id)),
        seconds=int(left.total_seconds()),
        number=challenge.number,
        act=waiting.kind.removeprefix("code_"),
    )
    envelope = await _envelope(delivering, tx, waiting, to)
    if waiting.channel is Channel.VOICE:
        envelope = replace(envelope, call_reference=await place_call(delivering.means, tx, waiting))
    return code_message(delivering.house, envelope, sent), to


async def _address_notice(
    delivering: Delivering, tx: Transaction, waiting: Waiting
) -> tuple[Message, str] | None:
    if waiting.destination_sealed is None or waiting.body_sealed is None:
        return None
    seal = delivering.means.seal
    to = seal.open(waiting.destination_sealed, Place("outbox", "destination_sealed", waiting.id))
    facts = json.loads(seal.open(waiting.body_sealed, Place("outbox", "body_sealed", waiting.id)))
    envelope = await _envelope(delivering, tx, waiting, to)
    if waiting.kind == ALARM_KIND:
        return alarm_message(delivering.house, envelope, facts), to
    kind = waiting.kind.removeprefix("notice_")
    return notice_message(delivering.house, envelope, kind, facts), to
