"""The root key's file: made once with a new database, read at each start, never defaulted."""

import os
import re
import stat
from itertools import pairwise
from pathlib import Path

from vestibule.entropy import Entropy

LENGTH = 32
_HEX = re.compile(r"[0-9a-f]{64}")
_FEWEST_DIFFERENT_BYTES = 16


class RootKeyFault(Exception):
    """The key cannot be used; the text is one sentence that says why."""


def make(path: Path, entropy: Entropy) -> None:
    """Write a new root key, readable by its owner only; does nothing where one is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(entropy.bytes(LENGTH).hex() + "\n")


def read(path: Path) -> bytes:
    """The key of a file that only its owner can read (KY-02)."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise RootKeyFault(
            f"The root key {path} cannot be read. `vestibule migrate` makes one with a new"
            " database; for an old one, restore it from its backup."
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise RootKeyFault(f"The root key {path} is open to others: chmod 600 it.")
    if not _HEX.fullmatch(text):
        raise RootKeyFault(f"The root key {path} is not 64 hexadecimal digits.")
    key = bytes.fromhex(text)
    if len(set(key)) < _FEWEST_DIFFERENT_BYTES or _is_counted(key):
        raise RootKeyFault(f"The root key {path} is a sample, not a random key.")
    return key


def _is_counted(key: bytes) -> bool:
    """Whether each byte is the same step from the one before, as in 00 01 02 …"""
    return len({(later - earlier) % 256 for earlier, later in pairwise(key)}) == 1
