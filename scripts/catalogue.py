"""Collects the sentences for translation into vestibule.pot, or with --check compares only.

The catalogue holds no dates and no line numbers, so it changes only when a sentence does.
"""

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import write_po

PACKAGE = Path("src/vestibule")
MAPPING = PACKAGE / "locale/babel.cfg"
CATALOGUE = PACKAGE / "locale/vestibule.pot"
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


def collect(package: Path, mapping: Path) -> str:
    """The catalogue's text: every marked sentence of the package, sorted by file."""
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
    written = io.BytesIO()
    write_po(
        written, catalogue, width=100, omit_header=True, sort_by_file=True, include_lineno=False
    )
    return _HEADER + written.getvalue().decode()


_HEADER = """\
# Sentences of Vestibule for translation. Made by `make fix`; do not edit.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def main() -> int:
    fresh = collect(PACKAGE, MAPPING)
    if "--check" not in sys.argv[1:]:
        CATALOGUE.write_text(fresh, encoding="utf-8")
        return 0
    if CATALOGUE.is_file() and CATALOGUE.read_text(encoding="utf-8") == fresh:
        return 0
    print(f"{CATALOGUE} is stale: run `make fix` and commit it.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
