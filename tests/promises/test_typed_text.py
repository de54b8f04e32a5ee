"""Bad input gets a clear answer and loses nothing but secrets."""

import pytest

from tests.front_door import PASSWORD, FrontDoor

NAMES = {"long": "a" * 201, "wide": "م" * 201, "emoji": "😀" * 201, "very long": "名" * 2000}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
async def test_name_that_is_too_long_is_said_and_kept(house: FrontDoor, name: str) -> None:
    """However long the text, the refusal arrives and the beginning of it is kept."""
    person = house.browser()
    await person.get("/sign-up")

    await person.press("Create account", name=name, email="ada@example.com", password=PASSWORD)

    assert "Use a name of at most 200 characters" in person.text
    kept = person.form("Create account")[0].fields
    assert name.startswith(kept["name"])
    assert len(kept["name"]) >= 100
    assert kept["email"] == "ada@example.com"
    assert "password" not in kept or kept["password"] == ""


async def test_notice_is_gone_after_the_next_form(house: FrontDoor) -> None:
    """Back and reload stay clean: a refusal is shown until something else is sent."""
    person = house.browser()
    await house.password(person)
    assert "E-mail or password is not right" in person.text
    await person.get("/sign-in")
    assert "E-mail or password is not right" in person.text

    await person.press("Sign in", email="ada", password="x")

    assert "E-mail or password is not right" not in person.text
    assert "Enter an e-mail address" in person.text


async def test_notice_of_another_browser_is_nothing(house: FrontDoor) -> None:
    """A refusal's cookie says something in its own browser only."""
    person, other = house.browser(), house.browser()
    await house.password(person)
    stolen = person.client.cookies["notice"]
    await other.get("/sign-in")

    other.client.cookies.set("notice", stolen)
    await other.get("/sign-in")

    assert "E-mail or password is not right" not in other.text
