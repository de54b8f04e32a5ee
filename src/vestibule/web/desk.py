"""What every handler is given besides the visit: pages and words."""

from dataclasses import dataclass

from vestibule.web.render import Pages
from vestibule.web.wording import Translate


@dataclass(frozen=True, slots=True)
class Desk:
    pages: Pages

    @property
    def translate(self) -> Translate:
        return self.pages.translations.gettext
