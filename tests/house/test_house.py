"""The house rules find what they are there for, and leave good code alone."""

import re
import subprocess
from pathlib import Path

import pytest

from scripts.house import CRYPTOGRAPHY_OUTSIDE, Source, faults_in, tree_faults

LAST_WORD = "TO" + "DO"
REGISTRY = "https://" + "pypi" + ".org/simple"
ONE_MACHINE = "/" + "home/ann/vestibule"
UNREASONED = "import x  # " + "noqa: F401"


def long_function(lines: int) -> str:
    return '"""Here."""\n\ndef f() -> None:\n' + "    x = 1\n" * (lines - 1)


def texts(path: str, text: str) -> list[str]:
    return [fault.text for fault in faults_in(Source.of(path, text))]


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("src/vestibule/a.py", '"""Here."""\n' * 421, "cut the room in two at 420"),
        ("README.md", "word\n" * 151, "150 are enough"),
        ("src/vestibule/a.py", long_function(51), "f has 51 lines; 50 at most"),
        ("tests/test_a.py", long_function(51), "f has 51 lines"),
        ("src/vestibule/a.py", "x = 1\n", "say in a docstring"),
        ("src/vestibule/web/utils.py", '"""Here."""\n', "“utils” says nothing"),
        ("tests/helpers.py", "", "“helpers” says nothing"),
        ("docs/a.md", f"{LAST_WORD} write this", f"no {LAST_WORD} in the tree"),
        ("docs/a.md", f"install from {REGISTRY}", "no package registry is named here"),
        ("requirements.txt", f"--index-url {REGISTRY}", "no package registry is named here"),
        ("Makefile", f"run:\n\tcd {ONE_MACHINE}", "a path of one machine"),
        ("tests/test_a.py", UNREASONED, "carries its reason"),
        ("tests/test_a.py", "x = y  # type: " + "ignore[misc]", "carries its reason"),
        ("tests/test_a.py", f"{UNREASONED} - used\nimport z\n{UNREASONED}", "carries its reason"),
        ("tests/test_a.py", "monkeypatch.setattr(a, 'b', 1)", "no monkeypatch.setattr"),
        ("src/vestibule/a.py", '"""A."""\nok = typed == expected', "hmac.compare_digest"),
        ("src/vestibule/a.py", '"""A."""\nok = a.code_mac != stored', "hmac.compare_digest"),
        ("src/vestibule/a.py", '"""A."""\nq = f"SELECT * FROM {table}"', "{table} inside SQL"),
        (
            "src/vestibule/a.py",
            '"""A."""\nw = "a"\nw = given()\nq = f"DELETE FROM t WHERE {w}"',
            "{w} inside SQL",
        ),
        ("src/vestibule/web/templates/a.html", "<p>Enter it</p>", "mark it for translation"),
        ("src/vestibule/web/templates/a.html", '<a title="Go on">', "mark it for translation"),
        (
            "src/vestibule/web/a.py",
            '"""A."""\nsaid = "Nothing was changed."',
            "mark it for translation: “Nothing was changed.”",
        ),
        ("src/vestibule/flows/a.py", '"""A."""\nfrom hashlib import md5', "hashlib belongs into"),
        ("src/vestibule/web/a.py", '"""A."""\nimport cryptography.x509', "cryptography belongs"),
        ("src/vestibule/domain/totp.py", '"""A."""\nimport hashlib', "or on the inventory"),
        ("src/vestibule/flows/a.py", '"""A."""\nimport logging', "log by vestibule.obs"),
        ("src/vestibule/web/templates/a.html", "<p>{{ name | safe }}", "no | safe"),
        ("src/vestibule/web/templates/a.html", "{% autoescape false %}", "no {% autoescape"),
    ],
)
def test_house_names_a_breach(path: str, text: str, said: str) -> None:
    """PH-06, AU-02, WB-06: each rule is seen failing, with words that say what to do."""
    found = texts(path, text)

    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/vestibule/a.py", '"""Here."""\n' * 420),
        ("src/vestibule/a.py", long_function(50)),
        ("src/vestibule/a/__init__.py", ""),
        ("src/vestibule/storage/migrations/versions/0001_initial.py", long_function(500)),
        (
            "src/vestibule/web/templates/base.html",
            '<p lang="en">{{ _("Also a base.") }} · 10:42</p>',
        ),
        ("tests/test_a.py", UNREASONED + " - re-exported"),
        ("tests/test_a.py", f"{UNREASONED} - these are used\n{UNREASONED}\n{UNREASONED}"),
        ("tests/test_a.py", "x = y  # type: " + "ignore[misc]  # the library has no types"),
        ("tests/test_a.py", "monkeypatch.setenv('A', '1')"),
        ("src/vestibule/a.py", '"""A."""\nq = f"SELECT {_COLUMNS} FROM {schema.NAME}"'),
        (
            "src/vestibule/a.py",
            '"""A."""\ns = "FOR UPDATE" if big else ""\nq = f"SELECT 1 FROM t {s}"',
        ),
        ("src/vestibule/a.py", '"""A."""\nq = f"Select one of {names}."'),
        ("docs/a.md", "data in /var/lib/vestibule, keys in /etc/vestibule"),
        ("src/vestibule/crypto/a.py", '"""A."""\nimport hashlib'),
        ("src/vestibule/domain/totp.py", '"""A."""\nimport hmac'),
        ("src/vestibule/web/templates/a.html", '{{ _("It is safe") }}'),
        ("LICENSE", LAST_WORD),
    ],
)
def test_house_leaves_good_code_alone(path: str, text: str) -> None:
    """Code at the limit, and words that only look like a breach, pass."""
    assert texts(path, text) == []


def test_house_reads_what_git_would_commit(tmp_path: Path) -> None:
    """A new file counts before it is added; an ignored one never does."""
    root = Path(__file__).parents[2]
    for name in ("pyproject.toml", *(path.name for path in root.glob("requirements*.txt"))):
        (tmp_path / name).write_bytes((root / name).read_bytes())
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("var/\n")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "notes.md").write_text(LAST_WORD)
    (tmp_path / "new.md").write_text(f"# New\n\n{LAST_WORD} and [away](gone.md)\n")

    found = {(fault.path, fault.line, fault.text.split()[0]) for fault in tree_faults(tmp_path)}

    assert found == {("new.md", 3, "finish"), ("new.md", 3, "gone.md:")}


def test_inventory_of_cryptography_is_of_today() -> None:
    """ASVS 11.1.3: no entry of the inventory outlives what it was made for."""
    root = Path(__file__).parents[2]
    for path, named in CRYPTOGRAPHY_OUTSIDE.items():
        found = _imported_by((root / path).read_text(encoding="utf-8"))
        assert named <= found, path


def _imported_by(text: str) -> set[str]:
    return set(re.findall(r"(?m)^(?:import|from) (\w+)", text))
