"""Form bodies: small, plain, each field once (WB-07)."""

import re
from urllib.parse import parse_qsl

from starlette.requests import Request

MOST_BYTES = 64 * 1024
MOST_FIELDS = 40

_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")

Form = dict[str, str]


class FormRefused(Exception):
    """The body is not a form of ours: wrong type, too large, broken, or a field twice."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def read_form(request: Request) -> Form:
    """The fields of an urlencoded body; raises `FormRefused`."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise FormRefused(415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise FormRefused(413)
    if _BROKEN.search(body):
        # The parser would take the characters as they are; no browser writes them so.
        raise FormRefused(400)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except (ValueError, UnicodeDecodeError) as fault:
        raise FormRefused(400) from fault
    form = dict(pairs)
    if len(form) != len(pairs) or any("\0" in part for pair in pairs for part in pair):
        raise FormRefused(400)
    return form
