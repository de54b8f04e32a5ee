"""The black-box scanner as a test runs it: one site, one visitor's cookies, a bounded time.

What it found comes from its own report; what it reached is the site's own word.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / ".tools" / "wapiti" / "bin" / "wapiti"
MODULES = (
    "cookieflags", "crlf", "csp", "csrf", "exec", "file", "http_headers", "ldap", "methods",
    "permanentxss", "redirect", "sql", "ssrf", "xss",
)  # fmt: skip
"""What works without the internet; the rest looks for products that this is not."""
LONGEST_MODULE = 8
LONGEST_CRAWL = 20
"""Seconds, after which the scanner goes on with what it has."""
LONGEST = 300
"""Seconds after which a scanner that has not ended is a failure."""
STARTS = 4
"""The scanner ends a module by cancelling it, at times amid a commit of its own database, and then
it breaks without a report: it is started again."""

_BOUNDS = {
    "--dns-endpoint": "localhost",
    "--format": "json",
    # Without its token a form is not tried at all; that it is refused is tested elsewhere.
    "--skip": "csrf",
    # One at a time: two first requests at once would get two visits, and forms fit one.
    "--tasks": "1",
    "--timeout": "10",
}


@dataclass(frozen=True)
class Report:
    """What one scan came to."""

    pages: int
    found: Mapping[str, Sequence[str]]
    """By kind: method, path, parameter and words of each finding."""
    said: str


async def scan(
    origin: str,
    folder: Path,
    *,
    endpoint: str,
    cookies: Mapping[str, str] | None = None,
    start: Sequence[str] = ("/",),
    exclude: Sequence[str] = (),
    longest_module: int = LONGEST_MODULE,
    patience: int = 1,
) -> Report:
    """Scan the site; raises where the scanner is missing, fails or does not end.

    All times are multiplied by `patience`.
    """
    assert PROGRAM.exists(), "no wapiti: `make test` installs it, or `scripts/tool wapiti`"
    said = ""
    for turn in range(STARTS):
        place = folder / str(turn)
        place.mkdir(parents=True)
        options = {
            **_BOUNDS,
            "--cookie": str(_cookie_file(place, cookies or {}, origin.startswith("https"))),
            "--endpoint": endpoint,
            "--max-attack-time": str(longest_module * patience),
            "--max-scan-time": str(LONGEST_CRAWL * patience),
            "--module": ",".join(MODULES),
            "--output": str(place / "report.json"),
            "--store-config": str(place / "config"),
            "--store-session": str(place / "session"),
            "--url": f"{origin}/",
        }
        command = [part for option in options.items() for part in option]
        command += [part for path in start for part in ("--start", origin + path)]
        command += [part for path in exclude for part in ("--exclude", origin + path)]
        said = await _run(command, within=LONGEST * patience)
        if (place / "report.json").exists():
            return _read(json.loads((place / "report.json").read_text()), said)
    raise AssertionError(said)


async def _run(command: Sequence[str], *, within: float) -> str:
    """What the scanner said until it ended; raises where it does not."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *command,
        "--no-bugreport",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(within):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode()


def _cookie_file(folder: Path, cookies: Mapping[str, str], is_https: bool) -> Path:
    jar = {
        name: {"value": value, "version": 0, "expires": None, "secure": is_https, "port": None}
        for name, value in cookies.items()
    }
    path = folder / "cookies.json"
    path.write_text(json.dumps({"127.0.0.1": {"/": jar}}))
    return path


def _read(report: Mapping[str, Mapping[str, list[dict[str, str]]]], said: str) -> Report:
    found: dict[str, list[str]] = {}
    for part in ("vulnerabilities", "anomalies", "additionals"):
        for kind, each in report[part].items():
            for one in each:
                # "Interesting methods: " that names none is the module's way of saying no.
                if not one["info"].endswith(": "):
                    words = f"{one['method']} {one['path']} {one['parameter']}: {one['info']}"
                    found.setdefault(kind, []).append(words)
    infos = report["infos"]
    return Report(int(str(infos["crawled_pages_nbr"])), found, said)
