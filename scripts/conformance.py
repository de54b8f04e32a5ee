"""Render docs/security/conformance.md: each requirement, what holds, and the tests that prove it.

Reads the lists beside the page, and the tests whose docstrings name an id: requirements.toml has
ours, each met by tests; asvs.toml and known_attacks.toml are met by ours. `faults` are what they do
not agree on; a test holds them at none.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = Path("docs/security")
ID = re.compile(r"\b([A-Z]{2})-(\d\d)\b")
_RULE = "|---|---|---|---|"
STATES = {"met", "in part", "not yet", "not applicable"}
BORROWED_STATES = STATES | {"deployment"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the page."""

    id: str
    section: str
    state: str
    holds: str
    why: str


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A line of somebody else's list, which holds by requirements of ours or by single tests."""

    name: str
    section: str
    state: str
    by: tuple[str, ...]
    why: str
    level: str = ""
    lesson: str = ""


@dataclass(frozen=True, slots=True)
class Test:
    """A test that names an id."""

    __test__ = False  # pytest would take the name for a test class

    path: str
    name: str


def requirements(root: Path = ROOT) -> list[Requirement]:
    """All of ours, in the order of their file."""
    found = []
    for prefix, section in _read(root, "requirements.toml").items():
        for number, row in section.items():
            if number != "title":
                state, holds, why = (row.get(key, "") for key in ("state", "holds", "why"))
                name = f"{prefix}-{number}"
                found.append(Requirement(name, section["title"], state or "met", holds, why))
    return found


def controls(root: Path = ROOT) -> list[Borrowed]:
    """Those of ASVS 5.0, in the order of their file."""
    return [
        _borrowed(row, name, chapter["title"])
        for chapter in _read(root, "asvs.toml").values()
        for name, row in chapter.items()
        if name != "title"
    ]


def known_attacks(root: Path = ROOT) -> list[Borrowed]:
    """What befell others, in the order of their file."""
    return [
        _borrowed(row, row["record"], "Known attacks")
        for row in _read(root, "known_attacks.toml").get("attack", [])
    ]


def _read(root: Path, name: str) -> dict[str, Any]:
    path = root / FOLDER / name
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _borrowed(row: Mapping[str, Any], name: str, section: str) -> Borrowed:
    return Borrowed(
        name=name,
        section=section,
        state=row.get("state", "met"),
        by=tuple(row.get("by", ())),
        why=row.get("why", ""),
        level=str(row.get("level", "")),
        lesson=row.get("lesson", ""),
    )


def proofs_in(root: Path) -> dict[str, list[Test]]:
    """The tests by the ids that their docstrings name."""
    found: dict[str, list[Test]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        name = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name.startswith("test_"):
                    for one in sorted(set(_ids(ast.get_docstring(node) or ""))):
                        found.setdefault(one, []).append(Test(name, node.name))
    return found


def _ids(text: str) -> list[str]:
    return [match[0] for match in ID.finditer(text)]


def faults(root: Path = ROOT) -> list[str]:
    """What is claimed without a test, tested without a line, or left open without a reason."""
    ours, proofs = {one.id: one for one in requirements(root)}, proofs_in(root)
    return [
        *_faults_of_ours(ours, proofs),
        *(f"{one} is named by a test and stands in no list" for one in proofs if one not in ours),
        *_faults_of_borrowed(controls(root) + known_attacks(root), ours, root),
    ]


def _faults_of_borrowed(
    borrowed: Iterable[Borrowed], ours: Mapping[str, Requirement], root: Path
) -> Iterator[str]:
    for one in borrowed:
        if one.state not in BORROWED_STATES:
            yield f"{one.name}: “{one.state}” is no state"
        if one.state in {"met", "in part"} and not one.by:
            yield f"{one.name} is said to hold, and nothing is named that makes it so"
        if (one.state == "met") == bool(one.why):
            yield f"{one.name}: a reason belongs to what is not met, and only there"
        for name in one.by:
            if "::" in name:
                if not _is_test(root, name):
                    yield f"{one.name}: there is no test {name}"
            elif name.endswith(".md"):
                if not (root / name).is_file():
                    yield f"{one.name}: there is no document {name}"
            elif name not in ours:
                yield f"{one.name}: there is no requirement {name}"
            elif one.state == "met" and ours[name].state != "met":
                yield f"{one.name} is said to be met by {name}, which is {ours[name].state}"


def _is_test(root: Path, name: str) -> bool:
    path, _, function = name.partition("::")
    text = (root / path).read_text(encoding="utf-8") if (root / path).is_file() else ""
    return f"def {function}(" in text


def _faults_of_ours(
    ours: Mapping[str, Requirement], proofs: Mapping[str, list[Test]]
) -> Iterator[str]:
    for one in ours.values():
        if one.state not in STATES:
            yield f"{one.id}: “{one.state}” is no state"
        if one.state in {"met", "in part"} and not (one.holds and one.id in proofs):
            yield f"{one.id} is said to hold, and no test names it"
        if (one.state == "met") == bool(one.why):
            yield f"{one.id}: a reason belongs to what is not met, and only there"


def page(root: Path = ROOT) -> str:
    """The whole page, as it has to stand in the tree."""
    ours, proofs = requirements(root), proofs_in(root)
    parts = [
        "# Conformance\n",
        "<!-- Rendered by `python -m scripts.conformance` from requirements.toml and the"
        "\n     docstrings of the tests. -->\n",
        "What Vestibule promises to withstand, by id, and the tests that prove it. A test holds"
        "\nthis page to the code: a line that claims something without a test fails, and so does"
        "\na test that is gone.\n",
        _counts("Ours", [one.state for one in ours]),
        *_counts_of_asvs(controls(root)),
        _counts("Known attacks", [one.state for one in known_attacks(root)]),
    ]
    for section in dict.fromkeys(one.section for one in ours):
        parts += [
            f"\n## {section}\n",
            "| id | state | what holds | proved by |",
            "|---|---|---|---|",
        ]
        parts += [
            f"| {one.id} | {one.state} | {' '.join(filter(None, (one.holds, one.why)))}"
            f" | {_links(proofs.get(one.id, []))} |"
            for one in ours
            if one.section == section
        ]
    parts += _known_attacks_table(known_attacks(root)) + _asvs_tables(controls(root))
    return "\n".join(parts) + "\n"


def _known_attacks_table(rows: list[Borrowed]) -> list[str]:
    return [
        "\n## Known attacks\n",
        "What befell comparable systems; the tests are those of the requirements that are named.\n",
        "| record | lesson | state | by |",
        _RULE,
        *(f"| {one.name} | {one.lesson} | {one.state} | {_by(one)} |" for one in rows),
    ]


def _asvs_tables(rows: list[Borrowed]) -> list[str]:
    parts = [
        "\n## OWASP ASVS 5.0\n",
        "Chapters that do not concern a front door are left out. “Deployment” is the operator's:"
        " the [hardening guide](../how-to/harden.md) says how.",
    ]
    for section in dict.fromkeys(one.section for one in rows):
        parts += [f"\n### {section}\n", "| control | level | state | by |", _RULE]
        parts += [
            f"| {one.name} | {one.level} | {one.state} | {_by(one)} |"
            for one in rows
            if one.section == section
        ]
    return parts


def _by(one: Borrowed) -> str:
    return " ".join(filter(None, (", ".join(_link(name) for name in one.by), one.why)))


def _link(name: str) -> str:
    """A requirement stands above on the page; tests and documents are linked."""
    path, is_test, function = name.partition("::")
    if is_test:
        return f"[{function.removeprefix('test_').replace('_', ' ')}](../../{path})"
    return f"[{name}](../../{name})" if name.endswith(".md") else name


def _counts_of_asvs(rows: list[Borrowed]) -> list[str]:
    return [
        _counts(f"ASVS 5.0, level {level}", [one.state for one in rows if one.level == level])
        for level in ("1", "2", "3")
    ]


def _counts(title: str, states: list[str]) -> str:
    said = [
        f"{states.count(state)} {state}" for state in sorted(BORROWED_STATES) if state in states
    ]
    return f"- {title}: {', '.join(said)}, of {len(states)}"


def _links(found: list[Test]) -> str:
    """The first few tests by file; many prove the commonest ids."""
    shown = [f"[{_short(one)}](../../{one.path})" for one in found[:3]]
    more = len(found) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _short(one: Test) -> str:
    return one.name.removeprefix("test_").replace("_", " ")


def main() -> int:
    (ROOT / FOLDER / "conformance.md").write_text(page(), encoding="utf-8")
    found = faults()
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
