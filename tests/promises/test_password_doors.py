"""Each door where a password is set refuses what a guesser tries first (PW-05).

There are four: sign-up, forgotten password, User Settings, and the one that a full sign-in leads
to when another password is demanded. Operators and support have none, and a recovery sets none.
"""

import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.answers import NEW_PASSWORD
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import member, rows
from vestibule.domain.password import PasswordFault, judge
from vestibule.entropy import SeededEntropy
from vestibule.storage import accounts
from vestibule.web.doors import DOORS

SHIPPED = Path(__file__).parents[2] / "src" / "vestibule" / "data" / "common-passwords.txt.gz"
WORDS = gzip.decompress(SHIPPED.read_bytes()).decode().splitlines()
CHANCE = SeededEntropy("PW-05")
SOME = [WORDS[0], WORDS[-1], *(WORDS[int(CHANCE.digits(9)) % len(WORDS)] for _ in range(5))]
EMAIL = "ada.lovelace@blue-lantern.example"
COMMON = "Many people use this password"
CONTEXT = "too close to your name, your address or ours"
OF_THE_PERSON = (
    "Ada-Vestibule-Ada",
    "ada.lovelace@blue-lantern.example",
    "lovelace.ada1815",
    "Blue-Lantern-2026!",
    "Vestibule-2026",
)
"""The name, the address, its parts and domain, and the product's name."""


@dataclass(frozen=True)
class Door:
    """Where the form is reached, and its field and button."""

    path: str
    reach: Callable[[FrontDoor], Awaitable[Person]]
    field: str
    button: str

    async def try_(self, person: Person, password: str) -> None:
        rest = {"name": "Ada", "email": EMAIL} if self.path == "/sign-up" else {}
        await person.press(self.button, **{self.field: password, **rest})


async def sign_up(house: FrontDoor) -> Person:
    person = house.browser()
    await person.get("/sign-up")
    return person


async def forgotten(house: FrontDoor) -> Person:
    ada = await member(house, EMAIL)
    person = house.browser()
    await person.get("/forgot-password")
    await person.press("Send code", email=EMAIL)
    await person.press("Verify", code=await house.code("email", to=EMAIL))
    await person.press("Verify", code=ada.next_code())
    return person


async def settings(house: FrontDoor) -> Person:
    ada = await member(house, EMAIL)
    await ada.step_up()
    await ada.person.get("/settings/password")
    return ada.person


async def demanded(house: FrontDoor) -> Person:
    ada = await member(house, EMAIL)
    (account,) = await rows(house, "accounts")
    await house.database.transact(
        lambda tx: accounts.require_new_password(tx, account["id"], house.clock())
    )
    await ada.person.get("/sessions")
    await ada.person.press("Sign out")
    return await ada.sign_in(ada.person)


SET_HERE = (
    Door("/sign-up", sign_up, "password", "Create account"),
    Door("/forgot-password/new", forgotten, "new_password", "Set new password"),
    Door("/settings/password", settings, "new_password", "Change password"),
    Door("/new-password", demanded, "new_password", "Set new password"),
)


def long_enough(word: str) -> str:
    """The word, repeated to the length that is asked for: repetition disguises nothing."""
    return word * -(-12 // len(word))


@pytest.mark.parametrize("door", SET_HERE, ids=lambda door: door.path)
async def test_each_door_refuses_what_is_guessed_first(either_house: FrontDoor, door: Door) -> None:
    """PW-05: first, last and random words of the list, and words of the person, set no password.

    One that only contains a listed word is taken.
    """
    house = either_house
    person = await door.reach(house)
    assert person.path == door.path, person.text
    before = [(row["password_mac"], row["epoch"]) for row in await rows(house, "passwords")]

    for word in SOME:
        await door.try_(person, long_enough(word))
        assert (person.path, COMMON in person.text) == (door.path, True), (word, person.text)
    for word in OF_THE_PERSON:
        await door.try_(person, word)
        assert (person.path, CONTEXT in person.text) == (door.path, True), (word, person.text)
    after = [(row["password_mac"], row["epoch"]) for row in await rows(house, "passwords")]
    assert (after, await rows(house, "sign_ups")) == (before, [])

    await door.try_(person, f"my {long_enough(WORDS[0])} is on the moon")
    assert person.path != door.path, person.text


def test_there_is_no_other_door_for_a_password() -> None:
    """PW-05: every form with a field for a new password is one of those that are tried here."""
    pages = Path(__file__).parents[2] / "src" / "vestibule" / "web" / "templates"
    forms = {page.name for page in pages.glob("*.html") if '"new-password"' in page.read_text()}
    assert forms == {"sign_up.html", "new_password.html", "password.html"}
    assert {door.path for door in SET_HERE} <= {door.path for door in DOORS}


async def test_a_thousand_words_of_the_list(house: FrontDoor) -> None:
    """PW-05: a thousand random words of the list are refused by the policy of all doors."""
    chosen = [WORDS[int(CHANCE.digits(9)) % len(WORDS)] for _ in range(1000)]
    policy = house.built.means.policy.password
    passed = [
        word
        for word in chosen
        if judge(policy, long_enough(word), context=()) is not PasswordFault.PASSWORD_COMMON
    ]
    assert passed == []


async def test_address_that_a_sign_up_moved_to_is_no_password(either_house: FrontDoor) -> None:
    """PW-05: made of the address that was typed last, it opens the door to a new one and no more.

    A sign-up keeps its password when its address changes, and nobody can read what it is.
    """
    house, mine = either_house, "Blue-Lantern-2026!"
    person = house.browser()
    await person.get("/sign-up")
    await person.press("Create account", name="Ada", email="ada@example.org", password=mine)
    await person.follow("Use another address")
    await person.press("Send code", email=EMAIL)
    await person.press("Verify", code=await house.code("email", to=EMAIL))
    secret, _ = await house.set_up_app(person)
    await person.press("Sign out")
    house.clock.advance(seconds=60)

    await house.password(person, EMAIL, password=mine)
    pair = {"code": house.app_code(secret, steps=-1), "next_code": house.app_code(secret)}
    await person.press("Verify", **pair)

    assert person.path == "/new-password", person.text
    assert "would guess it soon" in person.text
    await person.press("Set new password", new_password=NEW_PASSWORD)
    assert person.path == "/", person.text
    await person.press("Sign out")
    house.clock.advance(seconds=60)
    await house.password(person, EMAIL, password=NEW_PASSWORD)
    await person.press("Verify", code=house.app_code(secret))
    assert person.path == "/", person.text
