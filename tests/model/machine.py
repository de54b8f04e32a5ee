"""The attacker model as a state machine: its rules are what each side may do, its teardown asks
whether the owner still comes in.

Rules only pass chosen numbers on; what they mean is in `owner` and `attackers`, what must hold in
`watch`.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from tests.model.everyday import Everyday
from tests.model.latecomers import Latecomers
from tests.model.operator import Copy, Databases, Operator
from tests.model.owner import Kept, LockedOut
from tests.model.strangers import ThievesKept
from tests.model.watch import Known, Watch
from tests.model.world import Holding, Kind, World, world_over
from vestibule.storage.database import connect

T = TypeVar("T")

P, M, N, R = Holding.PASSWORD, Holding.MAILBOX, Holding.NUMBER, Holding.PAPER
S = Holding.SECOND
PLOTS: tuple[frozenset[Holding], ...] = tuple(
    frozenset(plot)
    for plot in (
        *((), (P,), (M,), (N,), (R,), (P, M), (P, N), (M, N), (M, R), (N, R), (M, N, R)),
        *((S,), (P, S), (M, S), (P, N, S)),
    )
)
"""What the attackers of one run get hold of in the end."""

LAST_DAY = timedelta(days=6, hours=22)
"""Notices of now are answered still, and what they say was a week ago when that ends."""
waits = st.sampled_from(
    [
        timedelta(seconds=1),
        timedelta(seconds=31),
        timedelta(minutes=16),
        timedelta(minutes=61),
        timedelta(hours=25),
        LAST_DAY,
        timedelta(days=8),
        timedelta(days=91),
    ]
)
few = st.integers(0, 5)
MOST_ROTATIONS = 2
MOST_COPIES, MOST_RESTORES = 4, 2
OWNER_DOES: tuple[Callable[[Everyday], Awaitable[None]], ...] = (
    Everyday.come_in_elsewhere,
    Everyday.add_another_app,
    Everyday.change_password,
    Everyday.replace_paper,
    Everyday.reset_password,
    Everyday.recover,
    Everyday.change_address,
    Everyday.change_address,
    Everyday.change_name,
    Everyday.ask_closing,
    Everyday.set_second,
    Everyday.set_second,
    Everyday.remove_second,
    Everyday.reset_elsewhere,
    Everyday.prove_by_newest_app,
)


class Model(RuleBasedStateMachine):
    """One account over one database, from set-up to the owner's last sign-in."""

    def __init__(self, databases: Databases, tally: Counter[str]) -> None:
        super().__init__()
        self._databases, self._tally = databases, tally
        self._runner = asyncio.Runner()
        self._open = AsyncExitStack()
        self.plot: frozenset[Holding] = frozenset()
        self.owner_means_it = False
        """The account is closed for good when it is asked for."""
        self.copies: list[tuple[Copy, Kept, ThievesKept, Known]] = []
        """Each with what both sides had on its day, and what the house knew."""

    def run(self, work: Awaitable[T]) -> T:
        async def whole() -> T:
            return await work

        return self._runner.run(whole())

    # --- beginning and end --------------------------------------------------------------------

    @initialize(kind=st.sampled_from(Kind), plot=st.sampled_from(PLOTS), is_stolen=st.booleans())
    def begin(self, kind: Kind, plot: frozenset[Holding], is_stolen: bool = False) -> None:
        """With everything stolen at once there is a second address already, if that is read."""
        self.plot = plot
        self.run(self._begin(kind))
        if is_stolen:
            self.world.held |= plot
            if S in plot:
                self.own(self.owner.set_second())

    async def _begin(self, kind: Kind) -> None:
        folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="model-")))
        url = await self._databases.make(folder)
        self._open.push_async_callback(self._databases.drop)
        database = connect(url, sqlite_synchronous="OFF")
        self._open.push_async_callback(database.close)
        self.world: World = await self._open.enter_async_context(world_over(database, folder))
        self.operator = Operator(self.world, self._databases, url)
        self.owner = Everyday(self.world, kind)
        self.attackers = Latecomers(self.world, self.owner)
        self.watch = Watch(self.world, kind)
        await self.owner.join()
        self._owner_rests_until = self.world.now
        await self.watch.look()

    def teardown(self) -> None:
        try:
            if hasattr(self, "watch"):
                self.run(self._end())
        finally:
            if hasattr(self, "world"):
                self._tally.update(self.world.tally)
                self._tally["requests"] += self.world.house.requests
            self.run(self._open.aclose())
            self._runner.close()

    async def _end(self) -> None:
        """(iv), (vi): whatever was done, the owner signs in from the known browser."""
        if self.world.is_closed:
            return
        await self._next_day()
        await self._unless_lost(self.owner.come_in())
        await self.watch.look()

    async def _unless_lost(self, work: Awaitable[object]) -> bool:
        """Whether the owner did it; False where they are out, by a loss that is accepted."""
        try:
            await work
        except LockedOut:
            if not await self._is_lost_by_design():
                raise
            self.world.tally["lost by design"] += 1
            return False
        return True

    async def _is_lost_by_design(self) -> bool:
        """The losses that are accepted; docs/security/attacker-model.md says why.

        The number is the account's only second factor and is in other hands, and either a recovery
        code younger than seven days was disowned from the mailbox, or a restore has voided it and
        no other one has been made since.
        """
        disowned = await self.world.number_of(
            "SELECT COUNT(*) AS n FROM recovery_codes WHERE ended_by = 'not_me'"
        )
        has_no_paper = disowned > 0 or not self.owner.paper
        return N in self.world.held and not self.owner.apps and has_no_paper

    def act(self, work: Awaitable[object]) -> None:
        """One step of somebody, and the invariants after it."""

        async def whole() -> None:
            await self._keep_in_time()
            await work
            self.world.tally["steps"] += 1
            await self.watch.look()
            await self._nobody_is_inside()

        self._runner.run(whole())

    async def _keep_in_time(self, wait: timedelta = timedelta()) -> None:
        """Who closes by mistake keeps the account before its day, unless they mean it."""
        closes_at = await self.world.closes_at()
        if closes_at is None or self.owner_means_it:
            return
        if self.world.now + wait > closes_at - timedelta(days=3):
            await self._next_day()
            if not await self._unless_lost(self.owner.keep()):
                return
            assert await self.world.closes_at() is None, self.owner.known.text

    def own(self, work: Awaitable[object]) -> None:
        """One step of the owner."""

        async def whole() -> None:
            await self._next_day()
            await self._unless_lost(work)
            await self.owner.read_mail()

        self.act(whole())

    async def _next_day(self) -> None:
        """The owner does one thing a day.

        Known browsers keep five texts a day: who asked for more would have used up their own.
        """
        left = self._owner_rests_until - self.world.now
        if left > timedelta():
            await self._pass(left)
        self._owner_rests_until = self.world.now + timedelta(hours=24, minutes=1)

    async def _nobody_is_inside(self) -> None:
        """No attacker has a session without both factors of the account."""
        both = self.attackers.holds(P, N) and self.owner.kind is not Kind.APP
        assert both or not self.attackers.inside

    # --- the operator and the clock -----------------------------------------------------------

    @rule(by=waits, restarts=st.sampled_from([False, False, False, True]))
    def wait(self, by: timedelta, restarts: bool) -> None:
        """Time passes; now and then the operator starts every process again."""
        self.act(self._wait(by, restarts=restarts))

    async def _wait(self, by: timedelta, *, restarts: bool) -> None:
        await self._keep_in_time(by)
        await self._pass(by)
        if restarts:
            await self.world.restart()
            self.world.tally["restarted"] += 1

    async def _pass(self, by: timedelta) -> None:
        await self.owner.read_mail()
        await self.world.pass_time(by)

    @precondition(lambda self: self.world.tally["rotated"] < MOST_ROTATIONS)
    @rule()
    def operator_changes_the_root_key(self) -> None:
        """Under a new root every limit, strike, session and code goes on."""
        self.act(self._rotate())

    async def _rotate(self) -> None:
        await self.owner.read_mail()
        await self.world.rotate()
        self.world.tally["rotated"] += 1

    @precondition(lambda self: len(self.copies) < MOST_COPIES)
    @rule()
    def operator_copies_the_database(self) -> None:
        self.act(self._copy())

    async def _copy(self) -> None:
        copy, known = await self.operator.copy(), await self.watch.known()
        self.copies.append((copy, self.owner.kept(), self.attackers.kept(), known))

    @precondition(lambda self: self.copies and self.world.tally["restored"] < MOST_RESTORES)
    @rule(which=few)
    def operator_restores_a_copy(self, which: int) -> None:
        """What was used, ended and guessed since is unknown to the house, and to it alone."""
        self.act(self._restore(which))

    async def _restore(self, which: int) -> None:
        await self.owner.read_mail()
        copy, owners, thieves, known = self.copies[which % len(self.copies)]
        await self.operator.restore(copy)
        await self.watch.restored(known)
        self.owner.find_restored(owners)
        self.attackers.find_restored(thieves)

    @precondition(lambda self: self.plot - self.world.held)
    @rule(which=few)
    def steal(self, which: int) -> None:
        left = sorted(self.plot - self.world.held)
        self.world.held.add(left[which % len(left)])

    # --- the owner ----------------------------------------------------------------------------

    @rule(mistyped=st.integers(0, 4))
    def owner_signs_in(self, mistyped: int) -> None:
        self.own(self._sign_in(mistyped))

    async def _sign_in(self, mistyped: int) -> None:
        await self.owner.known.get("/")
        if self.owner.known.path == "/":
            await self.owner.known.press("Sign out")
        await self.owner.mistype(self.owner.known, mistyped)
        await self.owner.come_in()

    @rule(does=st.sampled_from(OWNER_DOES))
    def owner_does(self, does: Callable[[Everyday], Awaitable[None]]) -> None:
        self.own(does(self.owner))

    @rule()
    def owner_ends_other_sessions_at_once(self) -> None:
        """Without waiting for the next day: whoever is inside is there for minutes."""
        self.act(self.owner.end_other_sessions())

    @rule(which=few)
    def owner_answers_a_notice(self, which: int) -> None:
        self.own(self.owner.answer_notice(which))

    # --- the attackers ------------------------------------------------------------------------

    @rule(times=st.integers(1, 8))
    def stranger_guesses_passwords(self, times: int) -> None:
        self.act(self.attackers.guess_passwords(times))

    @rule(times=few)
    def stranger_asks_resets(self, times: int) -> None:
        self.act(self.attackers.ask_resets(times))

    @rule(which=few)
    def stranger_claims_addresses(self, which: int) -> None:
        self.act(self.attackers.claim_addresses(which))

    @rule(does=st.sampled_from([Latecomers.sign_up_again, Latecomers.guess_answers]))
    def stranger_tries(self, does: Callable[[Latecomers], Awaitable[None]]) -> None:
        self.act(does(self.attackers))

    @precondition(lambda self: self.attackers.holds(P))
    @rule(times=st.sampled_from([1, 4, 5, 9, 12, 22]), other=few, is_patient=st.booleans())
    def password_holder_guesses(self, times: int, other: int, is_patient: bool) -> None:
        self.act(self.attackers.guess_codes(times, other=other, is_patient=is_patient))

    @precondition(lambda self: self.attackers.holds(P))
    @rule(times=st.integers(6, 12))
    def password_holder_guesses_at_once(self, times: int) -> None:
        self.act(self.attackers.guess_at_once(times))

    @precondition(lambda self: self.attackers.holds(P))
    @rule(back=few)
    def password_holder_replays(self, back: int) -> None:
        self.act(self.attackers.replay(back))

    @precondition(lambda self: self.attackers.holds(P))
    @rule(times=st.sampled_from([1, 6, 12]))
    def password_holder_uses_up_sends(self, times: int) -> None:
        self.act(self.attackers.use_up_sends(times))

    @precondition(lambda self: self.attackers.holds(P))
    @rule(times=st.integers(1, 6))
    def password_holder_guesses_recovery_codes(self, times: int) -> None:
        self.act(self.attackers.guess_recovery_codes(times))

    @precondition(lambda self: self.attackers.holds(P, N))
    @rule(mistyped=st.sampled_from([0, 0, 3, 4]))
    def swapper_with_password_enters(self, mistyped: int) -> None:
        self.act(self.attackers.enter(mistyped))

    @precondition(lambda self: self.attackers.inside)
    @rule(does=st.integers(0, 9))
    def swapper_is_inside(self, does: int) -> None:
        self.act(self.attackers.be_inside(does))

    @precondition(lambda self: self.attackers.holds(P, N))
    @rule(times=st.integers(1, 8), is_at_once=st.booleans())
    def swapper_guesses_at_settings(self, times: int, is_at_once: bool) -> None:
        self.act(self.attackers.guess_gate(times, is_at_once=is_at_once))

    @precondition(lambda self: self.attackers.holds(S) and self.world.seconds)
    @rule(which=st.integers(0, 9))
    def thief_of_the_second_mailbox_presses_a_link(self, which: int) -> None:
        self.act(self.attackers.press_second_link(which))

    @precondition(lambda self: self.attackers.holds(S) and self.world.second)
    @rule()
    def thief_of_the_second_mailbox_tries_doors(self) -> None:
        self.act(self.attackers.try_second_doors())

    @precondition(lambda self: self.attackers.holds(N))
    @rule(which=few)
    def swapper_answers_a_text(self, which: int) -> None:
        self.act(self.attackers.answer_text(which))

    @precondition(lambda self: self.attackers.holds(M))
    @rule(which=st.integers(0, 9))
    def thief_of_the_mailbox_presses_a_link(self, which: int) -> None:
        self.act(self.attackers.press_link(which))

    @precondition(lambda self: self.attackers.holds(M))
    @rule(guesses=few)
    def thief_of_the_mailbox_resets(self, guesses: int) -> None:
        self.act(self.attackers.reset(guesses))

    @precondition(lambda self: self.attackers.holds(R))
    @rule()
    def thief_of_the_paper_tries_it(self) -> None:
        self.act(self.attackers.try_paper())
