"""The languages that are shipped, from one place: the folder of their catalogues."""

from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from vestibule.catalogues import SHIPPED, Catalogues
from vestibule.domain.language import ENGLISH, folder_of

CATALOGUES = Catalogues()
TRANSLATED = tuple(tag for tag in CATALOGUES.tags if tag != ENGLISH)
PSEUDO = "eo"
"""A language in which every sentence stands in brackets: what is bare was never translated."""


def template() -> Catalog:
    """Every sentence, as `make fix` collected it."""
    return _read(SHIPPED / "vestibule.pot", None)


def catalogue(tag: str) -> Catalog:
    return _read(CATALOGUES.path(tag), folder_of(tag))


def sentences(one: Catalog) -> list[Message]:
    """All but the header."""
    return [message for message in one if message.id]


def forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """A sentence, or one with its plural, as a list."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def write_pseudo(folder: Path) -> Catalogues:
    """A folder with the pseudo-language beside English."""
    lines = ['msgid ""', 'msgstr ""', '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"', ""]
    for message in sentences(template()):
        one, *many = forms(message.id)
        lines.append(f"msgid {_quoted(one)}")
        if many:
            lines.append(f"msgid_plural {_quoted(many[0])}")
            lines += [f"msgstr[{n}] {_quoted(f'⟦{text}⟧')}" for n, text in enumerate((one, *many))]
        else:
            lines.append(f"msgstr {_quoted(f'⟦{one}⟧')}")
        lines.append("")
    path = Catalogues(folder).path(PSEUDO)
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    return Catalogues(folder)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _read(path: Path, locale: str | None) -> Catalog:
    with path.open("rb") as lines:
        return read_po(lines, locale=locale, abort_invalid=True)
