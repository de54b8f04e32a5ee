"""The sentences of each language, read from the `.po` files of this package or another folder.

A catalogue is read when the first sentence of its language is said, so a start waits for none.
Which language somebody gets is not decided here.
"""

from dataclasses import dataclass
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from vestibule.domain.language import ENGLISH, folder_of, tag_of

SHIPPED = Path(str(files("vestibule"))) / "locale"
"""A folder for each language: `pt_BR/LC_MESSAGES/vestibule.po`."""
_IN_FOLDER = Path("LC_MESSAGES", "vestibule.po")


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The languages of one folder."""

    folder: Path = SHIPPED

    @property
    def tags(self) -> tuple[str, ...]:
        """What can be spoken: English, then the languages with a catalogue, by their tags."""
        found = (path.parents[1].name for path in self.folder.glob(f"*/{_IN_FOLDER}"))
        return (ENGLISH, *sorted(tag_of(name) for name in found))

    def path(self, language: str) -> Path:
        """Where the catalogue of a language is."""
        return self.folder / folder_of(language) / _IN_FOLDER

    def words(self, language: str) -> NullTranslations:
        """The sentences of one language, kept once read. Raises for one without a catalogue.

        A sentence that its catalogue lacks is said in English.
        """
        if language == ENGLISH:
            return NullTranslations()
        return _read(self.path(language), folder_of(language))


@lru_cache(maxsize=64)
def _read(path: Path, name: str) -> GNUTranslations:
    # A tenth of a second to import, for nothing where only English is spoken.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as lines:
        catalogue = read_po(lines, locale=name, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
