"""What an operator may do to an account: end its sessions, suspend it, open it again.

None of it touches a factor. Each is in the account's journal and told to its owner.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from vestibule.cli.keys import with_means
from vestibule.domain.event import OPERATOR
from vestibule.flows import supervision
from vestibule.flows.work import Caller, Means
from vestibule.settings import Settings

MOST_REASON = 200
CALLER = Caller(
    source="", user_agent="", request_id="", locale="en", is_owner=False, actor_id=OPERATOR
)


class CannotSupervise(Exception):
    """Why nothing was done; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose sessions are to end, and why."""

    account: str | None
    reason: str
    is_everybody: bool


def end_sessions(settings: Settings, asked: Asked) -> str:
    """End one account's sessions, or everybody's; what was done, as a sentence."""
    reason = _plain(asked.reason)
    if asked.is_everybody == (asked.account is not None):
        raise CannotSupervise("Name one account by its address or id, or say --everybody.")
    if asked.account is None:

        async def of_all(means: Means) -> str:
            count = await supervision.end_all_sessions(means, _caller("end-sessions"), reason)
            return f"Signed out everywhere: {count} accounts."

        return asyncio.run(with_means(settings, of_all))
    return _of_one(
        settings,
        asked.account,
        lambda means, account_id: supervision.end_sessions(
            means, _caller("end-sessions"), account_id, because=reason
        ),
        done="Signed out everywhere. Its owner was told, and can sign in again.",
        not_done="Nothing of it was signed in, so nothing was changed.",
    )


def suspend(settings: Settings, account: str, reason: str) -> str:
    """Suspend one account; what was done, as a sentence."""
    because = _plain(reason)
    if not because:
        raise CannotSupervise("Say why with --reason: its owner is told, and the journal keeps it.")
    return _of_one(
        settings,
        account,
        lambda means, account_id: supervision.suspend(
            means, _caller("suspend"), account_id, because=because
        ),
        done="Suspended and signed out everywhere. Its owner was told.",
        not_done="It is suspended already, with the reason that was given then.",
    )


def unsuspend(settings: Settings, account: str, reason: str) -> str:
    """End one account's suspension; what was done, as a sentence."""
    because = _plain(reason)
    return _of_one(
        settings,
        account,
        lambda means, account_id: supervision.unsuspend(
            means, _caller("unsuspend"), account_id, because=because
        ),
        done="Open again. Its owner was told, and signs in with both factors as before.",
        not_done="It is not suspended, so nothing was changed.",
    )


def _of_one(
    settings: Settings,
    account: str,
    act: Callable[[Means, str], Awaitable[bool]],
    *,
    done: str,
    not_done: str,
) -> str:
    async def run(means: Means) -> str:
        account_id = await supervision.find(means, account)
        if account_id is None:
            raise CannotSupervise("There is no account of this address or id.")
        return done if await act(means, account_id) else not_done

    return asyncio.run(with_means(settings, run))


def _plain(reason: str) -> str:
    """A reason as one line. Raises `CannotSupervise` where it is too long."""
    line = " ".join(reason.split())
    if len(line) > MOST_REASON or not line.isprintable():
        raise CannotSupervise(f"Give the reason in one line of at most {MOST_REASON} characters.")
    return line


def _caller(command: str) -> Caller:
    return replace(CALLER, user_agent=f"vestibule accounts {command}")
