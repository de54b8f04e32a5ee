"""“This was not me” at the same moment as itself, a change, or the thief's own code (R8)."""

import asyncio

import pytest

from tests.answers import ADA, NOT_ME, link, thief_inside
from tests.attack import all_at_once
from tests.front_door import FrontDoor
from tests.promises.states import add_app, cookie, is_inside, member, rows, standing
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import second_factor, sign_in
from vestibule.flows.ways import Holder
from vestibule.flows.work import Caller, Work, look, work
from vestibule.storage import authenticators, safeguards


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


@pytest.mark.parametrize("by", ["text", "app"])
async def test_code_on_its_way_proves_nothing_after_the_answer(house: FrontDoor, by: str) -> None:
    """R8: a try that was counted before its method was suspended is refused when it is compared."""
    secret = b""
    if by == "app":
        _, secret, _ = await house.member_with_app()
    else:
        await house.member()
    house.clock.advance(seconds=60)
    thief = house.browser(source="198.51.100.66")
    await house.password(thief, ADA)
    code = house.app_code(secret) if secret else await house.code("sms")
    means = house.built.means
    caller = Caller("198.51.100.66", "", "", "en")
    pending = await sign_in.find_pending(means, caller, str(cookie(thief, "pending")))
    assert pending is not None
    held = await look(means, caller, lambda unit: sign_in.holder_of(unit, pending))
    assert isinstance(held, Holder)

    async def find(_: Work) -> Holder | Refused:
        return held

    async def suspend(unit: Work) -> None:
        await safeguards.require_reset(unit.tx, held.account.id, unit.now)
        await authenticators.suspend(unit.tx, held.account.id, held.authenticator.id, unit.now)

    async def enter(_: Work, __: Holder, ___: object) -> str | Refused:
        return "entered"

    async def give_up(_: Work) -> None:
        return None

    await work(means, caller, suspend)
    outcome = await second_factor.submit_code(
        means, caller, find=find, typed=code, next_typed="", then=enter, give_up=give_up
    )

    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.METHOD_UNKNOWN
