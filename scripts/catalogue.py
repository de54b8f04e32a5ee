"""Collects the sentences for translation into vestibule.pot and brings every language up to it.

With --check it compares only. Catalogues hold no dates and no line numbers, so they change only
when a sentence does. A new sentence stands in each with nothing for it, and the tests say so.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

PACKAGE = Path("src/vestibule")
MAPPING = PACKAGE / "locale/babel.cfg"
CATALOGUE = PACKAGE / "locale/vestibule.pot"
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "translate": None}
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def collect(package: Path, mapping: Path) -> Catalog:
    """Every marked sentence of the package."""
    with mapping.open(encoding="utf-8") as lines:
        methods, options = parse_mapping_cfg(  # type: ignore[no-untyped-call]  # so in Babel
            lines, str(mapping)
        )
    catalogue = Catalog(
        project="Vestibule", copyright_holder="the Vestibule authors", creation_date=_NEVER
    )
    found = extract_from_dir(
        package,
        methods,
        options,
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
    )
    for name, line, message, comments, context in found:
        place = [((package / name).as_posix(), line)]
        catalogue.add(message, None, place, auto_comments=comments, context=context)
    return catalogue


def written(catalogue: Catalog, header: str) -> str:
    """A catalogue's text, sorted by file."""
    lines = io.BytesIO()
    write_po(
        lines,
        catalogue,
        width=100,
        omit_header=True,
        sort_by_file=True,
        include_lineno=False,
        ignore_obsolete=True,
    )
    return header + lines.getvalue().decode()


def brought_up(path: Path, collected: Catalog) -> str:
    """A language's catalogue with today's sentences; what is translated stays as it is.

    Nothing is guessed from a sentence that looks alike: a changed one is translated anew.
    """
    name = path.parents[1].name
    with path.open("rb") as lines:
        catalogue = read_po(lines, locale=name, abort_invalid=True)
    catalogue.update(collected, no_fuzzy_matching=True, update_creation_date=False)
    header = _LANGUAGE_HEADER.format(
        english=Locale.parse(name).english_name,
        name=name,
        plurals=f"nplurals={catalogue.num_plurals}; plural={catalogue.plural_expr};",
    )
    return written(catalogue, header)


_FORMAT = """\
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
_HEADER = (
    """\
# Sentences of Vestibule for translation. Made by `make fix`; do not edit.
msgid ""
msgstr ""
"""
    + _FORMAT
)
_LANGUAGE_HEADER = (
    """\
# Sentences of Vestibule in {english}. `make fix` keeps it in step with vestibule.pot.
msgid ""
msgstr ""
"Language: {name}\\n"
"Plural-Forms: {plurals}\\n"
"""
    + _FORMAT
)


def main() -> int:
    collected = collect(PACKAGE, MAPPING)
    fresh = {CATALOGUE: written(collected, _HEADER)}
    for path in sorted(CATALOGUE.parent.glob("*/LC_MESSAGES/vestibule.po")):
        fresh[path] = brought_up(path, collected)
    if "--check" not in sys.argv[1:]:
        for path, text in fresh.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [
        path
        for path, text in fresh.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{path} is stale: run `make fix` and commit it.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
