"""Somebody with the password, in a browser that was known once: an old flatmate's."""

from functools import partial

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import cookie, digest, rows
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.identifier import phone_of
from vestibule.flows.codes import Asked, Sent, send
from vestibule.flows.tolls import ACCOUNT_DAY, KNOWN_BROWSER_SENDS, KNOWN_BROWSERS_SENDS
from vestibule.flows.work import Caller, work
from vestibule.storage.sessions import remember_browser

DAY = 24 * 3600


async def leave(person: Person) -> None:
    """What is half-way in this browser goes; its mark of a known one stays."""
    for name in ("session", "pending", "visit"):
        if cookie(person, name) is not None:
            person.client.cookies.delete(name)


async def test_once_known_browser_uses_up_no_codes_of_the_owners(house: FrontDoor) -> None:
    """R4, RL-12: whoever spends all that one known browser keeps leaves the owner's browser its.

    The number alone is the owner's second factor, so without a text nobody gets in.
    """
    owner, _ = await house.member()
    flatmate = house.browser(source="198.51.100.9")
    house.clock.advance(seconds=3600)
    await house.sign_in(flatmate)
    house.clock.advance(seconds=2 * DAY)
    spent = False
    while not spent:
        await leave(flatmate)
        await house.password(flatmate)
        spent = "We cannot send more codes now" in flatmate.text
        house.clock.advance(seconds=900)

    await leave(owner)
    await house.sign_in(owner)

    assert owner.path == "/", owner.text


@pytest.mark.parametrize(
    ("known", "most"), [(False, KNOWN_BROWSER_SENDS), (True, KNOWN_BROWSERS_SENDS)]
)
async def test_browsers_have_no_lanes_without_end(house: FrontDoor, known: bool, most: int) -> None:
    """RL-12, TF-03: marks of one's own making share one lane, and known ones have a ceiling."""
    await house.member()
    (account,) = await rows(house, "accounts")
    got = 0
    for turn in range(40):
        mark = f"mark-{turn % 5}"
        if known:
            await house.database.transact(
                partial(
                    remember_browser,
                    token_digest=digest(mark),
                    account_id=account["id"],
                    now=house.clock(),
                )
            )
        got += await sends(house, turn, account["id"], mark)
        house.clock.advance(seconds=60)

    assert got == ACCOUNT_DAY + most


async def sends(house: FrontDoor, turn: int, account_id: str, mark: str) -> bool:
    """Whether a browser with this mark has a code texted, to another number each time."""
    asked = Asked(
        purpose=Purpose.STEP_UP,
        binding_id=f"binding-{turn}",
        channel=Channel.SMS,
        destination=phone_of(f"+4474001234{turn:02}"),
        account_id=account_id,
        known_browser=True,
    )
    caller = Caller(f"198.51.100.{turn}", "", "", "en", mark)
    sent = await work(house.built.means, caller, lambda unit: send(unit, asked))
    return isinstance(sent, Sent)
