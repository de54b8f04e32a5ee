"""The owner: what they still hold, and how they come in with it.

`come_in` follows the pages as a person would who reads them, and gives up only where nothing
that is still held opens anything. It knows what was stolen from the world alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tests.front_door import PASSWORD, FrontDoor
from tests.model.world import NUMBER, Holding, Kind, World, app_code, has
from tests.person import Person

PATIENCE = 40
"""Pages after which somebody who is not inside is going in circles."""
A_MOMENT = timedelta(seconds=95)
"""Three time steps: no code of an app is met twice, and a text may be sent again."""
REST_DAYS = 2
LINK = re.compile(r"http://localhost(/not-me/[\w-]{43})$", re.MULTILINE)


class LockedOut(AssertionError):
    """The owner cannot sign in with what is left; the text is the way that was tried."""


@dataclass(frozen=True)
class Kept:
    """What the house knew of the owner on some day, as the owner remembers it."""

    password: str
    apps: Mapping[str, bytes]
    has_number: bool


class Owner:
    """One person with a known browser, a second factor or two, a mailbox and a sheet of paper."""

    def __init__(self, world: World, kind: Kind) -> None:
        self.world, self.kind = world, kind
        self.password = PASSWORD
        self.apps: dict[str, bytes] = {}
        self.has_number = kind is not Kind.APP
        self.paper = ""
        self.known = world.browser(agent="Mozilla/5.0 (X11; Linux) Firefox/140 owner")
        self.trace: list[str] = []
        self.other: Person | None = None
        self._made = 0
        self._answered: set[str] = set()
        self._later = ""
        """The password of their own reset that waits."""
        self._recovered_at = world.now
        self.is_forgotten = False
        """Since a restore no browser is known, until a sign-in is finished."""

    @property
    def house(self) -> FrontDoor:
        return self.world.house

    @property
    def reads_texts(self) -> bool:
        return self.has_number and Holding.NUMBER not in self.world.held

    # --- the day of a copy ----------------------------------------------------------------------

    def kept(self) -> Kept:
        return Kept(self.password, dict(self.apps), self.has_number)

    def find_restored(self, kept: Kept) -> None:
        """Everything is as on the day of the copy, but for the paper, which is void.

        The owner has all of that day still: the password, the apps and the mailboxes.
        """
        self.password, self.apps, self.has_number = kept.password, dict(kept.apps), kept.has_number
        self.paper, self._later, self.is_forgotten = "", "", True

    # --- setting up ---------------------------------------------------------------------------

    async def join(self) -> None:
        """Sign up and set up what this kind of account has, in the browser that is then known."""
        house, person = self.house, self.known
        await house.sign_up(person, self.world.email)
        if self.kind is Kind.APP:
            secret, self.paper = await house.set_up_app(person)
            self.apps["Phone app"] = secret
        else:
            self.paper = await house.set_up_phone(person)
        if self.kind is Kind.BOTH:
            await self.world.pass_time(A_MOMENT)
            await self.step_up(person)
            await self.add_app(person)
        assert await self.is_inside(person), person.text
        (account,) = await self.world.rows("SELECT id FROM accounts")
        self.world.account_id = str(account["id"])
        await self.world.pass_time(timedelta(days=30))

    async def is_inside(self, person: Person) -> bool:
        return (await person.client.get("/session")).status_code == 200

    async def add_app(self, person: Person) -> bool:
        """One more app, in settings whose gate is open; whether it was bound."""
        await person.get("/settings/app")
        if has(person, "Show the QR code"):
            await person.press("Show the QR code")
        if "secret=" not in person.response.text:
            return False
        name = self._next_name()
        secret = self.house.secret_on(person)
        await person.press("Verify", code=app_code(secret, self.world.now), app_name=name)
        self.apps[name] = secret
        await self.world.pass_time(A_MOMENT)
        return True

    def _next_name(self) -> str:
        self._made += 1
        return f"App number {self._made}"

    # --- proving ------------------------------------------------------------------------------

    async def answer(self, person: Person, button: str, **typed: str) -> bool:
        """Prove the second factor that the page asks for, by what is left; False where none is."""
        if await self._answer_here(person, button, **typed):
            return True
        for other in await self._others(person):
            if has(person, other):
                await person.press(other)
                if await self._answer_here(person, button, **typed):
                    return True
                await self._others(person)
        return False

    async def _others(self, person: Person) -> list[str]:
        mine = [*self.apps, *(["Text message", "Voice call"] if self.reads_texts else [])]
        if person.path in {"/settings/confirm", "/settings/close/confirm"}:
            return mine
        if any("Try another way" in text for text, _ in person.page.links):
            await person.follow("Try another way")
        return mine

    async def _answer_here(self, person: Person, button: str, **typed: str) -> bool:
        if not has(person, button):
            return False
        for name, secret in self.apps.items():
            if f"code {name} shows" in person.text:
                await self._press_app_code(person, button, secret, **typed)
                return True
        if "number ending in" in person.text:
            code = await self._sent_code(person)
            if not code:
                return False
            await person.press(button, code=code, **typed)
            if "it has 10 digits" in person.text or "it has 10 digits" in person.response.text:
                code = await self._sent_code(person)
                await person.press(button, code=code, **typed)
            self._note(person, "sms", code)
            return True
        return False

    async def _sent_code(self, person: Person) -> str:
        """Read the text or answer the call; asked for first where none is on its way."""
        if not self.reads_texts:
            return ""
        first = "Call me" if has(person, "Call me") else "Send code by text message"
        if has(person, first) and "Enter the code we texted" not in person.text:
            if "A code is on its way" in person.text:
                await self.world.pass_time(A_MOMENT)
            await person.press(first)
        channel = "voice" if "We are calling" in person.text else "sms"
        return await self.world.code(channel, to=NUMBER)

    async def _press_app_code(
        self, person: Person, button: str, secret: bytes, **typed: str
    ) -> None:
        await self.world.pass_time(A_MOMENT)
        now = self.world.now
        if any("next_code" in form.fields for form in person.page.forms):
            self.world.tally["owner entered two codes"] += 1
            typed["next_code"] = app_code(secret, now)
            await person.press(button, code=app_code(secret, now, steps=-1), **typed)
            return
        code = app_code(secret, now)
        await person.press(button, code=code, **typed)
        if "Enter the code after it too" in person.text:
            await self._press_app_code(person, button, secret, **typed)
            return
        self._note(person, "totp", code)

    def _note(self, person: Person, channel: str, code: str) -> None:
        if len(code) == 10:
            self.world.tally["owner entered ten digits"] += 1
        if "not right" not in person.text:
            self.world.spent.append((channel, code))

    async def open_settings(self, person: Person) -> bool:
        """Past the mailed code; False where the page has no way there."""
        await person.get("/")
        if not has(person, "User Settings"):
            return False
        await person.press("User Settings")
        if has(person, "Send code"):
            await self.world.pass_time(A_MOMENT)
            await person.press("Send code")
        await self._enter_mailed_code(person)
        if "Send a new code; it has" in person.text:
            await self.world.pass_time(A_MOMENT)
            await person.press("Send code")
            await self._enter_mailed_code(person)
        return True

    async def _enter_mailed_code(self, person: Person) -> None:
        if "-digit code" not in person.text or not has(person, "Verify"):
            return
        if "Ten-digit code" in person.text:
            self.world.tally["owner opened settings by ten digits"] += 1
        await person.press("Verify", code=await self.world.mailed_code())

    async def step_up(self, person: Person) -> bool:
        """Settings with their gate open and proofs fresh; False where something says not now."""
        if not await self.open_settings(person):
            return False
        await person.get("/settings/confirm")
        if person.path != "/settings/confirm":
            return False
        if not await self.answer(person, "Confirm", password=self.password):
            return False
        await person.get("/settings")
        return person.path == "/settings" and "Confirm it is you" not in person.text

    # --- coming in ----------------------------------------------------------------------------

    async def come_in(self, person: Person | None = None) -> None:
        """Sign in by whatever is left; raises `LockedOut`.

        Known browsers wait for nobody. After a restore none is known: what strangers have used up
        that day may be waited for, and a reset of one's own while the paper is void.
        """
        for day in range(REST_DAYS + 1):
            try:
                await self._come_in(person or self.known)
            except LockedOut:
                may_wait = self.is_forgotten or (self._later and not self.paper)
                if day == REST_DAYS or person is not None or not may_wait:
                    raise
                self.world.tally["owner came back after a restore the next day"] += 1
                await self.world.pass_time(timedelta(hours=25))
            else:
                self.is_forgotten = self.is_forgotten and person is not None
                return

    async def _come_in(self, person: Person) -> None:
        self.trace = []
        await self.world.learn_address()
        await person.get("/")
        for _ in range(PATIENCE):
            self._note_page(person)
            if person.path == "/" and person.status == 200:
                assert await self.is_inside(person)
                self.world.tally["owner signed in"] += 1
                return
            await self._go_on(person)
        raise LockedOut("\n".join(self.trace))

    def _note_page(self, person: Person) -> None:
        seen = f"{person.path}: {person.text}"
        if seen not in self.trace:
            self.trace.append(seen)

    async def _go_on(self, person: Person) -> None:
        match person.path:
            case "/sign-in":
                await self._enter_password(person)
            case "/resume":
                await person.press("Sign out")
                await person.get("/sign-in")
            case "/sign-in/code":
                await self._enter_code(person)
            case "/sign-in/stopped":
                self.world.tally["password opened nothing"] += 1
                # An app counts at once where a text has to wait.
                is_reset = await self.reset(person)
                if not is_reset and not (self.apps and await self.reset(person, by_app=True)):
                    await self._recover(person)
            case "/review":
                self.world.tally["review answered"] += 1
                await person.press("Yes, all mine")
            case "/settings":
                # A new browser proves the mailbox before it sets the password that is demanded.
                if has(person, "Send code"):
                    await person.press("Send code")
                if has(person, "Verify"):
                    await person.press("Verify", code=await self.world.mailed_code())
                else:
                    await person.get("/")
            case "/new-password":
                self.world.tally["new password demanded"] += 1
                await self._set_password(person, "Set new password")
            case "/set-up/recovery-code" | "/settings/recovery-code":
                await self._keep_paper(person)
            case "/set-up":
                await self._replace(person)
            case _:
                await person.get("/")

    async def _enter_password(self, person: Person) -> None:
        await person.get("/sign-in")
        if person.path != "/sign-in":
            return
        await person.press("Sign in", email=self.world.email, password=self.password)
        if "There were many tries" in person.text:
            raise LockedOut(f"the known browser waits: {person.text}")
        if "is not right" in person.text and self._later:
            self.password, self._later = self._later, ""
        elif "is not right" in person.text and not await self.reset(person):
            raise LockedOut(f"the password is another's, and no reset goes on: {person.text}")

    async def _enter_code(self, person: Person) -> None:
        if not await self.answer(person, "Verify"):
            await self._recover(person)
        elif "Wait until" in person.text:
            raise LockedOut(f"the known browser is paused: {person.text}")

    async def _set_password(self, person: Person, button: str) -> None:
        self._made += 1
        chosen = f"heron number {self._made} on the weathervane"
        await person.press(button, new_password=chosen)
        assert "Choose another one" not in person.text, person.text
        self.password = chosen

    async def _keep_paper(self, person: Person) -> None:
        if has(person, "Make another"):
            await person.press("Make another")
        if 'name="shown"' not in person.response.text:
            # Shown elsewhere already: the paper at home stays what it is.
            await person.get("/set-up" if person.path.startswith("/set-up") else "/")
            return
        self.paper = await self.house.save_recovery_code(person)
        self.world.tally["recovery code saved"] += 1

    async def links(self, purpose: str = "") -> list[str]:
        """The answers that were mailed with notices of this kind, or of any; oldest first."""
        mails = await self.world.letters()
        found = [LINK.search(m.text) for m in mails if purpose in {"", m.purpose}]
        return [one.group(1) for one in found if one]

    # --- without the password, or without the second factor -------------------------------------

    async def reset(self, person: Person, *, first: str = "", by_app: bool = False) -> bool:
        """Forgot password, by mailbox and second factor; whether a new one counts at once."""
        if not await self._ask_reset(person, first or self.world.email):
            return False
        await person.press("Verify", code=await self.world.mailed_code())
        for name in await self._others(person) if by_app else []:
            if name in self.apps and has(person, name):
                await person.press(name)
                break
        if not await self.answer(person, "Verify") or person.path != "/forgot-password/new":
            self.trace.append(f"reset stops at {person.path}: {person.text[:160]}")
            return False
        old = self.password
        await self._set_password(person, "Set new password")
        await self.world.learn_address()
        if "Your new password counts from" in person.text:
            self.world.tally["owner's reset waits"] += 1
            self.trace.append("the owner's own reset waits")
            self.password, self._later = old, self.password
            # Their own: it is not stopped when the mail about it is read.
            self._answered |= set(await self.links("reset_waits"))
            return False
        self.world.tally["owner reset the password"] += 1
        self._later = ""
        return True

    async def _ask_reset(self, person: Person, first: str) -> bool:
        """A code of a reset, at this address; where none comes, at another one that was had."""
        known = [one for one in reversed(self.world.addresses) if one != first]
        for email in (first, *known):
            before = len([one for one in await self.world.letters() if one.code])
            await person.get("/forgot-password")
            if person.path != "/forgot-password":
                await person.get("/forgot-password")
            if not has(person, "Send code"):
                return False
            await person.press("Send code", email=email)
            if "We cannot send more codes now" in person.text:
                self.world.tally["reset mails used up"] += 1
                await self.world.pass_time(timedelta(minutes=61))
                await person.press("Send code", email=email)
            is_sent = len([one for one in await self.world.letters() if one.code]) > before
            if person.path == "/forgot-password/code" and is_sent:
                if email != self.world.email:
                    self.world.tally["owner reset by the address before"] += 1
                return True
        return False

    async def _recover(self, person: Person) -> None:
        """Password and paper, then an app in the place of what is lost."""
        await person.get("/sign-in/recovery-code")
        if person.path != "/sign-in/recovery-code":
            await person.get("/sign-in")
            await person.press("Sign in", email=self.world.email, password=self.password)
            await person.get("/sign-in/recovery-code")
        if not has(person, "Recover and set up 2FA"):
            raise LockedOut(f"{person.path}: no way to enter the recovery code: {person.text}")
        await person.press("Recover and set up 2FA", recovery_code=self.paper)
        if person.path != "/set-up/recovery-code":
            raise LockedOut(f"the recovery code is refused: {person.text}")
        self.world.tally["owner began a recovery"] += 1
        # Shown once: the next page would not have it.
        await self._keep_paper(person)

    async def _replace(self, person: Person) -> None:
        await person.press("Authentication app")
        name, secret = self._next_name(), self.house.secret_on(person)
        await person.press("Verify", code=app_code(secret, self.world.now), app_name=name)
        self.apps, self.has_number = {name: secret}, False
        self.world.tally["owner recovered"] += 1
        await self.world.pass_time(A_MOMENT)
