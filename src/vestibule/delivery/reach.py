"""Where what we post may go: the internet, this machine, and private networks that are named.

Settings are trusted, and names are not: whoever answers for a name could lead a post with a live
code into our own network, or to the service that hands out a cloud machine's credentials (WH-04).
It judges addresses and opens no connection.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from vestibule.this_machine import is_this_machine

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host and port; raises OSError where there are none."""

FORBIDDEN = "at an address that nothing is posted to"
PRIVATE = "in a private network; name that in VESTIBULE_PRIVATE_NETWORKS"

NEVER = tuple(
    ip_network(network)
    for network in (
        # This host on this network, link-local, multicast, reserved and broadcast.
        "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "fe80::/10", "fec0::/10", "ff00::/8",
        # IPv4 inside IPv6, past IPv4's own rules: compatible, Teredo, 6to4.
        "::/96", "2001::/32", "2002::/16",
        # Services that tell a cloud machine its credentials, beside 169.254.169.254: Amazon's and
        # Google's by IPv6, Alibaba's, Azure's, Oracle's.
        "fd00:ec2::/32", "fd20:ce::254/128",
        "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
    )
)  # fmt: skip
_LOOPBACK = ip_network("127.0.0.0/8"), ip_network("::1/128")
_NAT64 = ip_network("64:ff9b::/96")
_UNICAST = ip_network("2000::/3")
_NOT_FOR_CARRIERS = ip_network("2001::/23"), ip_network("2001:db8::/32"), ip_network("3fff::/20")
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.I)


class Unreachable(Exception):
    """Nothing is posted there; the text is why."""


async def look_up(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says, in the order in which to try."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True, slots=True)
class Reach:
    """Which addresses may be posted to; `networks` are the private ones that are allowed."""

    networks: tuple[Network, ...] = ()
    resolve: Resolve = look_up

    def __post_init__(self) -> None:
        for network in self.networks:
            if any(_holds(never, network) for never in NEVER):
                raise ValueError(f"nothing is ever posted to {network}")

    @classmethod
    def of(cls, networks: Sequence[str]) -> "Reach":
        return cls(tuple(ip_network(network) for network in networks))

    def check(self, url: str) -> None:
        """What the URL alone shows; raises ValueError with a sentence. No name is looked up."""
        try:
            host = httpx.URL(url).raw_host.decode("ascii")
        except httpx.InvalidURL as fault:
            raise ValueError("it is no address of a web server") from fault
        literal = _literal(host)
        if literal is None and _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise ValueError("write an address as four decimal numbers")
        reason = literal and self._why_not(literal, is_here=is_this_machine(host))
        if reason:
            raise ValueError(f"it is {reason}")

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Where to connect to: looked up once, so nobody answers otherwise afterwards.

        One bad address among them spoils all: a name of a carrier has none. Raises `Unreachable`,
        or OSError for a name without any.
        """
        literal = _literal(host)
        found = [str(literal)] if literal else await self.resolve(host, port)
        is_here = is_this_machine(host)
        for address in found:
            reason = self._why_not(ip_address(address), is_here=is_here)
            if reason:
                raise Unreachable(reason)
        return found

    def _why_not(self, address: Address, *, is_here: bool) -> str | None:
        """A host that can only be this machine leads nowhere else, and no other leads here."""
        real = _behind(address)
        is_loopback = any(real in network for network in _LOOPBACK)
        if is_here:
            return None if is_loopback else FORBIDDEN
        if _is_forbidden(real):
            return FORBIDDEN
        if any(real in network for network in self.networks):
            return None
        return None if _is_internet(real) else PRIVATE


INTERNET = Reach()
"""The internet and this machine."""


def is_forbidden(host: str) -> bool:
    """Whether a host is an address that nothing is sent to in any way; names are not looked up."""
    literal = _literal(host)
    return literal is not None and _is_forbidden(_behind(literal))


def _is_forbidden(address: Address) -> bool:
    # The loopback address of IPv6 stands among those that hold one of IPv4.
    is_loopback = any(address in network for network in _LOOPBACK)
    return not is_loopback and any(address in network for network in NEVER)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _behind(address: Address) -> Address:
    """The address of IPv4 that one of IPv6 stands for."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address


def _is_internet(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global
    return address in _UNICAST and not any(address in network for network in _NOT_FOR_CARRIERS)


def _holds(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and other.subnet_of(one)
    return isinstance(other, IPv6Network) and other.subnet_of(one)
