"""Finds where the requirements files no longer pin what pyproject.toml asks for.

Works from the files alone, without a registry; `make lock` mends what it finds.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PIN = re.compile(r"^([A-Za-z0-9][\w.\[\],-]*)==([^\s;\\]+)(.*)$")

GROUPS = {
    "requirements.txt": ("project", "build"),
    "requirements-dev.txt": ("project", "build", "dev"),
    "requirements-installer.txt": ("installer",),
    "requirements-bandit.txt": ("bandit",),
    "requirements-semgrep.txt": ("semgrep",),
    "requirements-wapiti.txt": ("wapiti",),
}
"""Which lists of pyproject.toml each file answers for."""

Place = tuple[str, int, str]
"""Path, line, and what is wrong there."""


def loose_pins(root: Path) -> Iterator[Place]:
    """Every requirement that is unpinned, pinned outside its range, or without a hash."""
    asked = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lists = {"project": asked["project"]["dependencies"], **asked["dependency-groups"]}
    pins = {name: _pins((root / name).read_text(encoding="utf-8")) for name in GROUPS}
    for name, groups in GROUPS.items():
        for wanted in (Requirement(text) for group in groups for text in lists[group]):
            versions = pins[name].get(canonicalize_name(wanted.name), {})
            if not any(wanted.specifier.contains(version) for version in versions):
                yield name, 1, f"does not pin {wanted}; run `make lock`"
        yield from _without_hash(name, (root / name).read_text(encoding="utf-8").splitlines())
    for package, versions in pins["requirements.txt"].items():
        if not versions.keys() <= pins["requirements-dev.txt"].get(package, {}).keys():
            yield "requirements-dev.txt", 1, f"pins another {package} than requirements.txt"


def _pins(text: str) -> dict[str, dict[str, int]]:
    """Versions, with their lines, by normal name; one package may be pinned per platform."""
    found: dict[str, dict[str, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := _PIN.match(line):
            name = canonicalize_name(match[1].partition("[")[0])
            found.setdefault(name, {})[match[2]] = number
    return found


def _without_hash(name: str, lines: Sequence[str]) -> Iterator[Place]:
    for number, line in enumerate(lines, 1):
        if line.startswith((" ", "#")) or not line:
            continue
        following = lines[number] if number < len(lines) else ""
        if not (_PIN.match(line) and following.lstrip().startswith("--hash=sha256:")):
            yield name, number, f"neither a pin nor hashed: {line.strip()}"
