"""One unit of work: a transaction, its moment, its caller, and the events it commits.

Events are logged only after their transaction is committed, so the log never tells what was
rolled back.
"""

import hashlib
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from vestibule import __version__
from vestibule.clock import Clock
from vestibule.crypto.keyring import Keyring
from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.crypto.seal import Seal
from vestibule.domain import totp
from vestibule.domain.challenge import Channel
from vestibule.domain.event import Event, EventName, Outcome
from vestibule.domain.journal import Row
from vestibule.domain.language import Languages
from vestibule.domain.password import PasswordPolicy
from vestibule.domain.session import Limits
from vestibule.domain.tolls import Tolls
from vestibule.entropy import Entropy
from vestibule.flows import journal
from vestibule.flows.passwords import Passwords
from vestibule.observability.logging import log_event
from vestibule.storage.database import Database, Transaction

T = TypeVar("T")

ELSEWHERE = ""
"""The place of all countries that have no routes of their own."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator decided, as plain values."""

    product: str
    origin: str
    host: str
    password: PasswordPolicy
    # Where a phone can be set up; None means everywhere.
    countries: frozenset[str] | None
    # The ways out that have a provider; the operator closes one by naming nobody for it.
    channels: frozenset[Channel]
    # The same of single countries, where routes of their own open or close some.
    country_channels: Mapping[str, frozenset[Channel]]
    default_country: str
    session: Limits
    # With the simulator every person calls from this machine, so a source says nothing.
    limits_loopback: bool
    code_digits: int = 6
    """How long a code is that is sent, before wrong ones make it longer (OC-01)."""
    new_apps: totp.Parameters = totp.USUAL
    """How an app that is set up now computes its codes (TO-01)."""
    closes_after: timedelta = timedelta(days=7)
    """How long an account that its owner closes can still be kept."""
    tolls: Tolls = field(default_factory=Tolls)
    languages: Languages = field(default_factory=Languages)

    def channels_to(self, country: str) -> frozenset[Channel]:
        """The ways out that reach a country's numbers: by a provider, and open in the table."""
        reach = self.country_channels.get(country, self.country_channels[ELSEWHERE])
        return reach - self.tolls.table.closed(country)

    @property
    def has_passkeys(self) -> bool:
        """Whether browsers make any for us: they do for names, not for addresses of machines."""
        return not _is_address(self.host)

    @property
    def set_up_ways(self) -> frozenset[Channel]:
        """The ways by which a phone can be set up in some country at least."""
        return self.channels & self.tolls.table.set_up_ways

    def set_up_channels(self, country: str) -> frozenset[Channel]:
        """The ways by which a number of a country can be confirmed for the first time."""
        return self.channels_to(country) & self.tolls.table.set_up_channels(country)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Means:
    """What every flow works with."""

    database: Database
    clock: Clock
    entropy: Entropy
    keyring: Keyring
    seal: Seal
    passwords: Passwords
    policy: Policy
    wake_delivery: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as far as the network tells: nothing here proves anything."""

    source: str
    user_agent: str
    request_id: str
    locale: str
    """The language of the page, an offered one."""
    browser_token: str | None = None
    """The cookie that names a browser which completed a sign-in before (RL-03)."""
    visit_token: str | None = None
    """The cookie that ties forms to one browser before anybody is known."""
    time_zone: str | None = None
    """What the browser's form says of its clock: a zone that is known here (NO-02)."""
    is_owner: bool = True
    """Whether what is done to an account is done by whoever has it; else `actor_id` did it."""
    actor_id: str | None = None


NOBODY = Caller(source="", user_agent="", request_id="", locale="en")
"""Who acts where no person does: a carrier, the worker, the clock."""


@dataclass(slots=True)
class Work:
    """What a unit sees while its transaction is open."""

    tx: Transaction
    means: Means
    caller: Caller
    now: datetime
    told: list[Event] = field(default_factory=list)
    written: list[Row] = field(default_factory=list)
    """What became of them in the journal, in the same order."""
    has_mail: bool = False

    async def note(
        self,
        name: EventName,
        *,
        account_id: str | None = None,
        outcome: str = Outcome.SUCCESS,
        reason: str | None = None,
        session_id: str | None = None,
        sign_in_id: str | None = None,
        method: str | None = None,
        **details: object,
    ) -> None:
        """Tell one event: into the journal as the unit ends, into the log after its commit."""
        event = Event(
            id=self.means.entropy.id(),
            occurred_at=self.now,
            name=name,
            outcome=Outcome(outcome),
            reason=reason,
            account_id=account_id,
            actor_id=account_id if self.caller.is_owner else self.caller.actor_id,
            session_mac=self._mark("session", session_id),
            sign_in_mac=self._mark("sign_in", sign_in_id),
            method=method,
            source=self.caller.source,
            user_agent=self.caller.user_agent,
            request_id=self.caller.request_id,
            version=__version__,
            details=details,
        )
        self.told.append(event)

    def visit_digest(self) -> bytes:
        """Names the browser's visit; one that has none is like no other."""
        return digest(self.caller.visit_token or self.means.entropy.token())

    def _mark(self, kind: str, record_id: str | None) -> bytes | None:
        if record_id is None:
            return None
        return self.means.keyring.mac(KeyPurpose.SESSION_REFERENCE, kind, record_id)


async def work(means: Means, caller: Caller, unit: Callable[[Work], Awaitable[T]]) -> T:
    """What the unit returned, committed; then its events are logged and its messages leave."""
    done: Work | None = None

    async def run(tx: Transaction) -> T:
        nonlocal done
        # Anew at each run: PostgreSQL may have to run a unit twice.
        done = Work(tx=tx, means=means, caller=caller, now=means.clock())
        value = await unit(done)
        done.written = await journal.append(tx, means.keyring, done.told, done.now)
        return value

    result = await means.database.transact(run)
    if done is not None:
        for event, row in zip(done.told, done.written, strict=True):
            log_event(event, row)
        if done.has_mail:
            means.wake_delivery()
    return result


async def look(means: Means, caller: Caller, unit: Callable[[Work], Awaitable[T]]) -> T:
    """What a unit that only reads returned; it takes no write lock."""

    async def run(tx: Transaction) -> T:
        return await unit(Work(tx=tx, means=means, caller=caller, now=means.clock()))

    return await means.database.read(run)


def digest(token: str) -> bytes:
    """What is stored of a bearer token: SHA-256 suffices for 256 random bits (SE-01)."""
    return hashlib.sha256(token.encode()).digest()
