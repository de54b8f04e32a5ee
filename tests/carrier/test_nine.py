"""The key 9 ends what the code was for, whatever that is, and leaves everything else."""

from collections import Counter

import pytest

from tests.attack import journal
from tests.carrier.posting import Carriers, keys_of
from vestibule.domain.tolls import hour_of
from vestibule.flows.alarms import raise_at_most
from vestibule.flows.calls import CARRIER, MOST_DENIED_ALARMS
from vestibule.flows.work import Work, work

pytestmark = pytest.mark.anyio


async def _deny(carriers: Carriers) -> str:
    """Answer the call that waits, and press 9; its code."""
    await carriers.drain()
    message = carriers.recorder.messages[-1]
    first = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")
    await carriers.twilio(keys_of(first), Digits="9")
    return str(message.code)


async def _count(carriers: Carriers, table: str) -> int:
    row = await carriers.house.database.read(
        lambda tx: tx.fetch_one(f"SELECT COUNT(*) AS n FROM {table}")  # noqa: S608 - our own names
    )
    assert row is not None
    return int(row["n"])


async def test_nine_ends_a_reset(carriers: Carriers) -> None:
    """A refused call of a reset ends that reset; the password stays, and a mail says so."""
    await carriers.house.member()
    other = carriers.house.browser(source="203.0.113.12")
    await other.get("/forgot-password")
    await other.press("Send code", email="ada@example.com")
    code = await carriers.house.code("email", to="ada@example.com")
    carriers.house.clock.advance(seconds=60)
    await other.press("Verify", code=code)
    await carriers.drain()
    carriers.house.clock.advance(seconds=60)
    await other.press("Call me instead")

    code = await _deny(carriers)
    await other.press("Verify", code=code)

    assert await _count(carriers, "resets") == 0
    assert other.path == "/forgot-password", other.text
    mail = await carriers.house.message("email", to="ada@example.com")
    assert mail.purpose == "call_denied"


async def test_nine_ends_an_enrollment_alone(carriers: Carriers) -> None:
    """A refused call of a set-up takes the number back; the person may type another one."""
    person = carriers.house.browser()
    await carriers.house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Call me", country="GB", phone="07400 123456")

    code = await _deny(carriers)
    assert await _count(carriers, "enrollments") == 0
    assert await _count(carriers, "sign_ins") == 1
    await person.press("Verify", code=code)

    assert await _count(carriers, "authenticators") == 0


async def test_nine_ends_the_session_that_wants_a_change(carriers: Carriers) -> None:
    """A refused call before a change ends the session that asked; the account keeps its number."""
    house, person = carriers.house, carriers.house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up/phone")
    await person.press("Call me", country="GB", phone="07400 123456")
    await carriers.drain()
    await person.press("Verify", code=str(carriers.recorder.messages[-1].code))
    await house.save_recovery_code(person)
    house.clock.advance(seconds=11 * 60)
    await house.open_settings(person)
    await person.get("/settings/confirm")
    await person.press("Call me")

    await _deny(carriers)

    assert await _count(carriers, "sessions") == 0
    assert await _count(carriers, "authenticators") == 1
    await person.get("/settings")
    assert person.path == "/sign-in", person.text


# --- the operator hears of it --------------------------------------------------------------------


async def test_each_accounts_nine_raises_an_alarm(carriers: Carriers) -> None:
    """Of three accounts in one hour each is told to the operator, once, with its country."""
    people = [carriers.house.browser(source=f"203.0.113.{one}") for one in range(20, 23)]
    for number, person in enumerate(people):
        await carriers.house.sign_up(person, f"ada{number}@example.com")
        await person.get("/set-up/phone")
        await person.press("Call me", country="GB", phone=f"07400 12345{number}")
        await _deny(carriers)
    await people[0].get("/set-up/phone")
    await people[0].press("Call me", country="GB", phone="07400 123459")
    await _deny(carriers)

    found = [one.details for one in await journal(carriers.house, "alarm_raised")]
    denied = [one.account_id for one in await journal(carriers.house, "call_denied")]
    assert len(denied) == 4
    assert all(denied)
    assert len(found) == 3
    assert {one["alarm"] for one in found} == {"call_denied"}
    assert {one["account"] for one in found} == set(denied)
    assert {one["country"] for one in found} == {"GB"}


async def test_alarms_of_nine_are_bounded(carriers: Carriers) -> None:
    """Past ten accounts in an hour one last alarm says that there are more; the next hour anew."""

    async def raise_all(one: Work) -> None:
        for number in range(MOST_DENIED_ALARMS + 5):
            await raise_at_most(
                one,
                MOST_DENIED_ALARMS,
                "call_denied",
                hour_of(one.now),
                account=f"account-{number}",
                country="GB",
            )

    for _ in range(2):
        await work(carriers.house.built.means, CARRIER, raise_all)
        carriers.house.clock.advance(seconds=3600)

    raised = Counter(one.details["alarm"] for one in await journal(carriers.house, "alarm_raised"))
    assert raised == {"call_denied": 2 * MOST_DENIED_ALARMS, "call_denied_many": 2}
