"""A second address is told of everything that the account's own is told of (EM-07)."""

import pytest

from tests.answers import ADA, told
from tests.front_door import FrontDoor
from tests.promises.addresses import purposes
from tests.promises.notice_addresses import CODE, SECOND, ask
from tests.promises.states import add_phone, member, rows

pytestmark = pytest.mark.anyio

NUMBER = "+447400123456"


async def test_second_address_is_told_as_the_first_one_is(either_house: FrontDoor) -> None:
    """EM-07, NO-01: once its mailbox is proven, both receive every notice, each with its link."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    await ask(ada.person)
    assert ada.person.path == CODE
    assert await rows(house, "notice_addresses") == []
    await ada.person.press("Verify", code=await house.code("email", to=SECOND))
    assert ada.person.path == "/settings"

    await ada.person.post("/settings/phone/remove", {})
    house.clock.advance(seconds=3600)
    await ada.sign_in()

    everything = await purposes(house)
    for to in (ADA, SECOND, NUMBER):
        assert everything[(to, "notice_address_set")] == 1, to
    for kind in ("method_removed", "new_browser"):
        assert everything[(SECOND, kind)] == everything[(ADA, kind)] == 1, kind
    assert (await told(house, to=SECOND)).total() == 3
