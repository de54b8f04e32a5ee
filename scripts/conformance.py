"""Render docs/security/conformance.md: each requirement, what holds, and the tests that prove it.

Reads requirements.toml beside the page, and the tests whose docstrings name an id. `faults` are
what the two do not agree on; a test holds them at none.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = Path("docs/security")
ID = re.compile(r"\b([A-Z]{2})-(\d\d)\b")
_RULE = "|---|---|---|---|"
STATES = {"met", "in part", "not yet", "not applicable"}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the page."""

    id: str
    section: str
    state: str
    holds: str
    why: str


@dataclass(frozen=True, slots=True)
class Test:
    """A test that names an id."""

    __test__ = False  # pytest would take the name for a test class

    path: str
    name: str


def requirements(root: Path = ROOT) -> list[Requirement]:
    """All of ours, in the order of their file."""
    found = []
    read = tomllib.loads((root / FOLDER / "requirements.toml").read_text(encoding="utf-8"))
    for prefix, section in read.items():
        for number, row in section.items():
            if number != "title":
                state, holds, why = (row.get(key, "") for key in ("state", "holds", "why"))
                name = f"{prefix}-{number}"
                found.append(Requirement(name, section["title"], state or "met", holds, why))
    return found


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
    ]


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
    return "\n".join(parts) + "\n"


def _counts(title: str, states: list[str]) -> str:
    said = [f"{states.count(state)} {state}" for state in sorted(STATES) if state in states]
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
