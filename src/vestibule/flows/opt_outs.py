"""Numbers that asked for no texts: STOP and START by text, or what a carrier says of them.

Nothing is texted to them, also not what a person asks for; calls and apps go on.
"""

from collections.abc import Sequence
from typing import Literal

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.domain.event import EventName
from vestibule.domain.opt_out import Wish
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import outbox, tolls

Source = Literal["carrier", "text"]
"""Who said so: the carrier when it refused a message, or a text from the number itself."""
NOBODY = Caller(source="", user_agent="", request_id="", locale="en")


def number_mark(means: Means, e164: str) -> bytes:
    """What a text keeps of its number, so that a carrier's word about it is not lost."""
    return means.keyring.mac(KeyPurpose.PHONE_FINGERPRINT, e164)


async def is_opted_out(work: Work, e164: str) -> bool:
    """Whether a number asked for no texts."""
    for mark in work.means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, e164):
        if await tolls.is_opted_out(work.tx, mark):
            return True
    return False


async def asked_by_text(means: Means, e164: str, wish: Wish) -> bool:
    """The number itself asked for no more texts, or for texts again; whether that is news."""
    if wish is Wish.STOP:
        return await opted_out(means, e164, "text")
    return await opted_in(means, e164)


async def opted_out(means: Means, e164: str, source: Source) -> bool:
    """Send no more texts to a number; False where that was known."""

    return await _opted_out(means, means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, e164), source)


async def _opted_out(means: Means, marks: Sequence[bytes], source: Source) -> bool:
    async def unit(work: Work) -> bool:
        for mark in marks[1:]:
            if await tolls.is_opted_out(work.tx, mark):
                return False
        is_new = await tolls.opt_out(work.tx, marks[0], source, work.now)
        if is_new:
            await work.note(EventName.NUMBER_OPTED_OUT, method="sms", by=source)
        return is_new

    return await work(means, NOBODY, unit)


async def refused_as_opted_out(means: Means, message_id: str) -> None:
    """A carrier's receipt says that the number of this text wants none.

    Of a notice's number nothing but its mark is left by then, and that is enough.
    """
    mark = await means.database.read(lambda tx: outbox.number_mark(tx, message_id))
    if mark is not None:
        await _opted_out(means, [mark], "carrier")


async def opted_in(means: Means, e164: str) -> bool:
    """Texts may go to the number again; False where nothing had stopped them."""

    async def unit(work: Work) -> bool:
        marks = means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, e164)
        found = [await tolls.opt_in(work.tx, mark) for mark in marks]
        if any(found):
            await work.note(EventName.NUMBER_OPTED_IN, method="sms")
        return any(found)

    return await work(means, NOBODY, unit)
