"""What an account's person is called: no security change, so the open settings are enough."""

import re
import unicodedata

from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows.refusals import note_trifle
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import accounts, sessions

NAME_LENGTH = 200
_TURNING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and the marks that set a text's direction for whatever follows."""


def refuse_name(name: str) -> Refused | None:
    """Why a name will not do, or None; white space in it is folded before."""
    if all(unicodedata.category(mark)[0] in "CMZ" for mark in name):
        return Refused(Reason.NAME_MISSING, "name")
    if len(name) > NAME_LENGTH:
        return Refused(Reason.NAME_TOO_LONG, "name", {"most": NAME_LENGTH})
    return None


def folded(typed: str) -> str:
    """One line, with single spaces, and without what would turn round or end the text beside it.

    Joiners stay: names of many languages have them.
    """
    return " ".join(_TURNING.sub(" ", typed).split())


async def rename(means: Means, caller: Caller, session: Session, *, name: str) -> Refused | None:
    """Call the account's person so from now on, in an open User Settings; noted, not told."""
    name = folded(name)
    refused = refuse_name(name)
    if refused is not None:
        return refused

    async def unit(work: Work) -> Refused | None:
        await accounts.hold(work.tx, session.account_id)
        now = await sessions.get(work.tx, session.id, work.now)
        if now is None or not now.has_gate_open(work.now):
            return Refused(Reason.SIGN_IN_EXPIRED)
        await sessions.use_gate(work.tx, session.id, work.now)
        if await accounts.rename(work.tx, session.account_id, name):
            # Without the name: the journal says what happened, not what people are called.
            await note_trifle(
                work, EventName.NAME_CHANGED, account_id=session.account_id, session_id=session.id
            )
        return None

    return await work(means, caller, unit)
