"""Regular expressions take time that grows with the text, never with its square (ASVS 1.3.12)."""

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import vestibule

SOURCE = Path(vestibule.__file__).parent
SHORT, TIMES = 500, 4
WORST = 8
"""Four times the text may take eight times as long; with its square it takes sixteen times."""
TOO_QUICK = 0.001
"""Seconds: what is done in less has no growth to speak of, and none that could be measured."""
PARTS = (
    "a", "1", " ", "-", "_", ".", "/", "+", ":", "'", '"', "\\", "%", "$", "(", "<", "é", "\u200b",
    "a.", "1 ", "a-", "ab-cd", "/*", "--", "$a$", "e'", "''", "%4", "https://", "Chrom", "4.", "0",
)  # fmt: skip
ENDS = ("", "!", "\0", "a", "1", "@", "\n")
CALLS = {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub"}


def _compiled() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every expression that a module keeps."""
    for found in pkgutil.walk_packages([str(SOURCE)], "vestibule."):
        if found.name.endswith((".__main__", ".asgi")) or ".migrations." in found.name:
            # They start something when they are imported.
            continue
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{found.name}.{name}", _as_text(value)


def _written() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every expression that is written where it is used."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("re"), attr=called),
                    args=[ast.Constant(str(text)), *_],
                ) if called in CALLS - {"compile"}:
                    yield f"{path.relative_to(SOURCE)}:{node.lineno}", re.compile(text)


def _as_text(pattern: re.Pattern[str] | re.Pattern[bytes]) -> re.Pattern[str]:
    if isinstance(pattern.pattern, bytes):
        return re.compile(pattern.pattern.decode("latin-1"))
    return pattern


OUR_OWN = {"vestibule.storage.statements._TOKEN", "vestibule.storage.statements._VERB"}
"""They read the house's own SQL, once per statement, and nothing that anybody sends."""
EXPRESSIONS = {
    name: pattern for name, pattern in [*_compiled(), *_written()] if name not in OUR_OWN
}


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    began = time.process_time()
    for _ in pattern.finditer(text):
        continue
    return time.process_time() - began


def worst_growth(pattern: re.Pattern[str]) -> float:
    """How many times longer the worst text takes when it is four times as long."""
    worst = 0.0
    for part in PARTS:
        for end in ENDS:
            short, long = (part * (size // len(part)) + end for size in (SHORT, SHORT * TIMES))
            if _seconds(pattern, long) < TOO_QUICK:
                continue
            # The best of three, for the machine has other things to do; what then looks like a
            # trap is looked at again, and one that is there is there each time.
            growth = _growth(pattern, short, long)
            for _ in range(4):
                if growth < WORST:
                    break
                growth = min(growth, _growth(pattern, short, long))
            worst = max(worst, growth)
    return worst


def _growth(pattern: re.Pattern[str], short: str, long: str) -> float:
    before = min(_seconds(pattern, short) for _ in range(3))
    return min(_seconds(pattern, long) for _ in range(3)) / before


@pytest.mark.parametrize("name", sorted(EXPRESSIONS))
def test_no_expression_grows_with_the_square(name: str) -> None:
    """Each expression of the house, on texts made to be slow: four times as long is no trap."""
    assert worst_growth(EXPRESSIONS[name]) < WORST


@pytest.mark.parametrize("slow", [r"(?:a|1)+b", r"\s+$", r"(?:1|a)+-"])
def test_slow_expression_is_seen(slow: str) -> None:
    """What does grow with the square is named."""
    assert worst_growth(re.compile(slow)) >= WORST
