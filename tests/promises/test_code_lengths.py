"""An operator chooses eight digits, and another digest for apps; what is set up stays as it was."""

import re
import subprocess
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from tests.attack import count, wrong
from tests.front_door import START, FrontDoor, front_door
from tests.person import Person
from tests.promises.states import rows
from vestibule.clock import ManualClock
from vestibule.domain import totp
from vestibule.domain.totp import Algorithm, Parameters
from vestibule.storage.database import Database

ADA = "ada@example.com"
EIGHT: dict[str, object] = {"code_digits": 8, "app_digits": 8, "app_algorithm": "SHA256"}
CODES = re.compile(r"\b\d{6,10}\b")


@pytest.fixture
async def eight(database: Database, tmp_path: Path) -> AsyncIterator[FrontDoor]:
    """A house with codes of eight digits, on each database."""
    async with front_door(database, tmp_path, settings=EIGHT) as house:
        yield house


def shown_by_oathtool(house: FrontDoor, person: Person, *, steps: int = 0) -> str:
    """What an app that is not ours shows, made from the link on the page."""
    link = unescape(person.shown(r'href="(otpauth:[^"]+)"'))
    said = dict(one.split("=") for one in link.partition("?")[2].split("&"))
    at = int(house.clock().timestamp()) + 30 * steps
    how = (f"--totp={said['algorithm']}", f"--digits={said['digits']}", "-b", "-N", f"@{at}")
    done = subprocess.run(["oathtool", *how, said["secret"]], capture_output=True, check=True)
    return done.stdout.decode().strip()


def asks_for(person: Person, words: str, digits: int) -> None:
    """The field says its length, and takes a space or dash between every two digits."""
    field = re.search(r'<input id="code"[^>]*>', person.response.text)
    assert field is not None
    assert f'maxlength="{2 * digits - 1}"' in field[0]
    for said in ('inputmode="numeric"', 'autocomplete="one-time-code"', r'pattern="[0-9 \-]*"'):
        assert said in field[0]
    assert words in person.text
    assert "ix-digit" not in person.text


async def test_eight_digits_by_text_and_call(eight: FrontDoor) -> None:
    """OC-01: mails, texts and calls carry eight digits, and every page says so."""
    person = eight.browser()
    await person.get("/sign-up")
    await person.press("Create account", name="Ada", email=ADA, password="a lantern in the porch")
    assert "We sent an eight-digit code" in person.text
    asks_for(person, "Eight-digit code", 8)
    code = await eight.code("email")
    assert len(code) == 8
    await person.press("Verify", code=code[:6])
    assert "The code has 8 digits. Some are missing." in person.text
    await person.press("Verify", code=code)
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")
    assert "We texted an eight-digit code" in person.text
    asks_for(person, "Eight-digit code", 8)
    text = (await eight.message("sms")).text
    assert text.splitlines()[-1] == f"@localhost #{await eight.code('sms')}"
    assert len(text) <= 160
    assert {len(found) for found in CODES.findall(text)} == {8}
    await person.press("Verify", code=await eight.code("sms"))
    await eight.save_recovery_code(person)
    await person.press("Sign out")

    for channel, button in (("sms", ""), ("voice", "Call me instead")):
        eight.clock.advance(seconds=60)
        person = eight.browser()
        await eight.password(person)
        if button:
            eight.clock.advance(seconds=60)
            await person.press(button)
        asks_for(person, "Eight-digit code", 8)
        typed = await eight.code(channel)
        assert len(typed) == 8
        await person.press("Verify", code=f"{typed[:4]} {typed[4:]}")
        assert person.path == "/", person.text
    await person.get("/settings")
    assert "We send an eight-digit code" in person.text
    await person.press("Send code")
    asks_for(person, "Eight-digit code", 8)


async def test_eight_digits_and_sha256_by_app(eight: FrontDoor) -> None:
    """TO-01: link, page and verification say SHA256 and eight digits; oathtool shows the code."""
    person = eight.browser()
    await eight.sign_up(person, ADA)
    await person.press("Authentication app")
    assert "algorithm=SHA256&amp;digits=8&amp;period=30" in person.response.text
    assert "time-based, SHA256, 8 digits." in person.text
    asks_for(person, "Eight-digit code", 8)
    secret = eight.secret_on(person)
    now, later = shown_by_oathtool(eight, person), shown_by_oathtool(eight, person, steps=2)
    await person.press("Verify", code=eight.app_code(secret))
    assert "The code has 8 digits. Some are missing." in person.text
    await person.press("Verify", code=now)
    await eight.save_recovery_code(person)
    await person.press("Sign out")
    eight.clock.advance(seconds=60)

    await eight.password(person)
    asks_for(person, "Eight-digit code", 8)
    await person.press("Verify", code=later)

    assert person.path == "/", person.text


@pytest.mark.parametrize(
    "chosen", [Parameters(Algorithm.SHA512, 6), Parameters(Algorithm.SHA1, 8)], ids=str
)
async def test_app_keeps_what_it_was_made_with(
    database: Database, tmp_path: Path, chosen: Parameters
) -> None:
    """TO-01: settings that change there and back leave every app as it is, wrong clock and all."""
    other: dict[str, object] = {
        "app_algorithm": chosen.algorithm.value,
        "app_digits": chosen.digits,
    }
    made: dict[str, tuple[bytes, Parameters]] = {}
    clock = ManualClock(START)
    for email, settings, how in (
        ("usual@example.com", {}, totp.USUAL),
        ("other@example.com", other, chosen),
        ("again@example.com", {}, totp.USUAL),
    ):
        async with front_door(
            database, tmp_path, settings=settings, clock=clock, seed=email
        ) as house:
            person = house.browser()
            await house.sign_up(person, email)
            await person.press("Authentication app")
            made[email] = (house.secret_on(person), how)
            await person.press("Verify", code=shown_by_oathtool(house, person))
            await house.save_recovery_code(person)
            for known, (secret, with_) in made.items():
                house.clock.advance(seconds=60)
                other_browser = house.browser()
                await house.password(other_browser, known)
                await other_browser.press("Verify", code=code_of(house, secret, with_))
                assert other_browser.path == "/", other_browser.text
    (secret, how) = made["other@example.com"]
    async with front_door(database, tmp_path, clock=clock, seed="last") as house:
        house.clock.advance(seconds=3600)
        person = house.browser()
        await house.password(person, "other@example.com")
        await person.press("Verify", code=code_of(house, secret, how, steps=6))
        assert "180 seconds" in person.text, person.text
        ahead = [code_of(house, secret, how, steps=by) for by in (7, 8)]
        await person.press("Verify", code=ahead[0], next_code=ahead[1])
        assert person.path == "/", person.text


def code_of(house: FrontDoor, secret: bytes, how: Parameters, *, steps: int = 0) -> str:
    return how.code(secret, totp.step_at(house.clock()) + steps)


async def test_guesses_at_eight_digits_count(eight: FrontDoor) -> None:
    """OC-01, RL-05: a wrong guess at eight digits, texted or shown, costs what one at six does.

    Past twenty of one password a sent code has ten digits still.
    """
    person = eight.browser()
    await eight.sign_up(person, ADA)
    await eight.set_up_phone(person)
    guesser = person
    for turn in range(4):
        guesser = eight.browser(source=f"198.51.100.{turn}")
        eight.clock.advance(seconds=3600)
        await eight.password(guesser)
        for by in range(5):
            await guesser.press("Verify", code=wrong(await eight.code("sms"), by=by + 1))
    assert await count(eight, "strikes") == 20
    assert {row["digits"] for row in await rows(eight, "strikes")} == {8}
    (account,) = await rows(eight, "accounts")
    assert account["new_password_required_at"] is not None

    eight.clock.advance(seconds=3600)
    await eight.password(guesser)
    asks_for(guesser, "Ten-digit code", 10)
    assert len(await eight.code("sms")) == 10


async def test_code_of_before_the_change_counts(database: Database, tmp_path: Path) -> None:
    """OC-01: six digits that are on their way when eight are chosen are taken, and asked for."""
    async with front_door(database, tmp_path) as house:
        await house.member()
        person = house.browser()
        await house.password(person)
        code = await house.code("sms")
        async with front_door(database, tmp_path, settings=EIGHT, clock=house.clock) as later:
            house.built = later.built
            await person.get("/sign-in/code")
            assert 'maxlength="11"' in person.response.text
            assert "Six-digit code" in person.text
            await person.press("Verify", code=code)
            assert person.path == "/", person.text
