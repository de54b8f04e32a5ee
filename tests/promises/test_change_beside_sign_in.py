"""A change at the very moment of somebody's sign-in: whichever comes second sees the first."""

import asyncio
from dataclasses import replace

import pytest

from tests.answers import ADA
from tests.front_door import PASSWORD, FrontDoor
from tests.promises.between import Between
from tests.promises.states import cookie, is_inside, member, rows
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import sign_in
from vestibule.flows.recover import Recovering, submit_recovery_code
from vestibule.flows.work import Caller
from vestibule.storage import accounts, safeguards

NEW = "a heron on the weathervane"
CALLER = Caller("203.0.113.8", "test", "", "en", visit_token="v" * 43)


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


async def test_password_that_changes_while_it_is_compared_opens_no_door(
    either_house: FrontDoor,
) -> None:
    """SE-07: where another password is set between a try and its comparison, the one of before,
    though right when it was read, makes no pending sign-in."""
    house = either_house
    await house.member_with_app()
    (account,) = await rows(house, "accounts")
    mac = await house.built.means.passwords.hash(NEW)

    async def change() -> None:
        await house.database.transact(
            lambda tx: accounts.replace_password(
                tx, account["id"], password_mac=mac, now=house.clock()
            )
        )

    means = replace(house.built.means, database=Between(house.database, change))
    said = await sign_in.submit_password(
        means, CALLER, email=ADA, password=PASSWORD, pending_token=None, return_to=None
    )

    assert said == Refused(Reason.SIGN_IN_WRONG)
    assert await rows(house, "sign_ins") == []


@pytest.mark.parametrize("what", ["reset", "recovery"])
async def test_code_of_a_sign_in_that_became_another_opens_nothing(
    either_house: FrontDoor, what: str
) -> None:
    """R8, EF-04: where "not me" asks for a reset, or the recovery code is used, between a right
    code's try and its comparison, the code opens no session."""
    house = either_house
    _, secret, own_code = await house.member_with_app()
    house.clock.advance(seconds=60)
    person = house.browser()
    await house.password(person)
    means = house.built.means
    pending = await sign_in.find_pending(means, CALLER, cookie(person, "pending") or "")
    assert pending is not None

    async def happens() -> None:
        if what == "recovery":
            used = await submit_recovery_code(means, CALLER, sign_in_id=pending.id, typed=own_code)
            assert isinstance(used, Recovering)
            return
        await house.database.transact(
            lambda tx: safeguards.require_reset(tx, pending.account_id, house.clock())
        )

    said = await sign_in.submit_code(
        replace(means, database=Between(house.database, happens)),
        CALLER,
        sign_in_id=pending.id,
        typed=house.app_code(secret),
    )

    assert said == Refused(Reason.SIGN_IN_EXPIRED)
    sessions = await rows(house, "sessions")
    assert [one["source"] for one in sessions if one["source"] == CALLER.source] == []
