"""Run what counts and render docs/security/figures.md: a row for each test that noted figures.

`python -m scripts.figures` takes some minutes; it changes the page only when everything passed.
"""

import ast
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from tests.figures import COLUMNS
from vestibule.clock import SystemClock

PAGE = Path("docs/security/figures.md")
FILES = (
    "tests/attacks/test_command.py",
    "tests/model/test_model.py",
    "tests/model/test_over_http.py",
    "tests/promises/test_code_races.py",
    "tests/promises/test_four_servers.py",
    "tests/promises/test_year_of_guessing.py",
    "tests/promises/test_delivery_kills.py",
    "tests/promises/test_restore.py",
    "tests/faults/test_clock.py",
    "tests/faults/test_kill.py",
    "tests/faults/test_postgresql_faults.py",
    "tests/faults/test_provider_down.py",
    "tests/faults/test_rotation.py",
    "tests/faults/test_slow_clients.py",
    "tests/faults/test_sqlite_faults.py",
    "tests/scanners/test_wapiti.py",
)

_LEAD = """\
# Figures

<!-- Rendered by `python -m scripts.figures`, which runs the tests that are named. -->

What was tried against a real house, and what it cost: counted by the tests themselves, in their run
on {day} ({machine}). An empty cell was not counted there. “Confirmed” is what the house had
answered yes to; “lost” and “spent twice” are of that. “Attacks” are a harness's kinds, a scanner's
modules, and elsewhere an attacker's acts; “requests” under a fault are codes that were posted.

The command makes its row again and prints its figures at the end, on a clone where
`make .venv/.dev`, `scripts/components postgresql` and, for the scanner, `make .tools/wapiti/.made`
have run once. Where chance or the machine's speed decides, the counts of a run differ a little;
what was lost or spent twice does not.
"""


def run(files: tuple[str, ...]) -> ElementTree.Element:
    """The report of pytest over these files; ends with its status if one failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-o",
            "junit_family=xunit1",
            f"--junitxml={report}",
            *files,
        ]
        done = subprocess.run(command, check=False)
        if done.returncode:
            sys.exit(done.returncode)
        return ElementTree.parse(report).getroot()  # noqa: S314 - pytest's own


def rows(report: ElementTree.Element) -> list[list[str]]:
    """A row for each test with figures: what it promises, the figures, and its command."""
    found = []
    for case in report.iter("testcase"):
        noted = {
            one.get("name", "").removeprefix("figure "): one.get("value", "")
            for one in case.iter("property")
            if one.get("name", "").startswith("figure ")
        }
        if noted:
            name, _, variant = case.get("name", "").partition("[")
            path = f"{case.get('classname', '').replace('.', '/')}.py"
            promise = _promise(Path(path), name) + (f" ({variant[:-1]})" if variant else "")
            # A pipe would end the cell; no test has one in its name.
            command = f"`.venv/bin/pytest '{path}::{case.get('name', '')}'`"
            found.append(
                [promise, *(noted.get(column, "") for column in COLUMNS.values()), command]
            )
    return found


def _promise(path: Path, name: str) -> str:
    """The first sentence of a test's docstring, without ids."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef(name=found) | ast.AsyncFunctionDef(name=found) if found == name:
                text = " ".join((ast.get_docstring(node) or name).split())
                head, _, rest = text.partition(": ")
                is_ids = rest and all(part[:2].isupper() for part in head.split(", "))
                return (rest if is_ids else text).rstrip(".")
    return name


def main() -> None:
    made = rows(run(FILES))
    header = ["what holds", *COLUMNS.values(), "command"]
    table = [header, ["---", *("---:" for _ in COLUMNS), "---"], *sorted(made)]
    machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}"
    text = _LEAD.format(day=SystemClock()().date(), machine=machine)
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in table)
    PAGE.write_text(f"{text}\n{lines}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
