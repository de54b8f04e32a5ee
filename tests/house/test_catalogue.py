"""The catalogue holds every sentence, and nothing that changes by itself."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import catalogue

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    package = tmp_path / catalogue.PACKAGE
    (package / "locale").mkdir(parents=True)
    (package / "templates").mkdir()
    (package / "locale" / "babel.cfg").write_bytes((ROOT / catalogue.MAPPING).read_bytes())
    (package / "wording.py").write_text('A = N_("Try again.")\n')
    (package / "templates" / "page.html").write_text(
        '<p>{{ _("Sign in") }} {% trans n=2 %}One try{% pluralize %}{{ n }} tries{% endtrans %}'
    )
    return tmp_path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.catalogue", *arguments],
        cwd=tree,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_catalogue_collects_from_code_and_templates(tree: Path) -> None:
    """Marked text, translated text and plurals all reach the catalogue."""
    assert run(tree).returncode == 0

    text = (tree / catalogue.CATALOGUE).read_text()
    for sentence in ("Try again.", "Sign in", "One try", "%(n)s tries"):
        assert f'"{sentence}"' in text


def test_catalogue_is_stale_until_made_again(tree: Path) -> None:
    """A new sentence fails the check, which itself writes nothing."""
    assert run(tree).returncode == 0
    assert run(tree, "--check").returncode == 0
    before = (tree / catalogue.CATALOGUE).read_text()

    (tree / catalogue.PACKAGE / "wording.py").write_text('A = N_("Wait a moment.")\n')
    stale = run(tree, "--check")

    assert stale.returncode == 1
    assert "is stale: run `make fix`" in stale.stdout
    assert (tree / catalogue.CATALOGUE).read_text() == before


def test_catalogue_does_not_move_with_the_lines(tree: Path) -> None:
    """A sentence that stands one line lower changes nothing."""
    assert run(tree).returncode == 0

    wording = tree / catalogue.PACKAGE / "wording.py"
    wording.write_text("# One line more.\n" + wording.read_text())

    assert run(tree, "--check").returncode == 0


def test_catalogue_refuses_a_broken_template(tree: Path) -> None:
    """A template that cannot be parsed is an error, not a page without sentences."""
    (tree / catalogue.PACKAGE / "templates" / "page.html").write_text('{{ _("Sign in" }}')

    assert run(tree).returncode != 0
