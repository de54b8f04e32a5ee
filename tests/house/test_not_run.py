"""At the end of a run stands what was counted, and each test that did not run."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

@pytest.mark.skip(reason="no such machine")
def test_skipped(): ...

@pytest.mark.xfail(reason="a known fault")
def test_known(): assert False

def test_fine(record_property):
    record_property("figure requests", 7)
    record_property("figure lost", 0)
"""


def test_skips_are_listed_with_their_reasons(tmp_path: Path) -> None:
    """What was counted, then name and reason, under headings, also when run by several workers."""
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    (tmp_path / "test_a.py").write_text(TESTS)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "test_a.py::test_fine: 7 requests, 0 lost" in done.stdout
    assert "not run: 2" in done.stdout
    assert "test_a.py::test_skipped: no such machine" in done.stdout
    assert "test_a.py::test_known: a known fault" in done.stdout
    assert "1 passed, 1 skipped, 1 xfailed" in done.stdout.splitlines()[-1]
