"""The journal is a chain for each account: appended in one line, and every tampering is found."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.attack import rows
from tests.databases import Store
from tests.front_door import FrontDoor, front_door
from tests.journal.chains import SOMEBODY, literal, note, rows_of, tamper, verify, write
from vestibule.crypto import root_key
from vestibule.crypto.keyring import Keyring, Purpose
from vestibule.domain.event import EventName
from vestibule.domain.journal import HOUSE_CHAINS, JournalBroken, link
from vestibule.domain.journal_check import Break, Kind
from vestibule.flows import journal_verify
from vestibule.flows.journal_verify import Report
from vestibule.flows.work import Means
from vestibule.storage import journal_heads

pytestmark = pytest.mark.anyio

PARALLEL = 50


@pytest.fixture
async def means(store: Store, tmp_path: Path) -> AsyncIterator[Means]:
    """What flows work with, on each dialect."""
    async with front_door(store.open(), tmp_path) as house:
        yield house.built.means


async def test_a_walk_leaves_whole_chains(either_house: FrontDoor) -> None:
    """AU-04: after a sign-up, a set-up and a sign-in every chain verifies, row after row."""
    person, _ = await either_house.member()
    await person.get("/")
    await person.press("Sign out")
    await either_house.password(person, password="not the lantern")
    await either_house.sign_in(person)
    means = either_house.built.means

    found = await verify(means)

    (account,) = await rows(either_house, "SELECT id FROM accounts")
    own = await rows_of(means, account["id"])
    of_the_house = [row for chain in HOUSE_CHAINS for row in await rows_of(means, chain)]
    assert found.breaks == []
    assert found.report.chains == len(HOUSE_CHAINS) + 1
    assert found.report.rows == len(own) + len(of_the_house)
    assert [row.entry.seq for row in own] == list(range(1, len(own) + 1))
    assert own[0].entry.name == EventName.SIGN_UP_VERIFIED


async def test_fifty_at_once_are_one_chain(store: Store, means: Means) -> None:
    """AU-04: fifty parallel events of an account, over two Databases, are one unbroken chain."""
    both = (means, replace(means, database=store.open()))
    await write(means, 1)

    await asyncio.gather(*(note(one, number=n) for n in range(PARALLEL // 2) for one in both))

    written = await rows_of(means, SOMEBODY)
    assert [row.entry.seq for row in written] == list(range(1, PARALLEL + 2))
    assert all(b.prev_digest == a.link_digest for a, b in pairwise(written))
    assert (await verify(means)).breaks == []


async def test_the_house_opens_its_chains_once(store: Store, means: Means) -> None:
    """AU-04: when many strangers come first at once, the house's chains begin once, all of them."""
    both = (means, replace(means, database=store.open()))

    await asyncio.gather(*(note(one, None, number=n) for n in range(8) for one in both))

    found = await verify(means)
    assert found.breaks == []
    assert (found.report.chains, found.report.rows) == (len(HOUSE_CHAINS), 16)


_OF = f"chain = '{SOMEBODY}' AND seq"
_EDIT = "UPDATE events SET {} WHERE " + f"{_OF} = 3"
_GONE = f"DELETE FROM events WHERE {_OF} " + "{}"
_HEAD = "UPDATE journal_heads SET {} WHERE " + f"chain = '{SOMEBODY}'"
_NO_HEAD = f"DELETE FROM journal_heads WHERE chain = '{SOMEBODY}'"
_PLACE = "UPDATE events SET seq = {} WHERE " + _OF + " = {}"
_COPY = """INSERT INTO events (chain, seq, format, id, occurred_at, name, outcome, version,
    details, prev_digest, link_digest, link_mac) SELECT chain, 7, format, id, occurred_at,
    name, outcome, version, details, prev_digest, link_digest, link_mac FROM events
    WHERE """
_LAST = f"(SELECT link_digest FROM events WHERE {_OF} = 5)"
TAMPERED: dict[str, tuple[tuple[str, ...], int, Kind]] = {
    "edited": ((_EDIT.format("outcome = 'failure'"),), 3, Kind.EDITED),
    "edited by a space": ((_EDIT.format("details = details || ' '"),), 3, Kind.EDITED),
    "edited from nothing to empty": ((_EDIT.format("reason = ''"),), 3, Kind.EDITED),
    "first": ((_GONE.format("= 1"),), 1, Kind.MISSING_FIRST),
    "first two": ((_GONE.format("<= 2"),), 1, Kind.MISSING_FIRST),
    "middle": ((_GONE.format("= 3"),), 3, Kind.MISSING_MIDDLE),
    "last": ((_GONE.format("= 6"),), 6, Kind.MISSING_LAST),
    "all": ((_GONE.format("> 0"),), 1, Kind.MISSING_FIRST),
    "reordered": (
        (_PLACE.format(99, 3), _PLACE.format(3, 4), _PLACE.format(4, 99)),
        3,
        Kind.REORDERED,
    ),
    "last, and the head set back": (
        (_GONE.format("= 6"), _HEAD.format(f"seq = 5, link_digest = {_LAST}")),
        5,
        Kind.WRONG_HEAD,
    ),
    "head": ((_HEAD.format("moved_at = 1"),), 6, Kind.WRONG_HEAD),
    "first, and the base moved": (
        (_HEAD.format("base_seq = 1"), _GONE.format("= 1")),
        2,
        Kind.UNLINKED,
    ),
    "head deleted": ((_NO_HEAD,), 0, Kind.HEAD_DELETED),
    "added": ((f"{_COPY} {_OF} = 6",), 7, Kind.ADDED),
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_every_tampering_is_found(store: Store, means: Means, how: str) -> None:
    """AU-04: what an owner of the database changes is found, with its chain, place and kind."""
    statements, seq, kind = TAMPERED[how]
    await write(means, 6)
    assert (await verify(means)).breaks == []

    await tamper(store, *statements)

    assert (await verify(means)).breaks == [Break(SOMEBODY, seq, kind)]


async def test_an_earlier_head_of_ours_hides_the_last_rows(store: Store, means: Means) -> None:
    """AU-04: with its last rows gone and an earlier genuine head put back, a chain looks whole by
    itself; the links of the rows that a log has are what is missing then."""
    await write(means, 4)
    earlier = await means.database.read(lambda tx: journal_heads.get(tx, SOMEBODY))
    assert earlier is not None
    await write(means, 2)
    logged = {row.link_digest for row in await rows_of(means, SOMEBODY)}

    await tamper(store, _GONE.format("> 4"), _NO_HEAD)
    await means.database.transact(lambda tx: journal_heads.add(tx, earlier.head, earlier.head_mac))

    assert (await verify(means)).breaks == []
    assert len(logged - {row.link_digest for row in await rows_of(means, SOMEBODY)}) == 2


async def test_a_chain_rewritten_without_the_key_is_found(store: Store, means: Means) -> None:
    """AU-04: whoever edits a row and computes every link anew is found at that row."""
    await write(means, 6)
    written = await rows_of(means, SOMEBODY)
    prev, statements = written[0].prev_digest, []
    for row in written:
        digest = link(prev, row.entry.line.replace('"number":2', '"number":9'))
        statements.append(
            f"UPDATE events SET details = replace(details, '2', '9'),"
            f" link_digest = {literal(store, digest)}, prev_digest = {literal(store, prev)}"
            f" WHERE {_OF} = {row.entry.seq}"
        )
        prev = digest

    await tamper(store, *statements, _HEAD.format(f"link_digest = {literal(store, prev)}"))

    assert (await verify(means)).breaks == [Break(SOMEBODY, 3, Kind.EDITED)]


async def test_a_chain_that_is_gone_is_missed(store: Store, either_house: FrontDoor) -> None:
    """AU-04: a chain of the house, or an account's, that is gone with its head is missed."""
    await either_house.member()
    (account,) = await rows(either_house, "SELECT id FROM accounts")
    lost = f"chain IN ('{account['id']}', '{HOUSE_CHAINS[3]}')"

    await tamper(
        store,
        f"DELETE FROM events WHERE {lost}",
        f"DELETE FROM journal_heads WHERE {lost}",
    )

    found = await verify(either_house.built.means)
    assert {(one.chain, one.kind) for one in found.breaks} == {
        (account["id"], Kind.HEAD_DELETED),
        (HOUSE_CHAINS[3], Kind.HEAD_DELETED),
    }


@pytest.mark.parametrize(
    "statements",
    [(_HEAD.format("seq = 7"),), (_NO_HEAD,), (_NO_HEAD, _GONE.format("> 0"))],
    ids=["forged", "deleted", "with its rows"],
)
async def test_a_broken_head_is_not_signed_over(
    store: Store, means: Means, statements: tuple[str, ...]
) -> None:
    """AU-07: nothing is appended after a head that is not ours, so no forgery gets our mark."""
    await write(means, 3)
    await tamper(store, *statements)

    with pytest.raises(JournalBroken, match=SOMEBODY):
        await note(means)


async def test_keys_may_change(means: Means, tmp_path: Path) -> None:
    """AU-04: rows and heads name their key; old ones verify by an earlier root of the ring."""
    await write(means, 3)
    [old] = root_key.read(tmp_path / "root.key").roots
    new = b"a root key of thirty-two bytes !!"
    both = replace(means, keyring=Keyring.from_root(new, key_id="k2", previous={"k1": old.key}))

    await note(both)

    assert {row.link_mac[:3] for row in await rows_of(means, SOMEBODY)} == {b"k1.", b"k2."}
    assert (await verify(both)).breaks == []
    # To who has the old key only the new row is linked, and its head proves nothing.
    assert (await verify(means)).breaks == [Break(SOMEBODY, 4, Kind.UNKNOWN_KEY)]


async def test_verifying_needs_the_memory_of_a_page(house: FrontDoor) -> None:
    """AU-04: a chain of 600 rows is walked in the memory of a page, not of a chain."""
    await write(house.built.means, 600)

    async def peak(page: int) -> int:
        gc.collect()
        tracemalloc.start()
        walk = journal_verify.verify(house.built.means, Report(), page=page)
        assert [one async for one in walk] == []
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    by_page, at_once = await peak(50), await peak(1000)

    assert by_page < 400_000
    assert at_once > 3 * by_page


async def test_marks_are_of_their_own_purpose(house: FrontDoor) -> None:
    """KY-01: the journal's mark is made with the journal's key."""
    await write(house.built.means, 1)
    (row,) = await rows_of(house.built.means, SOMEBODY)

    keyring = house.built.means.keyring
    assert row.link_mac == keyring.mac(Purpose.JOURNAL, "row", row.link_digest)
