"""What must hold of a second address, of freezes, of resets that wait, and of the door of settings.

Part of `watch`: looked at after every step too.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.model.world import World, moment

YEAR = timedelta(days=365)
WEEK, FREEZE = timedelta(days=7), timedelta(hours=72)
"""The figures of the promise, said again: the house's own could be wrong with it."""
TO_THE_ADDRESS_ALONE = {"address_taken", "address_wanted", "address_held"}
"""Mails that answer somebody's form, and tell of no change."""


@dataclass
class LaterWatch:
    """Remembers the step before."""

    world: World
    _looked_at: datetime = field(default_factory=lambda: datetime.min.replace(tzinfo=UTC))
    _email: str = ""
    _second: str = ""
    _until: dict[str, datetime] = field(default_factory=dict)
    """Second addresses that ended, and how long each is told still."""
    _heard: dict[str, Counter[str]] = field(default_factory=dict)
    _guard: Mapping[str, Any] = field(default_factory=dict)
    _waits: Mapping[str, Any] | None = None
    _counts: Counter[str] = field(default_factory=Counter)

    async def look(self) -> None:
        """Raise AssertionError where an invariant does not hold."""
        await self.world.learn_second()
        await self._second_hears()
        await self._freeze_ends_rightly()
        await self._what_waits_counts()
        self._looked_at = self.world.now

    async def restored(self) -> None:
        """Begin anew with the database that was put back."""
        self._until, self._heard, self._guard, self._waits = {}, {}, {}, None
        self._second = ""

    def budgets(self, most: int) -> None:
        """(i) at most 50 six-digit guesses at the door of settings in any 365 days."""
        restored = self.world.tally["restored"]
        known, made = self.world.gate_remembered, self.world.gate_guesses
        for guesses, limit in ((known, most), (made, most * (1 + restored))):
            for last in guesses:
                within = sum(last - YEAR < one <= last for one in guesses)
                assert within <= limit, f"(i) {within} guesses at settings within 365 days"

    async def _second_hears(self) -> None:
        """(ix) a second address, and one of the last week, is told what the first is told."""
        now, second = self.world.now, self.world.second
        if self._second and self._second != second:
            self._until[self._second] = self._looked_at + WEEK
        hearing = {a for a, until in self._until.items() if now < until} | {second} - {""}
        mails = await self.world.messages("email")
        heard = {
            to: Counter(m.purpose for m in mails if m.to == to and not m.code)
            for to in {*hearing, self.world.email}
        }
        if self._email == self.world.email and not self.world.is_closed:
            own = heard[self._email] - self._heard.get(self._email, heard[self._email])
            for to in hearing & set(self._heard):
                missing = own - (heard[to] - self._heard[to])
                missed = set(missing) - TO_THE_ADDRESS_ALONE
                assert not missed, f"(ix) {to} was not told of {missed}"
                self.world.tally["second address was told"] += bool(own)
        for one in await self.world.letters_to_second():
            assert not one.code or one.purpose == "notice_address", f"(ix) a code: {one.purpose}"
        self._email, self._second, self._heard = self.world.email, second, heard

    async def _freeze_ends_rightly(self) -> None:
        """(viii) a freeze lasts 72 hours at most, is not prolonged, and goes before by a proof."""
        before, found = self._guard, await self.world.guard()
        was, until = before.get("frozen_until_at"), found.get("frozen_until_at")
        if until is not None:
            assert moment(until) <= self.world.now + FREEZE, "(viii) a freeze for too long"
        lifted = await self._more("changes_freeze_lifted")
        if was is not None and moment(was) > self.world.now and not self.world.is_closed:
            assert was == until or lifted, "(viii) a freeze was prolonged, or went by itself"
        self.world.tally["freeze lifted"] += lifted
        self._guard = found

    async def _what_waits_counts(self) -> None:
        """(viii) a reset that waited a day counts, unless it was stopped, or its proof lost."""
        found = await self.world.rows(
            "SELECT * FROM waiting_resets WHERE account_id = :id", id=self.world.account_id
        )
        before, self._waits = self._waits, found[0] if found else None
        counted = await self._more("authn_password_reset")
        stopped = await self._more("authn_password_reset_cancelled")
        if before is None or (found and found[0]["reset_id"] == before["reset_id"]):
            return
        if counted:
            self.world.tally["reset that waited has counted"] += 1
            return
        assert stopped or self.world.is_closed, "(viii) a reset that waited went without a word"
        if await self._lapsed():
            lost = await self.world.number_of(
                "SELECT COUNT(*) AS n FROM ended_authenticators WHERE authenticator_id = :id"
                " AND ended_by = 'lost'",
                id=before["authenticator_id"],
            )
            is_settled = before["address_id"] and not self._guard.get("address_suspended_at")
            assert lost or is_settled, "(viii) a reset lapsed whose proof was not lost"

    async def _lapsed(self) -> bool:
        """Whether it ended on its own day, by nobody's act."""
        found = await self.world.rows(
            "SELECT occurred_at, source FROM events WHERE account_id = :id"
            " AND name = 'authn_password_reset_cancelled' ORDER BY seq DESC LIMIT 1",
            id=self.world.account_id,
        )
        return bool(found) and not found[0]["source"]

    async def _more(self, name: str) -> int:
        """How often more than at the step before the journal says this."""
        found = await self.world.noted(name)
        more = found - self._counts[name]
        self._counts[name] = found
        return max(more, 0)
