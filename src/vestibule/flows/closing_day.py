"""The day on which an account closes: kept before it, or closed for good when it comes (SE-09).

Called by the worker, and by whoever says no. Asking for it is `closing`.
"""

from datetime import timedelta

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.crypto.seal import Place
from vestibule.domain.account import Account
from vestibule.domain.event import EventName
from vestibule.domain.journal import JournalBroken
from vestibule.flows import notice_addresses
from vestibule.flows.journal_verify import alarm_of
from vestibule.flows.notices import put_notice, tell
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.observability.logging import log_failure
from vestibule.storage import accounts, closing
from vestibule.storage.database import StorageDown

NOBODY = Caller(source="", user_agent="", request_id="", locale="en", is_owner=False)
"""Who asks where a day has simply come."""


PUT_OFF_FOR = timedelta(minutes=10)
"""What cannot be closed now, an account whose key is lost say, holds up no other."""


async def cancel(
    work: Work, account: Account, *, act_id: str, session_id: str | None = None
) -> bool:
    """Keep the account, which is held; False where it was not going to be closed."""
    if not await closing.cancel(work.tx, account.id):
        return False
    await work.note(
        EventName.ACCOUNT_CLOSING_CANCELLED, account_id=account.id, session_id=session_id
    )
    await tell(work, account, kind="closing_cancelled", act_id=act_id)
    return True


async def close_due(means: Means) -> int:
    """Close every account whose day has come; how many were."""
    count = 0
    for account_id in await means.database.read(lambda tx: closing.due(tx, means.clock())):
        try:
            count += await work(means, NOBODY, lambda unit, one=account_id: _close(unit, one))  # type: ignore[misc]  # one per turn
        except JournalBroken as error:
            # It stays as it was found, and the others' day comes all the same.
            log_failure("journal_broken", error, chain=account_id)
            await alarm_of(means, NOBODY, error)
        except StorageDown:
            raise
        except Exception as error:
            log_failure("closing_put_off", error, account_id=account_id)
            await _put_off(means, account_id)
    return count


async def _put_off(means: Means, account_id: str) -> None:
    now = means.clock()
    await means.database.transact(
        lambda tx: closing.put_off(tx, account_id, now=now, until=now + PUT_OFF_FOR)
    )


async def _close(work: Work, account_id: str) -> bool:
    """Held, so that a sign-in or a "keep" is done before or finds nothing any more."""
    await accounts.hold(work.tx, account_id)
    account = await accounts.get(work.tx, account_id)
    if account is None or not await closing.close_due(work.tx, account_id, work.now):
        return False
    told = await notice_addresses.mailboxes(work, account)
    await work.note(EventName.ACCOUNT_CLOSED, account_id=account_id)
    await closing.erase(work.tx, account_id, work.now)
    await _hollow(work, account)
    await closing.forget_person(work.tx, account_id)
    # Of nobody's account: its body goes with the hand-over, and nothing leads back.
    for to in told:
        is_own = to.address == account.email
        await put_notice(
            work,
            kind="account_closed" if is_own else "account_closed_elsewhere",
            to=to.address,
            account_id=None,
            locale=account.locale,
            time_zone=account.time_zone,
        )
    return True


async def _hollow(work: Work, account: Account) -> None:
    """EF-02 holds for a closed account too, so one authenticator stays, with no secret in it."""
    authenticator_id = account.default_authenticator_id
    if authenticator_id is None:
        return
    place = Place("authenticators", "secret_sealed", authenticator_id)
    await closing.hollow(
        work.tx,
        account.id,
        authenticator_id,
        sealed=work.means.seal.seal("", place),
        mac=work.means.keyring.mac(KeyPurpose.PHONE_FINGERPRINT, ""),
    )
