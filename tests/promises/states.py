"""Browsers brought to each point of the way in, and what the database holds then.

Every account here has an app, unless a phone is the point: an app's code needs no delivery.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from vestibule.storage import accounts, safeguards
from vestibule.storage.database import Transaction
from vestibule.storage.schema import metadata

Rows = dict[str, list[dict[str, Any]]]

TABLES: tuple[Table, ...] = tuple(metadata.tables.values())


SEEN = frozenset({"last_seen_at"})
"""What any page may touch: when a session was last seen."""
SEEN_OR_HELD = SEEN | {"guard"}
"""The same, and the counter whose only sense is the lock of its row."""


async def snapshot(
    house: FrontDoor, *, but: tuple[str, ...] = (), without: frozenset[str] = SEEN
) -> Rows:
    """Every row of every table, but for some tables and without some columns.

    Without the journal's rows, its heads and the counts of told refusals are left out too.
    """
    untold = "WHERE kind <> 'refusals-hour' " if "events" in but else ""

    async def unit(tx: Transaction) -> Rows:
        found: Rows = {}
        for table in TABLES:
            if table.name in but or (table.name == "journal_heads" and "events" in but):
                continue
            order = ", ".join(column.name for column in table.primary_key.columns)
            where = untold if table.name == "throttles" else ""
            rows = await tx.fetch_all(f"SELECT * FROM {table.name} {where}ORDER BY {order}")  # noqa: S608 - our own names
            found[table.name] = [
                {name: value for name, value in row.items() if name not in without} for row in rows
            ]
        return found

    return await house.database.read(unit)


async def rows(house: FrontDoor, table: str) -> list[dict[str, Any]]:
    return (await snapshot(house))[table]


async def standing(house: FrontDoor) -> list[dict[str, Any]]:
    """The second factors that prove something: none that was removed or suspended."""
    ended = {row["authenticator_id"] for row in await rows(house, "ended_authenticators")}
    return [row for row in await rows(house, "authenticators") if row["id"] not in ended]


async def age_browsers(house: FrontDoor, seconds: int = 24 * 3600) -> None:
    """As if every browser had been used for so long already, and nothing else were older."""
    await house.database.transact(
        lambda tx: tx.execute(
            "UPDATE known_browsers SET created_at = created_at - :by", by=seconds * 1_000_000
        )
    )


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def cookie(person: Person, name: str) -> str | None:
    return next((one.value for one in person.client.cookies.jar if one.name == name), None)


def put_cookie(person: Person, name: str, value: str) -> None:
    """A cookie that this browser never was given, as a thief would set it."""
    if cookie(person, name) is not None:
        person.client.cookies.delete(name)
    person.client.cookies.set(name, value, domain="localhost.local", path="/")


async def is_inside(person: Person) -> bool:
    """Whether this browser has a live session: the dashboard opens."""
    response = await person.client.get("/", follow_redirects=False)
    return response.status_code == 200


def copy_of(house: FrontDoor, person: Person) -> Person:
    """Another browser with the same cookies: a thief's."""
    thief = house.browser(source="198.51.100.66", agent="Mozilla/5.0 thief")
    for one in person.client.cookies.jar:
        put_cookie(thief, one.name, str(one.value))
    return thief


# --- the points of the way in ---------------------------------------------------------------


async def nobody(house: FrontDoor) -> Person:
    return house.browser()


async def pending(house: FrontDoor) -> Person:
    """The password was right; the second factor is asked for."""
    await house.member_with_app("pending@example.com")
    person = house.browser()
    await house.password(person, "pending@example.com")
    assert person.path == "/sign-in/code", person.text
    return person


async def wall_mail(house: FrontDoor) -> Person:
    """An account that never set up 2FA signs in: its mailbox is asked first."""
    await house.sign_up(house.browser(), "wall-mail@example.com")
    person = house.browser()
    await house.password(person, "wall-mail@example.com")
    assert person.path == "/set-up/email", person.text
    return person


async def wall(house: FrontDoor) -> Person:
    person = house.browser()
    await house.sign_up(person, "wall@example.com")
    return person


async def replacement(house: FrontDoor) -> Person:
    """A recovery code was used; nothing is bound yet."""
    _, _, code = await house.member_with_app("lost@example.com")
    person = house.browser()
    await recover(house, person, code, "lost@example.com")
    return person


async def recover(house: FrontDoor, person: Person, code: str, email: str) -> None:
    await house.password(person, email)
    await person.get("/sign-in/recovery-code")
    await person.press("Recover and set up 2FA", recovery_code=code)


async def idle(house: FrontDoor) -> Person:
    person, _, _ = await house.member_with_app("idle@example.com")
    house.clock.advance(seconds=31 * 60)
    return person


async def inside(house: FrontDoor) -> Person:
    """A session, and no more: its gate is closed."""
    person, _, _ = await house.member_with_app("inside@example.com")
    return person


async def stale(house: FrontDoor) -> Person:
    """The gate is open, but password and second factor are older than ten minutes."""
    person, _, _ = await house.member_with_app("stale@example.com")
    house.clock.advance(seconds=11 * 60)
    await house.open_settings(person)
    return person


async def fresh(house: FrontDoor) -> Person:
    person, _, _ = await house.member_with_app("fresh@example.com")
    await house.open_settings(person)
    return person


async def must_change(house: FrontDoor) -> Person:
    """A full sign-in of an account whose password somebody else seems to know."""
    person, _, _ = await house.member_with_app("known@example.com")
    account = next(r for r in await rows(house, "accounts") if r["email"] == "known@example.com")
    await house.database.transact(
        lambda tx: accounts.require_new_password(tx, account["id"], house.clock())
    )
    return person


async def must_reverify(house: FrontDoor) -> Person:
    """A full sign-in by a number that had rested for a year: its mailbox is asked too."""
    person, _ = await house.member("rested@example.com")
    await person.press("Sign out")
    house.clock.advance(seconds=366 * 24 * 3600)
    await house.password(person, "rested@example.com")
    await person.press("Verify", code=await house.code("sms"))
    return person


async def must_review(house: FrontDoor) -> Person:
    """The first full sign-in after an upset: what belongs to the account is looked at first."""
    person, _, _ = await house.member_with_app("upset@example.com")
    account = next(r for r in await rows(house, "accounts") if r["email"] == "upset@example.com")
    await house.database.transact(
        lambda tx: safeguards.require_review(tx, account["id"], house.clock())
    )
    return person


async def new_browser(house: FrontDoor) -> Person:
    """Gate open and proofs fresh, in a browser that is younger than a day."""
    _, secret, _ = await house.member_with_app("young@example.com")
    house.clock.advance(seconds=60)
    person = house.browser()
    await house.password(person, "young@example.com")
    await person.press("Verify", code=house.app_code(secret))
    await house.open_settings(person)
    return person


async def reset_code(house: FrontDoor) -> Person:
    await house.member_with_app("reset@example.com")
    person = house.browser()
    await ask_reset(person, "reset@example.com")
    assert person.path == "/forgot-password/code", person.text
    return person


async def ask_reset(person: Person, email: str) -> None:
    await person.get("/forgot-password")
    await person.press("Send code", email=email)


Reach = Callable[[FrontDoor], Awaitable[Person]]
STATES: dict[str, Reach] = {
    reach.__name__: reach
    for reach in (
        nobody,
        pending,
        wall_mail,
        wall,
        replacement,
        idle,
        inside,
        stale,
        fresh,
        must_reverify,
        must_change,
        must_review,
        new_browser,
    )
}


# --- accounts with more than one method -----------------------------------------------------


@dataclass
class Member:
    """Somebody inside with an app, whose later codes this can tell."""

    house: FrontDoor
    person: Person
    secret: bytes
    recovery_code: str
    email: str
    password: str = PASSWORD

    def next_code(self) -> str:
        """A code that was not used yet: the app moves on first."""
        self.house.clock.advance(seconds=60)
        return self.house.app_code(self.secret)

    async def sign_in_as_far_as_it_goes(self, person: Person) -> Person:
        """Password and code in this browser; wherever that leads."""
        await self.house.password(person, self.email, password=self.password)
        await person.press("Verify", code=self.next_code())
        if "Enter the code after it too" in person.text:
            # Another password is demanded, so one code is not enough.
            newest = self.next_code()
            pair = {"code": self.house.app_code(self.secret, steps=-1), "next_code": newest}
            await person.press("Verify", **pair)
        return person

    async def sign_in(self, person: Person | None = None) -> Person:
        """A second browser of the same person, through both doors."""
        person = await self.sign_in_as_far_as_it_goes(person or self.house.browser())
        await self.house.answer_review(person)
        assert person.path in {"/", "/new-password"}, person.text
        return person

    async def step_up(self, person: Person | None = None) -> Person:
        """Gate and step-up of this session, so that changes are open."""
        person = person or self.person
        await self.house.open_settings(person)
        await person.get("/settings/confirm")
        await person.press("Confirm", password=self.password, code=self.next_code())
        return person


async def member(house: FrontDoor, email: str = "ada@example.com") -> Member:
    person, secret, code = await house.member_with_app(email)
    return Member(house, person, secret, code, email)


async def add_app(house: FrontDoor, person: Person, *, name: str = "Second app") -> bytes:
    """One more app, in settings, by a session whose proofs are fresh."""
    await person.get("/settings/app")
    if "secret=" not in person.response.text:
        await person.press("Show the QR code")
    text = person.shown(r"secret=([A-Z2-7]+)")
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    await person.press("Verify", code=house.app_code(secret), app_name=name)
    assert person.path == "/settings", person.text
    return secret


async def add_phone(house: FrontDoor, person: Person, phone: str = "07400 123456") -> None:
    await person.get("/settings/phone")
    await person.press("Send code by text message", country="GB", phone=phone)
    await person.press("Verify", code=await house.code("sms"))
