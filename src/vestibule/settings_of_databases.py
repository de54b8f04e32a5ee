"""What the address of a database may look like.

A password may stand anywhere in a broken address, so no fault repeats a part of it.
"""

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

_NAME = "VESTIBULE_DATABASE_URL"
_KIND = f"{_NAME}: it starts with sqlite:/// or postgresql://"
_FILE = f"{_NAME}: with SQLite it names a file: sqlite:///relative.db or sqlite:////absolute.db"
_HOW = (
    f"{_NAME}: write it as postgresql://user:password@host:5432/name, with %40 for @ and %2F for /"
    " in user and password, and so on for : ? # % [ and ]"
)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]{1,5}))?")
_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LAST_PORT = 65535


def check_database(url: str) -> None:
    """Raise ValueError with a sentence where the address leads nowhere or can be misread."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        if parts.query:
            parse_qsl(parts.query, strict_parsing=True)
    except ValueError:
        # The library's own errors quote the address, so they are not even kept as a cause.
        raise ValueError(_HOW) from None
    match parts.scheme:
        case "sqlite":
            if parts.netloc or parts.path in {"", "/", "/:memory:"}:
                raise ValueError(_FILE)
        case "postgresql" | "postgres":
            if not _is_whole(parts):
                raise ValueError(_HOW)
        case _:
            raise ValueError(_KIND)


def _is_whole(parts: SplitResult) -> bool:
    """Nothing of user and password was taken for a host, a port, a database or an option."""
    who, _, where = parts.netloc.rpartition("@")
    is_ended_early = "@" in who + parts.path + parts.query or "#" in parts.geturl()
    hosts = [_HOST.fullmatch(host) for host in where.split(",")]
    ports = [int(host[1] or 1) if host else 0 for host in hosts]
    are_ports = all(0 < port <= _LAST_PORT for port in ports)
    return are_ports and not is_ended_early and not _HALF_ENCODED.search(parts.netloc)
