"""A person who reads Spanish, in a browser that speaks something else, from sign-up to a text."""

import pytest
from playwright.sync_api import expect

from tests.e2e.running_house import RunningHouse
from tests.e2e.visitor import EMAIL, PHONE, Arrive
from tests.front_door import PASSWORD
from tests.languages.shipped import CATALOGUES

pytestmark = pytest.mark.browser


def say(text: str) -> str:
    return CATALOGUES.words("es").gettext(text)


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
def test_a_language_is_chosen_and_kept(
    arrive: Arrive, house: RunningHouse, javascript: bool
) -> None:
    """Chosen on the first page, Spanish is on every page, in the mail and in the text."""
    visitor = arrive(javascript=javascript)
    visitor.open("/sign-up")
    visitor.press("Español")
    visitor.is_at("/sign-up")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "es")
    visitor.sees(say("Create your account"))

    visitor.type(say("Name"), "Ada Lovelace")
    visitor.type(say("E-mail"), EMAIL)
    visitor.type(say("Password"), PASSWORD)
    visitor.press(say("Create account"))
    mail = house.message("email", to=EMAIL)
    assert say("to confirm your address") in str(mail["subject"])
    visitor.type(say("Six-digit code"), str(mail["code"]))
    visitor.press(say("Verify"))
    visitor.is_at("/set-up")

    visitor.open("/set-up/phone")
    visitor.field(say("Country")).select_option("GB")
    visitor.type(say("Phone number"), PHONE)
    visitor.press(say("Send code by text message"))
    text = house.message("sms")
    said = str(text["text"]).splitlines()[0]
    assert said.startswith(f"{text['code']} es ")
    visitor.open("/simulator")
    visitor.sees(say("Simulated: nothing leaves this machine."))
    expect(visitor.page.get_by_text(said).first).to_have_attribute("lang", "es")
    assert visitor.faults == []
