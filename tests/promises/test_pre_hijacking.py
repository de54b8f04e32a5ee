"""Whoever comes to an address before its owner keeps nothing of it (EF-08).

The five variants of the pre-hijacking study (2022). Two of them need somebody else's word for an
address; nobody's word makes an account here, so for those the absence itself is what is held.
"""

import ast
from functools import partial
from pathlib import Path

import pytest

from tests.answers import ADA, NEW_PASSWORD, thief_inside
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.addresses import NEW, address, ask, ask_reset, reset_by
from tests.promises.states import (
    Member,
    add_app,
    add_phone,
    cookie,
    is_inside,
    member,
    recover,
    rows,
    standing,
)
from vestibule.domain.refusal import Refused
from vestibule.flows import address_change, sign_up
from vestibule.flows.work import Caller
from vestibule.storage import sessions

OTHERS = "the attacker's own words"
EVE = "eve@example.net"
HALF_AN_HOUR = 30 * 60
DAY = 24 * 3600
NOT_YET_PROVEN = ("accounts", "passwords", "authenticators", "enrollments", "sessions", "sign_ins")
"""Where an address that nobody has proven leaves no row."""
SOURCES = Path(__file__).parents[2] / "src" / "vestibule"


async def attackers_sign_up(house: FrontDoor, email: str = ADA) -> Person:
    """Somebody else's form for this address, waiting for a code that they cannot read."""
    person = house.browser(source="198.51.100.66", agent="Mozilla/5.0 thief")
    await person.get("/sign-up")
    await person.press("Create account", name="Eve", email=email, password=OTHERS)
    assert person.path == "/sign-up/code", person.text
    return person


# --- unexpired session ----------------------------------------------------------------------------


async def test_unproven_sign_up_ends_when_the_owner_proves(either_house: FrontDoor) -> None:
    """EF-08: the sign-up that somebody else began for my address ends with mine, its code too."""
    house = either_house
    eve = await attackers_sign_up(house)
    forwarded = await house.code("email", to=ADA)
    ada = house.browser()
    await house.sign_up(ada, ADA)

    await eve.press("Verify", code=forwarded)

    assert eve.path == "/sign-up", eve.text
    assert await rows(house, "sign_ups") == []
    (account,) = await rows(house, "accounts")
    assert account["name"] == "Ada"
    assert not await is_inside(eve)
    for pages in ("/set-up", "/set-up/app", "/set-up/phone", "/settings"):
        await eve.get(pages)
        assert eve.path == "/sign-in", pages
    await house.password(eve, ADA, password=OTHERS)
    assert eve.path == "/sign-in"


async def test_the_owners_code_proves_nothing_of_anothers(either_house: FrontDoor) -> None:
    """EF-08: a code that the owner asked for makes no account with somebody else's password."""
    house = either_house
    eve = await attackers_sign_up(house)
    await house.deliver()
    ada = await attackers_sign_up(house)
    code = await house.code("email", to=ADA)

    await eve.press("Verify", code=code)

    assert eve.path == "/sign-up/code"
    assert await rows(house, "accounts") == []
    await ada.press("Verify", code=code)
    assert ada.path == "/set-up"


async def test_sign_up_moved_to_my_address_takes_no_earlier_code(either_house: FrontDoor) -> None:
    """EF-08, EM-05: a code read in the attacker's mailbox proves not the address typed after it."""
    house = either_house
    eve = await attackers_sign_up(house, EVE)
    own = await house.code("email", to=EVE)
    await eve.follow("Use another address")
    await eve.press("Send code", email=ADA)
    assert eve.path == "/sign-up/code", eve.text

    await eve.press("Verify", code=own)

    assert eve.path == "/sign-up/code"
    assert await rows(house, "accounts") == []


async def test_wall_that_somebody_opened_ends_with_the_owners_reset(
    either_house: FrontDoor,
) -> None:
    """EF-08, AR-05: who once talked the owner out of a code keeps no set-up, app or session."""
    house = either_house
    eve = house.browser(source="198.51.100.66")
    await house.sign_up(eve, ADA, password=OTHERS)
    await eve.press("Authentication app")
    secret = house.secret_on(eve)
    await ask_reset(ada := house.browser(), ADA)
    await ada.press("Verify", code=await house.code("email", to=ADA))
    await ada.press("Set new password", new_password=NEW_PASSWORD)

    await eve.press("Verify", code=house.app_code(secret), app_name="Eve's")

    assert eve.path == "/sign-in", eve.text
    assert await rows(house, "authenticators") == []
    assert await rows(house, "enrollments") == []
    await house.password(ada, ADA, password=NEW_PASSWORD)
    await ada.press("Send code")
    await ada.press("Verify", code=await house.code("email", to=ADA))
    await house.set_up_app(ada)
    assert ada.path == "/"
    assert [one["name"] for one in await rows(house, "authenticators")] == ["Phone app"]
    await house.password(eve, ADA, password=OTHERS)
    assert eve.path == "/sign-in"


async def test_unproven_sign_up_expires_and_leaves_nothing(either_house: FrontDoor) -> None:
    """EF-08: an unproven sign-up opens nothing, ends after 24 hours, and leaves no row at all.

    Also where its address was changed and its code asked for again in the last minute.
    """
    house = either_house
    eve = await attackers_sign_up(house, EVE)
    house.clock.advance(seconds=DAY - 60)
    await eve.follow("Use another address")
    await eve.press("Send code", email=ADA)
    code, token = await house.code("email", to=ADA), cookie(eve, "sign-up")
    assert [len(await rows(house, table)) for table in NOT_YET_PROVEN] == [0] * 6
    assert len(await rows(house, "sign_ups")) == 1
    assert token is not None

    await house.let_time_pass(seconds=60)
    late = await sign_up.verify(
        house.built.means, Caller("198.51.100.66", "", "", "en"), token=token, typed=code
    )

    assert isinstance(late, Refused)
    assert [len(await rows(house, table)) for table in (*NOT_YET_PROVEN, "sign_ups")] == [0] * 7
    await house.let_time_pass(seconds=2 * DAY)
    assert await rows(house, "challenges") == []


# --- trojan identifier ----------------------------------------------------------------------------


async def trojan(house: FrontDoor) -> tuple[Member, Person, str]:
    """A thief in Ada's account with an app, a number and a recovery code of their own."""
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await add_app(house, thief)
    await add_phone(house, thief, "07400 555555")
    await thief.get("/settings/recovery-code/new")
    await thief.press("Confirm")
    own_code = await house.save_recovery_code(thief)
    assert len(await standing(house)) == 3
    return ada, thief, own_code


async def test_recovery_ends_what_a_thief_added(either_house: FrontDoor) -> None:
    """EF-08, AR-05: after a recovery nothing stands but what it bound: no method of a thief."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    secret = await add_app(house, thief)
    await add_phone(house, thief, "07400 555555")
    ada.person = house.browser()

    await recover(house, ada.person, ada.recovery_code, ADA)
    assert not await is_inside(thief)
    await house.save_recovery_code(ada.person)
    await ada.person.get("/set-up")
    await ada.person.press("Authentication app")
    ada.secret = house.secret_on(ada.person)
    code = house.app_code(ada.secret)
    await ada.person.press("Verify", code=code, app_name="New app")
    assert ada.person.path == "/", ada.person.text

    assert [one["name"] for one in await standing(house)] == ["New app"]
    house.clock.advance(seconds=60)
    await house.password(thief, ADA)
    await thief.press("Verify", code=house.app_code(secret))
    assert not await is_inside(thief)


async def test_reset_is_followed_by_a_look_at_what_a_thief_added(either_house: FrontDoor) -> None:
    """EF-08, AR-05, R12: after a reset the review names each thing; *Not mine* ends them all."""
    house = either_house
    ada, thief, own_code = await trojan(house)
    owner = house.browser()
    await reset_by(house, owner, ADA, ada.next_code())
    assert not await is_inside(thief)
    ada.password = NEW_PASSWORD
    await ada.sign_in_as_far_as_it_goes(owner)
    assert owner.path == "/review", owner.text
    for shown in ("Second app", "••55"):
        assert shown in owner.text, shown

    await owner.press("Not mine Second app")

    assert [one["name"] for one in await standing(house)] == ["Phone app"]
    assert not await is_inside(owner)
    house.clock.advance(seconds=60)
    await house.password(thief, ADA)
    assert thief.path == "/sign-in"
    # Also with the new password, which the thief has not.
    await house.password(thief, ADA, password=NEW_PASSWORD)
    assert thief.path == "/sign-in/stopped", thief.text
    await thief.get("/sign-in/recovery-code")
    await thief.press("Recover and set up 2FA", recovery_code=own_code)
    assert thief.path == "/sign-in/recovery-code", thief.text


async def test_address_of_a_thief_is_reviewed_too(either_house: FrontDoor) -> None:
    """EF-08, R12: an address that a thief gave the account is named, and goes with *Not mine*."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await ask(thief, EVE)
    await thief.press("Verify", code=await house.code("email", to=EVE))
    assert await address(house) == EVE
    owner = house.browser()
    ada.email = EVE
    await recover(house, owner, ada.recovery_code, EVE)
    await house.save_recovery_code(owner)
    await owner.get("/set-up")
    await owner.press("Authentication app")
    ada.secret = house.secret_on(owner)
    await owner.press("Verify", code=house.app_code(ada.secret), app_name="New app")
    house.clock.advance(seconds=60)
    await owner.press("Sign out")
    await ada.sign_in_as_far_as_it_goes(owner)
    assert owner.path == "/review", owner.text

    await owner.press("Not mine " + EVE)

    house.clock.advance(seconds=60)
    await reset_by(house, house.browser(), ADA, ada.next_code())
    assert await address(house) == ADA


# --- unexpired change of address ------------------------------------------------------------------


async def test_change_to_my_address_completes_not_after_my_sign_up(
    either_house: FrontDoor,
) -> None:
    """EF-08, EM-05: somebody's pending change to my address takes it not when I have an account.

    Also with the right code, which they cannot have read.
    """
    house = either_house
    eve = await member(house, EVE)
    await eve.step_up()
    await ask(eve.person, ADA)
    code = await house.code("email", to=ADA)
    await house.sign_up(house.browser(), ADA)

    await eve.person.press("Verify", code=code)

    assert "got an account of its own meanwhile" in eve.person.text
    assert {one["email"] for one in await rows(house, "accounts")} == {ADA, EVE}


async def test_change_to_my_address_begun_before_dies_with_its_session(
    either_house: FrontDoor,
) -> None:
    """EF-08, EM-05: an address that was asked for half an hour ago is not taken any more."""
    house = either_house
    eve = await member(house, EVE)
    await eve.step_up()
    await ask(eve.person, ADA)
    code = await house.code("email", to=ADA)
    house.clock.advance(seconds=HALF_AN_HOUR)

    means = house.built.means
    (row,) = await rows(house, "sessions")
    session = await means.database.read(
        partial(sessions.get, session_id=row["id"], now=house.clock())
    )
    assert session is not None
    caller = Caller("198.51.100.66", "", "", "en")
    late = await address_change.verify(means, caller, session, typed=code)
    assert isinstance(late, Refused)
    assert await address(house) == EVE


@pytest.mark.parametrize("how", ["reset", "recovery"])
async def test_change_away_from_my_address_ends_when_i_am_back(
    either_house: FrontDoor, how: str
) -> None:
    """EF-08, EM-05, AR-05: a change that a thief began ends with my reset and with my recovery."""
    house = either_house
    ada = await member(house)
    thief = await thief_inside(house, ada)
    await ask(thief, NEW)
    code = await house.code("email", to=NEW)
    means, caller = house.built.means, Caller("203.0.113.7", "", "", "en")
    theirs = await rows(house, "sessions")
    held = [
        await means.database.read(partial(sessions.get, session_id=row["id"], now=house.clock()))
        for row in theirs
    ]
    owner = house.browser()
    if how == "reset":
        await reset_by(house, owner, ADA, ada.next_code())
    else:
        await recover(house, owner, ada.recovery_code, ADA)

    await thief.get("/settings/address/code")
    assert thief.path == "/sign-in", thief.text
    for session in held:
        assert session is not None
        late = await address_change.verify(means, caller, session, typed=code)
        assert isinstance(late, Refused)
    assert await address(house) == ADA


# --- classic-federated merge, and the provider that verifies nothing ------------------------------


async def test_no_route_takes_somebody_elses_word(house: FrontDoor) -> None:
    """EF-08, EF-09: there is no federated sign-in that an account could be merged with."""
    paths = [route.path for route in house.built.app.routes]  # type: ignore[attr-defined]  # Starlette's base class has none
    assert "/sign-up" in paths
    words = ("oauth", "oidc", "openid", "saml", "federat", "idp", "callback", "link", "sso")
    assert [path for path in paths for word in words if word in path.lower()] == []


def test_accounts_are_made_in_one_place() -> None:
    """EF-08: nothing makes an account but the sign-up whose mailed code was right."""
    made = [
        f"{path.relative_to(SOURCES).as_posix()}:{function.name}"
        for path in sorted(SOURCES.rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "accounts.add"
    ]
    assert made == ["flows/sign_up.py:_create_account"]
