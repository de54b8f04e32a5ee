"""Making a restored database safe, once it is in its place and before it is served."""

import asyncio

from vestibule.bootstrap import mark_of
from vestibule.cli.keys import with_means
from vestibule.flows.pulse import DatabaseRestored, refuse_restored
from vestibule.flows.restored import Ended, make_safe
from vestibule.flows.work import Means
from vestibule.settings import Settings


class NotRestored(Exception):
    """Why nothing was ended; the text is a sentence."""


def restored(settings: Settings, *, is_sure: bool) -> str:
    """End what became good again; without a sign of it only if the operator is sure."""
    mark = mark_of(settings)

    async def run(means: Means) -> Ended:
        after = 0
        try:
            await refuse_restored(means.database, mark)
        except DatabaseRestored:
            after = mark.epoch()
        else:
            _refuse_unsure(is_sure=is_sure)
        return await make_safe(means, mark, after=after)

    ended = asyncio.run(with_means(settings, run))
    lines = [f"  {count:>7} {name}" for name, count in ended.counts.items()]
    return "\n".join(
        [
            f"Ended, in epoch {ended.epoch} of this database:",
            *lines,
            "People sign in with password and second factor, set another password, and make a new"
            " recovery code.",
        ]
    )


def _refuse_unsure(*, is_sure: bool) -> None:
    if not is_sure:
        raise NotRestored(
            "Nothing here shows that the database came from a backup; this would end every session"
            " and recovery code. If it did: vestibule restored --yes"
        )
