"""A browser and its system in plain words, from what it says of itself; it decides nothing."""

import re

_BROWSERS = (
    ("Firefox", r"Firefox/"),
    ("Edge", r"Edg/"),
    ("Opera", r"OPR/"),
    ("Chrome", r"(?:Headless)?Chrom(?:e|ium)/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X"),
    ("Linux", r"Linux"),
)


def browser_and_system(user_agent: str) -> tuple[str | None, str | None]:
    """The names of both, as far as they are known."""
    browser = next((name for name, mark in _BROWSERS if re.search(mark, user_agent)), None)
    system = next((name for name, mark in _SYSTEMS if re.search(mark, user_agent)), None)
    return browser, system
