"""Whether a session may change something now, or from when: R11, freezes and young resets.

Reads only. Freshness of the proofs is the session's own question (SU-01).
"""

from datetime import datetime

from vestibule.domain.account import Account
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows.work import Caller, digest


def waits(
    session: Session,
    account: Account,
    caller: Caller,
    now: datetime,
    *,
    is_password: bool = False,
) -> Refused | None:
    """Why this browser changes nothing yet, with the time from when it may, if there is one.

    A new password may follow a reset at once; methods, numbers and recovery codes wait (B.3).
    """
    if account.frozen_until_at is not None and now < account.frozen_until_at:
        return Refused(Reason.CHANGES_FROZEN, details={"when": account.frozen_until_at})
    opens_at = session.changes_open_at()
    if opens_at is None or not _is_its_browser(session, caller):
        return Refused(Reason.BROWSER_NOT_KNOWN)
    if now < opens_at:
        return Refused(Reason.BROWSER_TOO_NEW, details={"when": opens_at})
    quiet_until = account.quiet_until_at
    if quiet_until is not None and now < quiet_until and not is_password:
        return Refused(Reason.RESET_TOO_RECENT, details={"when": quiet_until})
    return None


def is_known_browser(session: Session, caller: Caller, now: datetime) -> bool:
    """R11: whether it is the session's own browser, and one that may change something by now."""
    opens_at = session.changes_open_at()
    return opens_at is not None and now >= opens_at and _is_its_browser(session, caller)


def _is_its_browser(session: Session, caller: Caller) -> bool:
    """A session whose cookie was carried elsewhere changes nothing there."""
    token = caller.browser_token
    return token is not None and digest(token) == session.browser_digest
