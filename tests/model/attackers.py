"""The attackers: whatever can be done with an address, a password, a mailbox, a number, a paper.

Each act uses what `world.held` has by then and nothing else; one that lacks it does nothing. The
only thing they get for free is knowing a code that is certainly wrong, so that each guess is one.
"""

import re
from datetime import timedelta

from tests.attack import all_at_once, wrong
from tests.model.owner import A_MOMENT, LINK
from tests.model.strangers import THEIRS, Strangers
from tests.model.world import NUMBER, Guess, Holding, app_code, has
from tests.person import Person

TYPED = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
OTHERS = ("Text message", "Voice call", "Authentication app")
MALLORY = "mallory@example.net"
MALLORYS_SECOND = "mallory.second@example.net"


class Attackers(Strangers):
    """All of them together: what one has learnt the others know."""

    # --- with the password --------------------------------------------------------------------

    async def enter_password(self) -> Person:
        """A fresh browser behind the first door."""
        person = self.browser()
        await person.get("/sign-in")
        await person.press("Sign in", email=self.world.email, password=self.password)
        self._sign_ins += 1
        return person

    async def guess_codes(self, times: int, *, other: int, is_patient: bool) -> None:
        """Wrong codes, in as many sign-ins as it takes; the patient ones wait where told to."""
        if not self.holds(Holding.PASSWORD):
            return
        person = await self._at_second_door(other)
        for _ in range(times):
            if "Wait until" in person.text:
                self.world.tally["attacker was paused"] += 1
                if not is_patient:
                    return
                await self.world.pass_time(timedelta(minutes=61))
                person = await self._at_second_door(other)
            if person.path != "/sign-in/code" or not has(person, "Verify"):
                person = await self._at_second_door(other)
                if person.path != "/sign-in/code":
                    return
            await self._guess(person)

    async def _at_second_door(self, other: int) -> Person:
        person = await self.enter_password()
        if person.path == "/sign-in/code" and other:
            await person.follow("Try another way")
            wanted = OTHERS[other % len(OTHERS)]
            if has(person, wanted):
                await person.press(wanted)
            else:
                await person.get("/sign-in/code")
        return person

    async def _guess(self, person: Person) -> None:
        typed = await self._certainly_wrong(person)
        if not typed:
            await person.get("/sign-out")
            return
        before, at = await self.world.compared(), self.world.now
        behind = await self.world.password()
        await person.press("Verify", **typed)
        assert not person.path.startswith("/set-up"), person.text
        if await self.world.compared() > before:
            digits = sum(len(one) for one in typed.values())
            self.world.note(Guess(at, behind, digits, self._sign_ins))
        elif "Send a new code; it has" in person.text:
            self.world.tally["longer code demanded"] += 1
            await self._send(person)

    async def _certainly_wrong(self, person: Person) -> dict[str, str]:
        if "number ending in" in person.text:
            await self._send(person)
            channel = "voice" if "We are calling" in person.text else "sms"
            code = await self.world.code(channel, to=NUMBER)
            return {"code": wrong(code, by=3)} if code else {}
        now, shown = self.world.now, set[str]()
        for secret in self.owner.apps.values():
            shown |= {app_code(secret, now, steps=step) for step in range(-12, 13)}
        free = [f"{n:06}" for n in range(700_000, 700_200) if f"{n:06}" not in shown]
        if not any("next_code" in form.fields for form in person.page.forms):
            return {"code": free[0]}
        self.world.tally["two codes demanded"] += 1
        return {"code": free[0], "next_code": free[1]}

    async def _send(self, person: Person) -> None:
        for button in ("Send code by text message", "Call me"):
            if has(person, button) and "Enter the code we texted" not in person.text:
                if "We are calling" not in person.text:
                    await person.press(button)
                return

    async def guess_at_once(self, times: int) -> None:
        """Many codes in parallel from one page."""
        if not self.holds(Holding.PASSWORD):
            return
        person = await self.enter_password()
        if person.path != "/sign-in/code" or not has(person, "Verify"):
            return
        typed = await self._certainly_wrong(person)
        if not typed:
            return
        before, at = await self.world.compared(), self.world.now
        behind = await self.world.password()
        # Equal ones: each is compared, and none can be the right one by chance.
        answers = await all_at_once(person, "Verify", [typed] * times)
        assert not [one for one in answers if one.headers.get("location") == "/"]
        digits = sum(len(one) for one in typed.values())
        compared = await self.world.compared() - before
        assert compared <= 5, f"(i) {compared} codes of one sign-in were compared"
        for _ in range(compared):
            self.world.note(Guess(at, behind, digits, self._sign_ins))
        self.world.tally["guesses at once"] += 1

    async def replay(self, back: int) -> None:
        """A code that was used already, read over the owner's shoulder."""
        if not self.holds(Holding.PASSWORD) or not self.world.spent:
            return
        _, code = self.world.spent[-1 - back % len(self.world.spent)]
        person = await self.enter_password()
        if person.path != "/sign-in/code" or not has(person, "Verify"):
            return
        before, at = await self.world.compared(), self.world.now
        behind = await self.world.password()
        await person.press("Verify", code=code)
        inside = await self._is_inside(person)
        assert not inside, f"(iii) {code} was accepted twice"
        if await self.world.compared() > before:
            self.world.note(Guess(at, behind, len(code), self._sign_ins))
        self.world.tally["replay refused"] += 1

    async def use_up_sends(self, times: int) -> None:
        """Texts to the owner's number until the budgets say no."""
        if not self.holds(Holding.PASSWORD):
            return
        for _ in range(times):
            person = await self.enter_password()
            await self.world.pass_time(timedelta(seconds=31))
            if has(person, "Resend"):
                await person.press("Resend")
            if "We cannot send more codes now" in person.text:
                self.world.tally["sends used up"] += 1

    async def guess_recovery_codes(self, times: int) -> None:
        if not self.holds(Holding.PASSWORD):
            return
        person = await self.enter_password()
        for turn in range(times):
            await person.get("/sign-in/recovery-code")
            if not has(person, "Recover and set up 2FA"):
                return
            await person.press("Recover and set up 2FA", recovery_code=f"{turn}" * 24)
            assert person.path == "/sign-in/recovery-code", person.text

    # --- with the number ----------------------------------------------------------------------

    async def enter(self, mistyped: int) -> None:
        """Password and text: both factors of an account with this number."""
        if not self.holds(Holding.PASSWORD, Holding.NUMBER):
            return
        person = await self._at_second_door(0)
        if person.path == "/sign-in/code" and "number ending in" not in person.text:
            await person.follow("Try another way")
            if not has(person, "Text message"):
                return
            await person.press("Text message")
        first = len(self.world.guesses)
        for _ in range(mistyped):
            if person.path == "/sign-in/code" and has(person, "Verify"):
                await self._guess(person)
        if person.path != "/sign-in/code" or not has(person, "Verify"):
            return
        await self._send(person)
        code = await self.world.code("sms", to=NUMBER)
        if not code:
            return
        await person.press("Verify", code=code)
        if await self._is_inside(person):
            # Its own strikes are cleared: whoever holds the number guessed at nothing.
            self.world.take_back(len(self.world.guesses) - first)
            self.world.tally["attacker with both factors was inside"] += 1
            self.inside.append(person)
            self.world.spent.append(("sms", code))

    async def _is_inside(self, person: Person) -> bool:
        """Whether there is a session, or one that begins with a review or a new password."""
        await person.get("/")
        return person.path in {"/", "/review", "/new-password", "/settings"}

    async def answer_text(self, which: int) -> None:
        """“Not me”, by the code of a text that came to the number."""
        if not self.holds(Holding.NUMBER):
            return
        texts = [TYPED.search(m.text) for m in await self.world.messages("sms", to=NUMBER)]
        codes = [found.group(0) for found in texts if found]
        if not codes:
            return
        person = self.browser()
        await person.get("/not-me")
        await person.press("This was not me", not_me_code=codes[-1 - which % len(codes)])
        if "stopped for 72 hours" in person.text:
            self.world.tally["changes frozen by a text"] += 1

    async def be_inside(self, act: int) -> None:
        """With a session: end others, disown, set the password that is demanded, change things."""
        self.inside = [one for one in self.inside if await self._is_inside(one)]
        if not self.inside:
            return
        person = self.inside[act % len(self.inside)]
        await person.get("/")
        if person.path == "/review":
            buttons = [b for form in person.page.forms for b in form.buttons if b[1] == "not_mine"]
            if buttons and act % 2:
                await person.press(buttons[act % len(buttons)][0])
                self.world.tally["attacker disowned something"] += 1
                return
            await person.press("Yes, all mine")
        if person.path == "/settings":
            self.world.tally["attacker was stopped before the demanded password"] += 1
            await person.post("/new-password", {"new_password": f"{THEIRS} 0"})
            return
        if person.path == "/new-password":
            await self._set_password(person)
            return
        acts = (self._end_sessions, self._change_something)
        await acts[act % len(acts)](person)

    async def _set_password(self, person: Person) -> None:
        before, mine = await self.world.password(), self._set + 1
        await person.press("Set new password", new_password=f"{THEIRS} {mine}")
        if await self.world.password() != before:
            self._set, self.learnt = mine, True
            self.world.tally["attacker set the password"] += 1
            self.world.held.discard(Holding.PASSWORD)

    async def _end_sessions(self, person: Person) -> None:
        await person.get("/sessions")
        names = [b for form in person.page.forms for b in form.buttons if b[2] == "others"]
        if names:
            await person.press(names[0][0], password=self.password)
            self.world.tally["attacker ended the owner's sessions"] += 1

    async def _change_something(self, person: Person) -> None:
        """Through gate and step-up, as far as what is held reaches."""
        await person.press("User Settings")
        if has(person, "Send code"):
            await self.world.pass_time(A_MOMENT)
            await person.press("Send code")
        if self.holds(Holding.MAILBOX) and "-digit code" in person.text and has(person, "Verify"):
            await person.press("Verify", code=await self.world.mailed_code())
        before = await self.world.number_of("SELECT COUNT(*) AS n FROM authenticators")
        await self._try_to_take_it_over(person)
        for path in ("/settings/app", "/settings/password", "/settings/recovery-code/new"):
            await person.get(path)
            await person.post(path, {"new_password": THEIRS, "code": "000000"})
        after = await self.world.number_of("SELECT COUNT(*) AS n FROM authenticators")
        assert after <= before, "a method was added without password and second factor lately"
        self.world.tally["attacker was kept from changes"] += 1

    async def _try_to_take_it_over(self, person: Person) -> None:
        """Another address, a second one, and closing: all ask for more than they have."""
        email, closes_at = self.world.email, await self.world.closes_at()
        await person.get("/settings/address")
        await person.post("/settings/address", {"email": MALLORY})
        if code := await self.world.code("email", to=MALLORY):
            await person.post("/settings/address/code", {"code": code})
        seconds = await self.world.rows("SELECT id, ended_by FROM notice_addresses ORDER BY id")
        await person.get("/settings/notice-address")
        await person.post("/settings/notice-address", {"email": MALLORYS_SECOND})
        if code := await self.world.code("email", to=MALLORYS_SECOND):
            await person.post("/settings/notice-address/code", {"code": code})
        await person.post("/settings/notice-address/remove", {})
        found = await self.world.rows("SELECT id, ended_by FROM notice_addresses ORDER BY id")
        assert found == seconds, "(ix) a thief has set or taken a second address"
        await person.get("/settings/close/confirm")
        if has(person, "Send code by text message"):
            await person.press("Send code by text message")
        text = await self.world.code("sms", to=NUMBER)
        await person.post("/settings/close/confirm", {"password": self.password, "code": text})
        await self.world.learn_address()
        assert self.world.email == email, "(vii) a thief has changed the address"
        assert await self.world.closes_at() == closes_at, "(vii) a thief closes the account"

    # --- with the mailbox ---------------------------------------------------------------------

    async def press_link(self, which: int) -> None:
        """“Not me”, by the link of any notice that was ever mailed."""
        if not self.holds(Holding.MAILBOX):
            return
        mails = [LINK.search(m.text) for m in await self.world.letters()]
        links = [found.group(1) for found in mails if found]
        if not links:
            return
        person = self.browser()
        await person.get(links[-1 - which % len(links)])
        for button in ("This was not me", "Stop the new password"):
            if has(person, button):
                await person.press(button)
                self.world.tally["not me by a thief of the mailbox"] += 1
                return

    async def reset(self, guesses: int) -> None:
        """The mailed code of a reset; then the second factor, which is guessed or texted."""
        if not self.holds(Holding.MAILBOX):
            return
        person, addresses = self.browser(), self.world.addresses
        await person.get("/forgot-password")
        await person.press("Send code", email=addresses[-1 - guesses % len(addresses)])
        if person.path != "/forgot-password/code":
            return
        await person.press("Verify", code=await self.world.mailed_code())
        self._sign_ins += 1
        if self.holds(Holding.NUMBER) and guesses == 0:
            await self._finish_reset(person)
            return
        for _ in range(guesses):
            if person.path != "/forgot-password/second-factor" or not has(person, "Verify"):
                return
            await self._guess(person)
        assert person.path != "/forgot-password/new", person.text
        self.world.tally["reset stopped at the second factor"] += 1

    async def _finish_reset(self, person: Person) -> None:
        if "number ending in" not in person.text:
            await person.get("/forgot-password/second-factor/methods")
            if not has(person, "Text message"):
                return
            await person.press("Text message")
        await self._send(person)
        code = await self.world.code("sms", to=NUMBER)
        if not has(person, "Verify") or not code:
            return
        await person.press("Verify", code=code)
        if person.path != "/forgot-password/new":
            return
        self.world.spent.append(("sms", code))
        await person.press("Set new password", new_password=f"{THEIRS} {self._set + 1}")
        assert "Your new password counts from" in person.text, person.text
        self.world.tally["reset by mail and text waits"] += 1

    # --- with the paper -----------------------------------------------------------------------

    async def try_paper(self) -> None:
        """The recovery code without the password: there is no door for it."""
        if not self.holds(Holding.PAPER):
            return
        person = self.browser()
        await person.get("/sign-in/recovery-code")
        await person.post("/sign-in/recovery-code", {"recovery_code": self.owner.paper})
        await person.get("/set-up/recovery-code")
        assert person.path == "/sign-in", person.text
        self.world.tally["paper alone opened nothing"] += 1
