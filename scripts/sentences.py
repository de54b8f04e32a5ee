"""Finds sentences that people are shown and that nobody could translate: they are not marked.

In templates all text and every attribute that is read out; in the rooms that write to people every
literal that looks like a sentence. It reads text only; `scripts.house` names the faults.
"""

import ast
import re
from collections.abc import Iterator

SHOWING = ("src/vestibule/web/", "src/vestibule/simulator/", "src/vestibule/delivery/")
FOR_MACHINES = {"src/vestibule/web/metrics.py"}
MARKS = {"N_", "_", "gettext", "ngettext", "translate"}

_SENTENCE = re.compile(r"[A-Z][\w’']*[,:]?( [\w’'“”()%./-]+[,:;]?){2,}[.?:!]?.*", re.S)
_SAID_IN = re.compile(r"""\b(?:aria-label|title|alt|placeholder|content)=(["'])(.*?)\1""", re.S)
_FOR_BROWSERS = re.compile(r'<meta name="[^"]*" content="[^"]*">')
_WORDS = re.compile(r"(?!.*(?:=\"|://)).*(?:[A-Z][a-z]+|[^\W\d_]{2,} [^\W\d_]{2,}).*")
"""A capital letter or a second word: the rest is a value, or a part of a tag."""


def unmarked_in_template(text: str) -> Iterator[tuple[int, str]]:
    """The line and the words of each text that is not inside `{{ _("…") }}`."""
    # Each line keeps its place; an expression leaves a mark, for what stands beside it.
    plain = _blank(r"\{#.*?#\}|\{%.*?%\}|<script.*?</script>", text)
    plain = _blank(r"\{\{.*?\}\}", plain)
    plain = _FOR_BROWSERS.sub("", plain)
    for found in _SAID_IN.finditer(plain):
        if _WORDS.fullmatch(found[2].strip()):
            yield plain.count("\n", 0, found.start()) + 1, found[2].strip()
    for number, line in enumerate(_blank(r"<[^>]*>", plain).splitlines(), 1):
        bare = re.sub(r"&\w+;", "", line).strip()
        if _WORDS.fullmatch(bare):
            yield number, bare


def _blank(pattern: str, text: str) -> str:
    return re.sub(pattern, lambda found: "\n" * found[0].count("\n"), text, flags=re.S)


def unmarked_in_code(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the words of each literal sentence that no mark is around."""
    quiet = {id(inner) for node in ast.walk(tree) if _is_quiet(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in quiet and _SENTENCE.fullmatch(node.value):  # type: ignore[attr-defined]  # a text
            yield node.lineno, node.value  # type: ignore[attr-defined]  # as above


def _is_quiet(node: ast.AST) -> bool:
    """Marked for translation, a docstring, or said to whoever wrote the code."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        return name in MARKS
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_docstring or isinstance(node, ast.Raise)
