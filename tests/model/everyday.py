"""What an owner does on ordinary days, and by mistake; how they come in is in `owner`."""

from datetime import timedelta

from tests.attack import wrong
from tests.model.owner import LockedOut, Owner
from tests.model.world import NUMBER, has, moment
from tests.person import Person


class Everyday(Owner):
    """One act each; none of them needs to succeed, and none leaves the owner without a way in."""

    async def _come_in(self, person: Person) -> None:
        """(x) the first sign-in after a reset, a freeze or a recovery opens with a review (R12)."""
        is_due = (await self.world.guard()).get("review_from_at") is not None
        await super()._come_in(person)
        seen = {page.partition(":")[0] for page in self.trace}
        # A recovery names what is lost itself; the sign-in after it is asked.
        if is_due and "/sign-in" in seen and "/set-up" not in seen:
            assert "/review" in seen, f"(x) a sign-in without its review: {self.trace}"

    async def mistype(self, person: Person, times: int) -> None:
        """Wrong codes of their own, in a sign-in that is finished or left."""
        await person.get("/sign-in")
        if person.path == "/sign-in":
            await person.press("Sign in", email=self.world.email, password=self.password)
        for _ in range(times):
            if person.path != "/sign-in/code" or not has(person, "Verify"):
                return
            right = await self.world.code("sms", to=NUMBER) if self.reads_texts else "123456"
            await person.press("Verify", code=wrong(right or "123456", by=7))
            self.world.tally["owner mistyped"] += 1

    async def come_in_elsewhere(self) -> None:
        """Sign in from a browser that nobody knows yet, where the account lets them today."""
        person = self.world.browser(agent="Mozilla/5.0 (iPhone) Safari/19 owner")
        try:
            await self.come_in(person)
        except LockedOut:
            # Strangers may make an unknown browser wait; the known one is what is promised.
            self.world.tally["owner had to wait elsewhere"] += 1
        self.other = person

    async def read_mail(self) -> None:
        """What a careful owner does daily: a reset that waits and is not theirs is stopped."""
        for link in await self.links("reset_waits"):
            if link not in self._answered:
                self._answered.add(link)
                person = self.world.browser(agent="Mozilla/5.0 mail")
                await person.get(link)
                if has(person, "Stop the new password"):
                    await person.press("Stop the new password")
                    self.world.tally["owner stopped a reset"] += 1

    async def answer_notice(self, which: int) -> None:
        """Press *not me* on some notice, by care or by mistake."""
        links = await self.links()
        if not links:
            return
        person = self.world.browser(agent="Mozilla/5.0 mail")
        await person.get(links[-1 - which % len(links)])
        if has(person, "This was not me"):
            await person.press("This was not me")
            self.world.tally["not me by the owner"] += 1

    async def add_another_app(self) -> None:
        if await self._may_change():
            await self.add_app(self.known)

    async def change_password(self) -> None:
        if await self._may_change():
            await self.known.get("/settings/password")
            if has(self.known, "Change password"):
                await self._set_password(self.known, "Change password")
                self.world.tally["owner changed the password"] += 1

    async def replace_paper(self) -> None:
        if await self._may_change():
            await self.known.get("/settings/recovery-code/new")
            if has(self.known, "Confirm"):
                await self.known.press("Confirm")
                await self._keep_paper(self.known)

    # --- who else is told ------------------------------------------------------------------------

    async def set_second(self) -> None:
        """A second address for notices, in the place of any other."""
        if not await self._may_change():
            return
        self._made += 1
        person, new = self.known, f"second.{self._made}@example.net"
        await person.get("/settings/notice-address")
        if not has(person, "Send code"):
            return
        await person.press("Send code", email=new)
        if person.path != "/settings/notice-address/code":
            return
        await person.press("Verify", code=await self.world.code("email", to=new))
        if "Notices go to your second address too" in person.text:
            (row,) = await self.world.rows(
                "SELECT id FROM notice_addresses WHERE account_id = :id AND told_until_at IS NULL",
                id=self.world.account_id,
            )
            did = "replaced" if self.world.second else "set"
            self.world.seconds[str(row["id"])] = self.world.second = new
            self.world.tally[f"owner {did} a second address"] += 1

    async def remove_second(self) -> None:
        if not await self._may_change():
            return
        await self.known.get("/settings/notice-address/remove")
        if has(self.known, "Remove"):
            await self.known.press("Remove")
            self.world.tally["owner removed the second address"] += 1

    # --- who else is inside ----------------------------------------------------------------------

    async def end_other_sessions(self) -> None:
        """End all other sessions: the one that asked is left, and no half sign-in either."""
        if not await self.is_inside(self.known):
            return
        await self.known.get("/sessions")
        if not has(self.known, "End all other sessions"):
            return
        await self.known.press("End all other sessions", password=self.password)
        assert await self.is_inside(self.known), self.known.text
        for table, left in (("sessions", 1), ("sign_ins", 0)):
            found = await self.world.number_of(
                f"SELECT COUNT(*) AS n FROM {table} WHERE account_id = :id",  # noqa: S608 - ours
                id=self.world.account_id,
            )
            assert found <= left, f"(iii) {found} of {table} after all others were ended"
        self.world.tally["owner ended other sessions"] += 1

    # --- on the last day of something ------------------------------------------------------------

    async def reset_elsewhere(self) -> None:
        """Forgot password in a browser that nobody knows: by a text it waits for a day.

        Where the present address is doubted, by the one before, as its mail says.
        """
        person = self.world.browser(agent="Mozilla/5.0 (iPhone) Safari/19 owner")
        is_doubted = (await self.world.guard()).get("address_suspended_at") is not None
        before = self.world.addresses[-2:][0]
        await self.reset(person, first=before if is_doubted else "")

    async def prove_by_newest_app(self) -> None:
        """Password and the app that was added last: it lifts no freeze on what brought it."""
        await self.come_in()
        person = self.known
        if not self.apps or not await self.open_settings(person):
            return
        await person.get("/settings/confirm")
        name = list(self.apps)[-1]
        if f"code {name} shows" not in person.text and has(person, name):
            await person.press(name)
        if f"code {name} shows" not in person.text:
            return
        before = await self.world.guard()
        await self._press_app_code(person, "Confirm", self.apps[name], password=self.password)
        held = before.get("frozen_act_id")
        if held is None:
            return
        bound = await self.world.rows(
            "SELECT id FROM authenticators WHERE account_id = :id AND name = :name",
            id=self.world.account_id,
            name=name,
        )
        is_doubted = held in {self.world.made.get(str(row["id"])) for row in bound}
        stands = (await self.world.guard())["frozen_act_id"] == held
        if is_doubted and moment(before["frozen_until_at"]) > self.world.now:
            assert stands, "(viii) what the doubted act brought has lifted its freeze"
            self.world.tally["doubted app lifted no freeze"] += 1

    # --- who they are, and leaving --------------------------------------------------------------

    async def change_name(self) -> None:
        if await self._may_change():
            await self.known.get("/settings/name")
            if has(self.known, "Save"):
                await self.known.press("Save", name=f"Ada {self._made}")
                self.world.tally["owner changed the name"] += 1

    async def change_address(self) -> None:
        """Another mailbox; the one before is read still."""
        if not await self._may_change():
            return
        person, new = self.known, f"ada.{len(self.world.addresses)}@example.org"
        await person.get("/settings/address")
        if not has(person, "Send code"):
            return
        await person.press("Send code", email=new)
        if person.path != "/settings/address/code":
            return
        await person.press("Verify", code=await self.world.code("email", to=new))
        if "Your address is changed" in person.text:
            self.world.addresses.append(new)
            self.world.tally["owner changed the address"] += 1

    async def ask_closing(self) -> None:
        """Close the account, by mistake or for good; nothing happens for seven days."""
        await self.come_in()
        if not await self.open_settings(self.known):
            return
        person = self.known
        await person.get("/settings/close/confirm")
        button = "Close my account"
        if person.path == "/settings/close/confirm":
            await self.answer(person, button, password=self.password)
        if person.path == "/settings/close":
            self.world.tally["owner asked to close"] += 1

    async def keep(self) -> None:
        """Change their mind in time."""
        await self.come_in()
        await self.known.get("/")
        if has(self.known, "Keep my account"):
            await self.known.press("Keep my account")
            self.world.tally["owner kept the account"] += 1

    # --- changing -------------------------------------------------------------------------------

    async def _may_change(self) -> bool:
        """Inside, the gate open and both factors fresh; or something that says not now."""
        await self.come_in()
        is_open = await self.step_up(self.known)
        self.world.tally[
            "owner's change was open" if is_open else "owner's change had to wait"
        ] += 1
        return is_open

    async def reset_password(self) -> None:
        await self.known.get("/")
        if has(self.known, "Sign out"):
            await self.known.press("Sign out")
        await self.reset(self.known)

    async def recover(self) -> None:
        """Use the paper although nothing is lost, and set up an app; not twice on one day."""
        person, now = self.known, self.world.now
        if now - self._recovered_at < timedelta(days=1):
            return
        self._recovered_at = now
        await person.get("/")
        if has(person, "Sign out"):
            await person.press("Sign out")
        await person.get("/sign-in")
        if has(person, "Sign in"):
            await person.press("Sign in", email=self.world.email, password=self.password)
        if person.path == "/sign-in/code":
            try:
                await self._recover(person)
            except LockedOut:
                # A paper that somebody answered "not me" about; the second factor is still there.
                self.world.tally["paper was void"] += 1
        await self.come_in()
