"""Where a redirect may lead: a path of this site, and nothing a browser could read otherwise."""

import re

from vestibule.domain.pending import ResetStage

HOME = "/"
_PLAIN = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:/?]|%(?!2[fF]|5[cC]|0|1|25)[0-9A-Fa-f]{2})*")


def safe_path(asked: str | None) -> str | None:
    """The path if it can only mean a page here (WB-05), else None.

    Refuses other origins, `//`, backslashes, control characters, `@`, encoded slashes and dots
    that climb: whatever a browser's URL parser might take for a host.
    """
    if not asked or len(asked) > 500 or not _PLAIN.fullmatch(asked):
        return None
    path = asked.split("?", 1)[0]
    if "//" in path or any(part in {".", ".."} for part in path.split("/")):
        return None
    return asked


RESET_STEP = {
    ResetStage.CODE: "/forgot-password/code",
    ResetStage.SECOND_FACTOR: "/forgot-password/second-factor",
    ResetStage.PASSWORD: "/forgot-password/new",
}
