"""The person's own copy: theirs only, 90 days, and provable by anybody who has the format."""

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from typer.testing import CliRunner

from tests.attack import rows
from tests.databases import Store
from tests.front_door import FrontDoor, front_door
from tests.journal.chains import tamper
from tests.leaks import watching
from tests.person import Person
from vestibule.cli.main import app
from vestibule.domain.event import EventName
from vestibule.flows import history
from vestibule.web.activity_wording import SENTENCES

pytestmark = pytest.mark.anyio

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "journal.md"


async def copy_of(person: Person) -> str:
    response = await person.client.get("/activity/download")
    assert response.status_code == 200, response.text
    assert re.fullmatch(
        r'attachment; filename="security-activity-\d{4}-\d\d-\d\d\.jsonl"',
        response.headers["content-disposition"],
    )
    assert response.headers["cache-control"] == "no-store"
    return response.text


async def published(house: FrontDoor) -> dict[str, Any]:
    """What anybody gets, who is not known to the house."""
    response = await house.browser().client.get("/.well-known/vestibule-journal.json")
    return dict(response.json())


def is_whole(copy: str, keys: dict[str, Any]) -> bool:
    """The documented format, by hand: shares nothing with the package."""
    lines = copy.splitlines()
    statement, signed = json.loads(lines[0]), json.loads(lines[1])
    (public,) = [one["public_key"] for one in keys["keys"] if one["id"] == signed["key"]]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
    try:
        key.verify(base64.b64decode(signed["signature"]), lines[0].encode("ascii"))
    except InvalidSignature:
        return False
    link = statement["after"]["link"]
    for number, line in enumerate(lines[2:], statement["after"]["seq"] + 1):
        link = hashlib.sha256((link + "\n" + line).encode("ascii")).hexdigest()
        if json.loads(line)["seq"] != number:
            return False
    return bool(link == statement["head"]["link"] and statement["rows"] == len(lines) - 2)


async def test_a_copy_is_proven_by_the_documented_format(
    either_house: FrontDoor, tmp_path: Path
) -> None:
    """AU-06: a download verifies by an independent reading of the format, by our command, and by
    the shell script of the reference, each with the published key."""
    person, _ = await either_house.member()
    copy, keys = await copy_of(person), await published(either_house)

    (account,) = await rows(either_house, "SELECT id FROM accounts")
    statement = json.loads(copy.splitlines()[0])
    assert statement["account"] == account["id"]
    assert statement["issuer"] == "http://localhost"
    assert statement["after"] == {"link": "0" * 64, "seq": 0}
    assert is_whole(copy, keys)
    command, script = said_by_command(copy, keys, tmp_path), said_by_script(copy, keys, tmp_path)
    assert command == (
        0,
        f"whole    {statement['rows']} rows of {account['id']}, as of {statement['at']}\n",
    )
    assert script == (0, f"whole: {statement['rows']} rows")  # fmt: skip


def said_by_command(copy: str, keys: dict[str, Any], folder: Path) -> tuple[int, str]:
    file, key = folder / "copy.jsonl", folder / "keys.json"
    file.write_text(copy)
    key.write_text(json.dumps(keys))
    result = CliRunner().invoke(app, ["journal", "verify", "--file", str(file), "--key", str(key)])
    return result.exit_code, result.output


def said_by_script(copy: str, keys: dict[str, Any], folder: Path) -> tuple[int, str]:
    (script,) = re.findall(r"```sh\n(.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    (folder / "check.sh").write_text(script)
    file = folder / "copy.jsonl"
    file.write_text(copy)
    done = subprocess.run(
        ["sh", str(folder / "check.sh"), str(file), keys["keys"][0]["public_key"]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, (done.stdout.strip().splitlines() or [""])[-1]


FORGED: dict[str, Callable[[list[str]], list[str]]] = {
    "edited": lambda lines: [*lines[:4], lines[4].replace("success", "failure"), *lines[5:]],
    "first": lambda lines: [*lines[:2], *lines[3:]],
    "middle": lambda lines: [*lines[:5], *lines[6:]],
    "last": lambda lines: lines[:-1],
    "swapped": lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
    "twice": lambda lines: [*lines, lines[-1]],
    "statement": lambda lines: [lines[0].replace("localhost", "elsewhere"), *lines[1:]],
    "nothing": lambda _: ["", ""],
    "signature": lambda lines: [lines[0], lines[1].replace('"signature":"', '"signature":"AAAA')],
    "key": lambda lines: [lines[0], lines[1].replace('"k1"', '"k9"'), *lines[2:]],
}


@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_copy_is_refused(house: FrontDoor, tmp_path: Path, how: str) -> None:
    """AU-06: a copy with an edited, removed, moved or added line proves nothing, to anybody."""
    person, _ = await house.member()
    copy, keys = await copy_of(person), await published(house)

    forged = "".join(line + "\n" for line in FORGED[how](copy.splitlines()))

    assert forged != copy
    assert said_by_command(forged, keys, tmp_path)[0] == 1
    if how != "key":
        # The script is given its key, so it does not look at the id.
        assert said_by_script(forged, keys, tmp_path)[0] != 0


async def test_everybody_sees_their_own_only(either_house: FrontDoor) -> None:
    """AU-06: whatever is asked for, page and copy are the session's own account's (IDOR)."""
    ada, _ = await either_house.member()
    eve, _ = await either_house.member("eve@example.com", phone="07400 123457")
    found = await rows(either_house, "SELECT id, email FROM accounts")
    ids = {row["email"]: row["id"] for row in found}
    own = ids["eve@example.com"]

    for query in ("", f"?account={ids['ada@example.com']}", f"?chain={ids['ada@example.com']}"):
        lines = (await eve.client.get(f"/activity/download{query}")).text.splitlines()[2:]
        assert {json.loads(line)["chain"] for line in lines} == {own}
        assert {json.loads(line)["account"] for line in lines} == {own}
    await ada.get("/")
    await ada.press("Sign out")
    for path in ("/activity", "/activity/download"):
        response = await ada.client.get(path)
        assert (response.status_code, response.headers["location"]) == (303, "/sign-in")


async def test_ninety_days_are_shown_and_given(either_house: FrontDoor) -> None:
    """AU-06: what is 91 days old is neither on the page nor in the copy, which verifies still."""
    person, _ = await either_house.member()
    before = len((await copy_of(person)).splitlines())
    await either_house.let_time_pass(seconds=91 * 86_400)
    await either_house.sign_in(person)

    copy = await copy_of(person)
    await person.get("/activity")

    statement = json.loads(copy.splitlines()[0])
    assert statement["after"]["seq"] == before - 2
    assert len(copy.splitlines()) < before
    assert is_whole(copy, await published(either_house))
    assert "You signed in" in person.text
    assert "Your account was made" not in person.text


async def test_pages_show_every_entry_once(house: FrontDoor) -> None:
    """AU-06: the pages from the newest to the oldest show each entry of the copy once."""
    person, _ = await house.member()
    for _ in range(6):
        await person.get("/")
        await person.press("Sign out")
        await house.let_time_pass(seconds=600)
        await house.sign_in(person)
    entries = [json.loads(line) for line in (await copy_of(person)).splitlines()[2:]]

    shown: list[str] = []
    await person.get("/activity")
    while True:
        shown += re.findall(
            r'class="row-title">(?:<svg.*?</svg> )?(.*?)</h2>', person.response.text
        )
        if not any(text == "Older" for text, _ in person.page.links):
            break
        await person.follow("Older")

    assert len(entries) > history.PAGE + 10
    assert shown == [SENTENCES[EventName(one["event"])] for one in reversed(entries)]


@pytest.mark.parametrize("before", ["x", "-1", "1" * 19, "", "\u0661"])
async def test_no_other_page(house: FrontDoor, before: str) -> None:
    """A page that cannot be is not there."""
    person, _ = await house.member()
    await person.get("/activity", params={"before": before})

    assert person.status == 404


def test_every_event_has_its_sentence() -> None:
    """Whatever happens to an account, its owner reads a sentence, not an id."""
    assert set(SENTENCES) == set(EventName)


async def test_a_copy_holds_no_secret(house: FrontDoor) -> None:
    """AU-02: no code, number, address or token of a walk is in the person's copy or on the page."""
    person, _ = await house.member()
    await house.password(house.browser(), password="not the lantern")
    house.alarm.receive(house.inbox())
    copy = await copy_of(person)

    assert len(house.alarm.kinds) > 10
    assert house.alarm.hits("the copy", copy) == []


async def test_nothing_is_signed_over_a_broken_head(store: Store, tmp_path: Path) -> None:
    """AU-05: where the head is not ours there is no copy, and the log names the fault."""
    async with front_door(store.open(), tmp_path) as house:
        person, _ = await house.member()
        await tamper(store, "UPDATE journal_heads SET moved_at = 1")

        with watching() as alarm:
            response = await person.client.get("/activity/download")

            assert response.status_code == 500
            assert "JournalBroken" in {line.get("error") for line in alarm.lines()}


async def test_a_copy_of_a_broken_chain_proves_nothing(store: Store, tmp_path: Path) -> None:
    """AU-06: a copy made after a row was edited does not verify: it shows that it was."""
    async with front_door(store.open(), tmp_path) as house:
        person, _ = await house.member()
        await tamper(store, "UPDATE events SET source = '198.51.100.77' WHERE seq = 3")

        assert not is_whole(await copy_of(person), await published(house))


async def test_looking_changes_nothing(house: FrontDoor) -> None:
    """R7: page, copy and keys are only looked at: not a row is written."""
    person, _ = await house.member()
    before = await rows(house, "SELECT * FROM journal_heads ORDER BY chain")

    await person.get("/activity")
    await copy_of(person)
    await published(house)

    assert await rows(house, "SELECT * FROM journal_heads ORDER BY chain") == before
