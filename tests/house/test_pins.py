"""The requirements files pin what pyproject.toml asks for."""

from pathlib import Path

import pytest

from scripts.pins import loose_pins

PYPROJECT = """
[project]
dependencies = ["Star_lette[full]>=1.10"]
[dependency-groups]
build = ["hatchling>=1"]
dev = ["pytest>=9"]
installer = ["uv>=0.13"]
bandit = ["bandit>=1"]
semgrep = ["semgrep>=1"]
wapiti = ["wapiti3>=3"]
"""
HASHED = " \\\n    --hash=sha256:00\n"


def pinned(*names: str) -> str:
    return "".join(name + HASHED for name in names)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    run = ("star-lette==1.12", "hatchling==1.27")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "requirements.txt").write_text(pinned(*run))
    (tmp_path / "requirements-dev.txt").write_text(pinned(*run, "pytest==9.2"))
    (tmp_path / "requirements-installer.txt").write_text(pinned("uv==0.13.9"))
    (tmp_path / "requirements-bandit.txt").write_text(pinned("bandit==1.9.0"))
    (tmp_path / "requirements-semgrep.txt").write_text(pinned("semgrep==1.185.0"))
    (tmp_path / "requirements-wapiti.txt").write_text(pinned("wapiti3==3.2.3"))
    return tmp_path


def test_pins_that_answer_every_requirement_pass(root: Path) -> None:
    """Names are compared in their normal form, and extras do not matter."""
    assert list(loose_pins(root)) == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("requirements.txt", pinned("hatchling==1.27"), "does not pin Star_lette"),
        ("requirements.txt", pinned("star-lette==1.9", "hatchling==1.27"), "does not pin Star"),
        ("requirements-installer.txt", "uv==0.13.9\n", "neither a pin nor hashed"),
        ("requirements-installer.txt", pinned("uv>=0.13"), "neither a pin nor hashed"),
        (
            "requirements-dev.txt",
            pinned("star-lette==1.13", "hatchling==1.27", "pytest==9.2"),
            "pins another star-lette than requirements.txt",
        ),
    ],
)
def test_pins_that_drifted_are_named(root: Path, name: str, text: str, said: str) -> None:
    """A missing, outdated, unhashed or differing pin fails the check."""
    (root / name).write_text(text)

    assert any(said in reason for _, _, reason in loose_pins(root))
