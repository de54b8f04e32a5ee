"""What every test shares: the event loop's kind, and at the end what was counted and skipped.

Fixtures of one room live in that room's own conftest.
"""

import pytest
from hypothesis import HealthCheck, settings

# Properties say what comes out, never how soon: that would be the machine's to say.
settings.register_profile(
    "any machine",
    settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutine tests run on asyncio, as the server does."""
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests counted, and name every one that did not run."""
    _say_figures(terminalreporter)
    _name_skipped(terminalreporter)


def _say_figures(terminalreporter: pytest.TerminalReporter) -> None:
    """The row of docs/security/figures.md that a test makes."""
    noted = {
        report.nodeid: [
            f"{value} {name.removeprefix('figure ')}"
            for name, value in report.user_properties
            if name.startswith("figure ")
        ]
        for report in terminalreporter.getreports("passed")
    }
    counted = {nodeid: figures for nodeid, figures in noted.items() if figures}
    if counted:
        terminalreporter.section("figures")
    for nodeid, figures in sorted(counted.items()):
        terminalreporter.line(f"{nodeid}: {', '.join(figures)}")


def _name_skipped(terminalreporter: pytest.TerminalReporter) -> None:
    """So that a silent gap cannot pass for a success."""
    skipped = terminalreporter.getreports("skipped") + terminalreporter.getreports("xfailed")
    if not skipped:
        return
    terminalreporter.section(f"not run: {len(skipped)}")
    for report in sorted(skipped, key=lambda report: report.nodeid):
        # A skipped report carries (path, line, reason); an expected failure says it in wasxfail.
        place = report.longrepr
        reason = place[2] if isinstance(place, tuple) else getattr(report, "wasxfail", "")
        terminalreporter.line(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")
