"""The pages of passkeys, as a part of the tour; no test lives here."""

from collections.abc import Iterator
from datetime import timedelta

from tests.e2e.passkey_device import Device
from tests.e2e.visitor import Visitor

Stop = tuple[str, Visitor]


def tour_of_passkeys(visitor: Visitor) -> Iterator[Stop]:
    """From a member by text to one whose changes ask for a passkey."""
    house, email = visitor.house, "hedy@example.com"
    visitor.sign_up(email, name="Hedy Lamarr")
    visitor.follow("Passkey")
    yield "passkey, set-up", visitor
    visitor.open("/set-up")
    visitor.set_up_phone()
    visitor.press("Sign out")
    house.clock.advance(timedelta(minutes=1))
    visitor.give_password(email)
    visitor.verify(house.code("sms"))
    yield "dashboard, a passkey offered", visitor
    visitor.follow("Add a passkey")
    visitor.press("Send code")
    visitor.verify(house.code("email"))
    yield "passkey, added", visitor
    device = Device(visitor)
    visitor.press("Create a passkey")
    yield "settings, with a passkey", visitor
    visitor.press("Sign out")
    visitor.give_password(email)
    visitor.follow("Try another way")
    yield "methods, with a passkey", visitor
    visitor.choose("Passkey")
    yield "passkey, asked", visitor
    device.verify(verifies=False)
    visitor.button("Use your passkey").click()
    visitor.sees("Nothing came back")
    yield "passkey, nothing came", visitor
    device.verify(verifies=True)
    visitor.press("Use your passkey")
    house.clock.advance(timedelta(minutes=11))
    visitor.open("/settings/password")
    visitor.press("Send code")
    visitor.verify(house.code("email"))
    yield "confirm, by passkey", visitor
    visitor.open("/settings/close/confirm")
    yield "closing, by passkey", visitor
