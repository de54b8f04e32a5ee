"""A scanner that is not ours goes through the house: as a stranger, half signed in, and inside.

The house runs in a process of its own, by https. The scanner finds every fault of a broken site,
and none in the house; the house's own log says that it was really there.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.databases import migrated_sqlite
from tests.faults.processes import PATIENCE, Houses
from tests.figures import Record, note
from tests.front_door import PASSWORD
from tests.person import Person
from tests.scanners import certificate
from tests.scanners.broken_site import broken_site
from tests.scanners.ear import Ear, listening
from tests.scanners.wapiti import MODULES, scan

pytestmark = pytest.mark.anyio

EMAIL, PHONE = "ada@example.com", "+447400123456"
DAY = 24 * 3600
WHOLE_MODULE = 120
"""Seconds: each looks for its fault to the end."""
LEAST_TRIES = 20
"""So often a form must have been sent and answered by its next page."""
MOST_PATIENCE = 8
"""How many times as long a scan may take until each form was tried as often, which hangs on how
fast the machine is. What a shorter one finds counts too."""
NO_PLACE = ("/simulator/*", "/static/*", "/sign-out", "/sessions", "/language")
"""The simulator is no part of a house that is open to others; signing out, here or everywhere,
would end the scan; every page's choice of languages would take all of its time."""
FAULTS = {
    "CRLF Injection",
    "Clickjacking Protection",
    "Command execution",
    "Content Security Policy Configuration",
    "Cross Site Request Forgery",
    "HttpOnly Flag cookie",
    "Internal Server Error",
    "MIME Type Confusion",
    "Open Redirect",
    "Path Traversal",
    "Reflected Cross Site Scripting",
    "SQL Injection",
    "Secure Flag cookie",
    "Server Side Request Forgery",
    "Stored Cross Site Scripting",
}
"""In the scanner's words."""


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as made:
        yield made


@dataclass
class Home:
    """A house with one account, and its browser."""

    houses: Houses
    client: httpx.AsyncClient

    @property
    def origin(self) -> str:
        return self.houses.origins[0]

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}

    async def code(self, channel: str, *, besides: str | None = None) -> str:
        """A code that was sent, and is not `besides`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                messages = (await self.client.get("/simulator/messages")).json()
                for one in messages:
                    if one["channel"] == channel and one["code"] not in {None, besides}:
                        self.houses.alarm.register_message(one["to"], channel, one["code"])
                        return str(one["code"])
                await asyncio.sleep(0.05)

    async def sign_up(self) -> Person:
        person = Person(self.client)
        await person.get("/sign-up")
        await person.press("Create account", name="Ada", email=EMAIL, password=PASSWORD)
        await person.press("Verify", code=await self.code("email"))
        await person.get("/set-up/phone")
        await person.press("Send code by text message", country="GB", phone=PHONE)
        await person.press("Verify", code=await self.code("sms"))
        shown = person.shown(r'name="shown" value="([^"]+)"')
        await person.press("Finish", last_group=shown[-4:])
        assert person.path == "/", person.text
        return person

    async def give_password(self) -> Person:
        """The first door only."""
        person = Person(self.client)
        await person.get("/sign-in")
        await person.press("Sign in", email=EMAIL, password=PASSWORD)
        assert person.path == "/sign-in/code", person.text
        return person

    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and status of everything that the house has answered."""
        found = re.findall(r'"([A-Z]+) ([^ ?"]*)[^"]*" (\d{3})', self.houses.log.read_text())
        return [(method, path, int(status)) for method, path, status in found]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    url = migrated_sqlite(tmp_path / "house.db")
    houses = Houses(tmp_path, url, certificate=certificate.write(tmp_path / "house.pem"))
    try:
        await houses.restart()
        async with httpx.AsyncClient(
            base_url=houses.origins[0],
            timeout=PATIENCE,
            # A connection that the server closes while it is idle would look like a broken answer.
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=False,  # noqa: S501 - the certificate is ours
        ) as client:
            yield Home(houses, client)
        houses.kill()
        found = await houses.leaks()
        assert found == [], found
    finally:
        houses.kill()


async def _hold(
    home: Home,
    ear: Ear,
    doors: Mapping[str, str],
    record: Record,
    *,
    besides: Sequence[str] = (),
) -> None:
    """Scan from these pages on: nothing is found, nothing fails, and each form was really tried.

    A form that a scanner changes must have got past the check of its token, to be tried.
    """
    patience = 1
    while missed := await _missed(home, ear, doors, besides, patience):
        patience *= 2
        assert patience <= MOST_PATIENCE, missed
    note(record, attacks=len(MODULES), requests=len(home.requests()))


async def _missed(
    home: Home, ear: Ear, doors: Mapping[str, str], besides: Sequence[str], patience: int
) -> str:
    """What a scan did not come to in its time; fails where it finds something."""
    report = await scan(
        home.origin,
        home.houses.folder / f"scan-{patience}",
        endpoint=ear.address,
        cookies=home.cookies,
        start=sorted({*doors.values(), "/"}),
        exclude=(*NO_PLACE, *besides),
        patience=patience,
    )

    answers = home.requests()
    tried = Counter(path for method, path, status in answers if (method, status) == ("POST", 303))
    assert report.found == {}
    assert ear.heard == []
    assert [one for one in answers if one[2] >= 500] == []
    assert '"level": "error"' not in home.houses.log.read_text()
    if report.pages < len(doors):
        return report.said
    left = [door for door in doors if tried[door] < LEAST_TRIES]
    return f"{left} of {tried}" if left else ""


async def test_scanner_finds_the_faults_of_a_broken_site(ear: Ear, tmp_path: Path) -> None:
    """The scanner names each fault of a site that has them all: its silence means something."""
    with broken_site() as origin:
        report = await scan(
            origin, tmp_path / "scan", endpoint=ear.address, longest_module=WHOLE_MODULE
        )

    assert FAULTS - set(report.found) == set(), report.said
    assert ear.heard


async def test_scanner_finds_nothing_as_a_stranger(
    home: Home, ear: Ear, record_property: Record
) -> None:
    """WB-03, WB-05, WB-06: a stranger with a scanner finds no fault and no error in the house."""
    await _hold(
        home,
        ear,
        {
            "/sign-up": "/sign-up",
            "/sign-in": "/sign-in",
            "/forgot-password": "/forgot-password",
            "/forgot-password/code": "/forgot-password",
            "/not-me": "/not-me",
        },
        record_property,
    )


async def test_scanner_finds_nothing_between_the_doors(
    home: Home, ear: Ear, record_property: Record
) -> None:
    """WB-06, EF-01: whoever has the password only finds no fault with a scanner, and no way in."""
    await home.sign_up()
    home.client.cookies.clear()
    await home.give_password()

    await _hold(
        home,
        ear,
        {
            "/sign-in/code": "/sign-in/code",
            "/sign-in/methods": "/sign-in/methods",
            "/sign-in/recovery-code": "/sign-in/recovery-code",
        },
        record_property,
    )

    assert ("GET", "/settings", 200) not in home.requests()


async def _in_settings(home: Home) -> None:
    """Signed in for more than a day, with User Settings open and both factors just proven."""
    await home.sign_up()
    mailed, texted = await home.code("email"), await home.code("sms")
    home.houses.advance(DAY + 3600)
    person = await home.give_password()
    await person.press("Verify", code=await home.code("sms", besides=texted))
    await person.press("User Settings")
    await person.press("Verify", code=await home.code("email", besides=mailed))
    await person.get("/settings/app")
    await person.press("Show the QR code")


# A module has some seconds, so that half of the settings is scanned at a time.
METHODS = {
    "/settings/app": "/settings/app",
    "/settings/password": "/settings/password",
    "/settings/phone": "/settings/phone",
    "/settings/method": "/settings/method",
    "/settings/recovery-code": "/settings/recovery-code/new",
}
DETAILS = {
    "/settings/name": "/settings/name",
    "/settings/address": "/settings/address",
    "/settings/notice-address": "/settings/notice-address",
    "/settings/close/confirm": "/settings/close/confirm",
}


@pytest.mark.parametrize(
    ("doors", "others"), [(METHODS, DETAILS), (DETAILS, METHODS)], ids=["methods", "details"]
)
async def test_scanner_finds_nothing_inside(
    home: Home,
    ear: Ear,
    record_property: Record,
    doors: Mapping[str, str],
    others: Mapping[str, str],
) -> None:
    """WB-06: whoever is signed in, with User Settings open, finds no fault with a scanner."""
    await _in_settings(home)

    await _hold(
        home,
        ear,
        doors,
        record_property,
        besides=("/forgot-password*", *(f"{door}*" for door in others)),
    )
