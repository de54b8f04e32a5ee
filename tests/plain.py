"""Texts without what chance has written into them, for tests that look for a few letters."""

import re

_DRAWN = re.compile(r"[\w-]{20,}|\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
"""Ids, tokens and nonces in base 64, and the code of an answer by text."""


def plain(text: str) -> str:
    """A page, mail or row less its random ids and tokens: now and then they hold any few letters,
    three of them once in some thousand runs."""
    return _DRAWN.sub("…", text)
