"""The page of conformance claims nothing that no test proves."""

from pathlib import Path

import pytest

from scripts.conformance import FOLDER, ROOT, faults, page


def test_conformance_page_is_current() -> None:
    """The page is what `python -m scripts.conformance` renders now."""
    assert (ROOT / FOLDER / "conformance.md").read_text(encoding="utf-8") == page()


def test_every_claim_has_a_test() -> None:
    """A requirement is met only where a test names its id, and a test names only known ids."""
    assert faults() == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('holds = "Something."', "no test names it"),
        ('state = "not yet"', "a reason belongs to what is not met"),
        ('state = "done"\nholds = "x"\nwhy = "y"', "is no state"),
    ],
)
def test_unproven_claim_is_named(tmp_path: Path, row: str, said: str) -> None:
    """Each fault is seen: a claim without a test, an open one without a reason, an odd state."""
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "requirements.toml").write_text(f'[EF]\ntitle = "t"\n\n[EF.01]\n{row}\n')

    assert any(said in fault for fault in faults(tmp_path))
