"""Changes of address at the same moment as one another, a sign-up, and the answer "not me"."""

import asyncio

from tests.answers import ADA, NOT_ME, link, thief_inside
from tests.attack import all_at_once
from tests.front_door import PASSWORD, FrontDoor
from tests.promises.addresses import NEW, ask, ask_reset, change, codes_to
from tests.promises.states import is_inside, member, rows

TURNS = 3


async def test_one_code_changes_the_address_once(either_house: FrontDoor) -> None:
    """EM-05, OC-03: of eight right codes at once one changes it, and everybody is told once."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    typed = {"code": await house.code("email", to=NEW)}

    await all_at_once(ada.person, "Verify", [typed] * 8)

    events = [one["name"] for one in await rows(house, "events")]
    assert events.count("address_changed") == 1
    assert len(await rows(house, "former_addresses")) == 1
    await house.deliver()
    assert len([m for m in house.inbox() if m.purpose == "address_changed" and m.to == ADA]) == 1


async def test_two_accounts_prove_one_address(either_house: FrontDoor) -> None:
    """EM-05, EN-06: of two accounts that prove the same mailbox at once one has it, always."""
    house = either_house
    for turn in range(TURNS):
        wanted = f"wanted{turn}@example.org"
        posts = []
        for name in ("one", "two"):
            somebody = await member(house, f"{name}{turn}@example.com")
            await somebody.step_up()
            await ask(somebody.person, wanted)
            action, data = somebody.person.filled(
                "Verify", code=await house.code("email", to=wanted)
            )
            posts.append((somebody.person, action, data))

        answers = await asyncio.gather(
            *(person.client.post(action, data=data) for person, action, data in posts)
        )

        owners = [one for one in await rows(house, "accounts") if one["email"] == wanted]
        assert len(owners) == 1
        assert sorted(str(one.headers["location"]) for one in answers) == [
            "/settings",
            "/settings/address",
        ]


async def test_change_beside_a_sign_up(either_house: FrontDoor) -> None:
    """EM-05, EF-08: of a change and a sign-up that prove one mailbox at once one has it."""
    house = either_house
    for turn in range(TURNS):
        wanted = f"wanted{turn}@example.org"
        ada = await member(house, f"one{turn}@example.com")
        await ada.step_up()
        await ask(ada.person, wanted)
        change_it = ada.person.filled("Verify", code=await house.code("email", to=wanted))
        other = house.browser(source=f"198.51.100.{turn}")
        await other.get("/sign-up")
        await other.press("Create account", name="Eve", email=wanted, password=PASSWORD)
        sign_up = other.filled("Verify", code=await house.code("email", to=wanted))

        answers = await asyncio.gather(
            ada.person.client.post(change_it[0], data=change_it[1]),
            other.client.post(sign_up[0], data=sign_up[1]),
        )

        assert {one.status_code for one in answers} == {303}
        owners = [one for one in await rows(house, "accounts") if one["email"] == wanted]
        assert len(owners) == 1


async def test_sign_up_beside_the_address_that_is_left(either_house: FrontDoor) -> None:
    """EM-05: who signs up with an address at the moment that it is left gets no account of it."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await ask(ada.person)
    change_it = ada.person.filled("Verify", code=await house.code("email", to=NEW))
    other = house.browser()
    await other.get("/sign-up")
    sign_up = other.filled("Create account", name="Eve", email=ADA, password=PASSWORD)

    await asyncio.gather(
        ada.person.client.post(change_it[0], data=change_it[1]),
        other.client.post(sign_up[0], data=sign_up[1]),
    )

    before = [m.to for m in house.inbox() if m.code].count(ADA)
    assert await codes_to(house, ADA) == before
    assert [one["email"] for one in await rows(house, "accounts")] == [NEW]


async def test_press_beside_the_thiefs_change(either_house: FrontDoor) -> None:
    """R8: an address that is changed at the moment of the answer is doubted, or never changed."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await change(house, thief, "mallory@example.net")
    house.clock.advance(seconds=60)
    await ask(thief, "mallory.two@example.net")
    typed = await house.code("email", to="mallory.two@example.net")
    action, data = thief.filled("Verify", code=typed)
    reader = house.browser(source="192.0.2.50")
    await reader.get(await link(house, "address_changed"))
    press, answer = reader.filled(NOT_ME)

    await asyncio.gather(
        thief.client.post(action, data=data), reader.client.post(press, data=answer)
    )

    assert not await is_inside(thief)
    (guarded,) = await rows(house, "safeguards")
    assert guarded["address_suspended_at"] is not None
    sent = len([m for m in house.inbox() if m.code])
    for to in ("mallory@example.net", "mallory.two@example.net"):
        await ask_reset(thief, to)
    await house.deliver()
    assert len([m for m in house.inbox() if m.code]) == sent
