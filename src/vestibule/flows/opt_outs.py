"""Numbers that asked for no texts: STOP and START by text, or what a carrier says of them.

Nothing is texted to them, also not what a person asks for; calls and apps go on.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.domain.event import EventName
from vestibule.domain.opt_out import Wish
from vestibule.flows.notices import tell_by_mail
from vestibule.flows.ways import phone_number
from vestibule.flows.work import NOBODY, Means, Work, work
from vestibule.storage import accounts, authenticators, outbox, throttles, tolls

MAILS_A_DAY = 3
TEXT_COUNTS_ONCE_IN = timedelta(days=1)
Source = Literal["carrier", "text"]
"""Who said so: the carrier when it refused a message, or a text from the number itself."""


async def asked_by_text(
    means: Means, e164: str, wish: Wish, *, text_id: tuple[str, str] = ("", "")
) -> bool:
    """The number itself asked for no more texts, or for texts again; whether that is news.

    `text_id` is a carrier and its id of the text: a text counts once in a day, so that nobody who
    repeats a START undoes the STOP that came after it (WH-02). Without an id each counts.
    """
    marks = means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, e164)

    async def unit(work: Work) -> bool:
        if text_id[1] and not await _is_first(work, text_id):
            return False
        if wish is Wish.STOP:
            return await _opt_out(work, marks, "text")
        return await _opt_in(work, marks)

    return await work(means, NOBODY, unit)


async def _is_first(work: Work, text_id: tuple[str, str]) -> bool:
    until = await throttles.spend(
        work.tx,
        work.means.keyring.bucket("text-from-number", *text_id),
        kind="text-from-number",
        limit=1,
        period=TEXT_COUNTS_ONCE_IN,
        now=work.now,
    )
    return until is None


async def opted_out(means: Means, e164: str, source: Source) -> bool:
    """Send no more texts to a number; False where that was known."""
    marks = means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, e164)
    return await work(means, NOBODY, lambda unit: _opt_out(unit, marks, source))


async def _opt_out(work: Work, marks: Sequence[bytes], source: Source) -> bool:
    for mark in marks[1:]:
        if await tolls.is_opted_out(work.tx, mark):
            return False
    is_new = await tolls.opt_out(work.tx, marks[0], source, work.now)
    if is_new:
        await _note_and_tell(work, marks, source)
    return is_new


async def _note_and_tell(work: Work, marks: Sequence[bytes], source: Source) -> None:
    """Whose number it is hears so by mail: a sender of texts can be forged (NO-01)."""
    account_ids = await authenticators.accounts_of_number(work.tx, marks)
    if not account_ids:
        await work.note(EventName.NUMBER_OPTED_OUT, method="sms", by=source)
    for account_id in account_ids:
        await accounts.hold(work.tx, account_id)
        account = await accounts.get(work.tx, account_id)
        if account is None:
            continue
        await work.note(EventName.NUMBER_OPTED_OUT, account_id=account_id, method="sms", by=source)
        if await _may_tell(work, account_id):
            await tell_by_mail(
                work,
                account,
                kind="texts_stopped",
                act_id=work.means.entropy.id(),
                facts={"ending": await _ending(work, account_id, marks)},
            )


async def _ending(work: Work, account_id: str, marks: Sequence[bytes]) -> str:
    """The last two digits of the account's number that has one of these marks."""
    for one in await authenticators.of_account(work.tx, account_id):
        if one.fingerprint_mac in marks:
            number = phone_number(work.means, one)
            return number.ending if number else ""
    return ""


async def _may_tell(work: Work, account_id: str) -> bool:
    """STOP and START by turns fill no mailbox; the page of settings says it all the while."""
    bucket = work.means.keyring.bucket("notice-texts-stopped", account_id)
    until = await throttles.spend(
        work.tx,
        bucket,
        kind="notice-texts-stopped",
        limit=MAILS_A_DAY,
        period=timedelta(days=1),
        now=work.now,
    )
    return until is None


async def refused_as_opted_out(means: Means, message_id: str) -> None:
    """A carrier's receipt says that the number of this text wants none.

    Of a notice's number nothing but its mark is left by then, and that is enough.
    """
    mark = await means.database.read(lambda tx: outbox.number_mark(tx, message_id))
    if mark is not None:
        await work(means, NOBODY, lambda unit: _opt_out(unit, [mark], "carrier"))


async def opted_in(means: Means, e164: str) -> bool:
    """Texts may go to the number again; False where nothing had stopped them."""
    marks = means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, e164)
    return await work(means, NOBODY, lambda unit: _opt_in(unit, marks))


async def _opt_in(work: Work, marks: Sequence[bytes]) -> bool:
    found = [await tolls.opt_in(work.tx, mark) for mark in marks]
    if any(found):
        await work.note(EventName.NUMBER_OPTED_IN, method="sms")
    return any(found)
