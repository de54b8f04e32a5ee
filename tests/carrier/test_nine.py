"""The key 9 ends what the code was for, whatever that is, and leaves everything else."""

import pytest

from tests.carrier.posting import Carriers, keys_of

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
