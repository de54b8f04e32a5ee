"""The second factor cannot be off: the last one stays, and a new one counts once it is proven."""

import asyncio
from itertools import permutations

import pytest

from tests.attack import journal
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import Member, add_app, add_phone, is_inside, member, rows, standing
from vestibule.flows.enroll import PHONE_RISK_NOTICE

WALLS = 3


async def equipped(house: FrontDoor) -> Member:
    """Inside with two apps and a phone, changes open."""
    ada = await member(house)
    await house.open_settings(ada.person)
    await add_app(house, ada.person)
    await add_phone(house, ada.person)
    return ada


def paths_of(methods: list[dict[str, str]]) -> list[str]:
    return [
        "/settings/phone/remove" if m["kind"] == "phone" else f"/settings/apps/{m['id']}/remove"
        for m in methods
    ]


async def test_risk_of_phones_is_said_and_its_acceptance_kept(house: FrontDoor) -> None:
    """PN-07: who sets up a phone reads that an app is safer; the journal has which wording."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    assert "Texts and calls can be intercepted; an app is safer." in person.text
    assert any("Use an authentication app" in words for words, _ in person.page.links)

    await person.press("Send code by text message", country="GB", phone="07400 123456")

    [begun] = await journal(house, "enrollment_started")
    assert begun.details["risk_notice"] == PHONE_RISK_NOTICE


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_last_factor_stays_in_every_order(house: FrontDoor, order: tuple[int, ...]) -> None:
    """EF-02: whichever factors are removed first, the last is refused and stays as it was."""
    ada = await equipped(house)
    methods = await standing(house)
    paths = [paths_of(methods)[n] for n in order]

    for path in paths[:2]:
        await ada.person.get(path)
        await ada.person.press("Remove")
        assert ada.person.path == "/settings", ada.person.text
    (kept,) = await standing(house)
    await ada.person.get(paths[2])
    await ada.person.post(paths[2], {})

    assert await standing(house) == [kept]
    assert kept["id"] == methods[order[2]]["id"]
    (account,) = await rows(house, "accounts")
    assert account["default_authenticator_id"] == kept["id"]
    assert await is_inside(ada.person)


async def test_parallel_removals_leave_one(either_house: FrontDoor) -> None:
    """EF-02: removals of every factor, many times at once, leave one factor and a default."""
    ada = await equipped(either_house)
    await ada.person.get("/settings")
    token = next(f.fields["csrf"] for f in ada.person.page.forms)
    paths = paths_of(await standing(either_house)) * 4

    await asyncio.gather(*(ada.person.client.post(p, data={"csrf": token}) for p in paths))

    (kept,) = await standing(either_house)
    (account,) = await rows(either_house, "accounts")
    assert account["default_authenticator_id"] == kept["id"]
    assert account["enrolled_at"] is not None


async def test_unproven_app_is_no_factor(house: FrontDoor) -> None:
    """EF-10: an app whose set-up was not finished proves nothing, and its secret dies in time."""
    ada = await member(house)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/app")
    await ada.person.press("Show the QR code")
    unproven = house.secret_on(ada.person)
    other = house.browser()
    await house.password(other, ada.email)

    await other.press("Verify", code=house.app_code(unproven))
    assert other.path == "/sign-in/code"
    assert len(await standing(house)) == 1
    house.clock.advance(seconds=599)
    await ada.person.get("/settings/app")
    assert "secret=" in ada.person.response.text
    house.clock.advance(seconds=1)
    await ada.person.post("/settings/app", {"code": house.app_code(unproven), "app_name": "Late"})
    assert len(await standing(house)) == 1


async def test_unproven_phone_gets_no_sign_in_code(house: FrontDoor) -> None:
    """EF-10: a number that never proved itself is not offered, and no sign-in code goes there."""
    ada = await member(house)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/phone")
    await ada.person.press("Send code by text message", country="GB", phone="07400 123456")
    await house.deliver()
    sent = len(house.inbox())
    other = house.browser()
    await house.password(other, ada.email)
    await other.get("/sign-in/methods")
    assert "56" not in other.text
    await other.post("/sign-in/code/send", {"channel": "sms"})
    await other.post("/sign-in/methods", {"channel": "sms", "authenticator": ""})
    await house.deliver()

    assert len(house.inbox()) == sent


async def test_code_to_the_new_number_proves_nothing_else(house: FrontDoor) -> None:
    """EF-10: the code that a set-up sent is no step-up, no sign-in and no gate code."""
    ada = await member(house)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/phone")
    await ada.person.press("Send code by text message", country="GB", phone="07400 123456")
    code = await house.code("sms")
    other = house.browser()
    await house.password(other, ada.email)

    await other.press("Verify", code=code)
    assert other.path == "/sign-in/code"
    await ada.person.post("/settings/confirm", {"password": ada.password, "code": code})
    assert ada.person.path == "/settings/confirm"
    await ada.person.post("/settings/code", {"code": code})
    assert len(await standing(house)) == 1


async def at_the_app(house: FrontDoor, person: Person) -> str:
    await person.get("/set-up")
    await person.press("Authentication app")
    return house.app_code(house.secret_on(person))


async def test_two_walls_bind_once(either_house: FrontDoor) -> None:
    """EF-02: of several first set-ups finished at once one wins; a loser replaces nothing."""
    await either_house.sign_up(either_house.browser(), "ada@example.com")
    browsers = [either_house.browser() for _ in range(WALLS)]
    posts = []
    for one in browsers:
        either_house.clock.advance(seconds=61)
        await either_house.password(one, "ada@example.com")
        await one.press("Send code")
        await one.press("Verify", code=await either_house.code("email"))
        assert one.path == "/set-up", one.text
    for one in browsers:
        action, data = one.filled("Verify", code=await at_the_app(either_house, one))
        posts.append(one.client.post(action, data=data))

    answers = await asyncio.gather(*posts)

    won = [a for a in answers if a.headers["location"] == "/set-up/recovery-code"]
    assert len(won) == 1
    assert len(await standing(either_house)) == 1
    (session,) = await rows(either_house, "sessions")
    assert session["authenticator_id"] == (await standing(either_house))[0]["id"]
    assert [await is_inside(one) for one in browsers].count(True) == 1


async def test_recovery_code_is_asked_for_until_saved(house: FrontDoor) -> None:
    """EF-11: the dashboard opens without a saved recovery code, and reminds until one is saved."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.press("Verify", code=await at_the_app(house, person), app_name="App")
    code = person.shown(r'name="shown" value="([^"]+)"')
    for wrong in ("", "ABCD", code[:4]):
        await person.press("Finish", last_group=wrong)
        assert person.path == "/set-up/recovery-code"
        assert (await rows(house, "recovery_codes"))[0]["acknowledged_at"] is None
    await person.get("/")
    assert "Save a recovery code" in person.text
    assert code not in person.response.text

    await person.get("/set-up/recovery-code")
    assert code not in person.response.text
    await person.press("Make another")
    await house.save_recovery_code(person)
    await person.get("/")
    assert "Save a recovery code" not in person.text


async def test_one_way_only_is_told(house: FrontDoor) -> None:
    """EF-11: whoever has one method is asked for a second one."""
    ada = await member(house)
    await ada.person.get("/")
    assert "second method" in ada.person.text
    await house.open_settings(ada.person)
    await add_phone(house, ada.person)
    await ada.person.get("/")

    assert "second method" not in ada.person.text
