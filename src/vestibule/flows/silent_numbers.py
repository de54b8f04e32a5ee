"""Whether a number asked for no texts; what it asks, and who hears of that, is in `opt_outs`."""

from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.flows.work import Means, Work
from vestibule.storage import tolls


async def is_opted_out(work: Work, e164: str) -> bool:
    """Whether nothing is texted to a number, because it asked so or its carrier says so."""
    for mark in work.means.keyring.macs(KeyPurpose.PHONE_FINGERPRINT, e164):
        if await tolls.is_opted_out(work.tx, mark):
            return True
    return False


def number_mark(means: Means, e164: str) -> bytes:
    """What a text keeps of its number, so that a carrier's word about it is not lost."""
    return means.keyring.mac(KeyPurpose.PHONE_FINGERPRINT, e164)
