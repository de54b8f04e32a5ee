"""The root keys: listed, published, sealed anew with, retired; each command says what is next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from vestibule.bootstrap import build_house, key_source_of, refuse_other_revision
from vestibule.crypto import root_key
from vestibule.crypto.key_source import KeyFile
from vestibule.crypto.root_key import RootKey, RootKeys
from vestibule.flows import keys
from vestibule.flows.keys import Use
from vestibule.flows.work import Means
from vestibule.observability.logging import configure
from vestibule.settings import Settings

T = TypeVar("T")


def show(settings: Settings) -> str:
    """Every key with its state, its age, and the values it made."""
    roots = key_source_of(settings).read()

    async def run(means: Means) -> str:
        now = means.clock()
        lines: list[str] = []
        for root in roots.roots:
            lines.append(f"{root.id}  {_state(roots, root, now)}")
            lines += _lines(await keys.uses(means, root.id))
        for key_id in sorted({one for one, _ in roots.kept}):
            kept = ", ".join(purpose for one, purpose in roots.kept if one == key_id)
            lines.append(f"{key_id}  retired; kept of it: {kept}")
            lines += _lines(await keys.uses(means, key_id))
        if strays := await keys.strays(means, roots.ids):
            lines += ["Made with a key that is not here, so that nothing opens them:"]
            lines += _lines(strays)
        return "\n".join(lines)

    return asyncio.run(with_means(settings, run))


def rotate(settings: Settings) -> str:
    """Publish a new root, or say what to add where we cannot write."""
    source = key_source_of(settings)
    published = asyncio.run(with_means(settings, lambda means: keys.rotate(means, source)))
    at = f"{published.from_at:%Y-%m-%d %H:%M:%S} UTC"
    after = f"From {at} on servers write with it. Then: vestibule keys reseal"
    if published.is_written:
        return f"{published.root.id} is in {source.name}. {after}"
    how = "" if source.reread_every else " and start every process again"
    place = "a line of it" if isinstance(source, KeyFile) else "after a comma or on a line"
    return (
        f"Add this to {source.name}, {place},{how} before {at}:\n"
        f"{root_key.entry(published.root)}\n{after}"
    )


def reseal(settings: Settings) -> str:
    """Everything sealed comes to the newest root."""
    source = key_source_of(settings)
    roots = source.read()
    done = asyncio.run(with_means(settings, lambda means: keys.reseal(means, roots, source)))
    text = f"Sealed anew: {done.sealed}. Fingerprints of numbers: {done.fingerprints}."
    if done.unreadable:
        text += f" Not readable with any key here, and left: {done.unreadable}."
    return text + " `vestibule keys list` says what is left of each key."


def retire(settings: Settings, key_id: str, *, at_once: bool) -> str:
    """A root goes, or the text without it is shown; which single keys stay, and what for."""
    source = key_source_of(settings)
    retired = asyncio.run(
        with_means(settings, lambda means: keys.retire(means, source, key_id, at_once=at_once))
    )
    lines = [f"The root {key_id} is gone. Copies of the database made before still need it."]
    if not retired.is_written:
        lines = [f"Put this in the place of {source.name}:", root_key.render(retired.roots)]
    if retired.left:
        lines += ["Single keys of it stay, since these can be made anew by nobody:"]
        lines += [*_lines(retired.left), f"Once they are gone: vestibule keys retire {key_id}"]
    return "\n".join(lines)


def _state(roots: RootKeys, root: RootKey, now: datetime) -> str:
    if root.id == roots.current(now).id:
        age = f"{(now - root.since).days} days old" if root.since else "of unknown age"
        return f"is written with; {age}"
    if root.from_at is not None and root.from_at > now:
        return f"is read only; is written with from {root.from_at:%Y-%m-%d %H:%M:%S} UTC"
    return "is read only"


def _lines(uses: Sequence[Use]) -> list[str]:
    return [f"    {use.keyed.purpose:<18} {use.keyed!s:<32} {use.rows}" for use in uses]


async def with_means(settings: Settings, run: Callable[[Means], Awaitable[T]]) -> T:
    """What a command of the operator made of the flows' means, beside running servers."""
    configure()
    built = build_house(settings)
    try:
        await refuse_other_revision(built.means.database)
        return await run(built.means)
    finally:
        await built.close()
