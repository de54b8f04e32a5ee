"""The root keys as an operator keeps them: one text in a file, the environment or a command.

Reads and judges the text, and writes the file; must not know what a key is used for.
"""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from vestibule.entropy import Entropy

LENGTH = 32
MOST_CHARACTERS = 64 * 1024
"""A longer text holds something else."""

FIRST_ID = "k1"
"""The id of a key that is written alone, as a new one is."""

_HEX = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_PURPOSE = re.compile(r"[a-z0-9-]{1,64}")
_FEWEST_DIFFERENT_BYTES = 16
_PRINTABLE = range(0x20, 0x7F)
_HEADING = """\
# The root keys of Vestibule. Keep a copy apart from the copies of the database.
# A line is: id, the time from which it is written with (UTC), key. `vestibule keys` changes them.
"""


class RootKeyFault(Exception):
    """The key cannot be used; the text is one sentence that says why, without the key."""


@dataclass(frozen=True, slots=True)
class RootKey:
    """One root: what all keys are derived from, and from when it is written with."""

    id: str
    key: bytes = field(repr=False)
    from_at: datetime | None
    """None where the text does not say: since ever."""
    made_at: datetime | None = None
    """What the file's own time says of a key that stands alone: good for its age, no more."""

    @property
    def since(self) -> datetime | None:
        """What its age counts from, where anything is known."""
        return self.from_at or self.made_at


@dataclass(frozen=True, slots=True)
class RootKeys:
    """Everything the text holds: the living roots, newest first, and keys kept of retired ones."""

    roots: tuple[RootKey, ...]
    kept: Mapping[tuple[str, str], bytes] = field(default_factory=dict, repr=False)
    """Single keys by root id and purpose, whose root itself is gone."""

    def current(self, now: datetime) -> RootKey:
        """The newest root whose time has come; it writes, the others only read."""
        begun = [one for one in self.roots if one.from_at is None or one.from_at <= now]
        # With none begun the clock is behind: the oldest was written with before.
        return max(begun, key=_begins) if begun else min(self.roots, key=_begins)

    def upcoming(self, now: datetime) -> RootKey | None:
        """A root that is published for reading, and will be written with."""
        later = [one for one in self.roots if one.from_at is not None and one.from_at > now]
        return max(later, key=_begins) if later else None

    @property
    def ids(self) -> frozenset[str]:
        """Each id that stands for a root or for keys kept of one."""
        return frozenset({*(one.id for one in self.roots), *(key_id for key_id, _ in self.kept)})

    @property
    def next_id(self) -> str:
        """An id that no key has: k2 after k1."""
        numbers = [int(one[1:]) for one in self.ids if re.fullmatch(r"k[0-9]{1,9}", one)]
        return f"k{max(numbers, default=0) + 1}"


def _begins(root: RootKey) -> datetime:
    return root.from_at or datetime.min.replace(tzinfo=UTC)


def with_new(
    keys: RootKeys, entropy: Entropy, *, now: datetime, published_for: timedelta
) -> RootKeys:
    """The same with one more root, to be written with once it was readable for so long."""
    from_at = (now + published_for).replace(microsecond=0)
    fresh = RootKey(keys.next_id, entropy.bytes(LENGTH), from_at)
    # A key that stood alone gets a time, which is before every other's.
    dated = [
        replace(one, from_at=min(one.made_at or now, now)) if one.from_at is None else one
        for one in keys.roots
    ]
    return replace(keys, roots=(fresh, *dated))


def without(keys: RootKeys, key_id: str, kept: Mapping[str, bytes]) -> RootKeys:
    """The same without a root; only its keys for these purposes stay."""
    others = {name: key for name, key in keys.kept.items() if name[0] != key_id}
    return RootKeys(
        tuple(one for one in keys.roots if one.id != key_id),
        {**others, **{(key_id, purpose): key for purpose, key in kept.items()}},
    )


# --- the text -------------------------------------------------------------------------------


def parse(text: str, where: str, *, made_at: datetime | None = None) -> RootKeys:
    """The keys of a text; `where` names its place in what `RootKeyFault` says.

    Entries stand on lines or between commas: `ID TIME KEY`, `ID/PURPOSE KEY`, or one KEY alone,
    which is `k1` and was made at `made_at`. A key is 64 hexadecimal digits.
    """
    roots: list[RootKey] = []
    kept: dict[tuple[str, str], bytes] = {}
    if len(text) > MOST_CHARACTERS:
        raise RootKeyFault(f"{where} holds more than root keys.")
    lines = (line.partition("#")[0] for line in text.splitlines())
    for entry in (part.split() for line in lines for part in line.split(",")):
        match entry:
            case []:
                continue
            case [digits]:
                roots.append(RootKey(FIRST_ID, _judged(digits, where), None, made_at))
            case [name, digits] if "/" in name:
                key_id, _, purpose = name.partition("/")
                if not _ID.fullmatch(key_id) or not _PURPOSE.fullmatch(purpose):
                    raise RootKeyFault(f"{where} has an entry that is none of a kept key.")
                kept[key_id, purpose] = _judged(digits, where)
            case [key_id, time, digits] if _ID.fullmatch(key_id):
                roots.append(RootKey(key_id, _judged(digits, where), _time(time, where)))
            case _:
                raise RootKeyFault(f"{where} has an entry that is not: id, time, key.")
    _refuse_double(roots, kept, where)
    return RootKeys(tuple(sorted(roots, key=_begins, reverse=True)), kept)


def entry(root: RootKey) -> str:
    """One root as a text has it."""
    at = root.from_at or datetime(1970, 1, 1, tzinfo=UTC)
    return f"{root.id} {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {root.key.hex()}"


def render(keys: RootKeys) -> str:
    """The text of a file that `parse` reads back."""
    lines = [entry(one) for one in keys.roots]
    lines += [f"{key_id}/{purpose} {key.hex()}" for (key_id, purpose), key in keys.kept.items()]
    return _HEADING + "".join(f"{line}\n" for line in lines)


def _refuse_double(roots: list[RootKey], kept: Mapping[tuple[str, str], bytes], where: str) -> None:
    if not roots:
        raise RootKeyFault(f"{where} is empty: a key is 64 hexadecimal digits.")
    ids = {one.id for one in roots}
    if len(ids) < len(roots) or len({one.key for one in roots}) < len(roots):
        raise RootKeyFault(f"{where} has a root key or an id twice.")
    if any(key_id in ids for key_id, _ in kept):
        raise RootKeyFault(f"{where} has a root key and kept keys under the same id.")


def _time(text: str, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise RootKeyFault(f"{where} has a time that is not like 2026-12-31T12:00:00Z.")
    return at.astimezone(UTC)


def _judged(digits: str, where: str) -> bytes:
    if not _HEX.fullmatch(digits):
        raise RootKeyFault(f"{where} is not 64 hexadecimal digits.")
    key = bytes.fromhex(digits)
    if _is_sample(key):
        raise RootKeyFault(f"{where} is a sample, not a random key.")
    return key


def _is_sample(key: bytes) -> bool:
    """Whether no generator makes it, except once in a million million years."""
    is_counted = len({(later - earlier) % 256 for earlier, later in pairwise(key)}) == 1
    is_repeated = key[: LENGTH // 2] == key[LENGTH // 2 :]
    is_text = all(byte in _PRINTABLE for byte in key)
    return is_counted or is_repeated or is_text or len(set(key)) < _FEWEST_DIFFERENT_BYTES


# --- the file -------------------------------------------------------------------------------


def make(path: Path, entropy: Entropy) -> None:
    """Write a new root key, readable by its owner only; does nothing where one is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(entropy.bytes(LENGTH).hex() + "\n")


def read(path: Path) -> RootKeys:
    """The keys of a file that only its owner, who we are, can read (KY-02)."""
    where = f"The root key {path}"
    try:
        # Opened once: what is judged is what is read.
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            octets = file.read(MOST_CHARACTERS + 1)
    except OSError as error:
        raise RootKeyFault(
            f"{where} cannot be read. `vestibule migrate` makes one with a new"
            " database; for an old one, restore it from its backup."
        ) from error
    if found.st_uid != os.geteuid():
        raise RootKeyFault(f"{where} belongs to another user: chown it to the one who serves.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise RootKeyFault(f"{where} is open to others: chmod 600 it.")
    made_at = datetime.fromtimestamp(found.st_mtime, UTC)
    return parse(octets.decode("ascii", "replace"), where, made_at=made_at)


def write(path: Path, keys: RootKeys) -> None:
    """Replace the file as a whole, durably; raises OSError and leaves the old one.

    FileExistsError where another command is changing it, or was interrupted.
    """
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(render(keys))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
