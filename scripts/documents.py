"""Finds links in Markdown that lead nowhere: no such file, no such heading, out of the tree.

Reads files only; links to other sites are not followed.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_TARGETS = (
    re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^\"']*[\"'])?\s*\)"),
    re.compile(r"^\[[^\]]+\]:\s+<?([^\s>]+)", re.MULTILINE),
    re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)=\"([^\"]+)\""),
)

Place = tuple[str, int, str]
"""Path, line, and what is wrong there."""


def broken_links(root: Path, documents: Sequence[str]) -> Iterator[Place]:
    """Every link of these documents that has no end inside the tree."""
    for name in documents:
        text = _without_code((root / name).read_text(encoding="utf-8"))
        for pattern in _TARGETS:
            for match in pattern.finditer(text):
                if reason := _why_broken(root, name, match[1]):
                    yield name, text.count("\n", 0, match.start()) + 1, f"{match[1]}: {reason}"


def _without_code(text: str) -> str:
    """The text with code blanked out, lines kept, so that places stay right."""
    text = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
    return _CODE.sub(lambda match: "\n" * match[0].count("\n"), text)


def _why_broken(root: Path, name: str, target: str) -> str | None:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    if parts.path.startswith("/"):
        return "write it relative to this document"
    here = root / name
    end = (here.parent / unquote(parts.path)).resolve() if parts.path else here.resolve()
    if not end.is_relative_to(root.resolve()):
        return "leads out of the repository"
    if not end.exists():
        return "there is no such file"
    if parts.fragment and end.suffix == ".md" and parts.fragment not in headings(end):
        return "there is no such heading"
    return None


def headings(document: Path) -> set[str]:
    """The anchors of a Markdown file, as the usual hosts of repositories make them."""
    anchors: set[str] = set()
    text = _FENCE.sub("", document.read_text(encoding="utf-8"))
    for match in re.finditer(r"^#{1,6}\s+(.+?)\s*#*$", text, re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = 0
        anchor = slug
        while anchor in anchors:
            count += 1
            anchor = f"{slug}-{count}"
        anchors.add(anchor)
    return anchors
