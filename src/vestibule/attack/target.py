"""What may be attacked: a house on this machine, or on a host that the operator says is his.

Reads addresses only; must not reach for anything.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


class TargetRefused(Exception):
    """Why this address is not attacked, as a sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """One house, by the origins of its processes."""

    origins: tuple[str, ...]
    is_https: bool
    is_on_this_machine: bool


def target(urls: Sequence[str], *, owned_host: str | None = None) -> Target:
    """The house at these addresses; raises `TargetRefused`.

    Several addresses are several processes of one house: requests go to them in turn.
    """
    origins, hosts, schemes = [], set(), set()
    for url in urls:
        scheme, host, port = _parts(url)
        name = f"[{host}]" if ":" in host else host
        origins.append(f"{scheme}://{name}" + (f":{port}" if port else ""))
        hosts.add(host)
        schemes.add(scheme)
    if len(hosts) != 1 or len(schemes) != 1:
        raise TargetRefused("Several addresses have to be processes of one house on one host.")
    host = hosts.pop()
    is_here = _is_on_this_machine(host)
    if not is_here and (owned_host or "").casefold() != host:
        raise TargetRefused(
            f"{host} is not this machine. Attack only what is yours: if it is, add"
            f" --i-own-this-host {host}."
        )
    return Target(tuple(origins), schemes == {"https"}, is_here)


def _parts(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").casefold(), parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    is_origin = parts.scheme in {"http", "https"} and parts.path in {"", "/"} and host
    if not is_origin or parts.query or parts.fragment or any(c in url for c in "@\\% \t\r\n"):
        raise TargetRefused(f"{url} is not an origin such as http://localhost:8000.")
    return parts.scheme, host, port


def _is_on_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
