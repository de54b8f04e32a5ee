"""What operators do to an account: end its sessions, suspend it, open it again, by command."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from tests.answers import ADA, notice, reset, told
from tests.attack import journal
from tests.databases import Store
from tests.front_door import FrontDoor, front_door
from tests.promises.closers import ask, come
from tests.promises.states import add_phone, is_inside, member, recover, rows, snapshot
from vestibule.cli.main import app
from vestibule.clock import SystemClock
from vestibule.domain.event import EventName
from vestibule.flows import journal_verify, supervision
from vestibule.flows.journal_verify import Report
from vestibule.flows.work import Caller

pytestmark = pytest.mark.anyio

OPERATOR = Caller(
    source="",
    user_agent="vestibule",
    request_id="",
    locale="en",
    is_owner=False,
    actor_id="operator",
)
WHY = "asked by phone, case 7"
SUSPENDED = "This account is suspended"


@dataclass
class Operated:
    """A house by the machine's clock, and the command on its settings."""

    house: FrontDoor
    settings: Path

    async def run(self, *words: str) -> Result:
        """On a thread, since the command runs a loop of its own."""
        line = ["accounts", *words, "--settings", str(self.settings)]
        result = await asyncio.to_thread(CliRunner().invoke, app, line)
        structlog.reset_defaults()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        # The command goes by the machine's clock.
        clock = self.house.clock
        clock.advance(max(SystemClock()() - clock(), timedelta()) + timedelta(minutes=1))
        return result


@pytest.fixture
async def operated(store: Store, tmp_path: Path) -> AsyncIterator[Operated]:
    file = tmp_path / "settings.env"
    lines = {"DATA": tmp_path, "DATABASE_URL": store.url, "SIMULATOR": "true",
             "PUBLIC_ORIGIN": "http://localhost"}  # fmt: skip
    file.write_text("".join(f"VESTIBULE_{name}={value}\n" for name, value in lines.items()))
    async with front_door(store.open(), tmp_path) as house:
        house.clock.advance(SystemClock()() - house.clock())
        yield Operated(house, file)


async def suspend(house: FrontDoor, *, because: str = WHY) -> bool:
    (account,) = await rows(house, "accounts")
    return await supervision.suspend(house.built.means, OPERATOR, account["id"], because=because)


async def unsuspend(house: FrontDoor) -> bool:
    (account,) = await rows(house, "accounts")
    return await supervision.unsuspend(house.built.means, OPERATOR, account["id"], because="")


async def test_sessions_of_one_end(operated: Operated) -> None:
    """ASVS 7.4.5: by address or id an operator ends one account's sessions and pending sign-ins;
    it is in the journal with its reason, and told to the owner, who signs in again."""
    house = operated.house
    ada = await member(house)
    carl = await member(house, "carl@example.com")
    half = house.browser()
    await house.password(half)

    said = await operated.run("end-sessions", ADA, "--reason", WHY)

    assert (said.exit_code, said.stdout[:22]) == (0, "Signed out everywhere.")
    assert not await is_inside(ada.person)
    assert await rows(house, "sign_ins") == []
    ended = [one for one in await journal(house, EventName.SESSION_ENDED) if "by" in one.details]
    assert [one.details for one in ended] == [{"ended": 1, "by": "operators", "why": WHY}]
    assert WHY in (await notice(house, "operators_signed_out")).text
    await ada.sign_in(ada.person)
    assert await is_inside(ada.person)
    again = await operated.run("end-sessions", "eve@example.com")
    assert (again.exit_code, again.stderr) == (2, "There is no account of this address or id.\n")
    assert await is_inside(carl.person)


async def test_sessions_of_everybody_end(operated: Operated) -> None:
    """ASVS 7.4.5: one command ends everybody's sessions; who has none is not told."""
    house = operated.house
    ada, carl = await member(house), await member(house, "carl@example.com")
    await ada.person.press("Sign out")
    unclear = await operated.run("end-sessions")
    both = await operated.run("end-sessions", ADA, "--everybody")
    assert (unclear.exit_code, both.exit_code) == (2, 2)

    said = await operated.run("end-sessions", "--everybody", "--reason", "a stolen laptop")

    assert said.stdout == "Signed out everywhere: 1 accounts.\n"
    assert not await is_inside(carl.person)
    assert await rows(house, "sessions") == []
    assert (await told(house))["operators_signed_out"] == 0
    assert (await told(house, to="carl@example.com"))["operators_signed_out"] == 1


async def test_suspended_by_command_and_back(operated: Operated) -> None:
    """SE-09: suspend and unsuspend by command: what is said, noted and told; the journal's chain
    and the factors stay as they are."""
    house = operated.house
    ada = await member(house)
    before = await rows(house, "authenticators")

    said = await operated.run("suspend", ADA, "--reason", WHY)
    twice = await operated.run("suspend", ADA, "--reason", "another")

    assert said.stdout == "Suspended and signed out everywhere. Its owner was told.\n"
    assert "suspended already" in twice.stdout
    assert not await is_inside(ada.person)
    assert WHY in (await notice(house, "account_suspended")).text
    person = await ada.sign_in_as_far_as_it_goes(house.browser())
    assert SUSPENDED in person.text
    number = (await rows(house, "accounts"))[0]["id"]
    back = await operated.run("unsuspend", number)
    assert back.stdout.startswith("Open again.")
    assert (await told(house))["account_unsuspended"] == 1
    await ada.sign_in(ada.person)
    actors = {one["name"]: one["actor_id"] for one in await rows(house, "events")}
    assert actors["account_suspended"] == actors["account_unsuspended"] == "operator"
    names = [one.name for one in await journal(house)]
    assert names.count("account_suspended") == names.count("account_unsuspended") == 1
    kept = await rows(house, "authenticators")
    assert [one["secret_sealed"] for one in kept] == [one["secret_sealed"] for one in before]
    report = Report()
    assert [one async for one in journal_verify.verify(house.built.means, report)] == []
    asked = await operated.run("suspend", ADA, "--reason", "x" * 201)
    assert (asked.exit_code, "200 characters" in asked.stderr) == (2, True)


@pytest.mark.parametrize("command", ["end-sessions", "suspend", "unsuspend"])
@pytest.mark.parametrize("number", ["-rW5hbWUgb2Ygbm9ib2R5", "--5hbWUgb2Ygbm9ib2R5_"])
async def test_an_id_that_begins_with_a_dash_is_no_option(
    operated: Operated, command: str, number: str
) -> None:
    """SE-09: an id of chance's making may begin with a dash, and is an id all the same."""
    said = await operated.run(command, number, "--reason", WHY)

    assert (said.exit_code, said.stderr) == (2, "There is no account of this address or id.\n")


async def test_told_after_both_proofs_and_never_before(house: FrontDoor) -> None:
    """R6: to a stranger, and to somebody with the password alone, a suspended account is like
    any other; who proves both is told, and how to reach support."""
    ada = await member(house)
    await suspend(house)
    wrong, half = house.browser(), house.browser()

    await house.password(wrong, password="not this one at all")
    assert SUSPENDED not in wrong.text
    await house.password(half)
    assert half.path == "/sign-in/code"
    assert SUSPENDED not in half.text
    await half.press("Verify", code="000000")
    assert SUSPENDED not in half.text
    await half.press("Verify", code=ada.next_code())

    assert SUSPENDED in half.text
    assert "Contact support" in half.text
    assert not await is_inside(half)
    assert await rows(house, "sessions") == []
    (stopped,) = await journal(house, EventName.SIGN_IN_SUSPENDED)
    assert stopped.reason == "account_suspended"


async def test_recovery_code_is_not_used_up(house: FrontDoor) -> None:
    """SE-09: the recovery code lets nobody in meanwhile, and is good when the account is again."""
    ada = await member(house)
    await suspend(house)
    person = house.browser()

    await recover(house, person, ada.recovery_code, ADA)

    assert SUSPENDED in person.text
    assert person.path == "/sign-in"
    assert await rows(house, "sign_ins") == []
    await unsuspend(house)
    again = house.browser()
    await recover(house, again, ada.recovery_code, ADA)
    assert again.path == "/set-up/recovery-code"


async def test_reset_opens_no_suspended_account(house: FrontDoor) -> None:
    """R1, SE-09: a new password by reset changes nothing of a suspension."""
    ada = await member(house)
    await suspend(house)
    person = house.browser()
    await reset(house, person, code_of=ada.next_code())
    ada.password = "a heron on the weathervane"

    await ada.sign_in_as_far_as_it_goes(person)

    assert SUSPENDED in person.text
    assert await rows(house, "sessions") == []


async def test_suspension_keeps_what_was_to_be_closed(house: FrontDoor) -> None:
    """SE-09: what nobody could keep is not closed; its owner can ask again later."""
    ada = await member(house)
    await ask(house, ada)

    await suspend(house)

    assert (await told(house))["closing_cancelled"] == 1
    await come(house, days=30)
    assert (await rows(house, "accounts"))[0]["email"] == ADA


async def test_suspension_beside_a_sign_in(either_house: FrontDoor) -> None:
    """SE-09: a right code in the moment of a suspension leaves no session; eight rounds."""
    house = either_house
    ada = await member(house)
    for _ in range(8):
        person = house.browser()
        await house.password(person)
        action, data = person.filled("Verify", code=ada.next_code())

        await asyncio.gather(suspend(house), person.client.post(action, data=data))

        assert await rows(house, "sessions") == []
        assert not await is_inside(person)
        await unsuspend(house)


async def test_two_suspensions_are_one(either_house: FrontDoor) -> None:
    """SE-09: of eight suspensions at once one is noted and told."""
    house = either_house
    await member(house)

    done = await asyncio.gather(*(suspend(house) for _ in range(8)))

    assert sorted(done) == [False] * 7 + [True]
    assert len(await journal(house, EventName.ACCOUNT_SUSPENDED)) == 1
    assert (await told(house))["account_suspended"] == 1


async def test_second_factor_stays_whole(house: FrontDoor) -> None:
    """R1: suspending and opening again touches no method, no default and no password."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    before = await snapshot(house)

    await suspend(house)
    await unsuspend(house)

    after = await snapshot(house)
    for table in ("authenticators", "passwords", "recovery_codes", "ended_authenticators"):
        assert after[table] == before[table], table
    assert (await ada.sign_in()).path == "/"


async def test_suspended_account_at_its_wall_binds_nothing(house: FrontDoor) -> None:
    """SE-09, R1: whoever has proven the mailbox is told, and no method comes untold and alone."""
    await house.sign_up(house.browser(), ADA)
    await suspend(house)
    person = house.browser()
    await house.password(person, ADA)
    await person.press("Send code")
    await person.press("Verify", code=await house.code("email"))
    assert person.path == "/set-up", person.text

    await person.press("Authentication app")

    assert SUSPENDED in person.text
    assert await rows(house, "enrollments") == []
    assert await rows(house, "authenticators") == []
