"""Whether what is sent to a host leaves this machine, and where it may therefore go in clear.

No name is looked up: a name that could be another machine is another machine.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_this_machine(host: str) -> bool:
    """Whether nothing sent to this host leaves the machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def private_url(url: str, example: str) -> str:
    """The URL, if nobody on the way can read what is sent to it; ValueError says what is wrong."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError(f"write it as {example}")
    if parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise ValueError("plain http is for this machine only; use https")
    return url
