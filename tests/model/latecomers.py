"""Attackers at two doors that came later: the mailed code of settings, and the second mailbox.

As in `attackers`, each act uses what is held by then and nothing else.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.attack import all_at_once, wrong
from tests.model.attackers import Attackers
from tests.model.owner import A_MOMENT, LINK
from tests.model.world import NUMBER, Holding, has
from tests.person import Person

STANDING = {
    "passwords": "SELECT account_id AS id, epoch, changed_at FROM passwords",
    "demands": "SELECT id, new_password_required_at, default_authenticator_id, email FROM accounts",
    "methods": "SELECT id FROM authenticators WHERE id NOT IN"
    " (SELECT authenticator_id FROM ended_authenticators)",
    "recovery codes": "SELECT id FROM recovery_codes WHERE ended_at IS NULL",
    "browsers": "SELECT token_digest AS id FROM known_browsers",
    "sign-ins": "SELECT id FROM sign_ins",
    "second addresses": "SELECT id, ended_by FROM notice_addresses",
    "former addresses": "SELECT id FROM former_addresses",
    "strikes": "SELECT id FROM strikes",
    "holds": "SELECT account_id AS id, reset_required_at, address_suspended_at, suspended_at,"
    " quiet_until_at, closed_at FROM safeguards",
}
"""What nobody may touch from the second mailbox or the number alone, in the words of a failure."""

MOST_OF_A_SESSION = 5
"""Wrong codes at settings; said again, as the house's own could be wrong with it."""


class Latecomers(Attackers):
    """All of them together: what one has learnt the others know."""

    # --- inside, without the mailbox ----------------------------------------------------------

    async def guess_gate(self, times: int, *, is_at_once: bool) -> None:
        """Wrong codes where settings open; five end a session, and another is soon opened."""
        person = await self._at_gate()
        if person is None:
            await self.enter(0)
            person = await self._at_gate()
        if person is None:
            return
        right = await self.world.mailed_code()
        before, at = await self.world.noted("settings_gate_fail"), self.world.now
        if is_at_once:
            typed = [{"code": wrong(right, by=by)} for by in range(1, times + 1)]
            await all_at_once(person, "Verify", typed)
            self.world.tally["guesses at once at settings"] += 1
        for by in range(1, times + 1):
            if is_at_once or "-digit code" not in person.text or not has(person, "Verify"):
                break
            await person.press("Verify", code=wrong(right, by=by))
            assert not has(person, "Save"), person.text
        compared = await self.world.noted("settings_gate_fail") - before
        for _ in range(compared):
            self.world.note_gate_guess(at, len(right))
        assert compared <= MOST_OF_A_SESSION, (
            f"(i) {compared} codes of one session were compared at settings"
        )
        if "Send a new code; it has" in person.text:
            self.world.tally["longer code demanded at settings"] += 1
        await person.get("/settings")
        assert not has(person, "Save"), person.text
        if compared == MOST_OF_A_SESSION:
            assert person.path == "/sign-in", f"(i) a session outlives its guesses: {person.text}"

    async def _at_gate(self) -> Person | None:
        """A session with its code on the way, as far as there is one."""
        for person in self.inside:
            await person.get("/")
            if person.path == "/review":
                await person.press("Yes, all mine")
            if person.path != "/" or not has(person, "User Settings"):
                continue
            await person.press("User Settings")
            if has(person, "Send code"):
                await self.world.pass_time(A_MOMENT)
                await person.press("Send code")
            if "-digit code" in person.text and has(person, "Verify"):
                return person
        return None

    # --- with the second mailbox --------------------------------------------------------------

    async def press_second_link(self, which: int) -> None:
        """“Not me”, by the link of any notice that came to a second address: it stops, no more."""
        if not self.holds(Holding.SECOND):
            return
        mails = [LINK.search(m.text) for m in await self.world.letters_to_second()]
        links = [found.group(1) for found in mails if found]
        if not links:
            return
        async with self._only_stops("the second mailbox"):
            await self._press_second(links[-1 - which % len(links)])

    async def _press_second(self, link: str) -> None:
        person = self.browser()
        await person.get(link)
        for secret in (*self.world.addresses, NUMBER[-6:], "Ada"):
            assert secret not in person.text, f"(ix) a stranger reads {secret}"
        for button in ("This was not me", "Stop the new password"):
            if has(person, button):
                await person.press(button)
                self.world.tally["not me by a thief of the second mailbox"] += 1
                return

    async def answer_text(self, which: int) -> None:
        """As any attacker; and what the number alone does is looked at."""
        async with self._only_stops("the number"):
            await super().answer_text(which)

    @asynccontextmanager
    async def _only_stops(self, holding: str) -> AsyncIterator[None]:
        """Around an answer from something that stops changes, and does nothing else (R8)."""
        before, hold, inside = (
            await self._standing(),
            await self.world.guard(),
            await self._inside(),
        )
        yield
        after = await self._standing()
        for name, rows in before.items():
            assert after[name] == rows, f"(ix) {holding} alone changed {name}"
        assert await self._inside() <= inside, f"(ix) {holding} alone signed in"
        now = await self.world.guard()
        if now.get("frozen_act_id") != hold.get("frozen_act_id"):
            self.world.tally[f"changes frozen by {holding} alone"] += 1

    async def _inside(self) -> set[str]:
        return {str(row["id"]) for row in await self.world.rows("SELECT id FROM sessions")}

    async def _standing(self) -> dict[str, list[dict[str, Any]]]:
        found = {}
        for name, sql in STANDING.items():
            rows = [dict(row) for row in await self.world.rows(sql)]
            # A row that holds nothing back is like none.
            held = [row for row in rows if name != "holds" or {*row.values()} - {row["id"], None}]
            found[name] = sorted(held, key=lambda row: str(row["id"]))
        return found

    async def try_second_doors(self) -> None:
        """The second address at the doors of the first: it signs in to nothing, gets no code."""
        if not self.holds(Holding.SECOND) or not self.world.second:
            return
        codes = [one.id for one in await self.world.letters_to_second() if one.code]
        person = self.browser()
        await person.get("/sign-in")
        await person.press("Sign in", email=self.world.second, password=self.owner.password)
        assert person.path == "/sign-in", person.text
        for email in (self.world.second, self.world.email):
            reader = self.browser()
            await reader.get("/forgot-password")
            await reader.press("Send code", email=email)
        found = [one.id for one in await self.world.letters_to_second() if one.code]
        assert found == codes, "(ix) a second address got a code"
        self.world.tally["second address opened nothing"] += 1
