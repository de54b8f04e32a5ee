"""What a sent code is worth: how it is made, how long it lives, what ends it (A.4)."""

import hmac
from collections import Counter
from itertools import pairwise

import pytest

from tests.attack import count, journal, rows, wrong
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.promises.states import copy_of
from vestibule.crypto.keyring import Keyring, Purpose
from vestibule.crypto.mac import framed
from vestibule.domain import one_time_code
from vestibule.domain.challenge import Channel, lifetime
from vestibule.domain.challenge import Purpose as For
from vestibule.domain.refusal import Reason, Refused
from vestibule.entropy import SeededEntropy, SystemEntropy
from vestibule.flows import codes
from vestibule.flows.work import Caller, work

pytestmark = pytest.mark.anyio


async def _asked(house: FrontDoor) -> tuple[Person, str]:
    """A browser that has given the right password, and the code that was texted for it."""
    await house.member()
    house.clock.advance(seconds=60)
    person = house.browser()
    await house.password(person)
    return person, await house.code("sms")


def test_codes_are_uniform() -> None:
    """OC-01: codes are uniform over every place, zeros in front included, from the system."""
    entropy, places = SeededEntropy("OC-01"), [Counter[str]() for _ in range(6)]
    drawn = [one_time_code.issue(entropy, 6) for _ in range(60_000)]
    for code in drawn:
        assert len(code) == 6
        for place, digit in zip(places, code, strict=True):
            place[digit] += 1

    # Chi-square with nine degrees of freedom: p = 0.001 is at 27.9.
    expected = len(drawn) / 10
    for place in places:
        assert sum((place[d] - expected) ** 2 / expected for d in "0123456789") < 27.9
    assert any(code.startswith("00") for code in drawn)
    assert len({one_time_code.issue(SystemEntropy(), 6) for _ in range(200)}) > 190


@pytest.mark.parametrize("digits", [5, 11])
def test_no_shorter_code_can_be_issued(digits: int) -> None:
    """OC-01: six digits are the fewest, ten the most."""
    with pytest.raises(ValueError, match="6 to 10"):
        one_time_code.issue(SeededEntropy("x"), digits)


@pytest.mark.parametrize(("seconds", "is_in"), [(599, True), (600, False), (601, False)])
async def test_texted_code_lives_ten_minutes(house: FrontDoor, seconds: int, is_in: bool) -> None:
    """OC-02: a texted code works for ten minutes by the server's clock, and no second longer."""
    person, code = await _asked(house)

    house.clock.advance(seconds=seconds)
    await person.press("Verify", code=code)

    assert (person.path == "/") is is_in, person.text


@pytest.mark.parametrize(("seconds", "is_in"), [(1799, True), (1800, False)])
async def test_mailed_code_lives_thirty_minutes(
    house: FrontDoor, seconds: int, is_in: bool
) -> None:
    """OC-02: a mailed code works for thirty minutes, because mail is slow."""
    person = house.browser()
    await person.get("/sign-up")
    await person.press("Create account", name="Ada", email="ada@example.com", password=PASSWORD)
    code = await house.code("email")

    house.clock.advance(seconds=seconds)
    await person.press("Verify", code=code)

    assert (person.path == "/set-up") is is_in, person.text


def test_calls_live_as_long_as_texts() -> None:
    """OC-02: a spoken code lives as long as a texted one."""
    assert lifetime(Channel.VOICE) == lifetime(Channel.SMS)


async def test_time_told_by_the_browser_is_ignored(house: FrontDoor) -> None:
    """OC-02: a Date header and a field called now change nothing."""
    person, code = await _asked(house)
    house.clock.advance(seconds=601)
    person.client.headers["date"] = "Mon, 23 Nov 2026 10:00:00 GMT"

    await person.press("Verify", code=code, now="2026-11-23T10:00:00Z")

    assert "expired" in person.text


async def test_code_works_once(house: FrontDoor) -> None:
    """OC-03: a code that was accepted opens nothing a second time, in no browser."""
    person, code = await _asked(house)
    await person.press("Verify", code=code)
    again = house.browser()
    await house.password(again)

    await again.press("Verify", code=code)

    assert again.path == "/sign-in/code"


@pytest.mark.parametrize("ending", ["sign-out", "password", "five wrong", "new sign-in"])
async def test_ends_of_a_code(house: FrontDoor, ending: str) -> None:
    """OC-03: sign-out, a password change, five wrong codes and a new sign-in void the code, and
    nothing of it is kept."""
    inside, _ = await house.member()
    house.clock.advance(seconds=60)
    person = house.browser()
    await house.password(person)
    code = await house.code("sms")
    if ending == "sign-out":
        await person.press("Sign out")
    elif ending == "password":
        house.clock.advance(seconds=60)
        await house.open_settings(inside)
        await inside.get("/settings/password")
        if inside.path == "/settings/confirm":
            await house.step_up(inside)
            await inside.get("/settings/password")
        await inside.press("Change password", new_password="a further room behind it")
    elif ending == "five wrong":
        for by in range(1, 6):
            await person.press("Verify", code=wrong(code, by=by))
    else:
        await person.press("Sign out")
        await house.password(person)
    kept = await rows(house, "SELECT code_sealed FROM challenges WHERE code_sealed IS NOT NULL")
    assert kept == []
    before = await count(house, "sessions")

    await person.post("/sign-in/code", {"code": code})

    assert person.path != "/", person.text
    assert await count(house, "sessions") == before


async def test_newer_sign_in_as_somebody_else_voids_the_code(house: FrontDoor) -> None:
    """OC-03: a browser that goes on as somebody else, without signing out first, leaves no code
    behind that a copy of its cookies could use."""
    person, code = await _asked(house)
    await house.member("bob@example.com", phone="07400 123457")
    house.clock.advance(seconds=60)
    thief = copy_of(house, person)
    await thief.get("/sign-in/code")

    await house.password(person, "bob@example.com")
    await thief.press("Verify", code=code)

    assert thief.path == "/sign-in", thief.text
    assert person.path == "/sign-in/code"


async def test_newer_sign_in_of_one_browser_goes_on_with_the_same_code(house: FrontDoor) -> None:
    """OC-03: without signing out first, the same person's newer sign-in is the same one: its code
    is the only one, and opens one session."""
    person, code = await _asked(house)
    before = await count(house, "sessions")

    await house.password(person)
    await house.deliver()
    texts = [m for m in house.inbox() if m.channel == "sms" and m.purpose == "sign_in"]
    action, data = person.filled("Verify", code=code)
    await person.press("Verify", code=code)
    await person.client.post(action, data=data)

    assert [m.code for m in texts] == [code]
    assert await count(house, "sessions") == before + 1


async def test_sixth_try_is_refused_even_if_right(house: FrontDoor) -> None:
    """OC-06: after five wrong codes the right one is refused and the password comes first."""
    person, code = await _asked(house)
    action, data = person.filled("Verify", code=code)
    for by in range(1, 6):
        await person.press("Verify", code=wrong(code, by=by))
    assert person.path == "/sign-in", person.text
    assert "five wrong codes" in person.text

    response = await person.client.post(action, data=data)

    assert response.headers["location"] == "/sign-in"
    assert len(await journal(house, "authn_login_fail")) == 5


async def test_codes_are_stored_as_keyed_digests_only(house: FrontDoor) -> None:
    """OC-05: with the whole row but without the key, no code of a million fits; then it goes."""
    await _asked(house)
    found = await rows(house, "SELECT * FROM challenges WHERE purpose = 'sign_in'")
    row = next(row for row in found if row["ended_at"] is None)
    code = await house.code("sms")
    stored = b"".join(value for value in row.values() if isinstance(value, bytes))

    assert code.encode() not in stored
    bound = (row["id"], row["account_id"], "sign_in", "+447400123456", code)
    assert house.built.means.keyring.matches(row["code_mac"], Purpose.CODE, *bound)
    for purpose in set(Purpose) - {Purpose.CODE}:
        assert not house.built.means.keyring.matches(row["code_mac"], purpose, *bound)
    # Offline, with everything but the key: each code of a million, by a key of the thief's own.
    guessed = Keyring.from_root(bytes(range(32))).key(Purpose.CODE, "k1")
    head, stolen = framed(*bound[:-1]) + framed("000000")[:4], bytes(row["code_mac"])
    tried = (hmac.digest(guessed, head + b"%06d" % turn, "sha256") for turn in range(1_000_000))
    assert not any(mark in stolen for mark in tried)
    own = house.built.means.keyring.key(Purpose.CODE)
    assert hmac.digest(own, head + code.encode(), "sha256") in stolen
    await house.built.worker.work_once()
    house.clock.advance(seconds=1800 + 24 * 3600)
    await house.built.worker.work_once()
    assert await count(house, "challenges") == 0


async def test_resends_give_no_new_guesses(house: FrontDoor) -> None:
    """OC-08: four wrong codes and a resend, again and again, stop at the sign-in's five."""
    person, code = await _asked(house)
    for by in range(1, 5):
        await person.press("Verify", code=wrong(code, by=by))
    house.clock.advance(seconds=31)
    await person.post("/sign-in/code/send", {"channel": "sms"})

    assert await house.code("sms") == code, "one value is right at a time"
    await person.get("/sign-in/code")
    await person.press("Verify", code=wrong(code, by=7))

    assert person.path == "/sign-in"
    assert len(await journal(house, "authn_login_fail")) == 5


async def test_resend_does_not_prolong_a_code(house: FrontDoor) -> None:
    """OC-08: a code that is sent again ends when it would have; one of its last minutes is new."""
    person, code = await _asked(house)
    house.clock.advance(seconds=300)
    await person.press("Resend")
    assert await house.code("sms") == code
    house.clock.advance(seconds=299)
    await person.press("Resend")

    newer = await house.code("sms")

    assert newer != code
    await person.press("Verify", code=code)
    assert "That was code 1. Use code 2" in person.text
    await person.press("Verify", code=newer)
    assert person.path == "/"


async def test_resend_timers(house: FrontDoor) -> None:
    """OC-09: sends are 30, 40, 60, 90 and 120 s apart and five at most; more cost a wait."""
    person, _ = await _asked(house)
    sent = [len(house.inbox())]
    for wait in (30, 40, 60, 90):
        house.clock.advance(seconds=wait - 1)
        await person.post("/sign-in/code/send", {"channel": "sms"})
        await house.deliver()
        assert len(house.inbox()) == sent[-1], f"too soon before {wait} s"
        house.clock.advance(seconds=1)
        await person.get("/sign-in/code")
        await person.post("/sign-in/code/send", {"channel": "voice"})
        await house.deliver()
        sent.append(len(house.inbox()))
        await person.get("/sign-in/code")
    house.clock.advance(seconds=200)
    await person.post("/sign-in/code/send", {"channel": "sms"})
    await house.deliver()

    assert all(later == earlier + 1 for earlier, later in pairwise(sent))
    assert len(house.inbox()) == sent[-1], "no sixth"


async def test_attackers_sign_ins_leave_the_owner_alone(house: FrontDoor) -> None:
    """OC-10: fifty sign-ins of others void neither the code nor the sign-in of a known browser."""
    owner, _ = await house.member()
    await owner.press("Sign out")
    house.clock.advance(seconds=60)
    await house.password(owner)
    code = await house.code("sms")
    for turn in range(50):
        await house.password(house.browser(source=f"198.51.100.{turn}"))

    await owner.press("Verify", code=code)

    assert owner.path == "/", owner.text
    assert await count(house, "sign_ins") == 3


NO_CODES = [
    "",
    " ",
    "12345",
    "1234567",
    "abcdef",
    "12345a",
    "000000 OR 1=1",
    '{"$ne": 1}',
    "[]",
    "null",
    "9" * 10_000,
    "1e5",
    "-12345x",
    "½½½½½½",
    "\u202e",
    "123456\u0301",
    "None",
    "١٢٣",
    "<b>123456",
]


async def test_what_is_no_code_costs_no_try(house: FrontDoor) -> None:
    """OC-11: what cannot be a code is told so, uses no try and is no error of ours."""
    person, code = await _asked(house)
    for typed in NO_CODES:
        await person.press("Verify", code=typed)
        assert (person.status, person.path) == (200, "/sign-in/code"), typed

    found = await rows(house, "SELECT tries FROM challenges WHERE ended_at IS NULL")

    assert [row["tries"] for row in found] == [0]
    assert await count(house, "strikes") == 0
    await person.press("Verify", code=code)
    assert person.path == "/"


@pytest.mark.parametrize("dress", ["{} {}", "{}-{}", " {}\u2009{} ", "\u200e{}\u00ad{}", "full"])
async def test_codes_may_be_typed_in_many_ways(house: FrontDoor, dress: str) -> None:
    """OC-11: spaces, dashes, invisible marks and full-width digits do not make a code wrong."""
    person, code = await _asked(house)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    typed = wide if dress == "full" else dress.format(code[:3], code[3:])

    await person.press("Verify", code=typed)

    assert person.path == "/", person.text


async def test_code_that_dies_while_it_is_compared_is_late_and_no_replay(
    either_house: FrontDoor,
) -> None:
    """OC-02: typed in its last second and compared after it, a code is told to have expired."""
    house = either_house
    _, code = await _asked(house)
    (pending,) = await rows(house, "SELECT id FROM sign_ins")
    means, caller = house.built.means, Caller("203.0.113.7", "test", "", "en")
    house.clock.advance(seconds=lifetime(Channel.SMS).total_seconds() - 1)
    tried = await work(
        means, caller, lambda unit: codes.reserve(unit, For.SIGN_IN, pending["id"], code)
    )
    assert isinstance(tried, codes.Reserved)
    house.clock.advance(seconds=1)

    settled = await work(means, caller, lambda unit: codes.settle(unit, tried))

    assert settled == Refused(Reason.CODE_EXPIRED)
