"""A carrier that blocks messages: the person goes another way, and the operator hears of it."""

from tests.attack import journal
from tests.front_door import FrontDoor


async def test_operator_hears_of_a_carrier_that_blocks(house: FrontDoor) -> None:
    """TF-04: messages that a carrier takes for fraud raise an alarm, once an hour."""
    for turn in range(3):
        person = house.browser(source=f"203.0.113.{turn}")
        await house.sign_up(person, f"ada{turn}@example.com")
        await person.get("/set-up/phone")
        await person.press(
            "Send code by text message", country="GB", phone=f"07400 {turn + 12}0010"
        )
        await house.deliver()
        await person.get("/set-up/phone/code")
        assert "authentication app" in person.text

    alarms = [one.details for one in await journal(house, "alarm_raised")]
    assert alarms == [{"alarm": "carrier_blocks", "provider": "simulator"}]
