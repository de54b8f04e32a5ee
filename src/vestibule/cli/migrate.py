"""Migrating, and making the root key of a new database."""

from vestibule.bootstrap import key_source_of, mark_of
from vestibule.clock import SystemClock
from vestibule.crypto import root_key
from vestibule.crypto.key_source import KeyFile
from vestibule.crypto.keyring import Keyring
from vestibule.entropy import SystemEntropy
from vestibule.settings import Settings
from vestibule.storage import migrate as migrations


def migrate(settings: Settings) -> str:
    """Upgrade the schema; what was done, in a sentence."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = migrations.current(settings.database)
    if before is None and isinstance(key_source_of(settings), KeyFile):
        # Only with a new database: a new key would make an old one unreadable without a word.
        root_key.make(settings.root_key_path, SystemEntropy())
    keyring = None
    if before is None:
        # What this machine knew of the database before is not about this one.
        mark_of(settings).path.unlink(missing_ok=True)
    else:
        keyring = Keyring.of(key_source_of(settings).read(), SystemClock()())
    migrations.upgrade(settings.database, keyring=keyring)
    after = migrations.current(settings.database)
    if before == after:
        return f"The database is at revision {after} already."
    return f"The database went from {before or 'nothing'} to revision {after}."
