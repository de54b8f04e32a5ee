"""The real browser: found on PATH or refused loudly, started so that it stays on this machine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)


class NoBrowser(Exception):
    """There is no Chromium; the text says what installs it."""


KEEPING = "CacheControlNoStoreEnterBackForwardCache:level/restore-unless-http-only-cookie-change"
"""What Chromium does for more and more people: `no-store` pages come back from memory."""


@contextmanager
def chromium(*, keeps_pages: bool = False) -> Iterator[Browser]:
    """A headless Chromium that ends with the block; `keeps_pages` for the Back button, as people's
    browsers do and Playwright's does not."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise NoBrowser("There is no Chromium on PATH; scripts/components installs it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[*ARGUMENTS, *([f"--enable-features={KEEPING}"] if keeps_pages else [])],
            ignore_default_args=["--disable-back-forward-cache"] if keeps_pages else None,
        )
        try:
            yield browser
        finally:
            browser.close()
