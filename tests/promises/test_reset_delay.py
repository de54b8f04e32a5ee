"""A reset by mailbox and number alone waits a day in a new browser, and can be stopped (B.3)."""

import asyncio

from tests.answers import (
    ADA,
    NEW_PASSWORD,
    answer_mail,
    answer_text,
    code,
    link,
    notice,
    reset,
    sign_in,
    told,
)
from tests.front_door import PASSWORD, FrontDoor
from tests.person import Person
from tests.plain import plain
from tests.promises.states import (
    add_phone,
    age_browsers,
    is_inside,
    member,
    rows,
    standing,
)

DAY = 24 * 3600
NUMBER = "+447400123456"
STOP = "Stop the new password"


async def sim_swapper(house: FrontDoor) -> Person:
    """Has the mailbox and a copy of the SIM, and no browser that anybody knows."""
    house.clock.advance(seconds=60)
    return await reset(house, house.browser(source="198.51.100.66"))


async def works(house: FrontDoor, password: str) -> bool:
    person = house.browser(source="203.0.113.99")
    await house.password(person, ADA, password=password)
    return person.path == "/sign-in/code"


async def test_sim_swapper_waits_and_is_seen(house: FrontDoor) -> None:
    """B.3: his new password counts after 24 hours; the old one works, and every channel is told."""
    owner, _ = await house.member()

    thief = await sim_swapper(house)

    assert thief.path == "/sign-in"
    assert "Your new password counts from 24 Nov 2026, 10:01 UTC" in thief.text
    assert await is_inside(owner)
    assert await works(house, PASSWORD)
    assert not await works(house, NEW_PASSWORD)
    assert (await told(house))["reset_waits"] == 1
    assert (await told(house, to=NUMBER))["reset_waits"] == 1


async def test_wait_ends_to_the_second(house: FrontDoor) -> None:
    """B.3: unless somebody says no, the new password counts after 24 hours, and no sooner."""
    owner, _ = await house.member()
    await sim_swapper(house)
    await house.let_time_pass(seconds=DAY - 1)
    assert await works(house, PASSWORD)

    await house.let_time_pass(seconds=1)

    assert not await works(house, PASSWORD)
    assert await works(house, NEW_PASSWORD)
    assert not await is_inside(owner)
    assert (await told(house))["password_reset"] == 1
    await house.let_time_pass(seconds=DAY)
    assert (await told(house))["password_reset"] == 1


async def test_owner_stops_it_by_mail(house: FrontDoor) -> None:
    """B.3: the mailed link throws the new password away and leaves everything else alone."""
    owner, _ = await house.member()
    await sim_swapper(house)
    house.clock.advance(seconds=60)

    reader = await answer_mail(house, await link(house, "reset_waits"), button=STOP)

    assert "The new password is stopped" in reader.text
    assert await is_inside(owner)
    await house.let_time_pass(seconds=DAY + 1)
    assert await works(house, PASSWORD)
    assert not await works(house, NEW_PASSWORD)
    assert (await told(house))["reset_cancelled"] == 1


async def test_link_of_its_wrong_code_is_answered_in_full(house: FrontDoor) -> None:
    """R8, B.3: whoever doubts the wrong code of a reset that waits is secured, and not only rid
    of the new password: that is what the link of the waiting itself is for."""
    owner, _ = await house.member()
    house.clock.advance(seconds=60)
    thief = house.browser(source="198.51.100.66")
    await thief.get("/forgot-password")
    await thief.press("Send code", email=ADA)
    await thief.press("Verify", code=await house.code("email", to=ADA))
    await thief.press("Verify", code="000000")
    await thief.press("Verify", code=await house.code("sms", to=NUMBER))
    await thief.press("Set new password", new_password=NEW_PASSWORD)
    assert "Your new password counts from" in thief.text

    await answer_mail(house, await link(house, "wrong_second_factor"))

    assert await rows(house, "waiting_resets") == []
    (guard,) = await rows(house, "safeguards")
    assert guard["reset_required_at"] is not None
    assert not await is_inside(owner)


async def test_owner_stops_it_by_text(house: FrontDoor) -> None:
    """B.3: the code of the text throws it away too, from a number alone."""
    owner, _ = await house.member()
    await sim_swapper(house)

    reader = await answer_text(house, await code(house, "reset_waits", to=NUMBER))

    assert "The new password is stopped" in reader.text
    assert await is_inside(owner)
    await house.let_time_pass(seconds=DAY + 1)
    assert not await works(house, NEW_PASSWORD)


async def test_owner_who_changes_the_password_stops_it(house: FrontDoor) -> None:
    """B.3: any change by the owner ends what waits."""
    owner, _ = await house.member()
    await sim_swapper(house)
    house.clock.advance(seconds=60)
    await owner.get("/settings/password")
    await owner.press("Send code")
    await owner.press("Verify", code=await house.code("email", to=ADA))
    await owner.press("Change password", new_password="a kettle under the eaves")

    await house.let_time_pass(seconds=DAY + 1)

    assert not await works(house, NEW_PASSWORD)
    assert await rows(house, "waiting_resets") == []
    ended = [one["name"] for one in await rows(house, "events") if "reset_cancelled" in one["name"]]
    assert len(ended) == 1, "the journal does not say that it ended"


async def test_number_that_has_gone_when_the_day_comes_proves_nothing(house: FrontDoor) -> None:
    """B.3, R8: whoever takes the number away while a reset waits has taken its proof; the journal
    says that it came to nothing."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    house.clock.advance(seconds=3600)
    thief = house.browser(source="198.51.100.66")
    await reset(house, thief, by="Text message")
    assert "Your new password counts from" in thief.text
    await ada.sign_in(ada.person)
    await ada.step_up()
    await ada.person.get("/settings/phone/remove")
    await ada.person.press("Remove")
    assert [one["kind"] for one in await standing(house)] == ["totp"]

    await house.let_time_pass(seconds=DAY + 1)

    assert await works(house, PASSWORD)
    assert not await works(house, NEW_PASSWORD)
    assert await rows(house, "waiting_resets") == []
    ended = [one["name"] for one in await rows(house, "events") if "reset_cancelled" in one["name"]]
    assert len(ended) == 1


async def test_known_browser_does_not_wait(house: FrontDoor) -> None:
    """B.3: the owner in the browser of the set-up resets at once, also by text."""
    owner, _ = await house.member()
    house.clock.advance(seconds=3600)
    await owner.press("Sign out")

    await reset(house, owner)

    assert "Your new password is set" in owner.text
    assert await works(house, NEW_PASSWORD)


async def test_browser_of_yesterday_is_no_known_one(house: FrontDoor) -> None:
    """B.3: a browser that signed in an hour ago waits; one that did so a day ago does not."""
    await house.member()
    house.clock.advance(seconds=3600)
    other = house.browser(source="203.0.113.12")
    await house.sign_in(other)
    await other.press("Sign out")
    house.clock.advance(seconds=3600)
    await reset(house, other)
    assert "Your new password counts from" in other.text
    await answer_mail(house, await link(house, "reset_waits"), button=STOP)

    await age_browsers(house)
    house.clock.advance(seconds=3600)
    await reset(house, other)

    assert "Your new password is set" in other.text


async def test_app_does_not_wait(house: FrontDoor) -> None:
    """B.3: mailbox and app in a new browser reset at once: no SIM is copied there."""
    ada = await member(house)
    other = house.browser(source="203.0.113.12")

    await reset(house, other, code_of=ada.next_code())

    assert "Your new password is set" in other.text


async def test_call_waits_as_a_text_does(house: FrontDoor) -> None:
    """B.3: a call reaches the same SIM, so it waits too."""
    await house.member()
    house.clock.advance(seconds=3600)
    other = house.browser(source="203.0.113.12")
    await other.get("/forgot-password")
    await other.press("Send code", email=ADA)
    await other.press("Verify", code=await house.code("email", to=ADA))
    house.clock.advance(seconds=60)
    await other.press("Call me instead")
    await other.press("Verify", code=await house.code("voice"))

    await other.press("Set new password", new_password=NEW_PASSWORD)

    assert "Your new password counts from" in other.text


async def test_choosing_the_app_afterwards_does_not_help(house: FrontDoor) -> None:
    """B.3: what counts is the method that proved it, not one that is chosen after the proof."""
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    house.clock.advance(seconds=3600)
    thief = house.browser(source="198.51.100.66")
    await thief.get("/forgot-password")
    await thief.press("Send code", email=ADA)
    await thief.press("Verify", code=await house.code("email", to=ADA))
    await thief.get("/forgot-password/second-factor/methods")
    app = (await standing(house))[1]["id"]
    await thief.press("Text message")
    await thief.press("Verify", code=await house.code("sms"))
    await thief.post(
        "/forgot-password/second-factor/send", {"authenticator": app, "channel": "totp"}
    )
    await thief.get("/forgot-password/new")

    await thief.press("Set new password", new_password=NEW_PASSWORD)

    assert "Your new password counts from" in thief.text


async def test_nothing_else_changes_for_a_day_after_a_reset(house: FrontDoor) -> None:
    """B.3: for 24 hours after a reset no method, number or recovery code changes; then they do."""
    ada = await member(house)
    await reset(house, ada.person, code_of=ada.next_code())
    ada.password = NEW_PASSWORD
    await ada.sign_in(ada.person)
    await ada.step_up()

    for path in ("/settings/phone", "/settings/app", "/settings/recovery-code/new"):
        await ada.person.get(path)
        assert ada.person.path == "/settings/wait", path
    assert "Your password was reset" in ada.person.text
    before = await rows(house, "recovery_codes")
    await ada.person.post("/settings/recovery-code/new", {})
    assert await rows(house, "recovery_codes") == before
    await ada.person.get("/settings/password")
    assert ada.person.path == "/settings/password"

    house.clock.advance(seconds=DAY)
    ada.person.client.cookies.delete("next")
    await ada.sign_in(ada.person)
    await ada.step_up()
    await ada.person.get("/settings/phone")
    assert ada.person.path == "/settings/phone", ada.person.text


async def test_newest_wait_counts(house: FrontDoor) -> None:
    """B.3: a second reset takes the place of the first and waits its own day."""
    await house.member()
    await sim_swapper(house)
    house.clock.advance(seconds=3600)
    await reset(house, house.browser(source="203.0.113.40"), new="a kettle under the eaves")

    await house.let_time_pass(seconds=DAY - 3600)
    assert await works(house, PASSWORD)
    await house.let_time_pass(seconds=3600)

    assert await works(house, "a kettle under the eaves")
    assert not await works(house, NEW_PASSWORD)


async def test_answer_to_an_earlier_reset_stops_the_one_in_its_place(house: FrontDoor) -> None:
    """B.3: resetting again outruns no text: each answer stops whatever waits by then."""
    await house.member()
    await sim_swapper(house)
    texted = await code(house, "reset_waits", to=NUMBER)
    house.clock.advance(seconds=3600)
    await reset(house, house.browser(source="198.51.100.67"), new="a kettle under the eaves")

    reader = await answer_text(house, texted)

    assert "The new password is stopped" in reader.text
    await house.let_time_pass(seconds=DAY + 1)
    assert await works(house, PASSWORD)


async def test_stop_beside_its_end(either_house: FrontDoor) -> None:
    """B.3: pressed in the moment its wait ends, a reset is stopped or answered, never half done."""
    house = either_house
    await house.member()
    await sim_swapper(house)
    reader = house.browser(source="192.0.2.50")
    await reader.get(await link(house, "reset_waits"))
    action, data = reader.filled(STOP)
    house.clock.advance(seconds=DAY)

    await asyncio.gather(
        reader.client.post(action, data=data), *(house.built.worker.work_once() for _ in range(3))
    )

    events = [one["name"] for one in await rows(house, "events")]
    took_effect = events.count("authn_password_reset")
    assert took_effect + events.count("authn_password_reset_cancelled") == 1
    assert events.count("not_me") == took_effect
    assert await rows(house, "waiting_resets") == []


async def test_waiting_password_is_stored_as_every_password(house: FrontDoor) -> None:
    """B.3: what waits is the keyed hash, and the notice holds neither password nor number."""
    await house.member()
    await sim_swapper(house)
    (waiting,) = await rows(house, "waiting_resets")

    assert NEW_PASSWORD not in str(waiting)
    text = (await notice(house, "reset_waits")).text
    assert NEW_PASSWORD not in text
    assert "7400" not in plain(text)


async def test_reset_of_a_sign_in_goes_on(house: FrontDoor) -> None:
    """B.3: while it waits the owner signs in with the old password as always."""
    owner, _ = await house.member()
    await sim_swapper(house)
    house.clock.advance(seconds=60)
    await owner.press("Sign out")

    await sign_in(house, owner)

    assert owner.path == "/", owner.text


async def test_choosing_the_app_beside_the_proof_does_not_help(either_house: FrontDoor) -> None:
    """B.3: switching to the app while the text's code is compared leaves the wait; eight rounds."""
    house = either_house
    ada = await member(house)
    await ada.step_up()
    await add_phone(house, ada.person)
    app = next(one["id"] for one in await standing(house) if one["kind"] == "totp")
    for n in range(8):
        house.clock.advance(seconds=3600)
        thief = house.browser(source=f"198.51.100.{n}")
        await thief.get("/forgot-password")
        await thief.press("Send code", email=ADA)
        await thief.press("Verify", code=await house.code("email", to=ADA))
        await thief.get("/forgot-password/second-factor/methods")
        await thief.press("Text message")
        action, data = thief.filled("Verify", code=await house.code("sms"))
        switch = {"csrf": data["csrf"], "authenticator": app, "channel": "totp"}

        await asyncio.gather(
            thief.client.post(action, data=data),
            *(
                thief.client.post("/forgot-password/second-factor/send", data=switch)
                for _ in range(3)
            ),
        )

        await thief.get("/forgot-password/new")
        if thief.path == "/forgot-password/new":
            await thief.press("Set new password", new_password=NEW_PASSWORD)
            assert "Your new password is set" not in thief.text
