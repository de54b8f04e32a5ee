"""Copying a SQLite database while it is served: its file alone lacks what is in the log beside."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from vestibule.bootstrap import key_source_of, mark_of
from vestibule.cli.keys import with_means
from vestibule.flows.pulse import Beating
from vestibule.settings import Settings
from vestibule.storage.database import dialect_of, sqlite_path


class CannotCopy(Exception):
    """Why there is no copy; the text is a sentence."""


def backup(settings: Settings, file: Path) -> str:
    """Make the copy, look whether it is whole, and count a beat that it does not have."""
    if dialect_of(settings.database) != "sqlite":
        raise CannotCopy("PostgreSQL copies itself: pg_dump --format=custom --file=FILE URL")
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise CannotCopy(f"{file} cannot be made: {error.strerror}.") from error
    try:
        _copy(sqlite_path(settings.database), file)
    except sqlite3.Error as error:
        file.unlink()
        raise CannotCopy(f"The database cannot be copied: {error}.") from error
    # So that the copy is older than the house from this moment on.
    asyncio.run(with_means(settings, lambda means: Beating(means, mark_of(settings)).beat()))
    ids = ", ".join(sorted(key_source_of(settings).read().ids))
    return (
        f"{file} has {file.stat().st_size} bytes. It opens with the root key ({ids}) only: keep"
        " that elsewhere. After putting it back: vestibule restored"
    )


def _copy(source: Path, file: Path) -> None:
    # By its path it would be made where it is missing.
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as live,
        closing(sqlite3.connect(file)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        [found] = copy.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(str(found))
