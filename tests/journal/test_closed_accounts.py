"""The journal of accounts that close: copies are whole meanwhile, and a broken chain stops one."""

from pathlib import Path

import pytest

from tests.attack import journal
from tests.databases import Store
from tests.front_door import front_door
from tests.journal.chains import tamper
from tests.journal.test_copy import copy_of, is_whole, published
from tests.promises.closers import KEEP, ask, come
from tests.promises.states import member, rows
from vestibule.domain.event import EventName
from vestibule.flows import supervision
from vestibule.flows.work import Caller

pytestmark = pytest.mark.anyio


async def test_a_copy_of_an_account_that_closes_is_whole(store: Store, tmp_path: Path) -> None:
    """AU-04, SE-09: what a person downloads while the account closes, after it was kept, and after
    a suspension was lifted verifies by the documented format."""
    operator = Caller(
        source="", user_agent="", request_id="", locale="en", is_owner=False, actor_id="operator"
    )
    async with front_door(store.open(), tmp_path) as house:
        ada = await member(house)
        keys = await published(house)
        account_id = (await rows(house, "accounts"))[0]["id"]
        person = await ask(house, ada)
        closing = await copy_of(person)
        await person.press(KEEP)
        kept = await copy_of(person)
        means = house.built.means
        await supervision.suspend(means, operator, account_id, because="ein Verdacht – geklärt")
        await supervision.unsuspend(means, operator, account_id, because="")
        house.clock.advance(seconds=60)
        suspended = await copy_of(await ada.sign_in())

    assert [is_whole(one, keys) for one in (closing, kept, suspended)] == [True] * 3
    assert "account_closing_asked" in closing
    assert "account_closing_cancelled" in kept
    assert '"actor":"operator"' in suspended


async def test_a_broken_chain_holds_up_nobody_else(store: Store, tmp_path: Path) -> None:
    """AU-05, SE-09: an account whose journal takes no row is not closed, an alarm is raised, and
    the other's day comes all the same."""
    async with front_door(store.open(), tmp_path) as house:
        ada, carl = await member(house), await member(house, "carl@example.com")
        for one in (ada, carl):
            await ask(house, one)
        broken = next(
            one["id"] for one in await rows(house, "accounts") if one["email"] == ada.email
        )
        await tamper(store, f"UPDATE journal_heads SET moved_at = 1 WHERE chain = '{broken}'")

        await come(house, days=7.1)

        left = {one["email"] for one in await rows(house, "accounts")}
        assert left == {ada.email, ""}
        (alarm,) = await journal(house, EventName.ALARM_RAISED)
        assert alarm.details["alarm"] == "journal_broken"
