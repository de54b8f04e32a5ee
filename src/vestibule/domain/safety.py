"""What "this was not me" reaches: what follows by cause from one act, and where that ends.

An act is a sign-in, a set-up, a recovery or a reset. Pure: who ends what is decided in the flows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NOT_ME_FOR = timedelta(days=7)
"""R8: how long a change is told to what was valid before, and can be answered with "not me"."""
FREEZE_FOR = timedelta(hours=72)
CAUSES_COUNT_FOR = timedelta(days=1) + NOT_ME_FOR + FREEZE_FOR
"""How old an act can be that somebody doubts: a session is a day old at most when it changes
something, its notice is answered within the week, and a freeze doubts it until its end."""
BROWSER_KNOWN_AFTER = timedelta(hours=24)
"""R11: a browser may change something once its first full sign-in is so old."""
RESET_WAITS_FOR = timedelta(hours=24)
QUIET_AFTER_RESET = timedelta(hours=24)
"""B.3: for so long after a reset no method, number or recovery code changes."""


class ActKind(StrEnum):
    SET_UP = "set_up"
    SESSION = "session"
    RECOVERY = "recovery"
    RESET = "reset"
    BARRIER = "barrier"
    """A completed recovery or an earlier "not me": nothing reaches across it."""


class Made(StrEnum):
    """What an act can leave behind, and what can be taken back with it."""

    AUTHENTICATOR = "authenticator"
    RECOVERY_CODE = "recovery_code"
    PASSWORD = "password"  # noqa: S105 - the name of a thing


class EndedBy(StrEnum):
    """Why an authenticator proves nothing any more."""

    REMOVAL = "removal"
    LOST = "lost"
    """Named lost by a completed recovery, or gone before it: it does not come back."""
    NOT_ME = "not_me"


RETURNABLE = frozenset({EndedBy.REMOVAL, EndedBy.NOT_ME})
"""What may come back within seven days: by a mailed code and the method itself, together."""


@dataclass(frozen=True, slots=True)
class Act:
    id: str
    kind: ActKind
    made_at: datetime
    browser_digest: bytes | None = None
    user_agent: str = ""

    @property
    def is_root(self) -> bool:
        """A set-up or recovery itself, and not the session that it opened.

        What it bound is never taken back: its recovery was completed, or nothing was bound.
        """
        return self.kind in {ActKind.SET_UP, ActKind.RECOVERY} and self.browser_digest is None


@dataclass(frozen=True, slots=True)
class Reach:
    """The acts that are taken back, the named one among them."""

    acts: frozenset[str]
    is_past_barrier: bool
    """The account was secured since: what came after that stays as it is."""


def reach(
    named: str,
    named_at: datetime,
    acts: Collection[Act],
    causes: Mapping[str, Collection[str]],
    *,
    beyond_own: bool = False,
) -> Reach:
    """The named act and its successors by cause, up to the first barrier after it (R8).

    `causes` names for each act the acts that it could not have happened without. `beyond_own`
    looks past the barrier that a named recovery itself made: nothing of it is taken back, but
    what it led to is not untouched either.
    """
    own = next((act for act in acts if act.id == named), None)
    began_at = own.made_at if own else named_at
    # The barrier of a recovery comes with the session that completes it, and stands before both.
    is_recovery = own is not None and own.kind is ActKind.RECOVERY
    own_at = _completed_at(named, acts, causes) if beyond_own else set()
    barriers = [a.made_at for a in acts if a.kind is ActKind.BARRIER and a.made_at not in own_at]
    barrier_at = min(
        (at for at in barriers if at > began_at or (is_recovery and at == began_at)), default=None
    )
    found, waiting = {named}, [named]
    while waiting:
        cause = waiting.pop()
        for act in acts:
            is_before = barrier_at is None or act.made_at < barrier_at
            if act.id not in found and is_before and cause in causes.get(act.id, ()):
                found.add(act.id)
                waiting.append(act.id)
    return Reach(frozenset(found), barrier_at is not None)


def _completed_at(
    named: str, acts: Collection[Act], causes: Mapping[str, Collection[str]]
) -> set[datetime]:
    """When a named recovery, or the one that a named session completed, was completed."""
    return {
        act.made_at
        for act in acts
        if act.kind is ActKind.RECOVERY and (act.id == named or named in causes.get(act.id, ()))
    }
