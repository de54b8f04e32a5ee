"""Where what we post may go, against the ways in which others were led into their own networks."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.delivery.smtp_server import certificate
from vestibule.delivery.http_call import LARGEST_ANSWER, PATIENCE, Answer, HttpCaller
from vestibule.delivery.provider import InDoubt, TemporaryFailure
from vestibule.delivery.reach import FORBIDDEN, PRIVATE, Reach, Unreachable

LOCAL = Reach.of(["127.0.0.0/8"])
NAME = "carrier.example.com"

FORBIDDEN_ADDRESSES = [
    "169.254.169.254", "169.254.0.1", "0.0.0.1", "0.1.2.3", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    "::", "fe80::1", "fe80::a9fe:a9fe%1", "febf::1", "fec0::1", "ff02::1", "fd00:ec2::254",
    "fd20:ce::254", "::ffff:169.254.169.254", "::ffff:0:0", "::169.254.169.254", "::10.0.0.1",
    "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1",
]  # fmt: skip
PRIVATE_ADDRESSES = [
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1",
    "127.255.255.254", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "::1",
    "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1",
    "64:ff9b:1::1", "100::1", "2001:db8::1", "3fff::1", "4000::1",
]  # fmt: skip
PUBLIC_ADDRESSES = [
    "8.8.8.8", "172.32.0.1", "169.253.255.255", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]  # fmt: skip


def leads_to(*addresses: str, networks: Sequence[str] = ()) -> Reach:
    """A resolver that says the same of every name."""

    async def resolve(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - a resolver's shape
        return addresses

    return Reach(Reach.of(networks).networks, resolve)


def _url(host: str) -> str:
    return f"https://[{host}]/x" if ":" in host else f"https://{host}/x"


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
async def test_forbidden_addresses(address: str) -> None:
    """WH-04: link-local, metadata and their like are refused, written or named, whoever allows."""
    everything = ["10.0.0.0/8", "fd00::/8", "100.64.0.0/10", "2000::/3", "128.0.0.0/1"]
    with pytest.raises(Unreachable, match=FORBIDDEN):
        await leads_to(address, networks=everything).addresses(NAME, 443)
    if "%" not in address:
        with pytest.raises(ValueError, match=FORBIDDEN):
            Reach.of(everything).check(_url(address))


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
async def test_private_addresses(address: str) -> None:
    """WH-04: what is not on the internet is refused until its network is named."""
    with pytest.raises(Unreachable, match="in a private network"):
        await leads_to(address).addresses(NAME, 443)


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
def test_private_addresses_stop_the_start(address: str) -> None:
    """WH-04: the same where the URL itself shows it; this machine is where it always was."""
    is_here = address in {"127.0.0.1", "127.255.255.254", "::1"}
    if is_here:
        Reach().check(_url(address))
        return
    with pytest.raises(ValueError, match="in a private network"):
        Reach().check(_url(address))


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
async def test_the_internet_is_reached(address: str) -> None:
    """WH-04: nothing else is refused."""
    Reach().check(_url(address))

    assert await leads_to(address).addresses(NAME, 443) == (address,)


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("10.1.2.0/24", "10.1.2.9"),
        ("10.1.2.0/24", "::ffff:10.1.2.9"),
        ("fd12:3456::/32", "fd12:3456::9"),
        ("127.0.0.0/8", "127.0.0.1"),
    ],
)
async def test_a_named_network_is_reached(network: str, address: str) -> None:
    """WH-04: a private network that the operator names is reached, and its neighbour is not."""
    assert await leads_to(address, networks=[network]).addresses(NAME, 443) == (address,)
    Reach.of([network]).check(_url(address))
    with pytest.raises(Unreachable):
        await leads_to("10.1.3.9", networks=[network]).addresses(NAME, 443)


@pytest.mark.parametrize("network", ["169.254.0.0/16", "169.254.169.254/32", "fe80::/10", "::/96"])
def test_a_forbidden_network_cannot_be_named(network: str) -> None:
    """WH-04: no setting opens the metadata service."""
    with pytest.raises(ValueError, match="nothing is ever posted to"):
        Reach.of([network])


@pytest.mark.parametrize(
    "url",
    [
        "https://2852039166/", "https://0xa9fea9fe/", "https://0xA9.254.169.254/",
        "https://0251.0376.0251.0376/", "https://169.254.43518/", "https://169.16689662/",
        "https://169.254.169.254./", "https://127.1/", "https://0/", "https://010.0.0.1/",
        "https://\uff11\uff10.0.0.1/", "https://\u2460\u24ea.0.0.1/", "https://10\u30020.0.1/",
        "https://10.0.0.0x1/", "https://[::ffff:0xa9fe]/",
    ],
)  # fmt: skip
def test_odd_spellings_stop_the_start(url: str) -> None:
    """WH-04: decimal, octal, hexadecimal, short and dressed-up addresses are no names."""
    with pytest.raises(ValueError, match=r"decimal numbers|private network|no address of a web"):
        Reach().check(url)


@pytest.mark.parametrize("host", ["gateway1", "sms.zone-0x2", "sms2.example.com"])
def test_a_name_that_ends_in_a_number_is_a_name(host: str) -> None:
    """WH-04: only a last part that is a number as a whole makes an address."""
    Reach().check(f"https://{host}/")


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
async def test_odd_spellings_are_looked_up_and_refused(spelling: str) -> None:
    """WH-04: this machine's resolver reads such a spelling as an address, which is judged."""
    with pytest.raises(Unreachable, match="in a private network"):
        await Reach().addresses(spelling, 443)


async def test_one_bad_address_spoils_a_name() -> None:
    """WH-04: a name that leads outside and inside leads nowhere, in whichever order."""
    for addresses in (("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8")):
        with pytest.raises(Unreachable):
            await leads_to(*addresses).addresses(NAME, 443)


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.1", "169.254.169.254"])
async def test_this_machine_is_this_machine(address: str) -> None:
    """WH-04: plain http is for this machine, so its name leads to no other one."""
    with pytest.raises(Unreachable, match=FORBIDDEN):
        await leads_to(address, networks=["10.0.0.0/8"]).addresses("localhost", 80)
    assert await leads_to("127.0.0.1", "::1").addresses("localhost", 80) == ("127.0.0.1", "::1")


# --- on the wire ----------------------------------------------------------------------------


@dataclass
class Server:
    """One that answers what the test says, and keeps the heads that it got."""

    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    heads: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        writer.close()


@asynccontextmanager
async def _running(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    found = Server()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


async def _asked(
    reach: Reach, url: str, *, trusts: ssl.SSLContext | None = None, patience: float = 20
) -> object:
    transport = httpx.AsyncHTTPTransport(verify=trusts) if trusts else None
    caller = HttpCaller(reach, patience=timedelta(seconds=patience), transport=transport)
    try:
        return await caller.ask("POST", url, headers={}, content=b"x")
    finally:
        await caller.close()


async def test_a_name_is_looked_up_once() -> None:
    """WH-04: whoever answers otherwise after the check leads nobody: what was judged is used."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def rebinding(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - a resolver's shape
        return answers.pop(0)

    async with _running() as server:
        reach = Reach(LOCAL.networks, rebinding)
        found = await _asked(reach, f"http://{NAME}:{server.port}/x")

    assert isinstance(found, Answer)
    assert answers == [["127.0.0.2"]], "the name was looked up again"
    assert f"host: {NAME}:{server.port}" in server.heads[0].lower()


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1"])
async def test_nothing_leaves_for_a_refused_address(address: str) -> None:
    """WH-04: a name that leads inside is not connected to, and the provider is tried again."""
    async with _running() as server:
        found = await _asked(leads_to(address), f"https://{NAME}:{server.port}/x")

    said = FORBIDDEN if address.startswith("169") else PRIVATE
    assert found == TemporaryFailure(said)
    assert server.heads == []


@pytest.mark.parametrize("name", [NAME, "another.example.com"])
async def test_the_certificate_is_the_names(tmp_path: Path, name: str) -> None:
    """WH-04: though the address is connected to, the certificate has to be the name's."""
    ours = certificate(tmp_path, NAME)
    async with _running(ours.server) as server:
        reach = leads_to("127.0.0.1", networks=["127.0.0.0/8"])
        found = await _asked(reach, f"https://{name}:{server.port}/x", trusts=ours.client)

    if name == NAME:
        assert isinstance(found, Answer)
    else:
        assert found == TemporaryFailure("certificate not trusted")


@pytest.mark.parametrize("addresses", [("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "127.0.0.2")])
async def test_each_address_is_tried(addresses: tuple[str, str]) -> None:
    """A name with an address where nobody listens is reached at its other one."""
    async with _running() as server:
        reach = leads_to(*addresses, networks=["127.0.0.0/8"])
        found = await _asked(reach, f"http://{NAME}:{server.port}/x")

    assert isinstance(found, Answer)
    assert len(server.heads) == 1


async def test_a_name_without_addresses() -> None:
    """A name that nobody knows is a temporary failure that says so."""

    async def unknown(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - a resolver's shape
        raise socket.gaierror("no such name")

    found = await _asked(Reach(resolve=unknown), f"https://{NAME}/x")

    assert found == TemporaryFailure("host not found")


async def test_a_resolver_that_hangs() -> None:
    """WH-04: looking up is within the five seconds of the whole request."""

    async def hanging(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - a resolver's shape
        await asyncio.Event().wait()
        return []

    assert timedelta(seconds=5) == PATIENCE
    found = await _asked(Reach(resolve=hanging), f"https://{NAME}/x", patience=0.1)

    assert found == TemporaryFailure("timeout")


@pytest.mark.parametrize(("size", "is_read"), [(LARGEST_ANSWER, True), (LARGEST_ANSWER + 1, False)])
async def test_long_answers_are_not_read(size: int, is_read: bool) -> None:
    """WH-04: 64 kB of an answer are read, and one byte more ends it."""
    async with _running() as server:
        server.answer = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size
        found = await _asked(Reach(), f"http://127.0.0.1:{server.port}/x")

    assert isinstance(found, Answer) if is_read else found == InDoubt("answer too long")


async def test_redirects_into_the_house_are_not_followed() -> None:
    """WH-04: an answer that leads to the metadata service is an answer and no more."""
    async with _running() as server:
        server.answer = (
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/\r\n"
            b"Content-Length: 0\r\n\r\n"
        )
        found = await _asked(Reach(), f"http://127.0.0.1:{server.port}/x")

    assert isinstance(found, Answer)
    assert found.status == 307
    assert len(server.heads) == 1
