"""Changes: the mailed code, the password and the second factor, all young and in this session."""

import pytest

from tests.attack import wrong
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import (
    Member,
    add_app,
    add_phone,
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
MINUTE = 60


async def token(person: Person) -> str:
    await person.get("/settings")
    return next(f.fields["csrf"] for f in person.page.forms)


async def try_every_change(house: FrontDoor, person: Person) -> set[str]:
    """Post every change with plausible fields; the refusing redirects. Nothing may change."""
    bound = await rows(house, "authenticators")
    csrf = await token(person)
    before = await snapshot(house, but=("events",))
    answers = set()
    for door in DOORS:
        if door.needs is not Needs.STEP_UP or door.post is None:
            continue
        for one in bound if "{app_id}" in door.path else bound[:1]:
            data = {
                "csrf": csrf,
                "app_name": "Mine now",
                "country": "GB",
                "phone": "07400 123499",
                "channel": "sms",
                "code": "000000",
                "method": one["id"],
                "new_password": NEW,
            }
            answer = await person.client.post(door.path.replace("{app_id}", one["id"]), data=data)
            assert answer.status_code == 303, door
            answers.add(answer.headers["location"])
    assert await snapshot(house, but=("events",)) == before
    return answers


async def test_session_alone_changes_nothing(house: FrontDoor) -> None:
    """SU-01: a session whose gate is closed is sent to the mailed code by every change."""
    ada = await member(house)

    assert await try_every_change(house, ada.person) == {"/settings"}


async def test_gate_alone_changes_nothing(house: FrontDoor) -> None:
    """EM-04: the mailed code without fresh password and second factor opens no change."""
    ada = await member(house)
    house.clock.advance(seconds=10 * MINUTE + 1)
    await house.open_settings(ada.person)

    assert await try_every_change(house, ada.person) == {"/settings/confirm"}


async def test_stale_password_or_stale_factor_changes_nothing(house: FrontDoor) -> None:
    """SU-01: one fresh proof of the two is not enough; both fresh are."""
    ada = await member(house)
    house.clock.advance(seconds=31 * MINUTE)
    await ada.person.get("/")
    await ada.person.press("Continue", password=ada.password)
    await house.open_settings(ada.person)
    assert await try_every_change(house, ada.person) == {"/settings/confirm"}

    await ada.person.get("/settings/confirm")
    await ada.person.press("Confirm", password="not the password", code=ada.next_code())
    assert ada.person.path == "/settings/confirm"
    await ada.person.press("Confirm", password=ada.password, code="000000")
    assert ada.person.path == "/settings/confirm"
    assert await try_every_change(house, ada.person) == {"/settings/confirm"}
    await ada.person.get("/settings/confirm")
    await ada.person.press("Confirm", password=ada.password, code=ada.next_code())
    await ada.person.get("/settings/password")
    assert ada.person.path == "/settings/password", ada.person.text


async def test_fresh_proofs_last_ten_minutes(house: FrontDoor) -> None:
    """SU-01: a proof is fresh for ten minutes and not a second more."""
    ada = await member(house)
    house.clock.advance(seconds=9 * MINUTE)
    await house.open_settings(ada.person)
    house.clock.advance(seconds=1 * MINUTE)
    await ada.person.get("/settings/password")
    assert ada.person.path == "/settings/password"

    house.clock.advance(seconds=1)
    await ada.person.get("/settings/password")
    assert ada.person.path == "/settings/confirm"


async def test_gate_lasts_ten_minutes(house: FrontDoor) -> None:
    """EM-04: settings close ten minutes after the last act, and not a second sooner."""
    ada = await member(house)
    await house.open_settings(ada.person)
    house.clock.advance(seconds=10 * MINUTE)
    await ada.person.get("/settings")
    assert "On — required" in ada.person.text

    house.clock.advance(seconds=1)
    await ada.person.get("/settings")
    assert "On — required" not in ada.person.text


async def test_gate_lasts_thirty_minutes_at_most(house: FrontDoor) -> None:
    """EM-04: acts keep settings open, but never for more than thirty minutes in all."""
    ada = await member(house)
    await ada.step_up()
    (opened,) = [row["gate_opened_at"] for row in await rows(house, "sessions")]
    while (house.clock() - opened).total_seconds() < 26 * MINUTE:
        house.clock.advance(seconds=4 * MINUTE)
        await ada.person.get("/settings/confirm")
        await ada.person.press("Confirm", password=ada.password, code=ada.next_code())
        await ada.person.get("/settings/method")
        await ada.person.post("/settings/method", {"method": await app_id(house)})
        assert ada.person.path == "/settings", ada.person.text
    house.clock.advance(seconds=30 * MINUTE - (house.clock() - opened).total_seconds())
    await ada.person.get("/settings")
    assert "On — required" in ada.person.text

    house.clock.advance(seconds=1)
    await ada.person.get("/settings")
    assert "On — required" not in ada.person.text


async def app_id(house: FrontDoor) -> str:
    return str((await rows(house, "authenticators"))[0]["id"])


async def test_gate_is_of_one_session(house: FrontDoor) -> None:
    """EM-04: the mailed code opens settings in the session that asked, and in no other."""
    ada = await member(house)
    other = await ada.sign_in()
    await ada.person.get("/")
    await ada.person.press("User Settings")
    code = await house.code("email")
    await other.get("/settings")
    await other.press("Send code")
    assert other.path == "/settings"
    await other.press("Verify", code=code)
    assert "On — required" not in other.text

    await ada.person.press("Verify", code=code)
    assert "On — required" in ada.person.text
    await other.get("/settings")
    assert "On — required" not in other.text


async def test_five_wrong_gate_codes_end_the_session(house: FrontDoor) -> None:
    """EM-04: five wrong mailed codes end the session that asked and add no strikes."""
    ada = await member(house)
    await ada.person.get("/")
    await ada.person.press("User Settings")
    right = await house.code("email")
    for _ in range(5):
        await ada.person.press("Verify", code="000000" if right != "000000" else "000001")

    assert ada.person.path == "/sign-in"
    assert not await is_inside(ada.person)
    assert await rows(house, "strikes") == []


async def test_five_wrong_second_factors_end_the_session(house: FrontDoor) -> None:
    """OC-06: whoever has a session and the password guesses five codes at a step-up, and is out."""
    ada = await member(house)
    house.clock.advance(seconds=11 * MINUTE)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/confirm")
    right = ada.next_code()
    for by in range(1, 6):
        assert ada.person.path == "/settings/confirm"
        await ada.person.press("Confirm", password=ada.password, code=wrong(right, by=by))

    assert not await is_inside(ada.person)
    await ada.person.get("/settings/password")
    assert ada.person.path == "/sign-in"


async def test_a_password_that_waits_proves_nothing(house: FrontDoor) -> None:
    """SU-01, RL-01: past five wrong passwords in a session no password is compared for a while,
    and none of them, wrong or right, opens a change beside a right code."""
    ada = await member(house)
    house.clock.advance(seconds=11 * MINUTE)
    await house.open_settings(ada.person)
    await ada.person.get("/settings/confirm")
    code = ada.next_code()
    for _ in range(5):
        await ada.person.press("Confirm", password="not the lantern", code="000000")
    for password in ("not the lantern", ada.password):
        await ada.person.press("Confirm", password=password, code=code)

        assert "There were many tries" in ada.person.text, password
        await ada.person.get("/settings/password")
        assert ada.person.path == "/settings/confirm", password


@pytest.mark.parametrize(
    "typed", ["", "      ", "12345", "abcdef", "\uff11\uff12\uff13\uff14\uff15", "1" * 5000]
)
async def test_odd_gate_codes_open_nothing(house: FrontDoor, typed: str) -> None:
    """EF-04: whatever else is typed as a mailed code leaves settings closed."""
    ada = await member(house)
    await ada.person.get("/")
    await ada.person.press("User Settings")
    await ada.person.press("Verify", code=typed)
    await ada.person.get("/settings")

    assert "On — required" not in ada.person.text
    assert await is_inside(ada.person)


async def test_mailed_gate_code_is_no_step_up(house: FrontDoor) -> None:
    """EM-04: a mailed code is no second factor, neither at the step-up nor at a sign-in."""
    ada = await member(house)
    await ada.person.get("/")
    await ada.person.press("User Settings")
    code = await house.code("email")
    other = house.browser()
    await house.password(other, ada.email)
    await other.press("Verify", code=code)
    assert other.path == "/sign-in/code"
    house.clock.advance(seconds=11 * MINUTE)
    await ada.person.press("Verify", code=code)
    await ada.person.get("/settings/confirm")
    await ada.person.press("Confirm", password=ada.password, code=code)

    assert ada.person.path == "/settings/confirm"


async def test_copied_cookie_gains_nothing_from_a_step_up(house: FrontDoor) -> None:
    """SU-01, SU-03: a cookie stolen before the step-up is worth less after it, not more."""
    ada = await member(house)
    house.clock.advance(seconds=11 * MINUTE)
    thief = copy_of(house, ada.person)
    await ada.step_up()

    await thief.get("/settings/password")
    assert thief.path == "/sign-in"


async def test_cookies_of_two_accounts_do_not_mix(house: FrontDoor) -> None:
    """SU-01: a pending sign-in of one account steps up no session of another, and enters none."""
    ada = await member(house)
    bob = await member(house, "bob@example.com")
    house.clock.advance(seconds=11 * MINUTE)
    other = house.browser()
    await house.password(other, bob.email)
    put_cookie(ada.person, "pending", str(cookie(other, "pending")))
    await house.open_settings(ada.person)
    code = bob.next_code()
    await ada.person.get("/settings/confirm")
    await ada.person.press("Confirm", password=bob.password, code=code)
    assert ada.person.path == "/settings/confirm"
    await ada.person.post("/sign-in/code", {"code": code})

    assert ada.person.path == "/"
    told = (await ada.person.client.get("/session")).json()
    assert told["account"]["email"] == ada.email
    assert len(await rows(house, "sessions")) == 2


async def test_password_change_needs_step_up_and_ends_the_rest(house: FrontDoor) -> None:
    """PW-08: a new password asks for both proofs, ends the rest, is told, and replaces the old."""
    ada = await member(house)
    house.clock.advance(seconds=11 * MINUTE)
    other, waiting = await ada.sign_in(), house.browser()
    await house.password(waiting, ada.email)
    await house.open_settings(ada.person)
    await ada.person.post("/settings/password", {"new_password": NEW})
    assert ada.person.path == "/settings/confirm"
    await ada.step_up()
    await ada.person.get("/settings/password")
    await ada.person.press("Change password", new_password=NEW)

    assert ada.person.path == "/settings", ada.person.text
    assert not await is_inside(other)
    await waiting.get("/sign-in/code")
    assert waiting.path == "/sign-in"
    await house.deliver()
    assert "password_changed" in {m.purpose for m in house.inbox() if m.to == ada.email}
    stranger = house.browser()
    await house.password(stranger, ada.email)
    assert stranger.path == "/sign-in"
    await house.password(stranger, ada.email, password=NEW)
    assert stranger.path == "/sign-in/code"


@pytest.mark.parametrize(
    "new", ["", "short", "a lantern in the porch", "ada@example.com", "x" * 257]
)
async def test_bad_new_passwords_change_nothing(house: FrontDoor, new: str) -> None:
    """PW-08: an empty, short, same, personal or endless new password changes and ends nothing."""
    ada = await member(house)
    other = await ada.sign_in()
    await ada.step_up()
    before = await rows(house, "passwords")
    await ada.person.get("/settings/password")
    await ada.person.press("Change password", new_password=new)

    assert ada.person.path == "/settings/password"
    assert await rows(house, "passwords") == before
    assert await is_inside(other)


async def strikes(ada: Member, count: int) -> None:
    """Wrong codes by somebody who knows the password."""
    for n in range(count // 5):
        stranger = ada.house.browser(source=f"198.51.100.{n}")
        ada.house.clock.advance(seconds=3600)
        await ada.house.password(stranger, ada.email)
        for _ in range(5):
            await stranger.press("Verify", code="000000")


async def sign_in_by_two_codes(ada: Member, person: Person) -> None:
    """What a full sign-in takes past the strikes; it leads to the new password."""
    await ada.house.password(person, ada.email)
    first, second = ada.next_code(), ada.house.app_code(ada.secret, steps=1)
    await person.post("/sign-in/code", {"code": first, "next_code": second})
    if person.path == "/settings":
        await ada.house.prove_mailbox(person)
    assert person.path == "/new-password", person.text


async def test_twenty_strikes_force_a_new_password(house: FrontDoor) -> None:
    """PW-08: after twenty wrong codes the next full sign-in opens nothing but a new password."""
    ada = await member(house)
    await strikes(ada, 20)
    assert len(await rows(house, "strikes")) == 20
    person = house.browser(source="203.0.113.40")
    await sign_in_by_two_codes(ada, person)

    for path in ("/", "/settings", "/sessions", "/settings/recovery-code"):
        await person.get(path)
        assert person.path == "/new-password", path
    assert (await person.client.get("/session")).status_code == 401
    await person.press("Set new password", new_password=ada.password)
    assert person.path == "/new-password"
    await person.press("Set new password", new_password=NEW)
    assert person.path == "/", person.text
    assert await is_inside(person)


async def test_forced_password_asks_for_a_young_sign_in(house: FrontDoor) -> None:
    """PW-08: ten minutes after its sign-in a session sets no forced password: it signs in anew."""
    ada = await member(house)
    await strikes(ada, 20)
    person = house.browser(source="203.0.113.40")
    await sign_in_by_two_codes(ada, person)
    before = await rows(house, "passwords")
    house.clock.advance(seconds=10 * MINUTE + 1)
    await person.press("Set new password", new_password=NEW)

    assert person.path == "/sign-in"
    assert await rows(house, "passwords") == before


async def test_second_app_and_phone_need_the_same_proofs(house: FrontDoor) -> None:
    """SU-01: what was added with fresh proofs is a factor from then on, in other sign-ins too."""
    ada = await member(house)
    await ada.step_up()
    second = await add_app(house, ada.person)
    await add_phone(house, ada.person)
    assert len(await rows(house, "authenticators")) == 3
    person = house.browser()
    await house.password(person, ada.email)
    await person.get("/sign-in/methods")
    await person.press("Second app")
    house.clock.advance(seconds=30)
    await person.press("Verify", code=house.app_code(second))

    assert person.path == "/", person.text
