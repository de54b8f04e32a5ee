"""What the notices of one account can cost: nobody turns them into texts without end (TF-03)."""

from pathlib import Path

import pytest

from tests.answers import ADA, told
from tests.attack import journal
from tests.databases import sqlite_database
from tests.front_door import FrontDoor, front_door
from tests.promises.states import Member, add_phone, member
from tests.promises.test_notices import (
    NUMBER,
    app_added,
    app_removed,
    code_generated,
    number_removed,
    password_changed,
)
from vestibule.flows.notice_texts import TEXTS_OF_AN_ACCOUNT
from vestibule.flows.opt_outs import opted_in, opted_out


async def with_phone(house: FrontDoor) -> Member:
    """An app and a number, settings open and proofs fresh."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    return ada


async def change_default(ada: Member, times: int) -> None:
    """The first method back and forth, which one proof allows for ten minutes."""
    for turn in range(times):
        await ada.person.get("/settings/method")
        await ada.person.press("Save", method="voice" if turn % 2 else "sms")
        assert ada.person.path == "/settings", ada.person.text


async def use_up_texts(house: FrontDoor, ada: Member) -> None:
    """Twenty changes, five each of four kinds."""
    await change_default(ada, 5)
    for _ in range(5):
        await code_generated(house, ada)
        await app_added(house, ada)
        await app_removed(house, ada)


async def test_changes_back_and_forth_text_five_times(house: FrontDoor) -> None:
    """TF-03: whoever changes the same thing all day long makes a number ring five times."""
    ada = await with_phone(house)

    await change_default(ada, 12)

    assert (await told(house, to=NUMBER))["default_method_changed"] == 5
    assert (await told(house))["default_method_changed"] == 12
    kept_back = [one.details["notice"] for one in await journal(house, "notice_not_texted")]
    assert kept_back == ["default_method_changed"] * 7


async def test_a_number_that_is_removed_hears_so_all_the_same(house: FrontDoor) -> None:
    """NO-04: the last text of a number is not hidden behind the day's twenty others."""
    ada = await with_phone(house)
    await use_up_texts(house, ada)
    assert sum((await told(house, to=NUMBER)).values()) == TEXTS_OF_AN_ACCOUNT

    await number_removed(house, ada)

    assert (await told(house, to=NUMBER))["number_removed"] == 1


async def test_a_number_that_asked_for_no_texts_gets_no_last_one(house: FrontDoor) -> None:
    """NO-04: the exemption is one from limits, and none from what the number asked for."""
    ada = await with_phone(house)
    await opted_out(house.built.means, NUMBER, "text")

    await number_removed(house, ada)

    assert not await told(house, to=NUMBER)
    assert (await told(house))["method_removed"] == 1


async def test_notices_of_an_account_are_twenty_texts_a_day(house: FrontDoor) -> None:
    """TF-03: changes of ever other kinds are twenty texts a day for the account, and no more."""
    ada = await with_phone(house)
    await use_up_texts(house, ada)
    await password_changed(house, ada)

    assert sum((await told(house, to=NUMBER)).values()) == 20
    assert (await told(house))["password_changed"] == 1


async def test_who_asked_for_no_texts_gets_no_notices(house: FrontDoor) -> None:
    """A number that texted STOP gets no notice either; mail tells it, and START undoes it."""
    ada = await with_phone(house)
    await opted_out(house.built.means, NUMBER, "text")
    await change_default(ada, 2)
    assert not await told(house, to=NUMBER)
    assert (await told(house))["default_method_changed"] == 2

    await opted_in(house.built.means, NUMBER)
    await change_default(ada, 2)

    assert (await told(house, to=NUMBER))["default_method_changed"] == 2


@pytest.mark.parametrize("budget", ["0.20", "10"])
async def test_texts_of_notices_are_money_too(tmp_path: Path, budget: str) -> None:
    """TF-03: the day's money is a hard stop for the texts of notices, and for no mail."""
    over = sqlite_database(tmp_path / "house.db")
    settings: dict[str, object] = {
        "budget_day": budget,
        "budget_hour": budget,
        "price_sms": "0.05",
        "price_voice": "0.10",
    }
    async with front_door(over, tmp_path, settings=settings) as house:
        ada = await with_phone(house)
        await change_default(ada, 5)
        texts = (await told(house, to=NUMBER))["default_method_changed"]
        assert texts == (3 if budget == "0.20" else 5)
        assert (await told(house, to=ADA))["default_method_changed"] == 5
    await over.close()
