"""A limit that is only tried out: it counts, notes where it would have refused, and lets pass."""

from pathlib import Path

import pytest

from tests.attack import journal, rows
from tests.front_door import front_door
from tests.pumping import Tally, number, set_up
from vestibule.domain.challenge import Channel, Purpose
from vestibule.domain.identifier import phone_of
from vestibule.domain.refusal import Refused
from vestibule.domain.tolls import TRACKABLE, LimitName
from vestibule.flows import codes
from vestibule.flows.work import Caller, Work, work
from vestibule.storage.database import Database

pytestmark = pytest.mark.anyio

TIMES = {LimitName.PREFIX: 21}
"""More than the limit lets pass; for the others a dozen."""
MONEY = {"price_sms": "1", "price_voice": "2", "budget_hour": "10"}


def _asked(limit: LimitName, turn: int, account_id: str) -> tuple[str, codes.Asked]:
    """One of many that reach this limit and no other: whence, and what is asked for."""
    is_prefix, is_number = limit is LimitName.PREFIX, limit is LimitName.NUMBER
    block, last = 7 if is_prefix else turn, turn
    phone = phone_of(number("GB", 0, 0) if is_number else number("GB", block, last))
    source = f"198.51.100.{0 if limit is LimitName.SOURCE else turn}"
    asked = codes.Asked(
        # The numbers of sign-ins are confirmed: their blocks are judged by no conversion.
        purpose=Purpose.SIGN_IN if is_prefix else Purpose.ENROLL,
        binding_id=f"{limit}-{turn}",
        channel=Channel.SMS,
        destination=phone,
        account_id=account_id if limit is LimitName.ACCOUNT else None,
    )
    return source, asked


REACHED = [one for one in TRACKABLE if one is not LimitName.CONVERSION]


@pytest.mark.parametrize("is_tried_out", [True, False], ids=["tried out", "in force"])
@pytest.mark.parametrize("limit", REACHED)
async def test_a_limit_is_tried_out(
    database: Database, tmp_path: Path, limit: LimitName, is_tried_out: bool
) -> None:
    """TF-03: tried out, each limit lets all pass and says where it would not have."""
    settings: dict[str, object] = {"track_only": limit.value} if is_tried_out else {}
    if limit is LimitName.MONEY:
        settings |= MONEY
    if limit is LimitName.COUNTRY:
        settings |= {"countries_file": tmp_path / "countries.toml"}
        (tmp_path / "countries.toml").write_text("[GB]\nper_hour = 5\n")
    async with front_door(database, tmp_path, settings=settings) as house:
        await house.member_with_app()
        [owner] = await rows(house, "SELECT id FROM accounts")
        refused = 0
        for turn in range(TIMES.get(limit, 12)):
            house.clock.advance(seconds=1)
            source, asked = _asked(limit, turn, owner["id"])

            async def unit(one: Work, asked: codes.Asked = asked) -> codes.Sent | Refused:
                return await codes.send(one, asked)

            sent = await work(house.built.means, Caller(source, "test", "", "en"), unit)
            refused += isinstance(sent, Refused)
        noted = [one.details for one in await journal(house, "limit_would_refuse")]
        stopped = [one.details for one in await journal(house, "challenge_refused")]

    if not is_tried_out:
        assert {one["limit"] for one in stopped} == {limit.value}
        assert (refused > 0, noted) == (True, [])
        return
    assert refused == 0
    assert noted
    facts = {"limit": limit.value, "country": "GB", "channel": "sms"}
    assert all(facts.items() <= one.items() for one in noted)


@pytest.mark.parametrize("is_tried_out", [True, False], ids=["tried out", "in force"])
async def test_the_conversion_of_blocks_is_tried_out(
    database: Database, tmp_path: Path, is_tried_out: bool
) -> None:
    """TF-04: tried out, a block whose codes are not entered goes on, and the operator sees it."""
    settings: dict[str, object] = {"track_only": "conversion"} if is_tried_out else {}
    async with front_door(database, tmp_path, settings=settings) as house:
        tally = Tally()
        for turn in range(22):
            house.clock.advance(seconds=200)
            phone = number("GB", 7, turn)
            source = f"198.51.100.{turn}"
            await set_up(house, phone, tally=tally, source=source, enters=False)
        noted = [one.details for one in await journal(house, "limit_would_refuse")]

    assert tally.most == (22 if is_tried_out else 20)
    assert {(one["limit"], one["country"]) for one in noted} == (
        {("conversion", "GB")} if is_tried_out else set()
    )
