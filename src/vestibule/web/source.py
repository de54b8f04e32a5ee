"""The address a request comes from: the peer, unless the operator's own proxy says otherwise."""

import ipaddress
import re
from collections.abc import Sequence

from starlette.requests import Request


class Sources:
    """Believes `X-Forwarded-For` from listed networks only, from the right (RL-08)."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        self._trusted = [ipaddress.ip_network(one) for one in trusted_proxies]

    def of(self, request: Request) -> str:
        """The address nearest to us that is not a trusted proxy; "" where there is none."""
        peer = request.client.host if request.client else ""
        hops = [
            hop.strip()
            for value in request.headers.getlist("x-forwarded-for")
            for hop in value.split(",")
        ]
        while hops and self._is_trusted(peer):
            hop = _without_port(hops.pop())
            if not _is_address(hop):
                # Text that is no address would be a lane of its own at each change.
                break
            peer = hop
        return _plain(peer)

    def _is_trusted(self, address: str) -> bool:
        plain = _plain(address)
        return _is_address(plain) and any(
            ipaddress.ip_address(plain) in network for network in self._trusted
        )


_WITH_PORT = re.compile(
    r"(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([0-9A-Fa-f:.]{2,45})\])(?::\d{1,5})?", re.ASCII
)


def _without_port(hop: str) -> str:
    """Some balancers write `203.0.113.5:50123`: each port must not be, nor hide, an address."""
    found = _WITH_PORT.fullmatch(hop)
    return (found[1] or found[2]) if found else hop


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _plain(address: str) -> str:
    """IPv4 inside IPv6 written as IPv4; anything that is no address is kept short."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)
