"""Our cookies: one name each, host-only, never readable by scripts (SE-02)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response


class Cookie(StrEnum):
    """What each carries is a bearer token of which the server keeps a digest, unless said."""

    SESSION = "session"
    PENDING = "pending"
    SIGN_UP = "sign-up"
    RESET = "reset"
    BROWSER = "browser"
    """Names a browser that completed a sign-in: a throttle's lane, never a factor (RL-03)."""
    VISIT = "visit"
    """Ties forms to this browser before anybody is known; opens nothing."""
    NOTICE = "notice"
    """Sealed: the refusal and what was typed, for the page after a redirect."""
    NOT_ME = "not-me"
    """Sealed: the token of a mailed link, so that no address on the way to its page holds it."""
    NEXT = "next"
    """The path first asked for; read through `paths.safe_path` only."""
    LANGUAGE = "language"
    """The language chosen in this browser: its tag, with `+` until an account has taken it."""


BROWSER_AGE = 400 * 24 * 3600
LANGUAGE_AGE = BROWSER_AGE
NOTICE_AGE = 600
WALL_AGE = 24 * 3600


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and flags for one public origin: plain http on this machine has no `__Host-`."""

    is_https: bool

    def name(self, cookie: Cookie) -> str:
        return f"__Host-{cookie.value}" if self.is_https else cookie.value

    def read(self, request: Request, cookie: Cookie) -> str | None:
        """What the browser sent under exactly this name; None where it sent none, or several.

        The framework's parser also strips what Unicode calls blank, so that a neighbouring host's
        `\\x85__Host-session`, which browsers let it set, would be read as ours.
        """
        sent = request.scope.get("vestibule.cookies") or self._sent(request)
        found: list[str] = sent.get(self.name(cookie), [])
        return _unquoted(found[0]) if len(found) == 1 else None

    def _sent(self, request: Request) -> dict[str, list[str]]:
        """Every value under each of our names, split once however often it is asked."""
        sent: dict[str, list[str]] = {self.name(one): [] for one in Cookie}
        for part in ";".join(request.headers.getlist("cookie")).split(";"):
            name, equals, value = part.partition("=")
            found = sent.get(name.strip(" \t"))
            if found is not None and equals:
                found.append(value.strip(" \t"))
        request.scope["vestibule.cookies"] = sent
        return sent

    def put(
        self, response: Response, cookie: Cookie, value: str, *, age: int | None = None
    ) -> None:
        """Set it for the browser's session, or for `age` seconds."""
        response.set_cookie(
            self.name(cookie),
            value,
            max_age=age,
            path="/",
            secure=self.is_https,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, cookie: Cookie) -> None:
        response.delete_cookie(
            self.name(cookie),
            path="/",
            secure=self.is_https,
            httponly=True,
            samesite="lax",
        )


_ESCAPED = re.compile(r"\\([0-3][0-7][0-7]|.)", re.DOTALL)


def _unquoted(value: str) -> str:
    """What `set_cookie` made a quoted string of, in one pass.

    Python's own reader (before 3.11.10, 3.12.6) looks through the rest at every backslash: one
    cookie of 28 kB kept a process busy for half a minute.
    """
    if len(value) < len('""') or not (value.startswith('"') and value.endswith('"')):
        return value
    return _ESCAPED.sub(lambda one: chr(int(one[1], 8)) if len(one[1]) > 1 else one[1], value[1:-1])
