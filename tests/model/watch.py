"""What must hold after every step, read past the pages: the invariants of the attacker model.

Compares the rows of now with those of the step before; asks the house nothing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.model.world import EMAIL, Kind, World

YEAR = timedelta(days=365)
EPOCH_BUDGET, YEAR_BUDGET = 20, 50
"""The figures of the promise, said again: the house's own could be wrong with it."""
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
}
"""Each of these in the journal has a mail of one of these kinds."""


@dataclass
class Watch:
    """Remembers the step before."""

    world: World
    kind: Kind
    _before: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    _gone: dict[str, set[str]] = field(default_factory=dict)

    async def look(self) -> None:
        """Raise AssertionError where an invariant does not hold."""
        await self.world.messages("email")
        self._budgets()
        await self._single_use_and_nothing_revives()
        await self._two_factors()
        await self._told()

    def _budgets(self) -> None:
        """(i) at most 20 six-digit guesses for a password, and 50 in any 365 days."""
        short = [one for one in self.world.guesses if one.digits == 6]
        for epoch, made in Counter(one.epoch for one in short).items():
            assert made <= EPOCH_BUDGET, f"(i) {made} guesses at password {epoch}"
        for last in short:
            within = sum(last.at - YEAR < one.at <= last.at for one in short)
            assert within <= YEAR_BUDGET, f"(i) {within} guesses within 365 days"

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
        young = {row["sign_in_id"] for row in lost if _at(row["made_at"]) > since}
        left = {row["sign_in_id"] for row in found.values()}
        assert not young & left, "(i) a part of a sign-in's strikes went"
        # A sign-in that goes on to succeed takes its own strikes along, and no other's.
        assert len(young) <= 2, f"(i) the strikes of {len(young)} sign-ins went in one step"

    async def _two_factors(self) -> None:
        """EF-02: there is a session only after two factors, and a second factor always."""
        sessions = await self.world.number_of(
            "SELECT COUNT(*) AS n FROM sessions WHERE second_factor_at IS NULL"
        )
        standing = await self.world.number_of(
            "SELECT COUNT(*) AS n FROM authenticators WHERE id NOT IN"
            " (SELECT authenticator_id FROM ended_authenticators)"
        )
        waits = await self.world.number_of(
            "SELECT COUNT(*) AS n FROM safeguards WHERE reset_required_at IS NOT NULL"
        )
        assert sessions == 0
        assert standing or waits, "the account has no second factor"

    async def _told(self) -> None:
        """(v) the first wrong code, 10, 15, 20 and 50, and every change have been mailed."""
        mails = Counter(m.purpose for m in self.world.sent if m.to == EMAIL and not m.code)
        events = await self.world.rows("SELECT name, COUNT(*) AS n FROM events GROUP BY name")
        made = {row["name"]: row["n"] for row in events}
        for name, kinds in TOLD.items():
            told = sum(mails[kind] for kind in kinds)
            assert told >= made.get(name, 0), f"(v) {name}: {made[name]}, told {told}"
        if self.world.guesses:
            first = self.world.guesses[0].at
            kinds_of_wrong = {"wrong_second_factor", "many_wrong_second_factor"}
            times = [_sent(m) for m in self.world.sent if m.purpose in kinds_of_wrong]
            assert any(first <= at <= first + timedelta(hours=1) for at in times), "(v) first"
        await self._told_of_milestones()

    async def _told_of_milestones(self) -> None:
        since = self.world.now - YEAR
        strikes = [row for row in self._before["strikes"].values() if row["digits"] == 6]
        in_year = sum(_at(row["made_at"]) > since for row in strikes)
        per_epoch = Counter(row["password_epoch"] for row in strikes).values()
        texts = [m.text for m in self.world.sent if m.purpose == "strikes" and m.to == EMAIL]
        for most, reached in ((10, per_epoch), (15, per_epoch), (20, per_epoch), (50, [in_year])):
            if any(count >= most for count in reached):
                assert any(f"{most} wrong codes" in text for text in texts), f"(v) {most}"
                self.world.tally[f"told of {most} strikes"] += 1


def _at(value: Any) -> datetime:
    """A stored time, as both databases give it."""
    if isinstance(value, datetime):
        return value
    return datetime.fromtimestamp(value / 1_000_000, UTC)


def _sent(message: Any) -> datetime:
    return datetime.fromisoformat(message.sent_at)
