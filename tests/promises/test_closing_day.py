"""The day on which accounts close: who is told at the end, and one that cannot close (SE-09)."""

from tests.attack import rows
from tests.front_door import FrontDoor
from tests.promises.addresses import NEW, change
from tests.promises.closers import ask, come
from tests.promises.notice_addresses import told_twice
from tests.promises.states import member
from vestibule.storage.database import Transaction

ADA = "ada@example.com"


async def test_the_address_before_hears_of_the_closing(house: FrontDoor) -> None:
    """R8: the mailbox that was the account's within seven days is told that an account is closed,
    as the present one is that it was this one."""
    ada = await member(house)
    await ask(house, ada)
    await come(house, days=6)
    await ada.sign_in(ada.person)
    await ada.step_up()
    await change(house, ada.person)
    await come(house, days=1.5)
    await house.deliver()

    closed = [(m.to, m.purpose) for m in house.inbox() if m.purpose.startswith("account_closed")]
    assert sorted(closed) == [(NEW, "account_closed"), (ADA, "account_closed_elsewhere")]
    assert ADA not in str([dict(one) for one in await rows(house, "SELECT * FROM outbox")])


async def test_one_that_cannot_close_holds_up_no_other(either_house: FrontDoor) -> None:
    """SE-09: an account whose second address nobody can open any more is tried again ten minutes
    later, and the one whose day comes after it closes on its day."""
    house = either_house
    ada = await told_twice(house)
    eve = await member(house, "eve@example.com")
    await ask(house, ada)
    house.clock.advance(seconds=1)
    await ask(house, eve)

    async def spoil(tx: Transaction) -> None:
        await tx.execute("UPDATE notice_addresses SET address_sealed = :bad", bad=b"k1.nothing")

    await house.database.transact(spoil)
    await come(house, days=8)

    closed = await rows(house, "SELECT account_id FROM safeguards WHERE closed_at IS NOT NULL")
    assert [one["account_id"] for one in closed] == [
        one["id"] for one in await rows(house, "SELECT id FROM accounts WHERE email = ''")
    ]
    assert len(closed) == 1
    assert [one["email"] for one in await rows(house, "SELECT email FROM accounts")].count(ADA) == 1
