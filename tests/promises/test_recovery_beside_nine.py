"""A recovery code is used in the moment in which a call's 9 ends the sign-in that it is for."""

import asyncio
from pathlib import Path

from tests.attack import rows
from tests.databases import Store
from tests.front_door import front_door
from tests.promises.states import cookie, member
from tests.waiting import open_transaction, until_waiting
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import recover, sign_in
from vestibule.flows.work import Caller

END = "DELETE FROM sign_ins"


async def test_a_code_is_not_used_up_for_a_sign_in_that_ends(store: Store, tmp_path: Path) -> None:
    """RC-04: where the sign-in ends at that moment, the recovery code stays what it was."""
    async with front_door(store.open(), tmp_path) as house:
        ada = await member(house)
        house.clock.advance(seconds=60)
        other = house.browser(source="192.0.2.9")
        await house.password(other, ada.email)
        caller = Caller("192.0.2.9", "test", "", "en")
        pending = await sign_in.find_pending(
            house.built.means, caller, cookie(other, "pending") or ""
        )
        assert pending is not None

        async def use() -> recover.Recovering | Refused:
            return await recover.submit_recovery_code(
                house.built.means, caller, sign_in_id=pending.id, typed=ada.recovery_code
            )

        if store.dialect == "sqlite":
            # One writer at a time: it has ended before the code is looked at.
            await store.script(END)
            used = await use()
        else:
            async with open_transaction(store, END) as onlooker:
                using = asyncio.create_task(use())
                await until_waiting(onlooker, using)
            used = await using

        assert used == Refused(Reason.SIGN_IN_EXPIRED)
        left = await rows(house, "SELECT * FROM recovery_codes WHERE ended_at IS NULL")
        assert [row["acknowledged_at"] is not None for row in left] == [True]
