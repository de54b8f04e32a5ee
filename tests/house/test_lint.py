"""What the linter bans: clocks, chance, the environment and patching, outside their rooms."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AMBIENT = [
    "from datetime import datetime\nnow = datetime.now(None)",
    "import datetime\nnow = datetime.datetime.utcnow()",
    "import datetime\ntoday = datetime.date.today()",
    "import time\nnow = time.time()",
    "import time\nnow = time.time_ns()",
    "import secrets\ncode = secrets.token_hex()",
    "from random import randint\ncode = randint(1, 6)",
    "import os\nkey = os.environ['KEY']",
    "import os\nkey = os.getenv('KEY')",
    "import os\nkey = os.urandom(32)",
    "import uuid\nname = uuid.uuid4()",
]
ELSEWHERE = ["src/vestibule/domain/totp.py", "src/vestibule/flows/sign_up.py", "tests/test_a.py"]


def is_banned(path: str, code: str) -> bool:
    command = [
        str(Path(sys.executable).parent / "ruff"),
        "check",
        "--select",
        "TID251",
        "--no-cache",
    ]
    done = subprocess.run(
        [*command, "--stdin-filename", path, "-"],
        input=code,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return "TID251" in done.stdout


@pytest.mark.parametrize("code", AMBIENT)
def test_lint_refuses_ambient_time_chance_and_environment(code: str) -> None:
    """Whatever would be read behind the caller's back is refused where it is not at home."""
    assert all(is_banned(path, code) for path in ELSEWHERE)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("src/vestibule/clock.py", AMBIENT[0]),
        ("src/vestibule/entropy.py", AMBIENT[5]),
        ("src/vestibule/settings.py", AMBIENT[7]),
        ("src/vestibule/cli/serve.py", AMBIENT[7]),
        (
            "src/vestibule/domain/totp.py",
            "from datetime import UTC, datetime\na = datetime(1, 1, 1)",
        ),
    ],
)
def test_lint_lets_the_kernel_do_its_work(path: str, code: str) -> None:
    """The rooms that own time, chance and the environment may touch them."""
    assert not is_banned(path, code)


@pytest.mark.parametrize(
    "code",
    ["from unittest import mock", "from unittest.mock import patch", "import time\ntime.sleep(1)"],
)
def test_lint_refuses_patching_and_sleeping(code: str) -> None:
    """Tests use real parts and wait for events."""
    assert is_banned("tests/web/test_a.py", code)
