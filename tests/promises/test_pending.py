"""Between the doors: a pending sign-in opens its own next step, in its own order and browser."""

import json

import pytest

from tests.attack import wrong
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.plain import plain
from tests.promises.states import (
    Member,
    cookie,
    copy_of,
    is_inside,
    member,
    pending,
    put_cookie,
    rows,
    snapshot,
    wall,
    wall_mail,
)

EVIL = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://localhost", "sec-fetch-site": "cross-site"},
)


async def test_pending_row_holds_nothing_of_worth(house: FrontDoor) -> None:
    """EF-03: a pending sign-in holds no password, no secret, no name, and its token as digest."""
    person = await pending(house)
    (row,) = await rows(house, "sign_ins")
    (account,) = await rows(house, "accounts")
    (password,) = await rows(house, "passwords")
    dump = repr(row)

    assert account["name"] not in plain(dump)
    for secret in (
        PASSWORD,
        account["email"],
        password["password_mac"],
        str(cookie(person, "pending")),
    ):
        assert secret not in dump
    assert account["email"] not in person.response.text
    assert "Ada" not in plain(person.response.text)


@pytest.mark.parametrize(("reach", "minutes"), [(pending, 15), (wall, 60), (wall_mail, 60)])
async def test_pending_lasts_its_time(house: FrontDoor, reach: object, minutes: int) -> None:
    """EF-03: a pending sign-in ends after fifteen minutes, the wall after sixty, to the second."""
    assert callable(reach)
    person: Person = await reach(house)
    step = person.path
    house.clock.advance(seconds=60 * minutes - 1)
    await person.get(step)
    assert person.path == step

    house.clock.advance(seconds=1)
    await person.get(step)
    assert person.path == "/sign-in"


async def test_dead_pending_takes_no_right_code(house: FrontDoor) -> None:
    """EF-03: the right code comes too late for a pending sign-in that has ended."""
    ada = await member(house)
    person = house.browser()
    await house.password(person, ada.email)
    house.clock.advance(seconds=15 * 60)
    await person.press("Verify", code=house.app_code(ada.secret))

    assert person.path == "/sign-in"
    assert len(await rows(house, "sessions")) == 1


async def test_pending_is_of_one_browser(house: FrontDoor) -> None:
    """EF-03: a second sign-in in the same browser goes on; another browser begins its own."""
    ada = await member(house)
    person, other = house.browser(), house.browser()
    await house.password(person, ada.email)
    first = cookie(person, "pending")
    await house.password(person, ada.email)
    await house.password(other, ada.email)

    assert cookie(person, "pending") == first
    assert cookie(other, "pending") != first
    assert len(await rows(house, "sign_ins")) == 2


async def test_skipped_steps_do_nothing(house: FrontDoor) -> None:
    """EF-04: posting a later step first, or every step at once, enters nobody."""
    ada = await member(house)
    person = house.browser()
    await person.get("/sign-in")
    code = ada.next_code()
    everything = {
        "email": ada.email,
        "password": "wrong wrong wrong",
        "code": code,
        "recovery_code": ada.recovery_code,
        "new_password": "a heron on the weathervane",
        "mfa_required": "false",
        "state": "complete",
    }
    for path in (
        "/sign-in/code",
        "/sign-in/recovery-code",
        "/set-up/email",
        "/set-up/app",
        "/resume",
        "/new-password",
        "/settings/confirm",
        "/sign-in",
    ):
        await person.post(path, everything)
        assert not await is_inside(person), path
        await person.get("/sign-in")
    assert await rows(house, "sign_ins") == []


async def test_wall_needs_its_mail_first(house: FrontDoor) -> None:
    """EF-04: with the password alone an account without 2FA can bind nothing to itself."""
    person = await wall_mail(house)
    before = await snapshot(house, but=("events",))
    await person.get("/set-up/email")
    for path in ("/set-up/app/start", "/set-up/phone", "/set-up/app", "/set-up/phone/code"):
        await person.post(
            path, {"country": "GB", "phone": "07400 123456", "channel": "sms", "code": "000000"}
        )
        assert person.path == "/set-up/email"

    assert await snapshot(house, but=("events",)) == before


async def test_five_wrong_codes_end_what_waits_at_the_wall(house: FrontDoor) -> None:
    """OC-06: whoever has the password of an account without 2FA guesses five times at its mailed
    code, then starts again; the right code opens nothing more."""
    person = await wall_mail(house)
    await person.post("/set-up/email/send", {})
    code = await house.code("email", to="wall-mail@example.com")
    for by in range(1, 6):
        assert person.path == "/set-up/email"
        await person.press("Verify", code=wrong(code, by=by))

    await person.get("/set-up/email")
    assert person.path == "/sign-in"
    await house.password(person, "wall-mail@example.com")
    await person.post("/set-up/email", {"code": code})
    assert person.path == "/set-up/email", person.text


async def test_enrolled_account_binds_nothing_at_the_wall(house: FrontDoor) -> None:
    """EF-04: whoever has the password of an enrolled account gets no wall to bind a factor at."""
    person = await pending(house)
    before = await rows(house, "authenticators")
    for path in ("/set-up/app/start", "/set-up/phone", "/set-up/app", "/set-up/email/send"):
        await person.get("/sign-in/code")
        await person.post(path, {"country": "GB", "phone": "07400 123456", "channel": "sms"})
        assert person.path == "/sign-in/code"

    assert await rows(house, "enrollments") == []
    assert await rows(house, "authenticators") == before


async def test_mailed_code_opens_the_wall_for_one_browser(house: FrontDoor) -> None:
    """SE-05: a pending cookie copied before its mailed code does not stand behind the open wall."""
    person = await wall_mail(house)
    await person.press("Send code")
    thief = copy_of(house, person)
    await person.press("Verify", code=await house.code("email"))
    assert person.path == "/set-up"

    await thief.get("/set-up/app")
    assert thief.path == "/sign-in"


async def test_wall_left_open_ends_with_the_first_factor(house: FrontDoor) -> None:
    """EF-05: a wall that was open elsewhere binds nothing once the account has its factor."""
    owner = house.browser()
    await house.sign_up(owner, "ada@example.com")
    house.clock.advance(seconds=60)
    thief = house.browser(source="198.51.100.9")
    await house.password(thief, "ada@example.com")
    await thief.press("Send code")
    await thief.press("Verify", code=await house.code("email"))
    await thief.get("/set-up")
    await thief.press("Authentication app")
    code = house.app_code(house.secret_on(thief))
    await house.set_up_app(owner)
    await thief.press("Verify", code=code)

    assert thief.path == "/sign-in"
    assert len(await rows(house, "authenticators")) == 1
    assert await is_inside(owner)


async def complete(ada: Member, person: Person) -> None:
    await ada.house.password(person, ada.email)
    await person.press("Verify", code=ada.next_code())


async def test_every_way_in_asks_for_the_second_factor(house: FrontDoor) -> None:
    """EF-05: after the password, a resumed or a restarted sign-in, one code is always missing."""
    ada = await member(house)
    person = house.browser()
    await complete(ada, person)
    assert person.path == "/"
    await person.press("Sign out")
    # The browser is known now, and still nobody is let in by its cookies and the password.
    await house.password(person, ada.email)
    assert person.path == "/sign-in/code"
    assert not await is_inside(person)
    assert (await person.client.get("/session")).status_code == 401
    sessions = await rows(house, "sessions")
    methods = {row["second_factor_method"] for row in sessions}
    assert methods == {"totp"}


@pytest.mark.parametrize("headers", EVIL)
async def test_login_csrf_is_refused(house: FrontDoor, headers: dict[str, str]) -> None:
    """EF-07: a sign-in that another site makes a browser post is refused, right password or not."""
    ada = await member(house)
    victim = house.browser()
    await victim.get("/sign-in")
    action, data = victim.filled("Sign in", email=ada.email, password=ada.password)
    answer = await victim.client.post(action, data=data, headers=headers)

    assert answer.status_code == 403
    assert cookie(victim, "pending") is None
    assert await rows(house, "sign_ins") == []


async def test_token_of_another_browser_is_refused(house: FrontDoor) -> None:
    """EF-07: a form's token is worth nothing in a browser that did not get the page."""
    ada = await member(house)
    attacker, victim = house.browser(), house.browser()
    await attacker.get("/sign-in")
    await victim.get("/help")
    action, data = attacker.filled("Sign in", email=ada.email, password=ada.password)
    for form in (data, {**data, "csrf": ""}, {**data, "csrf": data["csrf"][:-2]}):
        answer = await victim.client.post(action, data=form)
        assert answer.status_code == 403
    assert await rows(house, "sign_ins") == []


async def test_token_from_before_the_sign_in_opens_no_form_inside(house: FrontDoor) -> None:
    """EF-07: inside, forms need the token of their own session, not one from before it."""
    ada = await member(house)
    person = house.browser()
    await person.get("/sign-in")
    early = next(f.fields["csrf"] for f in person.page.forms)
    await complete(ada, person)
    other = await ada.sign_in()
    late = next(f.fields["csrf"] for f in other.page.forms if "csrf" in f.fields)
    for token in (early, late):
        answer = await person.client.post("/settings/open", data={"csrf": token})
        assert answer.status_code == 403


async def test_forms_of_other_kinds_are_refused(house: FrontDoor) -> None:
    """EF-04: JSON, multipart, twice-given fields and endless bodies are no forms of ours."""
    ada = await member(house)
    person = house.browser()
    await person.get("/sign-in")
    _, data = person.filled("Sign in", email=ada.email, password=ada.password)
    body = "&".join(f"{k}={v}" for k, v in data.items())
    form = {"content-type": "application/x-www-form-urlencoded"}
    plain = {"content-type": "text/plain"}
    client = person.client
    answers = [
        (await client.post("/sign-in", json=data)).status_code,
        (await client.post("/sign-in", data=data, files={"a": b"b"})).status_code,
        (await client.post("/sign-in", content=json.dumps(data), headers=plain)).status_code,
        (await client.post("/sign-in", content=f"{body}&email=x", headers=form)).status_code,
        (await client.post("/sign-in", content=body + "x" * 70000, headers=form)).status_code,
        (await client.post("/sign-in", content="%zz=1&=&", headers=form)).status_code,
    ]

    assert answers == [415, 415, 415, 400, 413, 400]
    assert await rows(house, "sign_ins") == []


async def test_half_a_sign_in_opens_nothing_beside_a_session(house: FrontDoor) -> None:
    """EF-04: a browser that is inside stays whose it is, whatever pending sign-in it holds too."""
    ada = await member(house)
    half = house.browser()
    await house.sign_up(house.browser(), "bob@example.com")
    await house.password(half, "bob@example.com")
    put_cookie(ada.person, "pending", str(cookie(half, "pending")))

    for path in ("/set-up/email", "/set-up", "/sign-in/code", "/sign-in/methods"):
        await ada.person.get(path)
        assert ada.person.path == "/", path


async def test_cookies_of_two_pending_sign_ins_do_not_mix(house: FrontDoor) -> None:
    """EF-05: the code of one account ends no pending sign-in of another, in one browser or two."""
    ada, bob = await member(house), await member(house, "bob@example.com")
    person = house.browser()
    await house.password(person, ada.email)
    await person.press("Verify", code=bob.next_code())
    assert person.path == "/sign-in/code"
    methods = {row["account_id"]: row["id"] for row in await rows(house, "authenticators")}
    mine = [row["account_id"] for row in await rows(house, "sign_ins")]
    theirs = next(one for account, one in methods.items() if account not in mine)
    await person.get("/sign-in/methods")
    await person.post("/sign-in/methods", {"authenticator": theirs, "channel": "totp"})
    await person.get("/sign-in/code")
    await person.press("Verify", code=bob.next_code())

    assert not await is_inside(person)
    put_cookie(person, "session", str(cookie(bob.person, "pending") or "none"))
    assert not await is_inside(copy_of(house, person))
