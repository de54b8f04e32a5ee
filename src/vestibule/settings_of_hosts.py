"""Which origins an operator may set: ours, and those of carriers.

Each fault says what to write instead. It opens nothing and looks no name up.
"""

from urllib.parse import SplitResult, urlsplit

from vestibule.this_machine import is_this_machine

LONGEST_HOST = 119
"""Characters: with a longer one a text with a code of ten digits is more than one (OC-12)."""


def our_origin(value: str) -> str:
    """The public origin as browsers write it; an Origin header in other letters would not match."""
    parts = _origin(value, "https://id.example.com")
    if len(parts.hostname or "") > LONGEST_HOST:
        raise ValueError(
            f"its host is longer than {LONGEST_HOST} characters, so texts that name it would be"
            " more than one; choose a shorter one"
        )
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def carriers_origin(value: str) -> str:
    """Where a carrier's interface is, without a slash at its end."""
    _origin(value, "https://api.example.com")
    return value.rstrip("/")


def _origin(value: str, example: str) -> SplitResult:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"write it as {example}")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise ValueError("it is scheme, host and port only")
    if parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise ValueError("plain http is for this machine only; use https")
    return parts
