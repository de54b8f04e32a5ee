"""Ids in addresses and forms: those of another account are as unknown as those of nobody."""

import pytest

from tests.front_door import FrontDoor
from tests.promises.states import (
    SEEN_OR_HELD,
    Member,
    Rows,
    add_app,
    add_phone,
    is_inside,
    member,
    rows,
    snapshot,
)

UNTOUCHED = ("authenticators", "sessions", "sign_ins", "enrollments", "challenges", "outbox")


async def two(house: FrontDoor) -> tuple[Member, Member]:
    """Ada, who may change her own, and Bob, who has an app, a second app, a phone, two browsers."""
    ada, bob = await member(house), await member(house, "bob@example.com")
    await bob.step_up()
    await add_app(house, bob.person)
    await add_phone(house, bob.person)
    await bob.sign_in()
    house.clock.advance(seconds=60)
    await ada.step_up()
    return ada, bob


async def of(house: FrontDoor, who: Member) -> tuple[list[str], list[str]]:
    """The ids of somebody's methods and sessions."""
    account = next(r["id"] for r in await rows(house, "accounts") if r["email"] == who.email)
    methods, sessions = await rows(house, "authenticators"), await rows(house, "sessions")
    return (
        [r["id"] for r in methods if r["account_id"] == account],
        [r["id"] for r in sessions if r["account_id"] == account],
    )


async def state(house: FrontDoor) -> Rows:
    found = await snapshot(house, without=SEEN_OR_HELD | {"gate_used_at"})
    return {name: found[name] for name in UNTOUCHED}


async def test_apps_of_another_account(house: FrontDoor) -> None:
    """AD-05: another account's methods can be neither seen, renamed, removed nor made default."""
    ada, bob = await two(house)
    methods, sessions = await of(house, bob)
    before = await state(house)
    for one in (*methods, *sessions, "0" * 22, "..", "%00", "' OR 1=1 --"):
        for what in ("rename", "remove"):
            page = await ada.person.get(f"/settings/apps/{one}/{what}")
            assert page.status_code in {200, 400, 404, 422}
            assert ada.person.path != f"/settings/apps/{one}/{what}" or page.status_code != 200
            assert "Second app" not in page.text
            await ada.person.get("/settings")
            await ada.person.post(f"/settings/apps/{one}/{what}", {"app_name": "Mine"})
        await ada.person.get("/settings/method")
        await ada.person.post("/settings/method", {"method": one})

    assert await state(house) == before


async def test_unknown_ids_answer_alike(house: FrontDoor) -> None:
    """AD-05: an id of somebody else and an id of nobody get the same answer."""
    ada, bob = await two(house)
    methods, _ = await of(house, bob)
    told = set()
    for one in (methods[0], "0" * 22):
        for what in ("rename", "remove"):
            await ada.person.get("/settings")
            await ada.person.post(f"/settings/apps/{one}/{what}", {"app_name": "Mine"})
            told.add((what, ada.person.path, ada.person.text))

    assert len(told) == 2


async def test_sessions_of_another_account(house: FrontDoor) -> None:
    """AD-05: another account's sessions are not listed and cannot be ended."""
    ada, bob = await two(house)
    methods, sessions = await of(house, bob)
    await ada.person.get("/sessions")
    assert not [one for one in sessions if one in ada.person.response.text]
    before = await state(house)
    for one in (*sessions, *methods, "", "0" * 22, "%"):
        await ada.person.get("/sessions")
        await ada.person.post("/sessions", {"end": one, "password": ada.password})
        assert ada.person.path == "/sessions"
    assert await state(house) == before

    for which in ("others", "all"):
        await ada.person.get("/sessions")
        await ada.person.post("/sessions", {"end": which, "password": ada.password})
    assert await is_inside(bob.person)
    assert not await is_inside(ada.person)


async def test_own_sessions_can_be_ended(house: FrontDoor) -> None:
    """AD-05: a person ends one of the own sessions, with the password where it is not fresh."""
    ada = await member(house)
    other = await ada.sign_in()
    house.clock.advance(seconds=11 * 60)
    await ada.person.get("/sessions")
    newest = max(await rows(house, "sessions"), key=lambda row: row["signed_in_at"])
    await ada.person.post("/sessions", {"end": newest["id"]})
    await ada.person.post("/sessions", {"end": newest["id"], "password": "wrong wrong wrong"})
    assert await is_inside(other)
    await ada.person.post("/sessions", {"end": newest["id"], "password": ada.password})

    assert not await is_inside(other)
    assert await is_inside(ada.person)


@pytest.mark.parametrize("channel", ["totp", "sms", "voice", "email", ""])
async def test_methods_of_another_account_at_each_proof(house: FrontDoor, channel: str) -> None:
    """AD-05: no step can be proven by, and no code sent to, a method of another account."""
    ada, bob = await two(house)
    methods, _ = await of(house, bob)
    await house.deliver()
    sent = len([m for m in house.inbox() if m.channel in {"sms", "voice"}])
    signing = house.browser()
    await house.password(signing, ada.email)
    house.clock.advance(seconds=60)
    for one in methods:
        form = {"authenticator": one, "channel": channel}
        await signing.get("/sign-in/methods")
        await signing.post("/sign-in/methods", form)
        await signing.post("/sign-in/code/send", form)
        await ada.person.get("/settings/confirm")
        await ada.person.post("/settings/confirm/send", form)
    house.clock.advance(seconds=60)
    code = house.app_code(bob.secret)
    await signing.get("/sign-in/code")
    await signing.post("/sign-in/code", {"code": code})
    assert not await is_inside(signing)
    await ada.person.get("/settings/confirm")
    await ada.person.post("/settings/confirm", {"password": ada.password, "code": code})
    await house.deliver()

    assert ada.person.path == "/settings/confirm"
    assert len([m for m in house.inbox() if m.channel in {"sms", "voice"}]) == sent
    chosen = {row["authenticator_id"] for row in await rows(house, "sign_ins")}
    assert not chosen & set(methods)


async def test_codes_follow_their_own_binding(house: FrontDoor) -> None:
    """AD-05: a code that was mailed for one account opens nothing of another, in the same form."""
    ada, bob = await member(house), await member(house, "bob@example.com")
    for one in (ada, bob):
        await one.person.get("/")
        await one.person.press("User Settings")
    code = await house.code("email", to=ada.email)
    await bob.person.press("Verify", code=code)
    assert "On — required" not in bob.person.text

    await ada.person.press("Verify", code=code)
    assert "On — required" in ada.person.text
