"""A code is worth something in one place only: its purpose, account, session, destination (A.4)."""

from dataclasses import dataclass
from itertools import product

import pytest

from tests.attack import journal, rows
from tests.front_door import FrontDoor
from vestibule.crypto.seal import Place
from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.identifier import PhoneNumber
from vestibule.flows import codes
from vestibule.flows.codes import Asked, Proven, Reserved, Sent
from vestibule.flows.work import Caller, Work, work

pytestmark = pytest.mark.anyio

NUMBERS = (PhoneNumber("+447400123456", "GB"), PhoneNumber("+447400654321", "GB"))


@dataclass(frozen=True)
class Issued:
    challenge: Challenge
    code: str


async def _issue(house: FrontDoor, asked: Asked, turn: int) -> Issued:
    means = house.built.means
    caller = Caller(f"198.51.100.{turn}", "", "", "en")

    async def send(unit: Work) -> object:
        return await codes.send(unit, asked)

    sent = await work(means, caller, send)
    assert isinstance(sent, Sent), sent
    sealed = sent.challenge.code_sealed
    assert sealed is not None
    place = Place("challenges", "code_sealed", sent.challenge.id)
    return Issued(sent.challenge, means.seal.open(sealed, place))


async def _present(house: FrontDoor, shown: Issued, at: Issued) -> bool:
    """Whether the one's code is accepted where the other's is waited for."""

    async def settle(unit: Work) -> bool:
        outcome = await codes.settle(unit, Reserved(at.challenge, shown.code, tries=1))
        return isinstance(outcome, Proven)

    return await work(house.built.means, Caller("198.51.100.1", "", "", "en"), settle)


async def test_only_the_diagonal_is_accepted(house: FrontDoor) -> None:
    """OC-04: of every code at every other purpose, account, binding and number none is taken."""
    for name in ("ada", "eve"):
        await house.sign_up(house.browser(), f"{name}@example.com")
    accounts = [str(row["id"]) for row in await rows(house, "SELECT id FROM accounts ORDER BY id")]
    issued: list[Issued] = []
    for purpose, account, binding, number in product(Purpose, accounts, "ab", NUMBERS):
        # Its codes go by mail alone; the others' channel makes no difference here.
        is_mailed = purpose in {Purpose.ADDRESS, Purpose.NOTICE_ADDRESS}
        asked = Asked(
            purpose=purpose,
            binding_id=f"{account}{binding}{number.ending}",
            channel=Channel.EMAIL if is_mailed else Channel.SMS,
            destination=f"{number.ending}@example.com" if is_mailed else number,
            account_id=account,
        )
        issued.append(await _issue(house, asked, len(issued)))
        house.clock.advance(seconds=3700)

    accepted = [
        (i, j)
        for i, shown in enumerate(issued)
        for j, at in enumerate(issued)
        if i != j and shown.code != at.code and await _present(house, shown, at)
    ]

    assert len(issued) == 8 * len(Purpose)
    assert len({one.code for one in issued}) > 8 * len(Purpose) - 4
    assert accepted == []


async def test_the_diagonal_is_accepted_once(house: FrontDoor) -> None:
    """OC-04: in its own place each purpose's code is accepted, and only the first time."""
    for turn, purpose in enumerate(Purpose):
        asked = Asked(purpose, f"binding-{turn}", Channel.EMAIL, f"{turn}@example.com")
        issued = await _issue(house, asked, turn)
        assert await _present(house, issued, issued), purpose
        assert not await _present(house, issued, issued), purpose


async def test_the_same_digits_in_another_row_prove_nothing(house: FrontDoor) -> None:
    """OC-04: the digest is over purpose, account and address, so a moved row matches nothing."""
    first = await _issue(house, Asked(Purpose.SIGN_UP, "one", Channel.EMAIL, "a@example.com"), 1)
    other = await _issue(house, Asked(Purpose.SIGN_UP, "two", Channel.EMAIL, "b@example.com"), 2)
    await house.database.transact(
        lambda tx: tx.execute(
            "UPDATE challenges SET code_mac = :mac WHERE id = :id",
            mac=first.challenge.code_mac,
            id=other.challenge.id,
        )
    )
    found = await rows(
        house, "SELECT code_mac FROM challenges WHERE id = :id", id=other.challenge.id
    )
    assert found[0]["code_mac"] == first.challenge.code_mac

    moved = Issued(
        Challenge(
            **{
                field: getattr(other.challenge, field)
                for field in Challenge.__slots__
                if field != "code_mac"
            },
            code_mac=first.challenge.code_mac,
        ),
        first.code,
    )

    assert not await _present(house, moved, moved)


async def test_a_code_stays_in_the_browser_that_asked(house: FrontDoor) -> None:
    """OC-04: the code of one pending sign-in opens no other one of the same account."""
    await house.member()
    house.clock.advance(seconds=60)
    owner, thief = house.browser(), house.browser(source="198.51.100.9")
    await house.password(owner)
    code = await house.code("sms")
    house.clock.advance(seconds=31)
    await house.password(thief)
    assert await house.code("sms") != code

    await thief.press("Verify", code=code)

    assert thief.path == "/sign-in/code"
    await owner.press("Verify", code=code)
    assert owner.path == "/"


async def test_a_code_for_one_number_binds_no_other(house: FrontDoor) -> None:
    """OC-04: a code texted to my phone does not bind the number that I typed afterwards."""
    person = house.browser()
    await house.sign_up(person, "eve@example.com")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")
    mine = await house.code("sms", to="+447400123456")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 654321")
    assert await house.code("sms", to="+447400654321") != mine

    await person.press("Verify", code=mine)

    assert person.path == "/set-up/phone/code"
    assert await rows(house, "SELECT id FROM authenticators") == []


async def test_mailed_codes_are_no_second_factor(house: FrontDoor) -> None:
    """OC-04: the code that opens settings confirms no change and signs nobody in."""
    person, _ = await house.member()
    house.clock.advance(seconds=3600)
    await person.get("/resume")
    await person.press("Continue", password="a lantern in the porch")
    await person.press("User Settings")
    gate = await house.code("email")
    await person.press("Verify", code=gate)
    await person.get("/settings/confirm")
    await person.press("Send code by text message")

    await person.press("Confirm", password="a lantern in the porch", code=gate)

    assert person.path == "/settings/confirm"
    assert len(await journal(house, "authn_login_fail")) == 1
