"""The import contracts hold a house that obeys, and name each breach of one that does not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ["crypto/mac", "crypto/keyring", "crypto/seal", "crypto/password_hash", "settings", "clock"]
ROOMS += ["entropy", "domain/totp", "storage/accounts", "delivery/routing", "observability/journal"]
ROOMS += ["flows/sign_up", "web/sign_up", "web/app", "simulator/app", "asgi"]
ROOMS += ["bootstrap", "bootstrap_of_carriers"]
ROOMS += ["cli/serve", "attack/run", "__main__"]
OBEYS = {
    "__main__": "import vestibule.cli.serve",
    "cli/serve": "import vestibule.settings, vestibule.bootstrap, vestibule.storage.accounts",
    "bootstrap": "import vestibule.settings, vestibule.web.app, vestibule.delivery.routing",
    "web/app": "import vestibule.web.sign_up",
    "web/sign_up": "import vestibule.flows.sign_up, vestibule.domain.totp",
    "flows/sign_up": "import vestibule.storage.accounts, vestibule.delivery.routing, asyncio",
    "domain/totp": "import hmac, vestibule.crypto.mac, vestibule.entropy",
    "crypto/seal": "import vestibule.entropy",
}


def build(root: Path, imports: dict[str, str]) -> None:
    package = root / "vestibule"
    for room in [*ROOMS, *imports]:
        path = package / f"{room}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(imports.get(room, ""))
    for folder in {path.parent for path in package.rglob("*.py")} | {package}:
        (folder / "__init__.py").touch()


def broken(root: Path, imports: dict[str, str]) -> str:
    """What import-linter says about a house with these imports; nothing when all is well."""
    build(root, imports)
    done = subprocess.run(
        [
            Path(sys.executable).parent / "lint-imports",
            "--no-cache",
            "--config",
            ROOT / "pyproject.toml",
        ],
        cwd=root,
        env={"PYTHONPATH": str(root), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    return done.stdout.partition("Broken contracts")[2] if done.returncode else ""


def test_floors_hold_a_house_that_obeys(tmp_path: Path) -> None:
    """The walk from the entry down to the domain breaks no contract."""
    assert broken(tmp_path, OBEYS) == ""


@pytest.mark.parametrize(
    ("room", "imported", "said"),
    [
        ("flows/sign_up", "vestibule.web.app", "vestibule.flows is not allowed to import"),
        ("simulator/app", "vestibule.web.app", "vestibule.simulator is not allowed to import"),
        ("storage/accounts", "vestibule.delivery.routing", "vestibule.storage is not allowed"),
        ("web/app", "vestibule.storage.accounts", "protected package vestibule.storage"),
        ("simulator/app", "vestibule.delivery.routing", "protected package vestibule.delivery"),
        ("flows/sign_up", "vestibule.settings", "protected package vestibule.settings"),
        ("domain/totp", "vestibule.crypto.seal", "not allowed to import vestibule.crypto.seal"),
        ("domain/totp", "sqlite3", "vestibule.domain is not allowed to import sqlite3"),
        (
            "delivery/routing",
            "sqlalchemy",
            "vestibule.delivery is not allowed to import sqlalchemy",
        ),
        ("web/sign_up", "vestibule.web.app", "No cycles are allowed in vestibule.web"),
        ("attack/run", "vestibule.flows.sign_up", "vestibule.attack is not allowed to import"),
        ("attic/trunk", "os", "vestibule.attic"),
    ],
)
def test_floors_name_a_breach(tmp_path: Path, room: str, imported: str, said: str) -> None:
    """Each contract is seen failing, with the import that broke it."""
    imports = OBEYS | {room: f"{OBEYS.get(room, 'import os')}\nimport {imported}\n"}

    assert said in broken(tmp_path, imports)
