"""“This was not me” at the same moment as itself, a change, or the thief's own code (R8)."""

import asyncio

from tests.answers import ADA, NOT_ME, link, thief_inside
from tests.attack import all_at_once
from tests.front_door import FrontDoor
from tests.promises.states import add_app, is_inside, member, rows, standing


async def test_two_presses_act_once(either_house: FrontDoor) -> None:
    """R8: of eight presses of one link at once one acts, and the others say that it is settled."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    reader = house.browser(source="192.0.2.50")
    await reader.get(await link(house, "method_added"))

    await all_at_once(reader, NOT_ME, [{}] * 8)

    events = [one["name"] for one in await rows(house, "events")]
    assert events.count("not_me") == 1
    assert events.count("authenticator_suspended") == 1
    await house.deliver()
    assert len([m for m in house.inbox() if m.purpose == "not_me" and m.to == ADA]) == 1


async def test_press_beside_a_change(either_house: FrontDoor) -> None:
    """R8: whatever the thief changes at the moment of the answer is refused or taken back too."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    await thief.get("/settings/app")
    await thief.press("Show the QR code")
    secret = house.secret_on(thief)
    action, data = thief.filled("Verify", code=house.app_code(secret), app_name="Third app")
    reader = house.browser(source="192.0.2.50")
    await reader.get(await link(house, "method_added"))
    press, answer = reader.filled(NOT_ME)

    await asyncio.gather(
        thief.client.post(action, data=data),
        reader.client.post(press, data=answer),
        thief.client.post("/settings/recovery-code/new", data={"csrf": data["csrf"]}),
    )

    assert [one["name"] for one in await standing(house)] == ["Phone app"]
    assert not await is_inside(thief)
    theirs = {one["act_id"] for one in await rows(house, "made") if one["kind"] == "authenticator"}
    made = {one["thing_id"]: one["act_id"] for one in await rows(house, "made")}
    ours = made[(await standing(house))[0]["id"]]
    live = [one["id"] for one in await rows(house, "recovery_codes") if one["ended_at"] is None]
    assert not {made[one] for one in live} & (theirs - {ours})


async def test_press_beside_the_thiefs_sign_in(either_house: FrontDoor) -> None:
    """R8: a right code of the thief's app in the same moment leaves no session behind."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    other = house.browser(source="198.51.100.67")
    await house.password(other, ADA)
    await other.get("/sign-in/methods")
    await other.press("Second app")
    house.clock.advance(seconds=60)
    action, data = other.filled("Verify", code=house.app_code(secret))
    reader = house.browser(source="192.0.2.50")
    await reader.get(await link(house, "method_added"))
    press, answer = reader.filled(NOT_ME)

    await asyncio.gather(
        other.client.post(action, data=data), reader.client.post(press, data=answer)
    )

    assert await rows(house, "sessions") == []
    assert not await is_inside(other)
