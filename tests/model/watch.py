"""What must hold after every step, read past the pages: the invariants of the attacker model.

Compares the rows of now with those of the step before; asks the house nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.model.later_watch import YEAR, LaterWatch
from tests.model.world import Kind, World, moment
from vestibule.domain.totp import step_at

EPOCH_BUDGET, YEAR_BUDGET = 20, 50
"""The figures of the promise, said again: the house's own could be wrong with it."""
OF_OPEN_ACCOUNTS = ("passwords", "recovery_codes", "challenges", "known_browsers")
GONE = ("sessions", "sign_ins", "resets")
"""Their ids never come back once they are gone."""
ENDED = {"challenges": "ended_at", "recovery_codes": "ended_at", "disavowals": "used_at"}
"""Rows that are marked once and stay so."""
TOLD = {
    "authenticator_bound": ("method_added", "number_changed", "recovery_finished"),
    "authn_password_change": ("password_changed",),
    "authn_password_reset": ("password_reset",),
    "authn_password_reset_waits": ("reset_waits",),
    "recovery_code_used": ("recovery_code_used",),
    "recovery_stopped": ("recovery_stopped",),
    "changes_frozen": ("changes_frozen",),
    "address_changed": ("address_changed",),
    "account_closing_asked": ("closing_asked",),
    "account_closing_cancelled": ("closing_cancelled",),
    "notice_address_set": ("notice_address_set",),
    "notice_address_removed": ("notice_address_removed",),
}
"""Each of these in the journal has a mail of one of these kinds."""


@dataclass(frozen=True)
class Known:
    """What a database knows of: a restore forgets what came after its copy."""

    mails: Counter[str]
    """The notices."""
    held: Mapping[str, datetime]
    """Former addresses, and how long each is nobody else's."""


@dataclass
class Watch:
    """Remembers the step before."""

    world: World
    kind: Kind
    _before: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    _gone: dict[str, set[str]] = field(default_factory=dict)
    _looked_at: datetime = field(default_factory=lambda: datetime.min.replace(tzinfo=UTC))
    _held: dict[str, datetime] = field(default_factory=dict)
    _mails_forgotten: Counter[str] = field(default_factory=Counter)
    _later: LaterWatch = field(init=False)

    def __post_init__(self) -> None:
        self._later = LaterWatch(self.world)

    async def look(self) -> None:
        """Raise AssertionError where an invariant does not hold."""
        await self.world.messages("email")
        await self._addresses()
        self._budgets()
        await self._single_use_and_nothing_revives()
        await self._two_factors()
        await self._told()
        await self._later.look()

    def _budgets(self) -> None:
        """(i) at most 20 six-digit guesses for a password, and 50 in any 365 days.

        The 20 hold whatever is restored; of the 50 a database knows those before its copy.
        """
        short = [one for one in self.world.guesses if one.digits == 6]
        for password, made in Counter(one.password for one in short).items():
            assert made <= EPOCH_BUDGET, f"(i) {made} guesses at password {password}"
        known = [one for one in self.world.remembered if one.digits == 6]
        restored = self.world.tally["restored"]
        for guesses, most in ((known, YEAR_BUDGET), (short, YEAR_BUDGET * (1 + restored))):
            for last in guesses:
                within = sum(last.at - YEAR < one.at <= last.at for one in guesses)
                assert within <= most, f"(i) {within} guesses within 365 days"
        self._later.budgets(YEAR_BUDGET)

    async def known(self) -> Known:
        return Known(await self.world.mails() - self._mails_forgotten, dict(self._held))

    async def restored(self, known: Known) -> None:
        """(iii) what was gone or used is so in the database that was put back; begin anew with it.

        `known` is what the copy knows of.
        """
        for table in (*GONE, "known_browsers"):
            found = await self.world.number_of(f"SELECT COUNT(*) AS n FROM {table}")  # noqa: S608 - our own names
            assert found == 0, f"(iii) of {table} something came back"
        for table, mark in ENDED.items():
            found = await self.world.number_of(
                f"SELECT COUNT(*) AS n FROM {table} WHERE {mark} IS NULL"  # noqa: S608 - our own names
            )
            assert found == 0, f"(iii) of {table} something lives again"
        await self._time_steps_are_used()
        self._mails_forgotten = await self.world.mails() - known.mails
        self._held = dict(known.held)
        await self.world.learn_address()
        self._before = {table: self._before[table] for table in GONE}
        self._gone = {table: self._gone[table] for table in GONE}
        await self._later.restored()

    async def _time_steps_are_used(self) -> None:
        used = {key: row["last_step"] for key, row in self._before["authenticators"].items()}
        for row in await self.world.rows("SELECT * FROM authenticators WHERE kind = 'totp'"):
            is_used = row["last_step"] >= used.get(row["id"], row["last_step"])
            assert is_used, "(iii) a time step was given back"
            now = step_at(self.world.now) + row["step_offset"]
            assert row["last_step"] >= now, "(iii) what an app shows is good"

    async def _single_use_and_nothing_revives(self) -> None:
        """(iii) what is used, ended or gone stays so; strikes go by age and own success only."""
        for table in (*GONE, *ENDED, "strikes", "authenticators"):
            found = {row["id"]: row for row in await self.world.rows(f"SELECT * FROM {table}")}  # noqa: S608 - our own names
            before = self._before.get(table, {})
            gone = self._gone.setdefault(table, set())
            assert not gone & set(found), f"(iii) of {table} something came back"
            gone |= set(before) - set(found)
            for key in set(before) & set(found):
                self._stays(table, before[key], found[key])
            if table == "strikes":
                self._strikes_go_rightly(before, found)
            self._before[table] = found

    def _stays(self, table: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        if (mark := ENDED.get(table)) is not None:
            assert old[mark] is None or old[mark] == new[mark], f"(iii) {table} {old['id']} lives"
        if table == "challenges":
            assert old["tries"] <= new["tries"], "(iii) tries were given back"
        if table == "authenticators":
            assert old["last_step"] <= new["last_step"], "(iii) a time step was given back"

    def _strikes_go_rightly(
        self, before: Mapping[str, Mapping[str, Any]], found: Mapping[str, Mapping[str, Any]]
    ) -> None:
        since = self.world.now - YEAR
        lost = [row for key, row in before.items() if key not in found]
        young = {row["sign_in_id"] for row in lost if moment(row["made_at"]) > since}
        left = {row["sign_in_id"] for row in found.values()}
        assert not young & left, "(i) a part of a sign-in's strikes went"
        # A sign-in that goes on to succeed takes its own strikes along, and no other's.
        assert len(young) <= 2, f"(i) the strikes of {len(young)} sign-ins went in one step"

    async def _addresses(self) -> None:
        """EM-05: what the account has, or had within seven days, is nobody else's; SE-09: a closed
        account has nothing that opens anything."""
        before, was_at = self.world.email, self._looked_at
        await self.world.learn_address()
        self._looked_at = self.world.now
        if before != self.world.email:
            self._held[before] = was_at + timedelta(days=7)
        held = {self.world.email} | {a for a, until in self._held.items() if self.world.now < until}
        others = await self.world.rows(
            "SELECT email FROM accounts WHERE id <> :id", id=self.world.account_id
        )
        if not self.world.is_closed:
            taken = held & {str(one["email"]) for one in others}
            assert not taken, f"(vii) {taken} is somebody else's"
            return
        self.world.tally["closed for good"] = 1
        for table in (*OF_OPEN_ACCOUNTS, *GONE):
            left = await self.world.number_of(
                f"SELECT COUNT(*) AS n FROM {table} WHERE account_id = :id",  # noqa: S608 - our own names
                id=self.world.account_id,
            )
            assert left == 0, f"(vii) the closed account has {table}"

    async def _two_factors(self) -> None:
        """EF-02: there is a session only after two factors, and a second factor always."""
        sessions = await self.world.number_of(
            "SELECT COUNT(*) AS n FROM sessions WHERE second_factor_at IS NULL"
        )
        standing = await self.world.number_of(
            "SELECT COUNT(*) AS n FROM authenticators WHERE account_id = :id AND id NOT IN"
            " (SELECT authenticator_id FROM ended_authenticators)",
            id=self.world.account_id,
        )
        waits = await self.world.number_of(
            "SELECT COUNT(*) AS n FROM safeguards WHERE account_id = :id"
            " AND reset_required_at IS NOT NULL",
            id=self.world.account_id,
        )
        assert sessions == 0
        assert standing or waits, "the account has no second factor"

    async def _told(self) -> None:
        """(v) the first wrong code, 10, 15, 20 and 50, and every change have been mailed."""
        # What was told of what is forgotten tells of nothing that is known.
        mails = (await self.known()).mails
        events = await self.world.rows(
            # What an answer takes off is told with the answer.
            "SELECT name, COUNT(*) AS n FROM events WHERE account_id = :id"
            " AND (reason IS NULL OR reason <> 'not_me') GROUP BY name",
            id=self.world.account_id,
        )
        made = {row["name"]: row["n"] for row in events}
        for name, kinds in TOLD.items():
            told = sum(mails[kind] for kind in kinds)
            # A change of address is told to both of them.
            times = 2 if name == "address_changed" else 1
            assert told >= times * made.get(name, 0), f"(v) {name}: {made[name]}, told {told}"
        if self.world.guesses:
            first = self.world.guesses[0].at
            kinds_of_wrong = {"wrong_second_factor", "many_wrong_second_factor"}
            sent_at = [_sent(m) for m in self.world.sent if m.purpose in kinds_of_wrong]
            assert any(first <= at <= first + timedelta(hours=1) for at in sent_at), "(v) first"
        await self._told_of_milestones()

    async def _told_of_milestones(self) -> None:
        since = self.world.now - YEAR
        strikes = [row for row in self._before["strikes"].values() if row["digits"] == 6]
        in_year = sum(moment(row["made_at"]) > since for row in strikes)
        per_epoch = Counter(row["password_epoch"] for row in strikes).values()
        texts = [m.text for m in await self.world.letters() if m.purpose == "strikes"]
        for most, reached in ((10, per_epoch), (15, per_epoch), (20, per_epoch), (50, [in_year])):
            if any(count >= most for count in reached):
                assert any(f"{most} wrong codes" in text for text in texts), f"(v) {most}"
                self.world.tally[f"told of {most} strikes"] += 1


def _sent(message: Any) -> datetime:
    return datetime.fromisoformat(message.sent_at)
