"""Where a carrier calls us back: the addresses of receipts and of a call's script.

Made from our own public origin; no number, text or code is ever in them.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from vestibule.delivery.provider import Message
from vestibule.delivery.this_machine import is_this_machine


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The addresses for one carrier, or none where it could not reach them."""

    origin: str
    carrier: str
    api_url: str

    def receipts(self, message: Message) -> str | None:
        return self._address("receipts", message.id)

    def page(self, message: Message) -> str | None:
        """Where the call's script is fetched, once; None for a message without such a page."""
        reference = message.call_reference
        return None if reference is None else self._address("calls", reference)

    def _address(self, room: str, name: str) -> str | None:
        """A carrier elsewhere cannot reach this machine, and refuses such an address."""
        ours, theirs = (urlsplit(url).hostname or "" for url in (self.origin, self.api_url))
        if is_this_machine(ours) and not is_this_machine(theirs):
            return None
        return f"{self.origin}/carrier/{self.carrier}/{room}/{name}"
