"""The phone number: kept sealed, shown masked, and switched in one moment when it is proven."""

import asyncio

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from tests.plain import plain
from tests.promises.states import Member, is_inside, member, recover, rows, snapshot, standing
from vestibule.web.doors import DOORS

OLD, NEW = "+447400123456", "+447400123457"
DAY = 24 * 3600


async def phone_member(house: FrontDoor, email: str = "ada@example.com") -> tuple[Person, str]:
    return await house.member(email)


async def ready(house: FrontDoor) -> tuple[Person, str]:
    """Inside with a phone, settings open, proofs fresh."""
    person, code = await house.member()
    await house.open_settings(person)
    return person, code


async def ask_for(person: Person, phone: str = "07400 123457") -> None:
    await person.get("/settings/phone")
    await person.press("Send code by text message", country="GB", phone=phone)


async def test_number_is_sealed_and_masked(house: FrontDoor) -> None:
    """PN-01: once saved the full number is in no page and, unsealed, in no row of the database."""
    person, _ = await ready(house)
    house.clock.advance(seconds=60)
    other = house.browser()
    await house.password(other)
    dump = repr(await snapshot(house, but=("events",)))
    journal = repr(await rows(house, "events"))
    for form in (OLD, OLD[1:], OLD[3:], "7400 123456", "07400"):
        assert form not in plain(dump)
        assert form not in plain(journal)
    for browser in (person, other):
        for door in DOORS:
            if door.get is None:
                continue
            page = await browser.client.get(door.path.replace("{app_id}", "x"))
            digits = "".join(c for c in plain(page.text) if c.isdigit())
            assert "7400123" not in digits, door
    await person.get("/settings")
    assert "56" in person.text


@pytest.mark.parametrize(
    "typed", ["07400 123456", "+44 7400 123456", "0044 7400 123456", "(07400) 123-456"]
)
async def test_national_forms_are_one_number(house: FrontDoor, typed: str) -> None:
    """PN-01: however a number is written, the code goes to its one international form."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone=typed)
    message = await house.message("sms")

    assert message.to == OLD


@pytest.mark.parametrize(
    ("country", "typed", "one"),
    [
        ("AT", "+430 0664 123456", "+43664123456"),
        ("DE", "+49 00 1512 3456789", "+4915123456789"),
        ("JP", "00 090 1234 5678", "+819012345678"),
    ],
)
async def test_zeros_too_many_make_no_other_number(
    house: FrontDoor, country: str, typed: str, one: str
) -> None:
    """PN-01, RL-07: a number with a zero too many goes to the one form and its one spacing, and
    its page opens."""
    person, other = house.browser(), house.browser(source="198.51.100.8")
    await house.sign_up(person, "ada@example.com")
    await house.sign_up(other, "eve@example.com")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country=country, phone=typed)
    assert (person.status, person.path) == (200, "/set-up/phone/code"), person.text
    message = await house.message("sms")

    assert message.to == one
    await other.get("/set-up/phone")
    await other.press("Send code by text message", country=country, phone=one)
    assert other.path == "/set-up/phone", other.text


async def test_change_of_number_needs_both_proofs(house: FrontDoor) -> None:
    """PN-02: a session without gate and step-up, or a form from elsewhere, changes no number."""
    person, _ = await house.member()
    house.clock.advance(seconds=11 * 60)
    form = {"country": "GB", "phone": "07400 123457", "channel": "sms"}
    before = [row["id"] for row in await standing(house)]
    await person.get("/")
    await person.post("/settings/phone", form)
    assert person.path == "/settings"
    person.client.cookies.delete("next")
    await house.open_settings(person)
    await person.post("/settings/phone", form)
    assert person.path == "/settings/confirm"
    await house.step_up(person)
    forged = await person.client.post("/settings/phone", data=form)
    assert forged.status_code == 403
    csrf = next(f.fields["csrf"] for f in person.page.forms if "csrf" in f.fields)
    for header in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        data = {**form, "csrf": csrf}
        forged = await person.client.post("/settings/phone", data=data, headers=header)
        assert forged.status_code == 403

    assert await rows(house, "enrollments") == []
    assert [row["id"] for row in await standing(house)] == before


async def test_both_sides_of_a_change_are_told(house: FrontDoor) -> None:
    """PN-02: a change of number is told to the old number and to the mailbox."""
    person, _ = await ready(house)
    await ask_for(person)
    await person.press("Verify", code=await house.code("sms", to=NEW))
    await house.deliver()

    told = {(m.channel, m.to, m.purpose) for m in house.inbox() if m.code is None}
    assert ("sms", OLD, "number_removed") in told
    assert ("email", "ada@example.com", "number_changed") in told


async def test_old_number_works_until_the_new_one_is_proven(house: FrontDoor) -> None:
    """PN-03: while a new number waits for its code, the old one signs in; then it does not."""
    person, _ = await ready(house)
    await ask_for(person)
    house.clock.advance(seconds=60)
    other = house.browser()
    await house.sign_in(other)
    assert (await house.message("sms", to=OLD)).purpose == "sign_in"

    await person.get("/settings/phone/code")
    await person.press("Verify", code=await house.code("sms", to=NEW))
    assert person.path == "/settings/recovery-code", person.text
    assert not await is_inside(other)
    house.clock.advance(seconds=60)
    await house.password(other)
    assert (await house.message("sms", to=NEW)).purpose == "sign_in"
    (phone,) = await standing(house)
    assert phone["kind"] == "phone"


async def test_abandoned_change_leaves_no_trace(house: FrontDoor) -> None:
    """PN-03: a change of number that was begun and left changes no method and no code."""
    person, code = await ready(house)
    kept = ("authenticators", "recovery_codes", "accounts")
    before = await snapshot(house)
    await ask_for(person)
    await person.press("Verify", code="000000")
    house.clock.advance(seconds=31 * 60)
    await person.get("/")
    await house.sign_in(house.browser())

    after = await snapshot(house)
    # The last is of the sign-in after it, which was by text.
    changing = {"guard", "last_used_at", "passkey_offered_at"}
    for table in kept:
        seen = [{k: v for k, v in r.items() if k not in changing} for r in after[table]]
        was = [{k: v for k, v in r.items() if k not in changing} for r in before[table]]
        assert seen == was, table
    person = house.browser()
    await recover(house, person, code, "ada@example.com")
    assert person.path == "/set-up/recovery-code"


async def test_codes_to_either_number_die_with_the_switch(house: FrontDoor) -> None:
    """PN-03: codes that are out to the old or the new number prove nothing after the switch."""
    person, _ = await ready(house)
    waiting = house.browser()
    house.clock.advance(seconds=60)
    await house.password(waiting)
    old_code = await house.code("sms", to=OLD)
    await ask_for(person)
    new_code = await house.code("sms", to=NEW)
    await person.press("Verify", code=new_code)
    assert person.path == "/settings/recovery-code", person.text

    live = [r for r in await rows(house, "challenges") if r["ended_at"] is None]
    assert live == []
    await waiting.post("/sign-in/code", {"code": old_code})
    assert waiting.path == "/sign-in"
    await person.get("/settings/phone")
    await person.post("/settings/phone/code", {"code": new_code})
    assert len(await standing(house)) == 1


async def test_changing_the_typed_number_kills_its_first_code(house: FrontDoor) -> None:
    """PN-03: a code that went to a number first typed does not prove the number typed then."""
    person, _ = await ready(house)
    await ask_for(person, "07400 123458")
    first = await house.code("sms", to="+447400123458")
    await ask_for(person)
    await house.code("sms", to=NEW)
    await person.press("Verify", code=first)
    assert person.path == "/settings/phone/code"
    await person.press("Verify", code=await house.code("sms", to=NEW))

    await person.get("/settings")
    assert "57" in person.text


async def test_parallel_proofs_switch_once(either_house: FrontDoor) -> None:
    """PN-03: the right code posted many times at once leaves one phone and one new code."""
    person, _ = await ready(either_house)
    await ask_for(person)
    code = await either_house.code("sms", to=NEW)
    action, data = person.filled("Verify", code=code)

    await asyncio.gather(*(person.client.post(action, data=data) for _ in range(5)))

    (phone,) = await standing(either_house)
    (account,) = await rows(either_house, "accounts")
    assert account["default_authenticator_id"] == phone["id"]
    codes = await rows(either_house, "recovery_codes")
    assert [one["ended_at"] for one in codes].count(None) == 2


async def test_old_recovery_code_lasts_until_the_new_is_typed_back(house: FrontDoor) -> None:
    """RC-05: on a change of number the old recovery code works until the new one is confirmed."""
    person, old = await ready(house)
    await ask_for(person)
    await person.press("Verify", code=await house.code("sms", to=NEW))
    new = person.shown(r'name="shown" value="([^"]+)"')
    current = [r for r in await rows(house, "recovery_codes") if r["ended_at"] is None]
    assert len(current) == 2
    await person.press("Finish", last_group=new[-4:])

    current = [r for r in await rows(house, "recovery_codes") if r["ended_at"] is None]
    assert len(current) == 1
    other = house.browser()
    await recover(house, other, old, "ada@example.com")
    assert other.path == "/sign-in/recovery-code"
    await recover(house, other, new, "ada@example.com")
    assert other.path == "/set-up/recovery-code"


async def test_unconfirmed_new_code_leaves_the_old_one_valid(house: FrontDoor) -> None:
    """RC-05: who changed the number and lost the new code still recovers with the old one."""
    person, old = await ready(house)
    await ask_for(person)
    await person.press("Verify", code=await house.code("sms", to=NEW))
    other = house.browser()
    await recover(house, other, old, "ada@example.com")

    assert other.path == "/set-up/recovery-code"


async def test_one_number_on_few_accounts(house: FrontDoor) -> None:
    """PN-04: a sixth account is refused a number without a word about the other five."""
    for n in range(5):
        await house.member(f"person{n}@example.com")
        house.clock.advance(seconds=DAY)
    person = house.browser()
    await house.sign_up(person, "sixth@example.com")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")

    assert person.path == "/set-up/phone"
    for word in ("account", "somebody", "already", "used by"):
        told = person.text.split("Help Contact support")[0].lower()
        assert word not in told.replace("create account", ""), told
    assert await rows(house, "enrollments") == []


async def test_ids_of_another_account_change_nothing(house: FrontDoor) -> None:
    """PN-02: a set-up that one session began is not finished by another account's session."""
    ada = await member(house)
    bob = await member(house, "bob@example.com")
    for one in (ada, bob):
        await one.step_up()
    await ask_for(ada.person)
    code = await house.code("sms", to=NEW)
    await finish_elsewhere(bob, code)
    assert [one["kind"] for one in await standing(house)] == ["totp", "totp"]

    await ada.person.press("Verify", code=code)
    assert len(await standing(house)) == 3


async def finish_elsewhere(bob: Member, code: str) -> None:
    await bob.person.get("/settings")
    await bob.person.post("/settings/phone/code", {"code": code})
    await bob.person.get("/settings/phone/code")
    assert bob.person.path == "/settings/phone"
