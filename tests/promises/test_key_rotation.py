"""The root key changed while the house serves: nobody notices, and nothing is lost (KY-03)."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.attack import rows
from tests.front_door import PASSWORD, FrontDoor, front_door
from tests.promises.states import recover
from vestibule.crypto import root_key
from vestibule.crypto.key_source import KeyFile
from vestibule.crypto.keyring import Purpose
from vestibule.crypto.seal import Place
from vestibule.flows import keys, opt_outs
from vestibule.flows.keys import CannotChangeKeys
from vestibule.storage import keyed
from vestibule.storage.database import Database, Transaction
from vestibule.storage.schema import metadata

pytestmark = pytest.mark.anyio
PHONE = "07400 123456"


class Operator:
    """Who runs the commands beside a house, and what its servers do meanwhile."""

    def __init__(self, house: FrontDoor, folder: Path) -> None:
        self.house = house
        self.means = house.built.means
        self.source = KeyFile(folder / "root.key")

    async def publish(self) -> None:
        await keys.rotate(self.means, self.source)
        self.house.built.keys.look()

    def activate(self) -> None:
        """A minute later the time of the new root has come, and a quarter later for everybody."""
        self.house.clock.advance(seconds=80)
        self.house.built.keys.look()
        assert self.means.keyring.current == "k2"

    async def reseal(self) -> keys.Resealed:
        return await keys.reseal(self.means, self.source.read(), self.source)

    async def retire(self, *, at_once: bool = True) -> keys.Retired:
        retired = await keys.retire(self.means, self.source, "k1", at_once=at_once)
        self.house.built.keys.look()
        return retired

    async def change(self) -> None:
        await self.publish()
        self.activate()
        await self.reseal()
        await self.retire()


def test_the_inventory_is_complete() -> None:
    """KY-03: every sealed or keyed column of the schema is known to the commands, and no other."""
    stored = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith(("_sealed", "_mac"))
    }

    assert {str(one) for one in keyed.EVERY} == stored
    assert len(keyed.EVERY) == len(stored)


async def test_open_pages_survive(either_house: FrontDoor, tmp_path: Path) -> None:
    """KY-03: pages, pending sign-ins, sent codes and sessions of before go on under the new root,
    and sessions also without the old one."""
    house, operator = either_house, Operator(either_house, tmp_path)
    inside, _ = await house.member(phone=PHONE)
    house.clock.advance(seconds=300)
    first_page, second_page, wall = (house.browser(source=f"198.51.100.{n}") for n in range(3))
    await first_page.get("/sign-in")
    await house.password(second_page)
    await house.sign_up(wall, "eve@example.com")
    await wall.get("/set-up/phone")
    await wall.press("Send code by text message", country="GB", phone="07400 654321")

    await operator.publish()
    operator.activate()
    done = await operator.reseal()

    assert done.unreadable == 0
    assert done.sealed > 5
    await second_page.press("Verify", code=await house.code("sms", to="+447400123456"))
    assert second_page.path == "/", second_page.text
    await wall.press("Verify", code=await house.code("sms", to="+447400654321"))
    assert wall.path == "/set-up/recovery-code", wall.text
    house.clock.advance(seconds=60)
    await first_page.press("Sign in", email="ada@example.com", password=PASSWORD)
    assert first_page.path == "/sign-in/code", first_page.text
    await operator.retire()
    await inside.get("/")
    assert inside.path == "/"
    await house.save_recovery_code(wall)


async def test_a_new_root_gives_nobody_new_tries(either_house: FrontDoor, tmp_path: Path) -> None:
    """RL-07: who waits after wrong passwords waits on, and mails that are used up stay so."""
    house, operator = either_house, Operator(either_house, tmp_path)
    await house.member(phone=PHONE)
    thief = house.browser(source="198.51.100.9")
    for waited in (0, 0, 0, 0, 0, 31, 61, 121):
        house.clock.advance(seconds=waited)
        await house.password(thief, password="one of many guesses")
    for n in range(5):
        asking = house.browser(source=f"192.0.2.{n}")
        await asking.get("/forgot-password")
        await asking.press("Send code", email="ada@example.com")

    await operator.publish()
    operator.activate()

    await house.password(thief)
    assert thief.path == "/sign-in", "the right password, unheard while its lane waits"
    assert "There were many tries" in thief.text
    await house.deliver()
    before = len(house.inbox())
    for n in range(2):
        asking = house.browser(source=f"192.0.2.{n}")
        await asking.get("/forgot-password")
        await asking.press("Send code", email="ada@example.com")
    await house.deliver()
    assert len(house.inbox()) == before + 1, "one an hour for each network, as before"


async def test_what_nobody_can_remake_stays_good(house: FrontDoor, tmp_path: Path) -> None:
    """KY-03: after the old root is gone, passwords and recovery codes of before still open, numbers
    are recognised, and numbers that want no texts get none."""
    operator = Operator(house, tmp_path)
    _, code = await house.member(phone=PHONE)
    await opt_outs.opted_out(house.built.means, "+447400999999", "text")

    await operator.change()

    roots = operator.source.read()
    assert [one.id for one in roots.roots] == ["k2"]
    assert ("k1", "seal") not in roots.kept
    assert not await opt_outs.opted_out(house.built.means, "+447400999999", "text")
    marks = await rows(house, "SELECT fingerprint_mac FROM authenticators")
    assert [bytes(one["fingerprint_mac"])[:3] for one in marks] == [b"k2."]
    house.clock.advance(seconds=300)
    person = house.browser()
    await recover(house, person, code, "ada@example.com")
    await house.save_recovery_code(person)
    stored = await rows(house, "SELECT password_mac FROM passwords")
    assert str(stored[0]["password_mac"]).endswith("$k=k2")


async def test_a_process_that_slept_reads_the_new_key(database: Database, tmp_path: Path) -> None:
    """KY-03: a process that missed the publication reads what the others wrote since."""
    same_key: dict[str, object] = {"root_key_file": tmp_path / "root.key"}
    async with (
        front_door(database, tmp_path) as awake,
        front_door(database, tmp_path / "other", settings=same_key) as asleep,
    ):
        operator = Operator(awake, tmp_path)
        await operator.publish()
        operator.activate()
        assert asleep.built.means.keyring.current == "k1"
        place = Place("authenticators", "secret_sealed", "one")

        sealed = awake.built.means.seal.seal("a secret", place)

        assert sealed.startswith(b"k2.")
        assert asleep.built.means.seal.open(sealed, place) == "a secret"


async def test_nobody_writes_what_others_cannot_read(house: FrontDoor, tmp_path: Path) -> None:
    """KY-03: a new root is read at once and written with only after its minute; a second one has
    to wait, and so has sealing anew."""
    operator, keyring = Operator(house, tmp_path), house.built.means.keyring
    await operator.publish()

    assert keyring.current == "k1"
    assert len(keyring.macs(Purpose.CODE, "x")) == 2
    with pytest.raises(CannotChangeKeys, match="k2 waits already"):
        await operator.publish()
    with pytest.raises(CannotChangeKeys, match="not written with everywhere"):
        await operator.reseal()
    with pytest.raises(CannotChangeKeys, match="k1 is written with"):
        await operator.retire()
    house.clock.advance(seconds=59)
    house.built.keys.look()
    assert keyring.current == "k1"


async def test_a_needed_root_stays(house: FrontDoor, tmp_path: Path) -> None:
    """KY-03: a root that seals rows is not retired, and is not before the forms of its day ended;
    the refusal says which rows, and until when."""
    operator = Operator(house, tmp_path)
    await house.member_with_app()
    await operator.publish()
    operator.activate()

    with pytest.raises(CannotChangeKeys, match=r"authenticators\.secret_sealed 1"):
        await operator.retire()
    await operator.reseal()
    with pytest.raises(CannotChangeKeys, match="2026-11-24 10:01:00 UTC"):
        await operator.retire(at_once=False)
    house.clock.advance(timedelta(days=1))
    retired = await operator.retire(at_once=False)

    assert {use.keyed.purpose for use in retired.left} >= {"password", "recovery-code"}


async def test_a_change_beside_is_not_lost(either_house: FrontDoor, tmp_path: Path) -> None:
    """KY-03: what somebody writes or erases while everything is sealed anew stays as they left
    it: each value is replaced only while it is the one that was read."""
    house, operator = either_house, Operator(either_house, tmp_path)
    seal, count = house.built.means.seal, 60
    await house.member_with_app()
    account = (await rows(house, "SELECT id FROM accounts"))[0]["id"]

    def sealed(turn: int, text: str) -> bytes:
        return seal.seal(text, Place("authenticators", "secret_sealed", f"app-{turn:03}"))

    async def fill(tx: Transaction) -> None:
        for turn in range(count):
            await tx.execute(
                """INSERT INTO authenticators (id, account_id, kind, name, secret_sealed,
                    created_at, approves_changes_at)
                VALUES (:id, :account, 'totp', '', :sealed, 0, 0)""",
                id=f"app-{turn:03}",
                account=account,
                sealed=sealed(turn, "before"),
            )

    async def change(turn: int) -> None:
        async def unit(tx: Transaction) -> None:
            await tx.execute(
                "UPDATE authenticators SET secret_sealed = :sealed WHERE id = :id",
                id=f"app-{turn:03}",
                sealed=sealed(turn, "after"),
            )

        await house.database.transact(unit)

    await house.database.transact(fill)
    await operator.publish()
    operator.activate()

    await asyncio.gather(operator.reseal(), *(change(turn) for turn in range(count)))

    stored = await rows(house, "SELECT id, secret_sealed FROM authenticators WHERE name = ''")
    texts = {
        seal.open(bytes(one["secret_sealed"]), Place("authenticators", "secret_sealed", one["id"]))
        for one in stored
    }
    assert texts == {"after"}
    assert len(stored) == count


async def test_a_stale_value_is_not_put_back(either_house: FrontDoor) -> None:
    """KY-03: a value that changed since it was read is not overwritten by its re-sealed self."""
    house, one = either_house, keyed.SEALED[0]
    await house.member_with_app()
    [row] = await rows(house, "SELECT id, secret_sealed FROM authenticators")

    async def unit(tx: Transaction) -> tuple[bool, bool]:
        stale = await keyed.replace(tx, one, row["id"], b"k0.what was read", b"k2.stale")
        seen = bytes(row["secret_sealed"])
        return stale, await keyed.replace(tx, one, row["id"], seen, b"k2.fresh")

    assert await house.database.transact(unit) == (False, True)


async def test_keys_changed_are_noted(house: FrontDoor, tmp_path: Path) -> None:
    """AU-05: publishing, sealing anew and retiring are in the journal, without a key."""
    await Operator(house, tmp_path).change()

    names = [
        one["name"] for one in await rows(house, "SELECT name FROM events ORDER BY occurred_at")
    ]
    assert names == ["key_published", "keys_resealed", "key_retired"]
    text = str(await rows(house, "SELECT details FROM events"))
    assert not any(one.key.hex() in text for one in root_key.read(tmp_path / "root.key").roots)
