"""The programs that the tests drive are here and work; their absence fails, never skips."""

import shutil
import subprocess
from pathlib import Path

import pytest
import segno
from playwright.sync_api import sync_playwright

from tests.postgresql import program

ROOT = Path(__file__).parents[2]


def output_of(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_oathtool_computes_the_code_of_the_standard() -> None:
    """RFC 6238 appendix B, SHA-1, second 59: an authenticator that is not ours."""
    seed = b"12345678901234567890".hex()

    code = output_of("oathtool", "--totp", "--digits=8", "--now=1970-01-01 00:00:59 UTC", seed)

    assert code == "94287082"


def test_zbar_reads_a_qr_code(tmp_path: Path) -> None:
    """A reader that is not ours sees what a phone's camera would see."""
    segno.make("otpauth://totp/a").save(str(tmp_path / "code.png"), scale=6)

    assert output_of("zbarimg", "--quiet", "--raw", tmp_path / "code.png") == "otpauth://totp/a"


def test_postgresql_has_its_server_programs() -> None:
    """Not only a client: the tests start a server of their own."""
    assert all(
        "PostgreSQL" in output_of(program(name), "--version") for name in ("initdb", "postgres")
    )


@pytest.mark.browser
def test_browser_draws_with_real_fonts() -> None:
    """Chromium starts, and text has the widths that screenshots rely on."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    chromium = chromium or shutil.which("google-chrome")
    assert chromium, "no Chromium on PATH; scripts/components installs it"
    width = """font => {
        const pen = document.createElement('canvas').getContext('2d');
        pen.font = `40px ${font}`;
        return pen.measureText('illWW').width;
    }"""

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        sans, fallback = (
            page.evaluate(width, font) for font in ("'Liberation Sans', monospace", "monospace")
        )
        browser.close()

    assert sans != fallback


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PATH with nothing on it but a shell, a root user and what the script itself needs."""
    for name in ("bash", "sh", "env", "grep", "touch", "chmod"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    put(tmp_path, "id", "echo 0")
    return tmp_path


def put(machine: Path, name: str, body: str) -> None:
    (machine / name).write_text(f"#!{machine}/sh\n{body}\n")
    (machine / name).chmod(0o755)


def components(machine: Path, *names: str) -> tuple[int, str]:
    done = subprocess.run(
        [ROOT / "scripts" / "components", *names],
        env={"PATH": str(machine)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_components_installs_what_is_missing_only(machine: Path) -> None:
    """The package manager hears of the missing program, and not of the one that is there."""
    put(machine, "oathtool", "")
    put(machine, "dnf", f'echo "dnf $*"; touch {machine}/zbarimg; chmod 755 {machine}/zbarimg')

    status, said = components(machine, "oathtool", "zbar")

    assert (status, said.splitlines()[1:]) == (0, ["dnf install -y zbar"])


def test_components_leaves_a_full_machine_alone(machine: Path) -> None:
    """Nothing is asked, installed or said when all is there."""
    put(machine, "oathtool", "")
    put(machine, "dnf", "echo called")

    assert components(machine, "oathtool") == (0, "")


@pytest.mark.parametrize(
    ("manager", "said"),
    [
        ("dnf", "Missing: oathtool (dnf calls it oathtool)"),
        ("apk", "Missing: oathtool (apk calls it oath-toolkit-oathtool)"),
        ("pacman", "Missing: oathtool (pacman calls it oath-toolkit)"),
        ("brew", "Missing: oathtool (brew calls it oath-toolkit)"),
        (None, "Missing: oathtool\n"),
    ],
)
def test_components_names_what_cannot_be_had(machine: Path, manager: str | None, said: str) -> None:
    """A failed or missing package manager ends with the names of what to install by hand."""
    if manager:
        put(machine, manager, "exit 1")

    status, output = components(machine, "oathtool")

    assert status == 1
    assert said in output


def test_components_never_asks_for_a_password(machine: Path) -> None:
    """Without root and without sudo that works silently, it says so and stops."""
    put(machine, "id", "echo 1000")
    put(machine, "sudo", '[ "$1" = -n ] || echo "Password:"; exit 1')
    put(machine, "dnf", "echo called")

    status, output = components(machine, "oathtool")

    assert status == 1
    assert "needs root, or sudo without a password" in output
    assert "called" not in output
    assert "Password:" not in output


def test_components_refuses_an_unknown_name(machine: Path) -> None:
    """A typing mistake is not taken for a machine that has everything."""
    assert components(machine, "zebra") == (2, "No component is called zebra.\n")
