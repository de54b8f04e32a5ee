"""What a person sees of the own sessions, how many there may be, and where no id ever stands."""

import re

import pytest

from tests.attack import rows
from tests.front_door import FrontDoor
from tests.person import Person
from tests.promises.states import STATES, cookie, member
from vestibule.domain.session import SESSIONS_PER_ACCOUNT
from vestibule.web.doors import DOORS

pytestmark = pytest.mark.anyio


async def test_the_oldest_session_makes_room(house: FrontDoor) -> None:
    """SE-08: twenty sessions at once; the next sign-in ends the oldest, and only that."""
    ada = await member(house)
    others = [await ada.sign_in() for _ in range(SESSIONS_PER_ACCOUNT)]

    live = await rows(house, "SELECT id FROM sessions")
    await ada.person.get("/")
    await others[0].get("/")
    await others[-1].get("/")

    assert len(live) == SESSIONS_PER_ACCOUNT
    assert ada.person.path == "/sign-in"
    assert (others[0].path, others[-1].path) == ("/", "/")


async def test_sessions_say_where_when_and_by_what(house: FrontDoor) -> None:
    """SE-08: each session is listed with browser, network, time and the factor that opened it."""
    ada = await member(house)
    phone = house.browser(source="198.51.100.23", agent="Mozilla/5.0 (iPhone) Safari/605")
    await ada.sign_in(phone)

    await ada.person.get("/sessions")

    said = ada.person.text
    assert "198.51.100.23" in said
    assert "Safari" in said
    assert re.search(r"\d{1,2} \w{3} \d{4}, \d\d:\d\d UTC", said)


@pytest.mark.parametrize("state", STATES)
async def test_no_address_holds_an_id(house: FrontDoor, state: str) -> None:
    """SE-10: at every point of the way in no link, form or redirect carries a token of a cookie."""
    person: Person = await STATES[state](house)
    await person.get("/help")
    tokens = [one.value for one in person.client.cookies.jar]
    assert tokens

    for door in DOORS:
        if door.get is None or "{" in door.path:
            continue
        response = await person.client.get(door.path)
        places = re.findall(r'(?:href|action|src)="([^"]*)"', response.text)
        places.append(response.headers.get("location", ""))
        assert not [one for one in places if any(token in one for token in tokens)], door.path
    assert cookie(person, "visit")


async def test_no_door_takes_a_password_for_somebody_else(house: FrontDoor) -> None:
    """PW-09: nobody gives anybody a password: each form that takes one is the person's own."""
    ada = await member(house)
    await ada.step_up()
    found = set()
    for door in DOORS:
        if door.get is None or "{" in door.path:
            continue
        for state_of in (ada.person, house.browser()):
            await state_of.get(door.path)
            for form in state_of.page.forms:
                if {"password", "new_password"} & set(form.fields):
                    found.add(state_of.path)
                    assert not {"account", "account_id", "user"} & set(form.fields)

    inside = {"/settings/confirm", "/settings/password", "/settings/close/confirm"}
    assert found <= {"/sign-up", "/sign-in", *inside}
