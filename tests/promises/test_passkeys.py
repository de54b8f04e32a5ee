"""Passkeys at every door, on both databases."""
import pytest
from tests import passkey_doors as doors
from tests.front_door import FrontDoor
pytestmark = pytest.mark.anyio


async def test_smoke(either_house: FrontDoor) -> None:
    house = either_house
    ada = await doors.keeper(house)
    person = await doors.sign_in_alone(house.browser(), ada.passkey)
    assert person.path == "/", person.text
    other = await ada.password()
    print(other.path, other.text)
    await doors.prove(other, doors.SECOND, ada.passkey)
    assert other.path == "/", other.text
    await ada.step_up(other)
    print(other.path, other.text)
    eve = house.browser()
    await house.sign_up(eve, "eve@example.com")
    pk, code = await doors.at_the_wall(house, eve)
    assert eve.path == "/"
