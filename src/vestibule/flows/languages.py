"""The language of an account: what its mails, texts and calls are written in.

Choosing one proves nothing and opens nothing, so it asks for no proof; the journal has it.
"""

from vestibule.domain.event import EventName
from vestibule.domain.pending import PendingSignIn, SignInState
from vestibule.domain.session import Session
from vestibule.flows.refusals import note_trifle
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import accounts


def account_of(owner: Session | PendingSignIn | None) -> str | None:
    """Whose language this browser may choose: a password alone chooses for no second factor's."""
    if isinstance(owner, PendingSignIn) and owner.state is not SignInState.ENROLLMENT:
        return None
    return owner.account_id if owner else None


async def choose(means: Means, caller: Caller, account_id: str, tag: str) -> None:
    """Write to the account's owner in this offered language from now on."""

    async def unit(work: Work) -> None:
        if await accounts.set_locale(work.tx, account_id, tag):
            await note_trifle(work, EventName.LANGUAGE_CHOSEN, account_id=account_id, language=tag)

    await work(means, caller, unit)
