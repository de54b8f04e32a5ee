"""One account, what each side holds of it, and everything that was sent: the ground of the model.

Knows no rule of the house. Owner and attackers act on it through pages; `watch` judges it.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.attack import rows
from tests.front_door import FrontDoor, front_door
from tests.person import Person
from vestibule.crypto.key_source import KeyFile
from vestibule.delivery.providers.simulator import Delivered
from vestibule.domain import totp
from vestibule.flows import keys
from vestibule.flows.housekeeping import purge
from vestibule.storage.database import Database

EMAIL = "ada@example.com"
NUMBER = "+447400123456"
SWEPT_AFTER, HALF_A_DAY, MOST_PARTS = timedelta(hours=1), timedelta(hours=12), 20
"""A long wait is gone through in parts, so that the worker comes by while it lasts."""


class Holding(StrEnum):
    """What an attacker may have got hold of."""

    PASSWORD = "password"
    MAILBOX = "mailbox"
    NUMBER = "number"
    PAPER = "paper"
    """A copy of the recovery code."""
    SECOND = "second mailbox"
    """Every second address for notices that there was."""


class Kind(StrEnum):
    """What the account's second factors are."""

    PHONE = "phone"
    APP = "app"
    BOTH = "both"


@dataclass(frozen=True)
class Guess:
    """A wrong code of an attacker that the house compared with the right one."""

    at: datetime
    password: str
    """The setting of the password that it was behind."""
    digits: int
    sign_in: int
    """Which of the attackers' sign-ins it was made in."""


@dataclass
class World:
    """The house, the clock, the mailbox, and who holds what by now."""

    house: FrontDoor
    folder: Path
    """Where the house keeps its root keys."""
    held: set[Holding] = field(default_factory=set)
    tally: Counter[str] = field(default_factory=Counter)
    sent: list[Delivered] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    remembered: list[Guess] = field(default_factory=list)
    """Those that the database knows of: a restore forgets what came after the copy."""
    gate_guesses: list[datetime] = field(default_factory=list)
    """When a wrong six-digit code was compared at the door of settings."""
    gate_remembered: list[datetime] = field(default_factory=list)
    """Those that the database knows of."""
    addresses: list[str] = field(default_factory=lambda: [EMAIL])
    """Every address that the account had; the owner reads them all."""
    email: str = EMAIL
    """The present one; empty once the account is closed."""
    seconds: dict[str, str] = field(default_factory=dict)
    """Every second address that the account had, by its row."""
    second: str = ""
    """The one that stands."""
    made: dict[str, str] = field(default_factory=dict)
    """Which act bound each authenticator; the house forgets it some day."""
    account_id: str = ""
    closes: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What a run opened, closed at its end."""
    spent: list[tuple[str, str]] = field(default_factory=list)
    """Channel and code of every code that opened something."""
    _seen: set[tuple[int, str]] = field(default_factory=set)
    _sources: int = 0
    _runs: int = 0

    @property
    def now(self) -> datetime:
        return self.house.clock()

    async def pass_time(self, by: timedelta) -> None:
        """The clock moves; the worker does what is due on the way, and what is old is deleted."""
        await self.house.deliver()
        is_long, left = by >= SWEPT_AFTER, by
        while left > timedelta():
            part = min(left, max(HALF_A_DAY, by / MOST_PARTS))
            await self.house.let_time_pass(seconds=part.total_seconds())
            if is_long:
                await purge(self.house.built.means)
            left -= part
        self._collect()

    async def messages(self, channel: str, *, to: str | None = None) -> list[Delivered]:
        """All that arrived by a channel, oldest first."""
        await self.house.deliver()
        self._collect()
        return [one for one in self.sent if one.channel == channel and to in {None, one.to}]

    def _collect(self) -> None:
        for one in self.house.inbox():
            if (self._runs, one.id) not in self._seen:
                self._seen.add((self._runs, one.id))
                self.sent.append(one)

    async def code(self, channel: str, *, to: str) -> str:
        """The newest code that arrived there; empty where none ever did, or its call is over."""
        if channel == "voice":
            with suppress(AssertionError):
                return await self.house.heard(to=to)
            return ""
        found = [one.code for one in await self.messages(channel, to=to) if one.code]
        return found[-1] if found else ""

    async def letters(self) -> list[Delivered]:
        """All that came to any address of the owner, oldest first."""
        return [one for one in await self.messages("email") if one.to in self.addresses]

    async def letters_to_second(self) -> list[Delivered]:
        """All that came to any second address, oldest first."""
        found = set(self.seconds.values())
        return [one for one in await self.messages("email") if one.to in found]

    async def mailed_code(self) -> str:
        """The newest code in any of the owner's mailboxes; empty where none ever came."""
        found = [one.code for one in await self.letters() if one.code]
        return found[-1] if found else ""

    async def mails(self) -> Counter[str]:
        """How many notices of each kind the owner has got."""
        return Counter(one.purpose for one in await self.letters() if not one.code)

    def note_gate_guess(self, at: datetime, digits: int) -> None:
        self.tally[f"guess of {digits} digits at settings"] += 1
        if digits == 6:
            self.gate_guesses.append(at)
            self.gate_remembered.append(at)

    def note(self, guess: Guess) -> None:
        self.guesses.append(guess)
        self.remembered.append(guess)
        self.tally[f"guess of {guess.digits} digits"] += 1

    def take_back(self, count: int) -> None:
        """The newest ones were none: their sign-in succeeded."""
        for guesses in (self.guesses, self.remembered):
            del guesses[len(guesses) - count :]

    async def restart(self, over: Database | None = None) -> None:
        """Every process of the house starts again, perhaps over a database that was put back."""
        await self.house.deliver()
        self._collect()
        self._runs += 1
        self.house.restart(over)

    async def rotate(self) -> None:
        """The operator changes the root key: published, written with, everything sealed anew."""
        built, source = self.house.built, KeyFile(self.folder / "root.key")
        await keys.rotate(built.means, source)
        built.keys.look()
        await self.pass_time(source.published_for + timedelta(seconds=20))
        built.keys.look()
        await keys.reseal(built.means, source.read(), source)

    def browser(self, *, agent: str) -> Person:
        """A fresh browser in a network of its own."""
        self._sources += 1
        third, fourth = divmod(self._sources, 250)
        return self.house.browser(source=f"198.51.{third}.{fourth}", agent=agent)

    async def rows(self, sql: str, **params: object) -> list[Mapping[str, Any]]:
        return await rows(self.house, sql, **params)

    async def number_of(self, sql: str, **params: object) -> int:
        """The one number `n` that a query selects."""
        return int((await self.rows(sql, **params))[0]["n"])

    async def compared(self) -> int:
        """How many wrong codes the house has compared with the right one, by its journal."""
        return await self.number_of(
            "SELECT COUNT(*) AS n FROM events WHERE name IN ('authn_login_fail',"
            " 'authn_token_reuse')"
        )

    async def learn_address(self) -> None:
        """What the account is reached at; its owner is told of each change."""
        (account,) = await self.rows(
            "SELECT email FROM accounts WHERE id = :id", id=self.account_id
        )
        self.email = str(account["email"])

    async def learn_second(self) -> None:
        """Which second address stands, and which act bound what."""
        found = await self.rows(
            "SELECT id FROM notice_addresses WHERE account_id = :id AND told_until_at IS NULL",
            id=self.account_id,
        )
        self.second = self.seconds[str(found[0]["id"])] if found else ""
        for row in await self.rows("SELECT * FROM made WHERE kind = 'authenticator'"):
            self.made[str(row["thing_id"])] = str(row["act_id"])

    async def guard(self) -> Mapping[str, Any]:
        """What holds the account back; empty where nothing ever did."""
        found = await self.rows(
            "SELECT * FROM safeguards WHERE account_id = :id", id=self.account_id
        )
        return found[0] if found else {}

    async def noted(self, name: str) -> int:
        """How often the journal says this of the account."""
        return await self.number_of(
            "SELECT COUNT(*) AS n FROM events WHERE account_id = :id AND name = :name",
            id=self.account_id,
            name=name,
        )

    @property
    def is_closed(self) -> bool:
        return not self.email

    async def closes_at(self) -> datetime | None:
        """When the account is going to be closed, if it is."""
        found = await self.rows(
            "SELECT closes_at FROM safeguards WHERE account_id = :id AND closes_at IS NOT NULL",
            id=self.account_id,
        )
        return moment(found[0]["closes_at"]) if found else None

    async def password(self) -> str:
        """Which setting of the password is the present one; another after each change."""
        found = await self.rows(
            "SELECT epoch, changed_at FROM passwords WHERE account_id = :id", id=self.account_id
        )
        return ", ".join(f"{row['epoch']} of {row['changed_at']}" for row in found)


def moment(value: Any) -> datetime:
    """A stored time, as both databases give it."""
    if isinstance(value, datetime):
        return value
    return datetime.fromtimestamp(value / 1_000_000, UTC)


def app_code(secret: bytes, at: datetime, *, steps: int = 0) -> str:
    """What an app shows, `steps` of 30 seconds from then."""
    return totp.hotp(secret, totp.step_at(at) + steps)


def has(person: Person, button: str) -> bool:
    """Whether the page has a button with these words."""
    return any(button in one[0] for form in person.page.forms for one in form.buttons)


@asynccontextmanager
async def world_over(database: Database, folder: Path) -> AsyncIterator[World]:
    """A house over this database, the same one in every run."""
    async with front_door(database, folder, seed="model") as house:
        # As for people: what happens one after the other does not happen at one moment.
        house.form_takes = 2.0
        async with AsyncExitStack() as closes:
            yield World(house, folder, closes=closes)
