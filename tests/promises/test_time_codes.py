"""Codes of authentication apps: secrets, windows, replays, one budget, several apps (A.5)."""

from itertools import pairwise

import pytest

from tests.attack import count, journal, rows, wrong
from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.crypto.seal import Place, SealBroken
from vestibule.domain import totp


async def _asked(house: FrontDoor) -> tuple[Person, bytes]:
    """A browser past its password, of an account whose app has shown a code minutes ago."""
    _, secret, _ = await house.member_with_app()
    house.clock.advance(seconds=600)
    person = house.browser()
    await house.password(person)
    assert person.path == "/sign-in/code"
    return person, secret


async def _add_app(house: FrontDoor, person: Person, name: str) -> bytes:
    await person.get("/settings/app")
    if person.path == "/settings/confirm":
        raise AssertionError("the step-up is too old")
    if "secret=" not in person.response.text:
        await person.post("/settings/app/start", {})
    secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(secret), app_name=name)
    assert person.path == "/settings", person.text
    return secret


async def test_secret_has_160_bits(house: FrontDoor) -> None:
    """TO-01: the key URI holds 20 random bytes, SHA-1, six digits, 30 s, and no two are alike."""
    secrets = []
    for turn in range(3):
        person = house.browser(source=f"198.51.100.{turn}")
        await house.sign_up(person, f"{turn}@example.com")
        await person.press("Authentication app")
        secrets.append(house.secret_on(person))
        assert "algorithm=SHA1&amp;digits=6&amp;period=30" in person.response.text

    assert {len(secret) for secret in secrets} == {20}
    assert len(set(secrets)) == 3


@pytest.mark.parametrize(
    ("steps", "is_in"),
    [(-3, False), (-2, False), (-1, True), (0, True), (1, False), (2, False), (3, False)],
)
async def test_two_values_at_a_time(house: FrontDoor, steps: int, is_in: bool) -> None:
    """TO-02: the code of now and of 30 s ago pass, and no other of the minutes around."""
    person, secret = await _asked(house)

    await person.press("Verify", code=house.app_code(secret, steps=steps))

    assert (person.path == "/") is is_in, person.text


@pytest.mark.parametrize("steps", [-2, -1, 0, 1, 2])
async def test_set_up_learns_the_offset(house: FrontDoor, steps: int) -> None:
    """TO-02: set-up takes a clock two steps off, and sign-in then two values around it."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.press("Authentication app")
    secret = house.secret_on(person)
    await person.press("Verify", code=house.app_code(secret, steps=steps))
    await house.save_recovery_code(person)
    house.clock.advance(seconds=600)
    again = house.browser()
    await house.password(again)

    await again.press("Verify", code=house.app_code(secret, steps=steps))

    assert again.path == "/", again.text


async def test_wrong_codes_move_no_offset(house: FrontDoor) -> None:
    """TO-02: failed codes, of near steps too, leave the app's offset where it was."""
    person, secret = await _asked(house)
    for steps in (-5, -2, 1, 4):
        await person.press("Verify", code=house.app_code(secret, steps=steps))
        assert person.path == "/sign-in/code"

    found = await rows(house, "SELECT step_offset FROM authenticators")

    assert [row["step_offset"] for row in found] == [0]


async def test_clock_message_confirms_no_code_to_come(house: FrontDoor) -> None:
    """TO-02: a code of the next minutes, once confirmed by the message, is accepted no more."""
    person, secret = await _asked(house)
    early = house.app_code(secret, steps=4)
    await person.press("Verify", code=early)
    assert "clock is off by about 120 seconds" in person.text

    house.clock.advance(seconds=120)
    await person.press("Verify", code=early)

    assert person.path == "/sign-in/code"
    assert "already used" in person.text


async def test_two_codes_in_a_row_move_the_offset(house: FrontDoor) -> None:
    """TO-02: after the clock message two consecutive codes let the owner in, and only those."""
    person, secret = await _asked(house)
    await person.press("Verify", code=house.app_code(secret, steps=5))
    first, second = house.app_code(secret, steps=6), house.app_code(secret, steps=7)
    await person.press("Verify", code=first, next_code=wrong(second))
    assert "Codes change" in person.text or "not right" in person.text

    await person.press("Verify", code=first, next_code=second)

    assert person.path == "/", person.text
    found = await rows(house, "SELECT step_offset FROM authenticators")
    assert [row["step_offset"] for row in found] != [0]


@pytest.mark.parametrize("later", [0, 29, 30])
async def test_replays(house: FrontDoor, later: int) -> None:
    """TO-03: an accepted code is refused in its own step, the trailing one, another browser."""
    person, secret = await _asked(house)
    code = house.app_code(secret)
    await person.press("Verify", code=code)
    assert person.path == "/"
    house.clock.advance(seconds=later)
    other = house.browser()
    await house.password(other)

    await other.press("Verify", code=code)

    assert other.path == "/sign-in/code"
    assert "already used" in other.text


async def test_an_older_code_than_the_accepted_one(house: FrontDoor) -> None:
    """TO-03: once the code of t is accepted, that of t-1 is refused."""
    person, secret = await _asked(house)
    older = house.app_code(secret, steps=-1)
    await person.press("Verify", code=house.app_code(secret))
    other = house.browser()
    await house.password(other)

    await other.press("Verify", code=older)

    assert other.path == "/sign-in/code"


async def test_the_set_up_code_signs_nobody_in(house: FrontDoor) -> None:
    """TO-03: the code that finished the set-up is no sign-in code."""
    _, secret, _ = await house.member_with_app()
    person = house.browser()
    await house.password(person)

    await person.press("Verify", code=house.app_code(secret))

    assert person.path == "/sign-in/code"
    assert "already used" in person.text


async def test_secrets_are_sealed_to_their_row(house: FrontDoor) -> None:
    """TO-04: the stored secret is unreadable, bound to its row, and sealed anew each time."""
    person, secret, _ = await house.member_with_app()
    await house.sign_up(house.browser(), "eve@example.com")
    row = (await rows(house, "SELECT id, secret_sealed FROM authenticators"))[0]
    seal, sealed = house.built.means.seal, bytes(row["secret_sealed"])

    place = Place("authenticators", "secret_sealed", row["id"])
    assert seal.open(sealed, place) == secret.hex()
    assert secret not in sealed
    assert secret.hex().encode() not in sealed
    for elsewhere in (
        Place("authenticators", "secret_sealed", "another-row"),
        Place("enrollments", "secret_sealed", row["id"]),
        Place("authenticators", "fingerprint_mac", row["id"]),
    ):
        with pytest.raises(SealBroken):
            seal.open(sealed, elsewhere)
    assert len({seal.seal("same", place)[:16] for _ in range(2000)}) == 2000
    assert person.path == "/"


async def test_secret_is_shown_during_set_up_only(house: FrontDoor) -> None:
    """TO-05: the secret's page is no-store, its URL bare, and gone once the app is confirmed."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.press("Authentication app")
    secret = house.secret_on(person)
    assert person.response.headers["cache-control"] == "no-store"
    assert person.response.request.url.query == b""
    assert "Ada" not in person.shown(r"(otpauth:[^\"]+)")
    await person.press("Verify", code=house.app_code(secret))
    shown = totp.base32(secret)

    for path in ("/set-up/app", "/set-up", "/settings/app", "/set-up/recovery-code", "/"):
        await person.get(path)
        assert shown not in person.response.text.replace(" ", ""), path


def test_label_is_percent_encoded() -> None:
    """TO-05: issuer and label are percent-encoded, whatever the product or address is called."""
    uri = totp.provisioning_uri(b"x" * 20, "A:c&me? #1", "o'neil+x@example.com")

    assert uri.startswith("otpauth://totp/A%20c%26me%3F%20%231:o%27neil%2Bx@example.com?secret=")


async def test_one_budget_over_all_methods(house: FrontDoor) -> None:
    """TO-06: wrong app codes and wrong texted codes of one sign-in stop at five together."""
    person, secret = await _asked_with_both(house)
    await person.press("Verify", code=wrong(house.app_code(secret)))
    await person.press("Verify", code=wrong(house.app_code(secret), by=2))
    await person.follow("Try another way")
    await person.press("Text message")
    code = await house.code("sms")
    await person.press("Verify", code=wrong(code))
    await person.press("Verify", code=wrong(code, by=2))
    await person.press("Verify", code=wrong(code, by=3))

    assert person.path == "/sign-in", person.text
    assert await count(house, "strikes") == 5
    purposes = [one.details["purpose"] for one in await journal(house, "authn_login_fail")]
    assert purposes == ["sign_in"] * 5


async def _asked_with_both(house: FrontDoor) -> tuple[Person, bytes]:
    owner, _ = await house.member()
    secret = await _bind_app(house, owner)
    house.clock.advance(seconds=3600)
    person = house.browser()
    await house.password(person)
    if "app" not in person.text:
        await person.follow("Try another way")
        await person.press("Authentication app")
    return person, secret


async def _bind_app(house: FrontDoor, owner: Person) -> bytes:
    await house.open_settings(owner)
    await owner.get("/settings/app")
    if owner.path == "/settings/confirm":
        house.clock.advance(seconds=31)
        await house.step_up(owner)
    return await _add_app(house, owner, "Spare app")


async def test_a_code_is_compared_with_the_chosen_app_only(house: FrontDoor) -> None:
    """TO-07: with five apps a code of another than the chosen one is wrong, so two values pass."""
    owner, first, _ = await house.member_with_app()
    await house.open_settings(owner)
    others = [await _add_app(house, owner, f"App {turn}") for turn in range(4)]
    await owner.get("/settings/app")
    await owner.post("/settings/app/start", {})
    assert "five apps" in owner.text
    house.clock.advance(seconds=600)
    person = house.browser()
    await house.password(person)
    now = house.clock()
    accepted = {house.app_code(first), house.app_code(first, steps=-1)}
    assert len(accepted) == 2

    for secret in others[:3]:
        assert house.app_code(secret) not in accepted
        await person.press("Verify", code=house.app_code(secret))
        assert person.path == "/sign-in/code"
    await person.press("Verify", code=house.app_code(first))

    assert house.clock() == now
    assert person.path == "/"
    # RFC 4226: w = 2 of a million for each guess, however many apps there are.
    assert all(earlier != later for earlier, later in pairwise([first, *others]))
