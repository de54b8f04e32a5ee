"""Every page in every language: nothing on it is English that could be said otherwise."""

import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.databases import sqlite_database
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.languages.shipped import PSEUDO, TRANSLATED, forms, sentences, template, write_pseudo
from tests.person import Person
from tests.promises.states import STATES, Reach, put_cookie, reset_code, rows
from vestibule.catalogues import SHIPPED, Catalogues
from vestibule.domain.language import folder_of, native_name
from vestibule.web.doors import DOORS

pytestmark = pytest.mark.anyio


async def signing_up(house: FrontDoor) -> Person:
    """The form was sent, and the mailed code is asked for."""
    person = house.browser()
    await person.get("/sign-up")
    await person.press("Create account", name="Ada", email="new@example.com", password=PASSWORD)
    return person


async def texted(house: FrontDoor) -> Person:
    """A number was given, and its code is on the way."""
    person = house.browser()
    await house.sign_up(person, "texted@example.com")
    await person.get("/set-up/phone")
    await person.press("Send code by text message", country="GB", phone="07400 123456")
    return person


REACHES: dict[str, Reach] = {
    **STATES,
    **{one.__name__: one for one in (signing_up, texted, reset_code)},
}
DATA = re.compile(
    # What a person typed, the operator's name, and what is written alike in every language.
    r"Vestibule|Ada\b|Phone app|Authenticator|\S+@\S+|\S+•\S*|localhost\S*|http\S+|UTC\b"
    r"|otpauth\S*|\b(?:[A-Z0-9]{4} ?)+\b|\b[A-Z]{2}-[0-9][A-Z]\b|2FA|203\.0\S+"
    r"|\d+ \w{3,4} \d{4}|\+44 [\d ]+",
)
SAID_IN = {"aria-label", "title", "alt", "placeholder", "data-done", "data-hide", "data-in"}


class Shown(HTMLParser):
    """What a page says: its texts and the attributes that are read out or shown by scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._within: list[str] = []
        # A time stands within its sentence, which is read as a whole.
        self.feed(re.sub(r"</?time\b[^>]*>", "", html))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said += [value for name, value in attrs if name in SAID_IN and value]
        if tag in {"script", "style", "option"}:
            self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._within:
            self.said.append(" ".join(data.split()))


@pytest.fixture
def catalogues(tmp_path: Path) -> Catalogues:
    """The shipped languages, and the one that puts every sentence into brackets."""
    found = write_pseudo(tmp_path / "locale")
    for tag in TRANSLATED:
        shutil.copytree(SHIPPED / folder_of(tag), found.folder / folder_of(tag))
    return found


@pytest.mark.parametrize("state", REACHES)
async def test_no_page_says_english_elsewhere(
    state: str, tmp_path: Path, catalogues: Catalogues
) -> None:
    """At each point of the way in, each page that opens is in its language and in no other."""
    over = sqlite_database(tmp_path / "house.db")
    async with front_door(over, tmp_path, catalogues=catalogues) as house:
        person = await REACHES[state](house)
        paths = [path async for path in open_pages(house, person)]
        for path in paths:
            for tag in (PSEUDO, *TRANSLATED):
                put_cookie(person, "language", tag)
                response = await person.client.get(path)
                assert f'<html lang="{tag}"' in response.text, path
                said = Shown(response.text).said
                found = bare(said) if tag == PSEUDO else english(said, tag, catalogues)
                assert list(found) == [], f"{path} in {tag}"
    await over.close()


async def open_pages(house: FrontDoor, person: Person):  # type: ignore[no-untyped-def]  # as it is
    """The pages that answer here; the one that would use up what it shows comes last."""
    apps = [row["id"] for row in await rows(house, "authenticators") if row["kind"] == "totp"]
    for door in sorted(DOORS, key=lambda one: "recovery-code" in one.path):
        if door.get is None or ("{" in door.path and "{app_id}" not in door.path):
            continue
        path = door.path.replace("{app_id}", str(apps[-1]) if apps else "none")
        response = await person.client.get(path)
        kind = response.headers.get("content-type", "")
        if response.status_code == 200 and kind.startswith("text/html"):
            yield path


def bare(said: list[str]) -> Iterator[str]:
    """Words of a page in brackets that stand outside of any."""
    for text in said:
        left = text
        while "⟦" in left and (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", left)) != left:
            left = inner
        # A sentence that is broken by markup has its brackets in other parts.
        if "⟦" in left or "⟧" in left or text in NAMES:
            continue
        if re.search(r"[A-Za-z]{2,}", DATA.sub("", left)):
            yield text


NAMES = {native_name(tag) for tag in ("en", PSEUDO, *TRANSLATED)}


def english(said: list[str], tag: str, catalogues: Catalogues) -> Iterator[str]:
    """English sentences on a page of a language that has its own for them."""
    words = catalogues.words(tag)
    page = " ".join(said)
    for message in sentences(template()):
        for text in forms(message.id):
            longest = max(re.split(r"%\(\w+\)[sd]|%s|%%", text), key=len).strip()
            translated = words.gettext(text)
            # A single word is looked for by itself: it may be a part of another language's.
            is_there = longest in page if " " in longest else text in said
            if is_there and longest not in translated:
                yield text
