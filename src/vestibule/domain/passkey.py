"""A passkey as it is kept, and what a use of it has to agree with (WebAuthn level 3, 6.1 and 7.2).

Verifies no signature: that is `crypto.passkey_proof`.
"""

from dataclasses import dataclass
from datetime import timedelta

ANSWER_WITHIN = timedelta(minutes=5)
"""PK-01: how long a challenge waits for its answer."""
PASSKEYS_PER_ACCOUNT = 10


@dataclass(frozen=True, slots=True)
class Passkey:
    """The row beside an authenticator of the kind `passkey`."""

    authenticator_id: str
    account_id: str
    sign_count: int
    is_copyable: bool
    """BE: it can be on more than one device; said once, for good."""
    is_copied: bool
    """BS: it is."""


def is_clone(stored: int, shown: int) -> bool:
    """PK-04: whether another copy of the key has signed since; synced passkeys count nothing."""
    return (stored > 0 or shown > 0) and shown <= stored
