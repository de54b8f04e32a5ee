"""bandit reads the whole of `src`; what it names is mended, or stands here with the reason.

It runs offline, in an environment of its own, and its own marks in the code count for nothing.
"""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".tools" / "bandit" / "bin" / "bandit"
GRAVE = {"MEDIUM", "HIGH"}

ALLOWED = {
    ("B608", "storage/"): (
        "SQL made of strings: the parts are lists of columns and names of tables that are constants"
        " of the module; scripts/house.py refuses anything else inside SQL text"
    ),
    ("B704", "web/set_up.py"): (
        "Markup of the QR code: an SVG that segno draws of squares, without a character of the data"
    ),
}
"""Rule and place, within src/vestibule, with the reason why it is no fault."""

BREACHES = {
    "B324": "import hashlib\n\ndigest = hashlib.md5(b'password').hexdigest()\n",
    "B301": "import pickle\n\n\ndef load(raw: bytes) -> object:\n    return pickle.loads(raw)\n",
    "B501": "import httpx\n\nhttpx.get('https://example.com', verify=False, timeout=5)\n",
    "B602": "import subprocess\n\n\ndef run(said: str) -> None:\n"
    "    subprocess.run(said, shell=True)\n",
}
"""What it is there to find."""


def findings(folder: Path) -> list[tuple[str, str]]:
    """Rule and file of each finding of medium or high severity; a file not read fails."""
    assert PROGRAM.exists(), "no bandit: `make test` installs it, or `scripts/tool bandit`"
    done = subprocess.run(
        [PROGRAM, "--quiet", "--ignore-nosec", "--format", "json", "--recursive", folder],
        env={"PATH": f"{PROGRAM.parent}:/usr/bin:/bin", "HOME": str(folder.parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    told = json.loads(done.stdout)
    assert told["errors"] == []
    assert told["metrics"]["_totals"]["loc"] > 0
    return sorted(
        (one["test_id"], Path(one["filename"]).relative_to(folder).as_posix())
        for one in told["results"]
        if one["issue_severity"] in GRAVE
    )


def test_bandit_finds_nothing_grave() -> None:
    """Every finding of medium or high severity is allowed with a reason, and no reason is idle."""
    used, left = set(), []
    for rule, path in findings(ROOT / "src" / "vestibule"):
        reasons = [one for one in ALLOWED if one[0] == rule and path.startswith(one[1])]
        used.update(reasons)
        left += [] if reasons else [(rule, path)]

    assert left == []
    assert used == set(ALLOWED)


def test_bandit_finds_breaches(tmp_path: Path) -> None:
    """Each breach of the sample is named, marked as no fault or not; good code is let be."""
    (tmp_path / "code").mkdir()
    for name, text in BREACHES.items():
        marked = "\n".join(f"{line}  # nosec" if "(" in line else line for line in text.split("\n"))
        (tmp_path / "code" / f"{name}.py").write_text(marked)
    (tmp_path / "code" / "good.py").write_text(
        "def add(a: int, b: int) -> int:\n    return a + b\n"
    )

    found = findings(tmp_path / "code")

    assert found == sorted((name, f"{name}.py") for name in BREACHES)
