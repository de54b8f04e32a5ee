"""The simulated phone as a carrier's: calls that wait for a key, 9, mailboxes, STOP by text."""

import re

import httpx
import pytest

from tests.answers import told
from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.crypto.seal import Place
from vestibule.delivery.providers.simulator import Delivered
from vestibule.domain.call import LONGEST_CALL, RINGS_FOR
from vestibule.storage.database import Transaction

pytestmark = pytest.mark.anyio

NUMBER = "07400 123456"


async def _called(house: FrontDoor, phone: str = NUMBER) -> tuple[Person, Delivered]:
    """Somebody at the wall asks for a call; it rings."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Call me", country="GB", phone=phone)
    return person, await house.message("voice")


async def _press(person: Person, call: Delivered, path: str, **form: str) -> dict[str, object]:
    """A hand on the phone, as the page's script has it."""
    answer = await person.client.post(
        f"/simulator/calls/{call.id}/{path}", data=form, headers={"accept": "application/json"}
    )
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


async def _code(house: FrontDoor) -> str:
    """The code that the call may say, as nobody outside can read it."""
    row = await _row(house, "SELECT id, code_sealed FROM challenges WHERE ended_at IS NULL")
    place = Place("challenges", "code_sealed", str(row["id"]))
    return house.built.means.seal.open(row["code_sealed"], place)  # type: ignore[arg-type]  # of a row


async def _row(house: FrontDoor, statement: str) -> dict[str, object]:
    async def read(tx: Transaction) -> dict[str, object]:
        row = await tx.fetch_one(statement)
        assert row is not None, statement
        return dict(row)

    return await house.database.read(read)


async def _everything(client: httpx.AsyncClient) -> str:
    """All that the desk tells: its page, and its messages as scripts read them."""
    page, messages = await client.get("/simulator"), await client.get("/simulator/messages")
    return page.text + messages.text


async def test_code_is_nowhere_before_a_key(house: FrontDoor) -> None:
    """TF-05: neither page nor JSON holds the code while the call rings or asks for a key."""
    person, call = await _called(house)
    code = await _code(house)
    spoken = (code, " ".join(code))

    ringing = await _everything(person.client)
    asking = str(await _press(person, call, "answer")) + await _everything(person.client)
    heard = str(await _press(person, call, "key", key="5")) + await _everything(person.client)

    for said in (ringing, asking):
        assert not any(one in said for one in spoken)
    assert "press any other key" in asking
    assert " ".join(code) in heard


async def test_whole_call_without_a_script(house: FrontDoor) -> None:
    """By forms alone: Answer, a key, the digits, 1 for again, and the code works."""
    person, _ = await _called(house)
    desk = Person(person.client)
    await desk.get("/simulator")
    assert "Ringing" in desk.text

    await desk.press("Answer")
    await desk.press("5")
    digits = re.search(r"Your code is: (\d \d \d \d \d \d) ", desk.text)
    await desk.press("1")
    await desk.press("Hang up")

    assert digits
    assert desk.text.count(digits[1]) == 6
    assert "· Answered" in desk.text
    await person.press("Verify", code=digits[1].replace(" ", ""))
    assert person.path == "/set-up/recovery-code"


@pytest.mark.parametrize("key", ["#", "*"])
async def test_every_key_of_the_phone_brings_the_code(house: FrontDoor, key: str) -> None:
    """TF-05: on the simulated phone # and * are keys as good as any."""
    person, call = await _called(house)
    code = await _code(house)
    await _press(person, call, "answer")

    heard = str(await _press(person, call, "key", key=key))

    assert " ".join(code) in heard


async def test_no_key_no_code_and_no_second_chance(house: FrontDoor) -> None:
    """TF-05: without a key the call says so and ends; later keys are heard by nobody."""
    person, call = await _called(house)
    await _press(person, call, "answer")

    over = await _press(person, call, "key", key="")
    late = await _press(person, call, "key", key="5")

    assert (over["state"], over["takes_keys"]) == ("over", False)
    assert "No key was pressed" in str(over["transcript"])
    assert late == over


async def test_nine_ends_the_sign_in_and_tells_the_owner(house: FrontDoor) -> None:
    """9 ends the sign-in that the call was for, by the flow that carriers reach; a mail says so."""
    person, _ = await house.member()
    await person.press("Sign out")
    thief = house.browser()
    await house.password(thief)
    house.clock.advance(seconds=31)
    await thief.follow("Try another way")
    await thief.press("Voice call")
    call = await house.message("voice")
    code = await _code(house)
    await _press(thief, call, "answer")

    over = await _press(thief, call, "key", key="9")

    assert over["state"] == "over"
    assert "We stopped it" in str(over["transcript"])
    await thief.press("Verify", code=code)
    assert thief.path == "/sign-in"
    await house.deliver()
    assert (await told(house))["call_denied"] == 1


async def test_number_of_a_mailbox_records_no_code(house: FrontDoor) -> None:
    """TF-05: the mailbox of 0014 hears greeting and offer, presses nothing, and hears no code.

    That is no delivery: the person reads that nobody pressed a key.
    """
    person, _ = await _called(house, "07400 120014")
    code = await _code(house)

    said = await _everything(person.client)

    assert "Recorded by the mailbox" in said
    assert "No key was pressed" in said
    assert " ".join(code) not in said
    row = await _row(house, "SELECT delivered_at, reason FROM outbox WHERE channel = 'voice'")
    assert row == {"delivered_at": None, "reason": "no_key"}
    await person.get("/set-up/phone/code")
    assert "nobody pressed a key" in person.text
    assert "Delivered 1" not in person.text


@pytest.mark.parametrize(
    ("keys", "reason"), [(None, "busy"), ([], "no_key"), (["5"], None), (["5", "1"], None)]
)
async def test_hanging_up_is_told_to_the_person(
    house: FrontDoor, keys: list[str] | None, reason: str | None
) -> None:
    """A declined call is told as busy, one without a key as that; the line is free again."""
    person, call = await _called(house)
    if keys is not None:
        await _press(person, call, "answer")
        for key in keys:
            await _press(person, call, "key", key=key)

    await _press(person, call, "hang-up")

    row = await _row(house, "SELECT delivered_at, reason FROM outbox WHERE channel = 'voice'")
    assert (row["reason"], row["delivered_at"] is not None) == (reason, reason is None)
    house.clock.advance(seconds=31)
    await person.press("Resend")
    assert (await house.message("voice")).id != call.id


async def test_call_rings_for_thirty_seconds(house: FrontDoor) -> None:
    """A call that nobody answers is told so after 30 s; one that lasts too long is cut off."""
    person, call = await _called(house)
    await house.let_time_pass(seconds=RINGS_FOR.total_seconds() - 1)
    await house.deliver()
    assert "· Ringing" in (await person.client.get("/simulator")).text

    house.clock.advance(seconds=1)
    await house.deliver()

    assert "· Missed" in (await person.client.get("/simulator")).text
    row = await _row(house, "SELECT reason FROM outbox WHERE channel = 'voice'")
    assert row["reason"] == "no_answer"
    await _press(person, call, "answer")
    await person.press("Resend")
    second = await house.message("voice")
    assert second.id != call.id
    await _press(person, second, "answer")
    house.clock.advance(RINGS_FOR + LONGEST_CALL)
    await house.deliver()
    assert (await _press(person, second, "key", key="5"))["state"] == "over"


@pytest.mark.parametrize("key", ["55", "a", "٣", "+", "1\n"])
async def test_only_keys_of_a_phone_are_keys(house: FrontDoor, key: str) -> None:
    """Anything else that is posted as a key changes nothing."""
    person, call = await _called(house)
    before = await _press(person, call, "answer")

    assert await _press(person, call, "key", key=key) == before


async def test_stop_and_start_by_text(house: FrontDoor) -> None:
    """A STOP from the phone stops its texts, START brings them back, and each is confirmed."""
    person, _ = await house.member()
    text = await house.message("sms")
    desk = Person(person.client)

    async def reply(word: str) -> str:
        await person.client.post(f"/simulator/texts/{text.id}/reply", data={"text": word})
        row = await _row(house, "SELECT COUNT(*) AS n FROM opt_outs")
        await desk.get("/simulator")
        return f"{row['n']} {house.inbox()[-1].text}"

    assert (await reply("please stop by")).startswith("0 ")
    assert await reply(" Stop. ") == "1 You get no more texts here. Reply START to get them again."
    await person.press("Sign out")
    await house.password(person)
    assert "Text START to us" in person.text
    assert await reply("START") == "0 You get texts here again. Reply STOP to stop them."
