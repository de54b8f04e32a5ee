"""A forgotten password: it changes the password after both proofs, and nothing else ever."""

import pytest

from tests.answers import told
from tests.attack import all_at_once, wrong
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.plain import plain
from tests.promises.states import (
    Member,
    ask_reset,
    cookie,
    copy_of,
    is_inside,
    member,
    put_cookie,
    rows,
    snapshot,
)
from vestibule.web.doors import DOORS
from vestibule.web.guard import Needs

NEW = "a heron on the weathervane"


async def prove_mailbox(house: FrontDoor, person: Person, email: str) -> None:
    await ask_reset(person, email)
    await person.press("Verify", code=await house.code("email", to=email))


async def to_new_password(ada: Member, person: Person) -> None:
    """A reset whose mailbox and second factor are proven."""
    await prove_mailbox(ada.house, person, ada.email)
    assert person.path == "/forgot-password/second-factor", person.text
    await person.press("Verify", code=ada.next_code())
    assert person.path == "/forgot-password/new", person.text


async def test_first_set_up_ends_a_reset_that_asked_for_no_second_factor(house: FrontDoor) -> None:
    """AR-05, R2: whoever proved the mailbox while there was nothing else to prove sets no password
    once 2FA is set up; other sign-ins that stood before the wall end too."""
    email = "ada@example.com"
    owner, other = house.browser(), house.browser(source="192.0.2.8")
    await house.sign_up(owner, email)
    await house.password(other, email)
    assert other.path == "/set-up/email", other.text
    reader = house.browser(source="198.51.100.66")
    await prove_mailbox(house, reader, email)
    assert reader.path == "/forgot-password/new", reader.text
    await house.set_up_app(owner)
    assert owner.path == "/", owner.text

    await reader.press("Set new password", new_password=NEW)

    assert reader.path == "/forgot-password", reader.text
    await other.get("/set-up/email")
    assert other.path == "/sign-in"
    assert await is_inside(owner)
    house.clock.advance(seconds=60)
    later = house.browser()
    await house.password(later, email)
    assert later.path == "/sign-in/code", "the password is the one of before"


async def test_reset_before_any_set_up_is_proven_by_the_mailbox(house: FrontDoor) -> None:
    """AR-02: who forgot the password before 2FA was set up has one factor, and proves that; the
    wall stands as before, and nothing waits or is reviewed that was never there."""
    email = "ada@example.com"
    await house.sign_up(house.browser(), email)
    person = house.browser(source="192.0.2.8")
    await prove_mailbox(house, person, email)

    await person.press("Set new password", new_password=NEW)

    assert "Your new password is set" in person.text, person.text
    assert await rows(house, "safeguards") == []
    await house.password(person, email)
    assert person.path == "/sign-in", "the old password opens nothing"
    await house.password(person, email, password=NEW)
    assert person.path == "/set-up/email", person.text


async def test_reset_never_signs_in(house: FrontDoor) -> None:
    """AR-01: a finished reset leads to the sign-in, which still asks for the second factor."""
    ada = await member(house)
    factors = await rows(house, "authenticators")
    person = house.browser()
    await to_new_password(ada, person)

    await person.press("Set new password", new_password=NEW)

    assert person.path == "/sign-in"
    assert {cookie(person, name) for name in ("session", "pending", "reset")} == {None}
    assert await rows(house, "sessions") == []
    used = [
        {k: v for k, v in row.items() if "used" not in k and k != "last_step"} for row in factors
    ]
    assert [
        {k: v for k, v in row.items() if "used" not in k and k != "last_step"}
        for row in await rows(house, "authenticators")
    ] == used
    await house.password(person, ada.email, password=NEW)
    assert person.path == "/sign-in/code"
    assert not await is_inside(person)


@pytest.mark.parametrize("stage", ["code", "second factor", "password"])
async def test_reset_opens_nothing_else(house: FrontDoor, stage: str) -> None:
    """AR-01: the cookie of a reset, at any stage, is worth nothing at any other door."""
    ada = await member(house)
    person = house.browser()
    await ask_reset(person, ada.email)
    await house.deliver()
    if stage == "second factor":
        await person.press("Verify", code=await house.code("email", to=ada.email))
    elif stage == "password":
        await to_new_password(ada, house.browser(source="203.0.113.50"))
        person = house.browser()
        await to_new_password(ada, person)
    token = str(cookie(person, "reset"))
    for name in ("session", "pending", "sign-up", "browser"):
        put_cookie(person, name, token)

    for door in DOORS:
        if door.get is None or door.needs in {Needs.NOTHING, Needs.NOBODY, Needs.SIGN_UP}:
            continue
        response = await person.client.get(door.path.replace("{app_id}", "x"))
        if door.needs is Needs.RESET:
            step = f"/forgot-password/{stage.replace(' ', '-').replace('password', 'new')}"
            assert response.status_code == 200 or response.headers["location"] == step, door
        else:
            assert response.headers["location"] == "/sign-in", door


async def test_steps_of_a_reset_cannot_be_skipped(house: FrontDoor) -> None:
    """EF-04: a reset before its mailed code, or before its second factor, sets no password."""
    ada = await member(house)
    person = house.browser()
    before = await rows(house, "passwords")
    await ask_reset(person, ada.email)
    for path in ("/forgot-password/new", "/forgot-password/second-factor"):
        await person.post(path, {"new_password": NEW, "code": ada.next_code()})
        assert person.path == "/forgot-password/code"
    await person.press("Verify", code=await house.code("email", to=ada.email))
    await person.post("/forgot-password/new", {"new_password": NEW})

    assert person.path == "/forgot-password/second-factor"
    assert await rows(house, "passwords") == before


async def test_forged_host_opens_no_step(house: FrontDoor) -> None:
    """EM-03: the path of a request is what was routed, whatever its Host header claims."""
    ada = await member(house)
    person = house.browser()
    await ask_reset(person, ada.email)
    person.client.headers["host"] = "localhost/forgot-password/code?"

    response = await person.client.get("/forgot-password/new")

    assert (response.status_code, response.headers["location"]) == (303, "/forgot-password/code")


async def test_reset_code_is_bound_to_its_browser(house: FrontDoor) -> None:
    """AR-01: the mailed code of a reset is worth nothing in a browser that did not ask."""
    ada = await member(house)
    owner, thief = house.browser(), house.browser(source="198.51.100.9")
    await ask_reset(thief, ada.email)
    house.clock.advance(seconds=31)
    await ask_reset(owner, ada.email)
    code = await house.code("email", to=ada.email)

    await thief.press("Verify", code=code)
    assert thief.path == "/forgot-password/code"
    await owner.press("Verify", code=code)
    assert owner.path == "/forgot-password/second-factor"


async def test_each_step_of_a_reset_changes_its_cookie(house: FrontDoor) -> None:
    """SE-05: a reset's cookie copied at one step is dead at the next."""
    ada = await member(house)
    person = house.browser()
    await ask_reset(person, ada.email)
    thief = copy_of(house, person)
    await person.press("Verify", code=await house.code("email", to=ada.email))
    second_thief = copy_of(house, person)
    await person.press("Verify", code=ada.next_code())

    for one in (thief, second_thief):
        await one.get("/forgot-password/new")
        assert one.path == "/forgot-password"


async def test_asking_changes_nothing(house: FrontDoor) -> None:
    """AR-04: a hundred requested resets change no password, session, pending sign-in or method."""
    ada = await member(house)
    other = house.browser()
    await house.password(other, ada.email)
    untouched = ("accounts", "passwords", "authenticators", "sessions", "sign_ins")
    before = await snapshot(house)
    for n in range(100):
        stranger = house.browser(source=f"198.51.100.{n}")
        await ask_reset(stranger, ada.email)
        house.clock.advance(seconds=5)

    after = await snapshot(house)
    assert [after[name] for name in untouched] == [before[name] for name in untouched]
    assert await is_inside(ada.person)
    await other.press("Verify", code=ada.next_code())
    assert other.path == "/"


async def test_finished_reset_ends_everything(house: FrontDoor) -> None:
    """AR-01: a new password by reset ends every session, pending sign-in and other reset."""
    ada = await member(house)
    waiting, second = house.browser(), house.browser(source="203.0.113.9")
    await house.password(waiting, ada.email)
    await to_new_password(ada, second)
    house.clock.advance(seconds=60)
    person = house.browser()
    await to_new_password(ada, person)
    await person.press("Set new password", new_password=NEW)

    assert not await is_inside(ada.person)
    await waiting.get("/sign-in/code")
    assert waiting.path == "/sign-in"
    await second.get("/forgot-password/new")
    assert second.path == "/forgot-password"


async def test_mailbox_alone_sets_no_password_of_an_enrolled_account(
    either_house: FrontDoor,
) -> None:
    """EF-05, AR-02: a reset from before 2FA ends with it: one mailbox changes nothing."""
    owner = either_house.browser()
    await either_house.sign_up(owner, "ada@example.com")
    either_house.clock.advance(seconds=60)
    thief = either_house.browser(source="198.51.100.9")
    await prove_mailbox(either_house, thief, "ada@example.com")
    assert thief.path == "/forgot-password/new"
    before = await rows(either_house, "passwords")
    await either_house.set_up_app(owner)

    await thief.post("/forgot-password/new", {"new_password": NEW})

    assert thief.path == "/forgot-password"
    assert await rows(either_house, "passwords") == before
    assert await is_inside(owner)


async def test_reset_is_dead_after_a_password_change(house: FrontDoor) -> None:
    """AR-01: a reset that was proven before the owner changed the password sets none after."""
    ada = await member(house)
    thief = house.browser(source="198.51.100.9")
    await to_new_password(ada, thief)
    await ada.step_up()
    await ada.person.get("/settings/password")
    await ada.person.press("Change password", new_password=NEW)
    assert ada.person.path == "/settings", ada.person.text

    await thief.press("Set new password", new_password=PASSWORD + " again")

    assert thief.path == "/forgot-password"


async def test_reset_of_one_mixes_with_nobody_else(house: FrontDoor) -> None:
    """EF-05: a reset of one account beside a pending sign-in of another touches its own only."""
    ada, bob = await member(house), await member(house, "bob@example.com")
    person = house.browser()
    await house.password(person, bob.email)
    await to_new_password(ada, person)
    passwords = {row["account_id"]: row["password_mac"] for row in await rows(house, "passwords")}
    await person.press("Set new password", new_password=NEW)

    after = {row["account_id"]: row["password_mac"] for row in await rows(house, "passwords")}
    changed = [one for one in after if after[one] != passwords[one]]
    emails = {row["id"]: row["email"] for row in await rows(house, "accounts")}
    assert [emails[one] for one in changed] == [ada.email]
    assert await is_inside(bob.person)


async def test_links_come_from_the_configured_origin(house: FrontDoor) -> None:
    """EM-03: no forged Host reaches a mail: every link there is of the configured origin."""
    ada = await member(house)
    for header in ("host", "x-forwarded-host", "x-forwarded-proto", "forwarded"):
        person = house.browser()
        house.clock.advance(seconds=60)
        person.client.headers[header] = "evil.example"
        await ask_reset(person, ada.email)
        await person.get("/sign-up")
        await person.press("Create account", name="Eve", email=ada.email, password=NEW)
    await house.deliver()

    mails = [m for m in house.inbox() if m.channel == "email"]
    assert len(mails) > 4
    assert not [m for m in mails if "evil" in plain(m.text) + (m.subject or "")]
    assert any("http://localhost" in m.text for m in mails)


@pytest.mark.parametrize(("seconds", "is_in"), [(1799, True), (1800, False)])
async def test_code_of_a_reset_lives_thirty_minutes(
    house: FrontDoor, seconds: int, is_in: bool
) -> None:
    """AR-06: a mailed recovery code works for thirty minutes, far below the day allowed."""
    ada = await member(house)
    person = house.browser()
    await ask_reset(person, ada.email)
    code = await house.code("email", to=ada.email)

    house.clock.advance(seconds=seconds)
    await person.press("Verify", code=code)

    assert (person.path == "/forgot-password/second-factor") is is_in, person.text


@pytest.mark.parametrize(("seconds", "is_in"), [(599, True), (600, False)])
async def test_texted_code_of_a_reset_lives_ten_minutes(
    house: FrontDoor, seconds: int, is_in: bool
) -> None:
    """AR-06: the texted code of a reset works for ten minutes."""
    await house.member()
    house.clock.advance(seconds=60)
    person = house.browser()
    await prove_mailbox(house, person, "ada@example.com")
    code = await house.code("sms")

    house.clock.advance(seconds=seconds)
    await person.press("Verify", code=code)

    assert (person.path == "/forgot-password/new") is is_in, person.text


async def test_asking_anew_ends_the_reset_before(house: FrontDoor) -> None:
    """AR-01, SE-05: whoever copied the cookie of a reset, its mailbox proven, stands before nothing
    once its owner asks again."""
    ada = await member(house)
    person = house.browser()
    await prove_mailbox(house, person, ada.email)
    thief = house.browser(source="198.51.100.66")
    put_cookie(thief, "reset", cookie(person, "reset") or "")

    await ask_reset(person, ada.email)

    await thief.get("/forgot-password/second-factor")
    assert thief.path == "/forgot-password"
    assert len(await rows(house, "resets")) == 1


async def test_wrong_second_factors_end_a_reset(house: FrontDoor) -> None:
    """AR-01, OC-07: after five wrong codes of an app the mailbox has to be proven anew."""
    ada = await member(house)
    person = house.browser()
    await prove_mailbox(house, person, ada.email)
    for by in range(1, 6):
        await person.press("Verify", code=wrong(ada.next_code(), by=by * 1000))

    assert await rows(house, "resets") == []


async def test_present_password_is_no_new_one(house: FrontDoor) -> None:
    """AR-01: behind both proofs the present password is refused, and the reset goes on."""
    ada = await member(house)
    person = house.browser()
    await to_new_password(ada, person)

    await person.press("Set new password", new_password=PASSWORD)
    assert "This is your present password" in person.text, person.text
    await person.press("Set new password", new_password=NEW)

    assert person.path == "/sign-in"


async def test_of_passwords_set_at_once_one_counts(either_house: FrontDoor) -> None:
    """AR-01, R4: one reset sets one password, and is told once."""
    ada = await member(either_house)
    person = either_house.browser()
    await to_new_password(ada, person)

    typed = [{"new_password": f"{NEW} {number}"} for number in range(4)]
    await all_at_once(person, "Set new password", typed)

    assert (await told(either_house))["password_reset"] == 1
