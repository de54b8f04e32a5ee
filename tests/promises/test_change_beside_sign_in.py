"""A change at the very moment of somebody's sign-in: whichever comes second sees the first."""

import asyncio

from tests.front_door import FrontDoor
from tests.promises.states import is_inside, member, rows

NEW = "a heron on the weathervane"


async def test_no_session_of_the_old_password_outlives_it(either_house: FrontDoor) -> None:
    """SE-07: sign-ins that end at the moment of a password change leave no session behind it."""
    owner, _ = await either_house.member()
    posts = []
    others = [either_house.browser() for _ in range(3)]
    for one in others:
        either_house.clock.advance(seconds=31)
        await either_house.password(one)
        action, data = one.filled("Verify", code=await either_house.code("sms"))
        posts.append(one.client.post(action, data=data))
    await either_house.open_settings(owner)
    await owner.get("/settings/password")
    action, data = owner.filled("Change password", new_password=NEW)

    answers = await asyncio.gather(owner.client.post(action, data=data), *posts)

    assert answers[0].headers["location"] == "/settings"
    assert await is_inside(owner)
    assert [await is_inside(one) for one in others] == [False, False, False]
    assert len(await rows(either_house, "sessions")) == 1


async def test_no_sign_in_slips_past_the_end_of_all_others(either_house: FrontDoor) -> None:
    """SE-08: of a right code and *End all other sessions* at once either is first, and no session
    of the code is left; eight rounds."""
    ada = await member(either_house)
    for _ in range(8):
        thief = either_house.browser(source="198.51.100.66")
        await either_house.password(thief)
        action, data = thief.filled("Verify", code=ada.next_code())
        await ada.person.get("/sessions")
        press = {"end": "others", "password": ada.password}

        _, ended = await asyncio.gather(
            thief.client.post(action, data=data),
            ada.person.post("/sessions", press, follow=False),
        )

        assert ended.headers["location"] == "/sessions"
        assert not await is_inside(thief)
        assert len(await rows(either_house, "sessions")) == 1
    assert await is_inside(ada.person)
