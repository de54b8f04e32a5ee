"""Whether a number changed hands lately, as somebody knows who sees SIM swaps and ports.

No adapter is shipped: an operator who buys such a signal writes one.
"""

from typing import Protocol


class NumberSignal(Protocol):
    """Asked before a code leaves, once for each message, outside of every transaction (PN-06)."""

    async def changed_lately(self, e164: str) -> bool:
        """Whether the number got another SIM card or network in the last seven days."""
        ...
