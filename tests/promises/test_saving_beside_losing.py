"""A new recovery code is saved in the moment in which another act makes it invalid."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.attack import rows
from tests.databases import Store
from tests.front_door import front_door
from tests.promises.states import cookie, member
from tests.waiting import open_transaction, until_waiting
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import recovery_codes
from vestibule.flows.work import Caller


async def test_saving_a_code_that_ends_keeps_the_old_one(store: Store, tmp_path: Path) -> None:
    """G: where the newer code ends before its last group counts, the saved one stays valid."""
    async with front_door(store.open(), tmp_path) as house:
        ada = await member(house)
        await ada.step_up()
        await ada.person.get("/settings/phone")
        await ada.person.press("Send code by text message", country="GB", phone="07400 123456")
        await ada.person.press("Verify", code=await house.code("sms"))
        await ada.person.get("/settings/phone")
        await ada.person.press("Send code by text message", country="GB", phone="07400 123457")
        await ada.person.press("Verify", code=await house.code("sms", to="+447400123457"))
        assert ada.person.path == "/settings/recovery-code", ada.person.text
        newer = ada.person.shown(r'name="shown" value="([^"]+)"')
        current = await rows(house, "SELECT * FROM recovery_codes WHERE ended_at IS NULL")
        assert [row["acknowledged_at"] is None for row in current].count(True) == 1
        account_id = current[0]["account_id"]
        caller = Caller("203.0.113.7", "test", "", "en", cookie(ada.person, "browser"))

        async def save() -> Refused | None:
            return await recovery_codes.acknowledge(
                house.built.means,
                caller,
                account_id=account_id,
                code=newer,
                last_group=newer[-4:],
            )

        saved = await _while_it_ends(store, save)

        assert saved == Refused(Reason.RECOVERY_CODE_GONE)
        left = await rows(house, "SELECT * FROM recovery_codes WHERE ended_at IS NULL")
        assert [row["acknowledged_at"] is not None for row in left] == [True]


async def _while_it_ends(
    store: Store, save: Callable[[], Coroutine[Any, Any, Refused | None]]
) -> Refused | None:
    """What saving says when the code's end is under way, and commits once saving waits for it."""
    end = (
        "UPDATE accounts SET guard = guard + 1",
        "UPDATE recovery_codes SET ended_at = made_at, ended_by = 'not_me'"
        " WHERE ended_at IS NULL AND acknowledged_at IS NULL",
    )
    if store.dialect == "sqlite":
        # One writer at a time: it has ended before saving begins.
        await store.script(*end)
        return await save()
    async with open_transaction(store, *end) as onlooker:
        saving = asyncio.create_task(save())
        await until_waiting(onlooker, saving)
    return await saving
