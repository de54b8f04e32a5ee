"""A browser whose device has passkeys, at the doors that ask for them.

What a browser's script does between the two requests, `soft_passkey` does here.
"""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import Member, member
from tests.soft_passkey import SoftPasskey, create

ALONE = "/sign-in/passkey"
SECOND = "/sign-in/code/passkey"
RESET = "/forgot-password/second-factor/passkey"
STEP_UP = "/settings/confirm/passkey"
CLOSE = "/settings/close/confirm/passkey"
WALL = "/set-up/passkey"
ADD = "/settings/passkey"


async def asked(person: Person, door: str) -> dict[str, Any]:
    """What the browser is asked at a door, with the token of the page that is open."""
    answer = await person.post(f"{door}/options", {}, follow=False)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["options"])


async def refused(person: Person, door: str) -> str:
    """The sentence that says why nothing is asked."""
    answer = await person.post(f"{door}/options", {}, follow=False)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["refused"])


async def hand_in(person: Person, door: str, credential: str, **fields: str) -> Person:
    """The browser's answer, as the form brings it; on the page that it leads to."""
    await person.post(door, {"credential": credential, **fields})
    return person


async def prove(person: Person, door: str, passkey: SoftPasskey) -> Person:
    return await hand_in(person, door, passkey.sign(await asked(person, door)))


async def sign_in_alone(person: Person, passkey: SoftPasskey) -> Person:
    """A passkey and nothing else, from the first page."""
    await person.get("/sign-in")
    return await prove(person, ALONE, passkey)


async def add(person: Person, *, name: str = "Passkey", **said: Any) -> SoftPasskey:
    """One more passkey, in settings, by a session whose proofs are fresh."""
    await person.get(ADD)
    assert person.path == ADD, person.text
    passkey, attestation = create(await asked(person, ADD), **said)
    await hand_in(person, ADD, attestation, app_name=name)
    assert person.path == "/settings", person.text
    return passkey


async def at_the_wall(house: FrontDoor, person: Person, **said: Any) -> tuple[SoftPasskey, str]:
    """The first method of an account is a passkey; it, and the recovery code."""
    await person.get(WALL)
    passkey, attestation = create(await asked(person, WALL), **said)
    await hand_in(person, WALL, attestation, app_name="Passkey")
    return passkey, await house.save_recovery_code(person)


@dataclass
class Keeper:
    """Somebody with an app and a passkey, whose set-up browser is inside."""

    house: FrontDoor
    member: Member
    passkey: SoftPasskey

    @property
    def person(self) -> Person:
        return self.member.person

    @property
    def recovery_code(self) -> str:
        return self.member.recovery_code

    async def password(self, person: Person | None = None) -> Person:
        """The first door only, in a browser of its own."""
        person = person or self.house.browser()
        await self.house.password(person, self.member.email, password=self.member.password)
        return person

    async def step_up(self, person: Person | None = None) -> Person:
        """Gate and passkey, so that changes are open."""
        person = person or self.person
        await self.house.open_settings(person)
        await person.get("/settings/confirm")
        return await prove(person, STEP_UP, self.passkey)


async def keeper(house: FrontDoor, email: str = "ada@example.com", **said: Any) -> Keeper:
    """An account with an app first, and a passkey that its owner added in settings."""
    owner = await member(house, email)
    await house.open_settings(owner.person)
    passkey = await add(owner.person, **said)
    house.clock.advance(seconds=60)
    return Keeper(house, owner, passkey)


async def sessions(house: FrontDoor) -> int:
    from tests.attack import count

    return await count(house, "sessions")


def handle_of(passkey: SoftPasskey) -> bytes:
    assert passkey.user_handle is not None
    return passkey.user_handle


def shape(answer: httpx.Response) -> tuple[object, ...]:
    """What a stranger can tell of an answer: status, headers' names, length, and the words."""
    return (
        answer.status_code,
        answer.headers.get("location"),
        sorted(answer.headers),
        len(answer.content),
    )


def without_challenge(options: dict[str, Any]) -> str:
    return json.dumps({**options, "challenge": len(options["challenge"])}, sort_keys=True)
