"""The person sees where the message is, and why it did not arrive, with the next step."""

import asyncio
from datetime import timedelta

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from vestibule.crypto.keyring import Purpose as KeyPurpose
from vestibule.domain.delivery import Fault
from vestibule.storage import outbox, throttles
from vestibule.storage.database import Transaction
from vestibule.web.wording import CALL_FAILED, NOT_ARRIVED

pytestmark = pytest.mark.anyio


async def _asked(house: FrontDoor, phone: str = "07400 123456") -> Person:
    """A browser at the wall that has asked for a text which still waits."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone=phone)
    return person


async def _line(person: Person) -> dict[str, object]:
    """What the page's small poll gets."""
    response = await person.client.get("/set-up/phone/delivery")
    assert response.status_code == 200
    found: dict[str, object] = response.json()
    return found


async def _handed_over(house: FrontDoor, *, then: Fault | None = None) -> None:
    """The newest message is taken by a carrier, and then perhaps reported as lost."""

    async def unit(tx: Transaction) -> None:
        row = await tx.fetch_one("SELECT id, attempts FROM outbox WHERE channel <> 'email'")
        assert row is not None
        now = house.clock()
        await tx.execute(
            "UPDATE outbox SET handed_over_at = :at, provider = 'x', reference = 'y'"
            " WHERE id = :id",
            at=now,
            id=row["id"],
        )
        if then is not None:
            assert await outbox.undeliver(tx, row["id"], reason=then, now=now)

    await house.database.transact(unit)


async def test_line_says_how_far_the_message_came(house: FrontDoor) -> None:
    """Written, handed to the carrier, delivered: each with its time, on page and poll."""
    person = await _asked(house)
    assert await _line(person) == {
        "written": "10:00 UTC",
        "handed_over": None,
        "delivered": None,
        "refused": None,
        "slow": False,
    }

    house.clock.advance(seconds=60)
    await house.deliver()

    line = await _line(person)
    assert (line["handed_over"], line["delivered"]) == ("10:01 UTC", "10:01 UTC")
    await person.get("/set-up/phone/code")
    assert "Handed to the carrier 10:01 UTC Delivered 10:01 UTC" in person.text


async def test_call_is_offered_first_after_twenty_seconds(house: FrontDoor) -> None:
    """Twenty seconds without a receipt, and Call me instead becomes the prominent button."""
    person = await _asked(house)
    await _handed_over(house)

    house.clock.advance(seconds=19)
    assert (await _line(person))["slow"] is False
    house.clock.advance(seconds=1)
    assert (await _line(person))["slow"] is True
    await person.get("/set-up/phone/code")

    assert 'class="waiting slow"' in person.response.text
    assert person.form("Call me instead")


async def test_line_is_live_without_a_script(house: FrontDoor) -> None:
    """Without JavaScript a link shows the page anew, until the message has arrived."""
    person = await _asked(house)
    await person.get("/set-up/phone/code")
    assert "Look where it is now" in person.text

    await house.deliver()
    await person.get("/set-up/phone/code")

    assert "Look where it is now" not in person.text


@pytest.mark.parametrize("fault", list(Fault))
async def test_page_says_why_a_text_did_not_arrive(house: FrontDoor, fault: Fault) -> None:
    """Each reason has a sentence with the next step, and none repeats a provider's words."""
    person = await _asked(house)

    await _handed_over(house, then=fault)

    said = NOT_ARRIVED.get(fault, NOT_ARRIVED[Fault.NO_ROUTE])
    assert (await _line(person))["refused"] == said
    await person.get("/set-up/phone/code")
    assert said in person.text
    assert "Use an authentication app" in person.text


@pytest.mark.parametrize("fault", list(CALL_FAILED))
async def test_page_says_why_a_call_did_not_get_through(house: FrontDoor, fault: Fault) -> None:
    """A busy line, nobody there: the same for calls, in their own words."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Call me", country="GB", phone="07400 123456")

    await _handed_over(house, then=fault)

    assert (await _line(person))["refused"] == CALL_FAILED[fault]


async def test_reload_and_wrong_code_never_send(house: FrontDoor) -> None:
    """A reload, the poll and a wrong code send nothing; only Resend does, after its timer."""
    person = await _asked(house)
    await house.deliver()
    sent = len(house.inbox())

    for _ in range(3):
        await person.get("/set-up/phone/code")
        await _line(person)
    await person.press("Verify", code="000000")
    await person.press("Verify", code="12345")
    await house.deliver()

    assert len(house.inbox()) == sent


# --- a call in the place of a text that did not arrive ------------------------------------------

UNREACHED = "07400 120003"


async def _calls(house: FrontDoor) -> int:
    await house.deliver()
    return len([one for one in house.inbox() if one.channel == "voice"])


async def test_call_opens_at_once_where_the_text_failed(either_house: FrontDoor) -> None:
    """OC-09: nobody waits for the timer of a text that did not arrive; the call is on its way."""
    person = await _asked(either_house, UNREACHED)
    await either_house.deliver()
    await person.get("/set-up/phone/code")

    await person.press("Call me instead")

    assert await _calls(either_house) == 1
    assert "We are calling" in person.text


LOST = "07400 120004"
"""Its texts are taken, and nothing is heard of them."""


async def test_call_waits_while_the_text_may_arrive(either_house: FrontDoor) -> None:
    """OC-09: for twenty seconds without a receipt a call has the timer of every resend; not after.

    product.md C.4: from then on a call instead is offered, so it is no more than a press away.
    """
    person = await _asked(either_house, LOST)
    await either_house.deliver()
    await person.get("/set-up/phone/code")
    assert _wait(person) > 0

    either_house.clock.advance(seconds=19)
    await person.press("Call me instead")
    assert await _calls(either_house) == 0
    assert "You can send another from" in person.text
    either_house.clock.advance(seconds=1)
    await person.get("/set-up/phone/code")
    assert _wait(person) == 0
    await person.press("Call me instead")

    assert await _calls(either_house) == 1
    assert "We are calling" in person.text


async def test_call_waits_beside_a_text_that_arrived(either_house: FrontDoor) -> None:
    """OC-09: a text that is reported delivered leaves a call the timer of every resend."""
    person = await _asked(either_house)
    await either_house.deliver()

    either_house.clock.advance(seconds=29)
    await person.get("/set-up/phone/code")
    assert _wait(person) == 1
    await person.press("Call me instead")

    assert await _calls(either_house) == 0
    assert "You can send another from" in person.text
    either_house.clock.advance(seconds=1)
    await person.press("Call me instead")
    assert await _calls(either_house) == 1


async def test_text_that_still_waits_opens_the_call_too(house: FrontDoor) -> None:
    """OC-09: a text that nobody has taken after twenty seconds is one without a receipt."""
    person = await _asked(house)

    house.clock.advance(seconds=20)
    await person.press("Call me instead")

    assert await _calls(house) == 1


async def test_call_instead_says_the_same_code(house: FrontDoor) -> None:
    """OC-08: the call in the place of a text says that text's code, so the late one works too."""
    person = await _asked(house, LOST)
    await house.deliver()
    before = await _challenges(house)

    house.clock.advance(seconds=20)
    await person.press("Call me instead")
    code = await house.heard()

    assert await _challenges(house) == before
    await person.press("Verify", code=code)
    assert person.path == "/set-up/recovery-code"


async def test_call_instead_takes_from_every_budget(house: FrontDoor) -> None:
    """OC-09, TF-03: only the waiting is left out: after five calls of the day there is no sixth."""
    person = await _asked(house, LOST)
    house.clock.advance(seconds=20)
    bucket = house.built.means.keyring.mac(
        KeyPurpose.THROTTLE, "number-calls-unconfirmed", "+447400120004"
    )

    async def use_up(tx: Transaction) -> None:
        for _ in range(5):
            await throttles.spend(
                tx,
                bucket,
                kind="number-calls-unconfirmed",
                limit=5,
                period=timedelta(days=1),
                now=house.clock(),
            )

    await house.database.transact(use_up)
    await person.press("Call me instead")

    assert await _calls(house) == 0


async def test_call_instead_at_sign_in(house: FrontDoor) -> None:
    """OC-09: the same twenty seconds at a sign-in, also after a later send and its longer timer."""
    person, _ = await house.member()
    await person.press("Sign out")
    house.clock.advance(seconds=60)
    await house.password(person)
    house.clock.advance(seconds=60)
    await person.press("Resend")
    await person.get("/sign-in/code")
    assert _wait(person) == 40

    house.clock.advance(seconds=20)
    await person.get("/sign-in/code")
    assert _wait(person) == 0
    await person.press("Call me instead")

    assert await _calls(house) == 1
    await person.press("Verify", code=await house.heard())
    assert person.path == "/", person.text


async def test_call_instead_before_a_change(house: FrontDoor) -> None:
    """OC-09: the same twenty seconds on the page that asks before a change."""
    person, _ = await house.member()
    house.clock.advance(seconds=11 * 60)
    await house.open_settings(person)
    await person.get("/settings/confirm")
    await person.press("Send code by text message")

    house.clock.advance(seconds=20)
    await person.get("/settings/confirm")
    assert _wait(person) == 0
    await person.press("Call me instead")

    assert await _calls(house) == 1


def _wait(person: Person) -> int:
    """For how many seconds the script keeps the call's button closed."""
    return int(person.shown(r'value="voice" data-wait="(\d+)"'))


async def _challenges(house: FrontDoor) -> list[str]:
    found = await house.database.read(
        lambda tx: tx.fetch_all("SELECT id FROM challenges WHERE purpose = 'enroll'")
    )
    return [str(row["id"]) for row in found]


async def test_call_at_once_is_no_second_one(either_house: FrontDoor) -> None:
    """OC-09: of N requests at the same time one calls, and its failure opens no further call."""
    person = await _asked(either_house, "07400 120015")
    await either_house.deliver()
    action, data = person.filled("Call me instead")

    await asyncio.gather(*(person.client.post(action, data=data) for _ in range(5)))

    async def count() -> int:
        await either_house.deliver()
        row = await either_house.database.read(
            lambda tx: tx.fetch_one("SELECT COUNT(*) AS n FROM outbox WHERE channel = 'voice'")
        )
        assert row is not None
        return int(row["n"])

    assert await count() == 1
    for button in ("Resend", "Text me instead"):
        await person.get("/set-up/phone/code")
        await person.press(button)
    assert await count() == 1


async def test_calls_at_once_are_counted(either_house: FrontDoor) -> None:
    """OC-09, TF-03: only the waiting is left out; five sends are five, calls and texts together."""
    person = await _asked(either_house, UNREACHED)
    for _ in range(3):
        await either_house.deliver()
        await person.get("/set-up/phone/code")
        if "Call me instead" in person.text:
            await person.press("Call me instead")
        either_house.clock.advance(seconds=150)
        await person.get("/set-up/phone/code")
        if "Text me instead" in person.text:
            await person.press("Text me instead")

    row = await either_house.database.read(
        lambda tx: tx.fetch_one("SELECT COUNT(*) AS n FROM outbox WHERE channel <> 'email'")
    )
    assert row is not None
    assert row["n"] == 5
