"""Whether files that hold secrets are for their owner only; nothing is read but a settings file.

The root key is judged by who reads it: one that is open to others is not taken at all.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

from vestibule.settings import Settings
from vestibule.storage.database import dialect_of, sqlite_path

_ANYBODY_READS, _OTHERS_WRITE = stat.S_IROTH, stat.S_IWGRP | stat.S_IWOTH
_SECRETS = {name.removesuffix("_file") for name in Settings.model_fields if name.endswith("_file")}


def open_files(settings: Settings, env_file: Path | None) -> list[str]:
    """A sentence for each file that somebody else on this machine can read, or replace."""
    found = [
        f"{what} {path} can be read by everybody on this machine: chmod 600 it."
        for what, path in _private(settings, env_file)
        if _mode(path) & _ANYBODY_READS
    ]
    if _mode(settings.data) & _OTHERS_WRITE:
        found.append(
            f"The data folder {settings.data} can be written by others, who can replace what is in"
            " it: chmod 700 it."
        )
    return found


def _private(settings: Settings, env_file: Path | None) -> Iterator[tuple[str, Path]]:
    if env_file is not None and _has_secret(env_file):
        yield "The settings file", env_file
    for name in sorted(_SECRETS - {"root_key", "countries"}):
        path: Path | None = getattr(settings, f"{name}_file")
        if path is not None:
            yield f"VESTIBULE_{name.upper()}_FILE:", path
    if dialect_of(settings.database) == "sqlite":
        path = sqlite_path(settings.database)
        # What is beside it has its mode, and a closed folder keeps others out.
        if _mode(path.parent) & stat.S_IXOTH:
            yield "The database", path


def _has_secret(path: Path) -> bool:
    """Whether a line of a settings file sets what belongs into a file of its own."""
    names = {f"VESTIBULE_{name.upper()}" for name in _SECRETS - {"countries"}}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.strip().removeprefix("export ").partition("=") for line in lines)
    return any(name.strip().upper() in names and value.strip() for name, _, value in pairs)


def _mode(path: Path) -> int:
    """The permissions of what is there; none where nothing is, or nobody may look."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
