"""What every handler is given besides the visit: pages and words."""

from dataclasses import dataclass

from vestibule.web.render import Pages
from vestibule.web.wording import Words


@dataclass(frozen=True, slots=True)
class Desk:
    pages: Pages
    translate: Words
    """The words of the visitor's language."""
