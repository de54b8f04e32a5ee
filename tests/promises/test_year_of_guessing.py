"""Four hundred days of an attacker who knows every password, beside an owner who signs in daily."""

from datetime import datetime, timedelta
from itertools import islice

import pytest

from tests.attack import rows, wrong
from tests.figures import Record, note
from tests.front_door import PASSWORD, FrontDoor
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.throttle import EPOCH_BUDGET, YEAR_BUDGET
from vestibule.flows import account_settings, sign_in
from vestibule.flows.entering import SignedIn
from vestibule.flows.work import Caller, digest
from vestibule.storage import sign_ins

pytestmark = pytest.mark.anyio

YEAR = timedelta(days=365)
EVALUATED = {Reason.CODE_WRONG, Reason.TOO_MANY_WRONG_CODES}


class _Days:
    """The two of them at the flows, without pages."""

    def __init__(self, house: FrontDoor, secret: bytes, browser_token: str) -> None:
        self.house, self.secret, self.password = house, secret, PASSWORD
        self.owner = Caller("203.0.113.7", "", "", "en", browser_token)
        self.guesses: list[tuple[datetime, str]] = []

    async def pending(self, caller: Caller) -> str:
        means = self.house.built.means
        accepted = await sign_in.submit_password(
            means,
            caller,
            email="ada@example.com",
            password=self.password,
            pending_token=None,
            return_to=None,
        )
        assert isinstance(accepted, sign_in.PasswordAccepted), accepted
        token, now = accepted.token or "", self.house.clock()
        found = await means.database.read(lambda tx: sign_ins.find(tx, digest(token), now))
        assert found is not None
        return found.id

    async def attack(self, day: int) -> None:
        means, caller = self.house.built.means, Caller(f"198.51.100.{day % 200}", "", "", "en")
        sign_in_id = await self.pending(caller)
        code = self.house.app_code(self.secret)
        near = {self.house.app_code(self.secret, steps=steps) for steps in range(-12, 13)}
        wrong_ones = (wrong(code, by=by * 1000) for by in range(1, 900))
        for guess in islice((one for one in wrong_ones if one not in near), 5):
            outcome = await sign_in.submit_code(means, caller, sign_in_id=sign_in_id, typed=guess)
            assert isinstance(outcome, Refused)
            if outcome.reason not in EVALUATED:
                return
            self.guesses.append((self.house.clock(), self.password))

    async def enter(self, day: int) -> None:
        """The owner's daily sign-in, with two codes where two are asked."""
        sign_in_id = await self.pending(self.owner)
        outcome: object = None
        for first, second in ((self.house.app_code(self.secret), ""), self._pair()):
            outcome = await sign_in.submit_code(
                self.house.built.means,
                self.owner,
                sign_in_id=sign_in_id,
                typed=first,
                next_typed=second,
            )
            if isinstance(outcome, SignedIn):
                break
        assert isinstance(outcome, SignedIn), (day, outcome)
        await self._set_password_if_asked(outcome, day)

    def _pair(self) -> tuple[str, str]:
        codes = (self.house.app_code(self.secret, steps=steps) for steps in (-1, 0))
        first, second = codes
        return first, second

    async def _set_password_if_asked(self, entered: SignedIn, day: int) -> None:
        means = self.house.built.means
        found = await account_settings.find_session(means, self.owner, entered.session_token)
        assert found is not None
        session, account = found
        if account.new_password_required_at is None:
            return
        self.password = f"the lantern of day {day}"
        refused = await account_settings.change_password(
            means, self.owner, session, new_password=self.password, is_required=True
        )
        assert not isinstance(refused, Refused), refused


async def test_four_hundred_days(house: FrontDoor, record_property: Record) -> None:
    """RL-06: over 400 days of both, guesses stop at 20 for each password and 50 in any 365 days."""
    person, secret, _ = await house.member_with_app()
    token = next(c.value for c in person.client.cookies.jar if c.name == "browser")
    days = _Days(house, secret, str(token))

    for day in range(400):
        house.clock.advance(timedelta(days=1))
        await days.attack(day)
        house.clock.advance(timedelta(hours=2))
        await days.enter(day)
        house.clock.advance(timedelta(hours=-2))

    times = [at for at, _ in days.guesses]
    in_any_year = max(sum(start <= at < start + YEAR for at in times) for start in times)
    passwords = {password for _, password in days.guesses}
    for_each = [sum(one == password for _, one in days.guesses) for password in passwords]
    assert in_any_year == YEAR_BUDGET
    assert max(for_each) == EPOCH_BUDGET
    # Every guess was of one app with two accepted values: P <= 50 * 2 / 10^6 a year.
    assert len(times) <= 2 * YEAR_BUDGET
    note(
        record_property,
        attacks=400,
        compared=len(times),
        confirmed=400,
        lost=0,
    )
    # A new password is asked for after an attack, not at each sign-in.
    epochs = await rows(house, "SELECT epoch FROM passwords")
    assert int(epochs[0]["epoch"]) <= 1 + len({at.date() for at in times})
