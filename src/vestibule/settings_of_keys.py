"""Where the root key may be, and that only one place says so.

The fault names the setting. It sees what pydantic has read and opens no file itself.
"""

from pathlib import Path
from typing import Protocol

from pydantic import SecretStr


class KeySettings(Protocol):
    """What is looked at; `vestibule.settings` has the meaning of each."""

    @property
    def root_key(self) -> SecretStr: ...
    @property
    def root_key_command(self) -> str: ...
    @property
    def root_key_file(self) -> Path | None: ...


def check_root_key(settings: KeySettings) -> None:
    """Raise ValueError with a sentence where two settings name a root key."""
    if settings.root_key_command and settings.root_key.get_secret_value():
        raise ValueError(
            "VESTIBULE_ROOT_KEY_COMMAND: it stands in the place of VESTIBULE_ROOT_KEY; set one"
        )
    if settings.root_key_file and (settings.root_key_command or settings.root_key):
        raise ValueError(
            "VESTIBULE_ROOT_KEY_FILE: it stands in the place of VESTIBULE_ROOT_KEY and"
            " VESTIBULE_ROOT_KEY_COMMAND; set one"
        )
