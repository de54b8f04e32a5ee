"""Somebody with the password and the mailbox, at random: no order of forms replaces the phone."""

from typing import TypeVar

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import cookie, member, put_cookie, rows
from vestibule.entropy import SeededEntropy
from vestibule.web.doors import DOORS

T = TypeVar("T")

STEPS = 100
NEW = "a heron on the weathervane"
OURS = ("session", "pending", "reset", "sign-up", "browser")
KEPT = ("passwords", "recovery_codes", "sessions")


class Thief:
    """Knows the password, reads the mails, and posts whatever there is to post."""

    def __init__(self, house: FrontDoor, email: str, password: str, seed: int) -> None:
        self.house, self.email, self.password = house, email, password
        self.chance = SeededEntropy(f"walk {seed}")
        self.browsers = [house.browser(source=f"198.51.100.{n}") for n in (1, 2)]
        self.codes = ["", "000000"]

    def any_of(self, options: list[T]) -> T:
        return options[int.from_bytes(self.chance.bytes(4)) % len(options)]

    async def step(self) -> None:
        act = self.any_of([self._post, self._post, self._enter, self._mail, self._swap])
        await act(self.any_of(self.browsers))
        self.house.clock.advance(seconds=self.any_of([0, 1, 31, 61]))

    async def _enter(self, person: Person) -> None:
        await self.house.password(person, self.email, password=self.password)

    async def _mail(self, person: Person) -> None:
        """Ask for a reset now and then, and read what came."""
        await person.get("/forgot-password")
        await person.press("Send code", email=self.email)
        await self.house.deliver()
        self.codes += [m.code for m in self.house.inbox() if m.channel == "email" and m.code][-2:]

    async def _swap(self, person: Person) -> None:
        """A cookie of ours under the name of another, perhaps of the other browser."""
        found = cookie(self.any_of(self.browsers), self.any_of(list(OURS)))
        if found:
            put_cookie(person, self.any_of(list(OURS)), found)

    async def _post(self, person: Person) -> None:
        door = self.any_of([d for d in DOORS if d.post and d.path != "/sign-out"])
        await person.get(self.any_of(["/sign-in", "/forgot-password", "/set-up"]))
        fields = {
            "email": self.email,
            "password": self.password,
            "new_password": NEW,
            "code": self.any_of(self.codes),
            "next_code": self.any_of(["", "000000"]),
            "recovery_code": "0" * 24,
            "channel": self.any_of(["sms", "voice", "totp", "email", ""]),
            "country": "GB",
            "phone": "07400 123499",
            "app_name": "Mine",
            "action": self.any_of(["another", "finish", "download"]),
            "method": "sms",
            "end": "all",
            "name": "Eve",
        }
        await person.post(door.path.replace("{app_id}", "x"), fields)


@pytest.mark.parametrize("seed", range(2))
async def test_password_and_mailbox_lead_nowhere(house: FrontDoor, seed: int) -> None:
    """EF-05: with password and mailbox, but no second factor, no order of forms lets anybody in."""
    ada = await member(house)
    before = {table: await rows(house, table) for table in KEPT}
    (method,) = await rows(house, "authenticators")
    thief = Thief(house, ada.email, ada.password, seed)
    for _ in range(STEPS):
        await thief.step()
        for person in thief.browsers:
            assert (await person.client.get("/session")).status_code == 401

    assert {table: await rows(house, table) for table in KEPT} == before
    (after,) = await rows(house, "authenticators")
    assert (after["id"], after["secret_sealed"]) == (method["id"], method["secret_sealed"])
