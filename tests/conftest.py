"""What every test shares: the event loop's kind, and a list of what was skipped at the end.

Fixtures of one room live in that room's own conftest.
"""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutine tests run on asyncio, as the server does."""
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every test that did not run, so that a silent gap cannot pass for a success."""
    skipped = terminalreporter.getreports("skipped") + terminalreporter.getreports("xfailed")
    if not skipped:
        return
    terminalreporter.section(f"not run: {len(skipped)}")
    for report in sorted(skipped, key=lambda report: report.nodeid):
        # A skipped report carries (path, line, reason); an expected failure says it in wasxfail.
        place = report.longrepr
        reason = place[2] if isinstance(place, tuple) else getattr(report, "wasxfail", "")
        terminalreporter.line(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")
