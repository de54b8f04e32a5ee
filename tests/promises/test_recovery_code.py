"""The recovery code itself: how it looks, that it is kept as a mark, shown once, and replaced."""

import asyncio
import re

import pytest

from tests.front_door import FrontDoor
from tests.person import Person
from tests.plain import plain
from tests.promises.states import Member, copy_of, member, recover, rows, snapshot

SHOWN = r'name="shown" value="([^"]+)"'


async def generated(ada: Member) -> str:
    """A new code on the page of whoever asked for it, with the proofs that it takes."""
    await ada.person.get("/settings/recovery-code/new")
    await ada.person.press("Confirm")
    assert ada.person.path == "/settings/recovery-code", ada.person.text
    return ada.person.shown(SHOWN)


async def works(house: FrontDoor, code: str, email: str) -> bool:
    person = house.browser(source="203.0.113.200")
    await recover(house, person, code, email)
    return person.path == "/set-up/recovery-code"


async def test_code_is_24_symbols_in_six_groups(house: FrontDoor) -> None:
    """RC-01: the code has 24 Crockford symbols, shown as six groups of four, each one another."""
    seen = set()
    for n in range(4):
        person = house.browser()
        await house.sign_up(person, f"person{n}@example.com")
        await person.get("/set-up")
        await person.press("Authentication app")
        await person.press("Verify", code=house.app_code(house.secret_on(person)), app_name="App")
        code = person.shown(SHOWN)
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{24}", code)
        groups = [code[i : i + 4] for i in range(0, 24, 4)]
        assert "-".join(groups) in person.response.text
        seen.add(code)

    assert len(seen) == 4


async def test_code_may_be_typed_as_it_reads(house: FrontDoor) -> None:
    """RC-01: small letters, spaces, dashes, I and L for 1 and O for 0 are the same code."""
    ada = await member(house)
    groups = [ada.recovery_code[i : i + 4] for i in range(0, 24, 4)]
    typed = " - ".join(groups).lower().replace("0", "o").replace("1", "l")

    assert await works(house, typed, ada.email)


async def test_code_stands_nowhere(house: FrontDoor) -> None:
    """RC-02: the database holds a keyed mark of the code and never the code, sealed or not."""
    ada = await member(house)
    dump = repr(await snapshot(house))
    groups = "-".join(ada.recovery_code[i : i + 4] for i in range(0, 24, 4))

    for form in (ada.recovery_code, ada.recovery_code.lower(), groups):
        assert form not in dump
    assert await rows(house, "recovery_code_views") == []
    (code,) = await rows(house, "recovery_codes")
    assert isinstance(code["code_mac"], bytes)
    assert len(code["code_mac"]) >= 32


async def test_code_is_shown_once(house: FrontDoor) -> None:
    """RC-03: a reload, another tab and another browser of the same person show it no more."""
    ada = await member(house)
    await ada.step_up()
    code = await generated(ada)
    assert ada.person.response.headers["cache-control"] == "no-store"
    other = copy_of(house, ada.person)
    for one in (ada.person, ada.person, other):
        for path in ("/settings/recovery-code", "/set-up/recovery-code", "/settings"):
            await one.get(path)
            assert code not in one.response.text
            assert code[:4] + "-" not in plain(one.response.text)


async def test_code_waits_for_its_own_session_only(house: FrontDoor) -> None:
    """RC-03: a code that was made in one session is not taken by another session's page."""
    person = house.browser()
    await house.sign_up(person, "ada@example.com")
    await person.get("/set-up")
    await person.press("Authentication app")
    action, data = person.filled("Verify", code=house.app_code(house.secret_on(person)))
    await person.client.post(action, data=data)
    bob = await member(house, "bob@example.com")
    await bob.person.get("/settings/recovery-code")
    assert 'name="shown"' not in bob.person.response.text

    await person.get("/set-up/recovery-code")
    assert 'name="shown"' in person.response.text


async def test_parallel_looks_show_it_once(either_house: FrontDoor) -> None:
    """RC-03: of many parallel loads of the page exactly one shows the code."""
    person = either_house.browser()
    await either_house.sign_up(person, "ada@example.com")
    await person.get("/set-up")
    await person.press("Authentication app")
    secret = either_house.secret_on(person)
    action, data = person.filled("Verify", code=either_house.app_code(secret))
    await person.client.post(action, data=data)

    pages = await asyncio.gather(*(person.client.get("/set-up/recovery-code") for _ in range(10)))

    assert ['name="shown"' in page.text for page in pages].count(True) == 1


async def test_code_is_never_sent(house: FrontDoor) -> None:
    """RC-03: no mail, text or call ever carries a recovery code."""
    ada = await member(house)
    await ada.step_up()
    codes = [ada.recovery_code, await generated(ada)]
    await recover(house, house.browser(), codes[1], ada.email)
    await house.deliver()
    said = " ".join(m.text + str(m.html) + " ".join(m.spoken) for m in house.inbox())

    for code in codes:
        assert code not in said
        assert code[-4:] not in plain(said)


async def download(person: Person) -> str | None:
    """The file that the page's button gives, if it does."""
    action, data = person.filled("Download")
    answer = await person.client.post(action, data=data)
    if "content-disposition" not in answer.headers:
        return None
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


async def test_download_only_while_current(house: FrontDoor) -> None:
    """RC-03: the file is made while the code waits to be saved, and not after."""
    ada = await member(house)
    await ada.step_up()
    code = await generated(ada)
    page = ada.person.page
    text = await download(ada.person)
    assert text is not None
    assert code[-4:] in text
    assert "http://localhost" in text

    await ada.person.press("Finish", last_group=code[-4:])
    ada.person.page = page
    assert await download(ada.person) is None


@pytest.mark.parametrize("shown", ["", "0" * 24, "<script>"])
async def test_page_echoes_no_other_code(house: FrontDoor, shown: str) -> None:
    """RC-03: what a forged form carries as the code is neither shown, downloaded nor saved."""
    ada = await member(house)
    await ada.step_up()
    await generated(ada)
    for action in ("download", "finish", "anything"):
        answer = await ada.person.post(
            "/settings/recovery-code",
            {"shown": shown, "last_group": "0000", "action": action},
            follow=False,
        )
        assert answer.status_code == 303
        assert "content-disposition" not in answer.headers
    codes = await rows(house, "recovery_codes")
    assert [c["acknowledged_at"] is None for c in codes if c["ended_at"] is None] == [True]


async def test_code_of_another_account_is_not_echoed(house: FrontDoor) -> None:
    """AD-05: the current code of one account is unknown to the page of another."""
    ada, bob = await member(house), await member(house, "bob@example.com")
    await ada.step_up()
    code = await generated(ada)
    await bob.step_up()
    await generated(bob)
    answer = await bob.person.post(
        "/settings/recovery-code", {"shown": code, "action": "download"}, follow=False
    )

    assert answer.status_code == 303


async def test_generate_needs_both_proofs(house: FrontDoor) -> None:
    """RC-05: a session without gate and fresh step-up makes no recovery code, by any form."""
    ada = await member(house)
    house.clock.advance(seconds=11 * 60)
    before = await rows(house, "recovery_codes")
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        ("/settings/recovery-code/new", {}),
        ("/settings/recovery-code", {"action": "another"}),
        ("/set-up/recovery-code", {"action": "another"}),
    )
    await ada.person.get("/")
    for path, data in forms:
        await ada.person.post(path, data)
        await ada.person.get("/")
    ada.person.client.cookies.delete("next")
    await house.open_settings(ada.person)
    for path, data in forms:
        await ada.person.get("/settings")
        await ada.person.post(path, data)

    assert await rows(house, "recovery_codes") == before
    assert await works(house, ada.recovery_code, ada.email)


async def test_left_page_makes_no_other_code_from_a_stale_session(house: FrontDoor) -> None:
    """RC-05: who generated a code and left gets another with fresh proofs only."""
    ada = await member(house)
    await ada.step_up()
    await generated(ada)
    house.clock.advance(seconds=11 * 60)
    before = await rows(house, "recovery_codes")
    await ada.person.get("/settings/recovery-code")
    await ada.person.post("/settings/recovery-code", {"action": "another"})

    assert await rows(house, "recovery_codes") == before


async def test_old_code_dies_with_generate(house: FrontDoor) -> None:
    """RC-05: the old code is dead as soon as Generate is confirmed, and its owner is told."""
    ada = await member(house)
    await ada.step_up()
    new = await generated(ada)
    await house.deliver()
    assert "recovery_code_replaced" in {m.purpose for m in house.inbox()}

    assert not await works(house, ada.recovery_code, ada.email)
    house.clock.advance(seconds=60)
    assert await works(house, new, ada.email)


async def test_parallel_generates_leave_one(either_house: FrontDoor) -> None:
    """RC-05: of codes that are generated at the same moment one is current."""
    ada = await member(either_house)
    await ada.step_up()
    await ada.person.get("/settings/recovery-code/new")
    action, data = ada.person.filled("Confirm")

    await asyncio.gather(*(ada.person.client.post(action, data=data) for _ in range(8)))

    codes = await rows(either_house, "recovery_codes")
    assert [code["ended_at"] for code in codes].count(None) == 1
    await ada.person.get("/settings/recovery-code")
    shown = ada.person.shown(SHOWN)
    assert await works(either_house, shown, ada.email)
