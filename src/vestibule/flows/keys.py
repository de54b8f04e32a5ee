"""Changing the root key while the house serves: publish, activate, seal anew, retire (KY-03).

A new root is read by every process before one writes with it, and an old one goes only when
nothing sealed needs it. What can be made anew by nobody keeps the single key of its purpose.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.crypto import root_key
from vestibule.crypto.key_source import KeyFile, KeySource
from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.crypto.root_key import RootKey, RootKeys
from vestibule.crypto.seal import Place, SealBroken
from vestibule.domain.event import EventName
from vestibule.flows.work import Caller, Means, Work, work
from vestibule.storage import keyed
from vestibule.storage.database import Transaction
from vestibule.storage.keyed import Keyed

KEY_PERIOD = timedelta(days=365)
"""How long a root is written with (KY-03)."""
FORMS_LAST = timedelta(hours=24)
"""The longest session, and so the oldest form that somebody may still send."""
OPERATOR = Caller(source="", user_agent="vestibule keys", request_id="", locale="en")

BATCH = 100
"""Rows sealed anew in one transaction: sign-ins wait no longer than for one of these."""


class CannotChangeKeys(Exception):
    """Why nothing was changed; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Use:
    """How many values of a column are of one key."""

    keyed: Keyed
    rows: int


@dataclass(frozen=True, slots=True)
class Published:
    """A new root; where the source cannot be written, the operator adds its entry."""

    root: RootKey
    from_at: datetime
    is_written: bool


@dataclass(frozen=True, slots=True)
class Retired:
    """What the root leaves behind; where the source cannot be written, the operator does."""

    left: list[Use]
    roots: RootKeys
    is_written: bool


@dataclass(slots=True)
class Resealed:
    """What one run did."""

    sealed: int = 0
    fingerprints: int = 0
    unreadable: int = 0
    """Sealed by a key that is not on the ring, or altered: left as they are."""


_Step = Callable[[Transaction, Means, Keyed, str, bytes, Resealed], Awaitable[None]]


# --- what there is --------------------------------------------------------------------------


async def uses(means: Means, key_id: str) -> list[Use]:
    """Where values of this key are, most needed first; empty when it may be forgotten."""

    async def unit(tx: Transaction) -> list[Use]:
        return [Use(one, await keyed.count(tx, one, key_id)) for one in keyed.EVERY]

    return [use for use in await means.database.read(unit) if use.rows]


async def strays(means: Means, key_ids: Iterable[str]) -> list[Use]:
    """Where values are that none of these keys made: nothing opens them."""
    known = list(key_ids)

    async def unit(tx: Transaction) -> list[Use]:
        found = []
        for one in keyed.EVERY:
            rows = [await keyed.count(tx, one, key_id) for key_id in known]
            found.append(Use(one, await keyed.count_all(tx, one) - sum(rows)))
        return found

    return [use for use in await means.database.read(unit) if use.rows > 0]


# --- publish --------------------------------------------------------------------------------


async def rotate(means: Means, source: KeySource) -> Published:
    """Add a root that is read at once and written with once every process has it."""
    roots, now = source.read(), means.clock()
    waiting = roots.upcoming(now)
    if waiting is not None and waiting.from_at is not None:
        raise CannotChangeKeys(
            f"{waiting.id} waits already: it is written with from {_shown(waiting.from_at)}."
        )
    fresh = root_key.with_new(roots, means.entropy, now=now, published_for=source.published_for)
    root = fresh.roots[0]
    is_written = isinstance(source, KeyFile) and _write(source, fresh)
    await _note(means, EventName.KEY_PUBLISHED, key=root.id)
    return Published(root, root.from_at or now, is_written)


def _write(source: KeyFile, roots: RootKeys) -> bool:
    """False where the file's folder is not ours to write, as with mounted secrets."""
    try:
        root_key.write(source.path, roots)
    except FileExistsError as error:
        raise CannotChangeKeys(
            f"{source.path}.new exists: another command is changing the keys, or one was"
            " interrupted; then remove it."
        ) from error
    except OSError:
        return False
    return True


# --- seal anew ------------------------------------------------------------------------------


async def reseal(means: Means, roots: RootKeys, source: KeySource) -> Resealed:
    """Bring everything sealed, and every fingerprint, to the current root, batch by batch.

    May be stopped and run again. A value that changes meanwhile is left to whoever changed it.
    """
    _refuse_while_published(means, roots, source)
    done = Resealed()
    for one in keyed.SEALED:
        await _walk(means, one, done, _reseal_one)
    for one in keyed.FINGERPRINTS:
        await _walk(means, one, done, _remake_fingerprint)
    await _note(means, EventName.KEYS_RESEALED, key=means.keyring.current, rows=done.sealed)
    return done


def _refuse_while_published(means: Means, roots: RootKeys, source: KeySource) -> None:
    """Nothing may write with the root before any more: processes look again every so often."""
    now = means.clock()
    newest = roots.upcoming(now) or roots.current(now)
    if newest.from_at is None:
        return
    begun = newest.from_at + 3 * (source.reread_every or timedelta())
    if now < begun:
        raise CannotChangeKeys(
            f"{newest.id} is not written with everywhere yet: come back at {_shown(begun)}."
        )


async def _walk(means: Means, one: Keyed, done: Resealed, step: _Step) -> None:
    after, current = "", means.keyring.current
    while True:

        async def unit(tx: Transaction, start: str = after) -> tuple[str, Resealed]:
            # Counted anew at each run: PostgreSQL may have to run a unit twice.
            batch, last = Resealed(), ""
            rows = await keyed.others(tx, one, current, after=start, most=BATCH)
            for row in rows:
                last = str(row["id"])
                await step(tx, means, one, last, bytes(row["value"]), batch)
            return last, batch

        after, batch = await means.database.transact(unit)
        done.sealed += batch.sealed
        done.fingerprints += batch.fingerprints
        done.unreadable += batch.unreadable
        if not after:
            return


async def _reseal_one(
    tx: Transaction, means: Means, one: Keyed, row_id: str, value: bytes, batch: Resealed
) -> None:
    place = Place(one.table, one.column, row_id)
    try:
        fresh = means.seal.seal(means.seal.open(value, place), place)
    except SealBroken:
        batch.unreadable += 1
        return
    batch.sealed += await keyed.replace(tx, one, row_id, value, fresh)


async def _remake_fingerprint(
    tx: Transaction, means: Means, one: Keyed, row_id: str, value: bytes, batch: Resealed
) -> None:
    sealed = await keyed.sealed_beside(tx, one, row_id)
    if sealed is None:
        return
    try:
        number = means.seal.open(sealed, Place(one.table, one.beside, row_id))
    except SealBroken:
        batch.unreadable += 1
        return
    fresh = means.keyring.mac(KeyPurpose.PHONE_FINGERPRINT, number)
    batch.fingerprints += await keyed.replace_beside(
        tx, one, row_id, seen=value, sealed=sealed, fresh=fresh
    )


# --- retire ---------------------------------------------------------------------------------


async def retire(means: Means, source: KeySource, key_id: str, *, at_once: bool = False) -> Retired:
    """Take a root away; single keys of it stay for what is left.

    Raises `CannotChangeKeys` while anything sealed needs the root, or a form of its time may
    come back; `at_once` refuses those forms instead, for a root that others know.
    """
    roots, now = source.read(), means.clock()
    if key_id not in roots.ids:
        raise CannotChangeKeys(f"There is no key {key_id}.")
    if key_id == roots.current(now).id:
        raise CannotChangeKeys(f"{key_id} is written with: run `vestibule keys rotate` first.")
    living = {one.id: one for one in roots.roots}
    if key_id in living:
        _refuse_young(roots, living[key_id], source, now, at_once=at_once)
    left = await uses(means, key_id)
    if sealed := [use for use in left if use.keyed in keyed.SEALED]:
        told = ", ".join(f"{use.keyed} {use.rows}" for use in sealed)
        raise CannotChangeKeys(f"{key_id} still seals rows ({told}): run `vestibule keys reseal`.")
    needed = {KeyPurpose(use.keyed.purpose) for use in left}
    kept = {purpose.value: means.keyring.key(purpose, key_id) for purpose in sorted(needed)}
    without = root_key.without(roots, key_id, kept)
    is_written = isinstance(source, KeyFile) and _write(source, without)
    await _note(means, EventName.KEY_RETIRED, key=key_id, kept=",".join(kept))
    return Retired(left, without, is_written)


def _refuse_young(
    roots: RootKeys, old: RootKey, source: KeySource, now: datetime, *, at_once: bool
) -> None:
    later = [
        one.from_at
        for one in roots.roots
        if one.from_at is not None and (old.from_at is None or one.from_at > old.from_at)
    ]
    ended_at = min(later, default=now)
    waits = 3 * (source.reread_every or timedelta()) if at_once else FORMS_LAST
    if now < ended_at + waits:
        raise CannotChangeKeys(
            f"{old.id} was written with until {_shown(ended_at)}, and forms of that time may still"
            f" come back: retire it from {_shown(ended_at + waits)} on."
        )


# --- each -----------------------------------------------------------------------------------


async def _note(means: Means, name: EventName, *, key: str, rows: int = 0, kept: str = "") -> None:
    async def unit(work: Work) -> None:
        await work.note(name, key=key, rows=rows, kept=kept)

    await work(means, OPERATOR, unit)


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
