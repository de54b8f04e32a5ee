"""Attackers without anything of the owner but the address, and what all of them have in common."""

from tests.model.owner import A_MOMENT, Owner
from tests.model.world import Holding, World, app_code, has
from tests.person import Person

AGENT = "Mozilla/5.0 (Windows NT 10.0) Chrome/140 thief"
THEIRS = "a magpie under the gutter"
ThievesKept = tuple[frozenset[Holding], bool, int]
"""What they hold, whether they have set the password, and how often they did."""


class Strangers:
    """All of them together: what one has learnt the others know."""

    def __init__(self, world: World, owner: Owner) -> None:
        self.world, self.owner = world, owner
        self.inside: list[Person] = []
        self.learnt = False
        """They have set the password themselves, so they know it without having stolen it."""
        self._sign_ins = 0
        self._accounts = 0
        self._set = 0

    def holds(self, *what: Holding) -> bool:
        return all(
            one in self.world.held or (one is Holding.PASSWORD and self.learnt) for one in what
        )

    @property
    def password(self) -> str:
        return self.owner.password if Holding.PASSWORD in self.world.held else self._own()

    def _own(self) -> str:
        return f"{THEIRS} {self._set}"

    def kept(self) -> ThievesKept:
        """What they hold on the day of a copy."""
        return frozenset(self.world.held), self.learnt, self._set

    def find_restored(self, kept: ThievesKept) -> None:
        """The password that they knew then is good again; nothing else is forgotten."""
        held, self.learnt, self._set = kept
        self.world.held |= held
        if self.learnt and Holding.PASSWORD not in held:
            self.world.held.discard(Holding.PASSWORD)

    def browser(self) -> Person:
        return self.world.browser(agent=AGENT)

    # --- with the address alone ---------------------------------------------------------------

    async def guess_passwords(self, times: int) -> None:
        """Wrong passwords from one network after the other."""
        for turn in range(times):
            person = self.browser()
            await person.get("/sign-in")
            await person.press("Sign in", email=self.world.email, password=f"wrong password {turn}")
            assert person.path == "/sign-in", person.text
        self.world.tally["wrong password"] += times

    async def ask_resets(self, times: int, *, code: str = "AAAAAAAAAA") -> None:
        """Reset mails that nobody asked for, and guesses at their codes."""
        for _ in range(times):
            person = self.browser()
            await person.get("/forgot-password")
            await person.press("Send code", email=self.world.email)
            if person.path == "/forgot-password/code":
                await person.press("Verify", code=code)
                assert person.path == "/forgot-password/code", person.text
        self.world.tally["unasked reset"] += times

    async def sign_up_again(self) -> None:
        """An account in the owner's name: the address is taken, and nothing says so."""
        person = self.browser()
        await person.get("/sign-up")
        await person.press("Create account", name="Eve", email=self.world.email, password=THEIRS)
        if person.path == "/sign-up/code":
            await person.press("Verify", code="123456")
            assert person.path == "/sign-up/code", person.text

    async def guess_answers(self) -> None:
        """Codes of texts that nobody saw."""
        person = self.browser()
        for turn in range(5):
            await person.get("/not-me")
            await person.press("This was not me", not_me_code=f"0000-000{turn}")
        assert not await self.world.rows("SELECT id FROM disavowals WHERE used_at = 0")

    # --- with an account of their own ---------------------------------------------------------

    async def claim_addresses(self, which: int) -> None:
        """Sign up, and ask for an address that the owner has or had, in both ways there are."""
        wanted = self.world.addresses[which % len(self.world.addresses)]
        house, person = self.world.house, self.browser()
        self._accounts += 1
        mine = f"mallory.{self._accounts}@example.net"
        await person.get("/sign-up")
        await person.press("Create account", name="Mallory", email=mine, password=THEIRS)
        if person.path != "/sign-up/code":
            return
        await person.press("Verify", code=await self.world.code("email", to=mine))
        secret, _ = await house.set_up_app(person)
        await person.press("User Settings")
        await self.world.pass_time(A_MOMENT)
        if has(person, "Send code"):
            await person.press("Send code")
        if "Six-digit code" in person.text:
            await person.press("Verify", code=await self.world.code("email", to=mine))
        await person.get("/settings/confirm")
        if has(person, "Confirm"):
            code = app_code(secret, self.world.now)
            await person.press("Confirm", password=THEIRS, code=code)
        await person.get("/settings/address")
        if not has(person, "Send code"):
            return
        await person.press("Send code", email=wanted)
        if "We cannot send more codes now" in person.text:
            # As for any address that is asked for so often.
            self.world.tally["no more codes to the owner's address"] += 1
            return
        assert person.path == "/settings/address/code", person.text
        await person.press("Verify", code=await self.world.mailed_code() or "123456")
        self.world.tally["attacker asked for the owner's address"] += 1
