"""Whoever moves the address there and back earns nothing: an answer restores what was before (R8).

A thief's own address never counts as "the one before", however often the account went by it.
"""

import pytest

from tests.answers import ADA, NEW_PASSWORD, answer_mail, link, thief_inside
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.addresses import NEW, address, ask_reset, change, codes_to, purposes, reset_by
from tests.promises.states import Member, add_app, member, rows, standing

THIEFS = "mallory@example.net"
SECOND = "mallory.two@example.net"
HOUR = 3600


async def move(house: FrontDoor, person: Person, *path: str) -> None:
    for to in path:
        house.clock.advance(seconds=60)
        await change(house, person, to)


async def comes_back(house: FrontDoor, ada: Member, mailbox: str) -> None:
    """Its mailbox and the owner's app reset the password, and the thief's addresses nothing."""
    thiefs = [THIEFS, SECOND]
    before = [await codes_to(house, one) for one in thiefs]
    for one in thiefs:
        await ask_reset(house.browser(source="198.51.100.80"), one)
    assert [await codes_to(house, one) for one in thiefs] == before
    await reset_by(house, ada.person, mailbox, ada.next_code())
    assert "Your new password is set" in ada.person.text, ada.person.text
    assert await address(house) == mailbox
    ada.email, ada.password = mailbox, NEW_PASSWORD
    await ada.sign_in(ada.person)


@pytest.mark.parametrize(
    "path", [(THIEFS, ADA), (THIEFS, ADA, SECOND), (THIEFS, SECOND, ADA), (THIEFS, ADA, THIEFS)]
)
async def test_thief_who_goes_there_and_back_leaves_no_address(
    house: FrontDoor, path: tuple[str, ...]
) -> None:
    """R8, EM-05: the answer gives the codes to the owner's mailbox, whatever way a thief took."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await move(house, thief, *path)

    await answer_mail(house, await link(house, "address_changed"))

    await comes_back(house, ada, ADA)


@pytest.mark.parametrize("path", [(ADA,), (ADA, NEW, SECOND), (ADA, SECOND)])
async def test_thief_who_puts_an_owners_older_address_back_is_undone(
    house: FrontDoor, path: tuple[str, ...]
) -> None:
    """R8, EM-05: the address before the thief's first change counts, not one that it passed by."""
    ada = await member(house)
    await ada.step_up()
    await change(house, ada.person)
    ada.email = NEW
    thief = await thief_inside(house, ada)
    await move(house, thief, *path)

    await answer_mail(house, await link(house, "address_changed", to=NEW))

    await comes_back(house, ada, NEW)


async def test_owner_who_goes_there_and_back_is_told_once(house: FrontDoor) -> None:
    """R8, NO-01: an address of before that is the account's again hears each thing once."""
    ada = await member(house)
    await ada.step_up()
    await move(house, ada.person, NEW, ADA)
    before = (await purposes(house))[(ADA, "new_browser")]
    await ada.sign_in(house.browser(source="203.0.113.91"))
    assert (await purposes(house))[(ADA, "new_browser")] == before + 1
    await ask_reset(house.browser(), NEW)
    assert [m for m in house.inbox() if m.to == NEW and m.purpose == "reset"] == []
    assert {row["is_returnable"] for row in await rows(house, "former_addresses")} <= {True}


async def test_reset_by_a_thiefs_address_follows_from_it(house: FrontDoor) -> None:
    """R8: what a password made possible that a thief's mailbox reset goes with that mailbox."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await change(house, thief, THIEFS)
    doubted = await link(house, "address_changed")
    await reset_by(house, thief, THIEFS, ada.next_code())
    assert "Your new password is set" in thief.text
    house.clock.advance(seconds=24 * HOUR)
    ada.email, ada.password = THIEFS, NEW_PASSWORD
    await ada.step_up(await ada.sign_in(thief))
    await add_app(house, thief)

    await answer_mail(house, doubted)

    assert [one["name"] for one in await standing(house)] == ["Phone app"]


async def test_reset_by_an_address_of_before_follows_from_nobody(house: FrontDoor) -> None:
    """R8: whoever only went elsewhere and back gave no mailbox, so the owner's reset stays."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await move(house, thief, THIEFS, ADA)
    doubted = await link(house, "address_changed")
    await reset_by(house, ada.person, ADA, ada.next_code())
    house.clock.advance(seconds=24 * HOUR)
    ada.password = NEW_PASSWORD
    await ada.step_up(await ada.sign_in(ada.person))
    await add_app(house, ada.person)

    await answer_mail(house, doubted)

    assert {one["name"] for one in await standing(house)} == {"Phone app", "Second app"}
