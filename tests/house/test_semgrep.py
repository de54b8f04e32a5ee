"""Semgrep follows secrets and addresses through the house's functions, by rules of our own.

It runs offline: the rules lie in this repository, and nothing is told to anybody.
"""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".tools" / "semgrep" / "bin" / "semgrep"
RULES = ROOT / "scripts" / "semgrep" / "laws.yaml"

BREACHES = {
    "secret-told": """
async def submit(visit, desk):
    typed = visit.typed("new_password")
    said = f"tried {typed}"
    log_fact("password_tried", what=said)
""",
    "secret-told-2": """
async def submit(work, *, code: str):
    await work.note(EventName.AUTHN_LOGIN_FAIL, details=code.strip())
""",
    "redirect-unchecked": """
async def submit(visit, desk):
    wanted = visit.request.query_params.get("next") or "/"
    return visit.go(wanted)
""",
    "redirect-unchecked-2": """
async def submit(visit, desk):
    return visit.tell(Told.SAVED, to=visit.cookie(Cookie.NEXT))
""",
}
GOOD = """
async def submit(visit, work, *, code: str):
    await work.note(EventName.AUTHN_LOGIN_FAIL, digits=len(code), kind="sms")
    return visit.go(safe_path(visit.cookie(Cookie.NEXT)) or "/")
"""


def findings(folder: Path) -> list[tuple[str, str]]:
    """File and rule of each finding; a file that cannot be read fails."""
    assert PROGRAM.exists(), "no semgrep: `make test` installs it, or `scripts/tool semgrep`"
    done = subprocess.run(
        [PROGRAM, "scan", "--metrics=off", "--disable-version-check", "--no-git-ignore",
         "--disable-nosem", "--json", "--quiet", "--config", RULES, folder],
        env={"PATH": f"{PROGRAM.parent}:/usr/bin:/bin", "HOME": str(folder.parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    told = json.loads(done.stdout)
    assert told["errors"] == []
    assert told["paths"]["scanned"]
    return [(Path(one["path"]).name, one["check_id"].rpartition(".")[2]) for one in told["results"]]


def test_house_keeps_the_laws() -> None:
    """AU-02, WB-05: no secret goes into a line, and no redirect to what was asked for unchecked."""
    assert findings(ROOT / "src" / "vestibule") == []


def test_each_law_finds_its_breach(tmp_path: Path) -> None:
    """A breach of each law is named, and good code is let be."""
    (tmp_path / "code").mkdir()
    for name, text in {**BREACHES, "good": GOOD}.items():
        (tmp_path / "code" / f"{name}.py").write_text(text)

    found = findings(tmp_path / "code")

    assert sorted(found) == sorted((f"{name}.py", name.removesuffix("-2")) for name in BREACHES)
