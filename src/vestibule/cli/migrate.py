"""Migrating, and making the root key of a new database."""

from vestibule.crypto import root_key
from vestibule.crypto.keyring import Keyring
from vestibule.entropy import SystemEntropy
from vestibule.settings import Settings
from vestibule.storage import migrate as migrations


def migrate(settings: Settings) -> str:
    """Upgrade the schema; what was done, in a sentence."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = migrations.current(settings.database)
    if before is None:
        # Only with a new database: a new key would make an old one unreadable without a word.
        root_key.make(settings.root_key_path, SystemEntropy())
    keyring = Keyring.from_root(root_key.read(settings.root_key_path)) if before else None
    migrations.upgrade(settings.database, keyring=keyring)
    after = migrations.current(settings.database)
    if before == after:
        return f"The database is at revision {after} already."
    return f"The database went from {before or 'nothing'} to revision {after}."
