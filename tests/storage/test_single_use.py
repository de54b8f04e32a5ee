"""Every single-use statement has one winner among sixteen, over two Database objects, each round.

One promise for all: of any number of racing transactions exactly one takes the thing, or
exactly `limit` do (OC-07, TO-03, RL-07).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.databases import Store
from vestibule.domain.account import Authenticator, AuthenticatorKind, RecoveryCode
from vestibule.domain.call import CallStage, picked_up
from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.pending import Enrollment, PendingSignIn, Reset, ResetStage, SignInState
from vestibule.storage import (
    accounts,
    authenticators,
    calls,
    challenges,
    outbox,
    recovery_codes,
    resets,
    sign_ins,
    throttles,
)
from vestibule.storage.database import Database, Transaction

pytestmark = pytest.mark.anyio

TASKS, ROUNDS = 16, 20
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
Take = Callable[[Transaction, int], Awaitable[object]]


@dataclass(frozen=True)
class Race:
    """How to set one thing up for a round, how each task takes it, and how many may."""

    prepare: Callable[[Transaction, int], Awaitable[object]]
    take: Callable[[int], Take]
    winners: int = 1


def _challenge(turn: int) -> Challenge:
    return Challenge(
        id=f"challenge-{turn}",
        purpose=Purpose.SIGN_IN,
        binding_id=f"binding-{turn}",
        account_id=None,
        authenticator_id=None,
        channel=Channel.SMS,
        destination_sealed=b"sealed",
        digits=6,
        code_mac=b"mac",
        code_sealed=b"sealed",
        issued_at=NOW,
        expires_at=LATER,
        tries=0,
        max_tries=5,
        sends=1,
        last_sent_at=NOW,
        number=1,
        is_decoy=False,
    )


async def _account(tx: Transaction, turn: int) -> str:
    account_id = f"account-{turn}"
    await accounts.add(
        tx,
        account_id=account_id,
        email=f"{turn}@example.com",
        email_key=f"{turn}@example.com",
        name="Ada",
        locale="en",
        now=NOW,
    )
    return account_id


async def _app(tx: Transaction, turn: int) -> None:
    await authenticators.add(
        tx,
        Authenticator(
            id=f"app-{turn}",
            account_id=await _account(tx, turn),
            kind=AuthenticatorKind.TOTP,
            name="App",
            secret_sealed=b"sealed",
            fingerprint_mac=None,
            last_step=100,
            step_offset=0,
            created_at=NOW,
            last_used_at=None,
            approves_changes_at=NOW,
        ),
    )


async def _enrollment(tx: Transaction, turn: int) -> None:
    await authenticators.begin_enrollment(
        tx,
        Enrollment(
            id=f"enrollment-{turn}",
            owner_id=f"owner-{turn}",
            account_id=await _account(tx, turn),
            kind=AuthenticatorKind.TOTP,
            name="",
            secret_sealed=b"sealed",
            fingerprint_mac=None,
            created_at=NOW,
            expires_at=LATER,
        ),
    )


async def _recovery_code(tx: Transaction, turn: int) -> None:
    record = RecoveryCode(
        id=f"code-{turn}",
        account_id=await _account(tx, turn),
        label="AA-11",
        made_at=NOW,
        acknowledged_at=None,
        ended_at=None,
        ended_by=None,
    )
    await recovery_codes.add(tx, record, code_mac=f"mac-{turn}".encode(), is_provisional=False)
    await recovery_codes.put_view(
        tx, record.id, owner_id=f"owner-{turn}", code_sealed=b"sealed", expires_at=LATER
    )


async def _sign_in(tx: Transaction, turn: int) -> None:
    pending = PendingSignIn(
        id=f"sign-in-{turn}",
        account_id=await _account(tx, turn),
        state=SignInState.SECOND_FACTOR,
        is_known_browser=False,
        authenticator_id=None,
        channel=None,
        password_at=NOW,
        email_confirmed_at=None,
        recovered_at=None,
        return_to=None,
        source="",
        user_agent="",
        created_at=NOW,
        expires_at=LATER,
    )
    await sign_ins.add(tx, pending, token_digest=f"token-{turn}".encode(), visit_digest=b"visit")


async def _reset(tx: Transaction, turn: int) -> None:
    reset = Reset(
        id=f"reset-{turn}",
        account_id=None,
        email="ada@example.com",
        stage=ResetStage.CODE,
        authenticator_id=None,
        channel=None,
        is_known_browser=False,
        created_at=NOW,
        expires_at=LATER,
    )
    await resets.add(tx, reset, token_digest=f"token-{turn}".encode())


def _waiting(turn: int, *, attempts: int = 0, challenge_id: str | None = None) -> outbox.Waiting:
    return outbox.Waiting(
        id=f"message-{turn}",
        challenge_id=challenge_id,
        account_id=None,
        kind="notice_test",
        channel=Channel.EMAIL,
        locale="en",
        destination_sealed=b"sealed",
        body_sealed=b"sealed",
        written_at=NOW,
        expires_at=LATER,
        attempts=attempts,
    )


async def _call(tx: Transaction, turn: int) -> None:
    placed = calls.Call(
        id=f"call-{turn}",
        message_id=f"message-{turn}",
        challenge_id=f"challenge-{turn}",
        stage=CallStage.PLACED,
        rounds=0,
        placed_at=NOW,
        expires_at=LATER,
    )
    await calls.place(tx, placed, token_digest=f"reference-{turn}".encode())


async def _pick_up(tx: Transaction, turn: int, task: int) -> bool:
    step = picked_up(CallStage.PLACED)
    assert step is not None
    return await calls.step(
        tx,
        f"reference-{turn}".encode(),
        step=step,
        next_digest=f"next-{turn}-{task}".encode(),
        now=NOW,
    )


async def _message(tx: Transaction, turn: int) -> None:
    await outbox.put(tx, _waiting(turn))


async def _claimed_message(tx: Transaction, turn: int) -> None:
    await _message(tx, turn)
    await outbox.claim(tx, now=NOW, lease=timedelta(seconds=30))


async def _sent_message(tx: Transaction, turn: int) -> None:
    await outbox.put(tx, _waiting(turn, challenge_id=f"challenge-{turn}"))
    await outbox.claim(tx, now=NOW, lease=timedelta(seconds=30))
    sent = _waiting(turn, attempts=1)
    await outbox.hand_over(tx, sent, provider="a", reference="b", now=NOW)


async def _nothing(tx: Transaction, turn: int) -> None:
    """The first racer makes the row."""


async def _take_lane(tx: Transaction, turn: int) -> bool:
    """What a password try does: look at the lane, held, then count; five are free."""
    bucket = f"lane-{turn}".encode()
    failed, until = await throttles.hold_lane(tx, bucket, NOW)
    if until > NOW:
        return False
    await throttles.count_failure(tx, bucket, LATER if failed == 4 else NOW)
    return True


async def _spend(tx: Transaction, turn: int) -> bool:
    until = await throttles.spend(
        tx, f"bucket-{turn}".encode(), kind="test", limit=5, period=timedelta(hours=1), now=NOW
    )
    return until is None


async def _strike(tx: Transaction, turn: int, task: int) -> bool:
    await accounts.hold(tx, f"account-{turn}")
    counted = await throttles.add_strike(
        tx,
        strike_id=f"strike-{turn}-{task}",
        account_id=f"account-{turn}",
        sign_in_id=f"sign-in-{turn}",
        password_epoch=1,
        digits=6,
        most=5,
        now=NOW,
    )
    return counted is not None


RACES: dict[str, Race] = {
    "calls.step": Race(_call, lambda turn: lambda tx, task: _pick_up(tx, turn, task)),
    "challenges.add": Race(
        _nothing,
        lambda turn: (
            lambda tx, task: challenges.add(tx, replace(_challenge(turn), id=f"{turn}-{task}"))
        ),
    ),
    "challenges.consume": Race(
        lambda tx, turn: challenges.add(tx, _challenge(turn)),
        lambda turn: lambda tx, _: challenges.consume(tx, f"challenge-{turn}", NOW),
    ),
    "challenges.reserve_try": Race(
        lambda tx, turn: challenges.add(tx, _challenge(turn)),
        lambda turn: lambda tx, _: challenges.reserve_try(tx, f"challenge-{turn}", NOW),
        winners=5,
    ),
    "challenges.reserve_send": Race(
        lambda tx, turn: challenges.add(tx, _challenge(turn)),
        lambda turn: (
            lambda tx, _: challenges.reserve_send(
                tx, f"challenge-{turn}", sends=1, channel=Channel.SMS, now=NOW
            )
        ),
    ),
    "authenticators.advance_time_step": Race(
        _app,
        lambda turn: (
            lambda tx, _: authenticators.advance_time_step(
                tx, f"app-{turn}", step=101, offset=0, now=NOW
            )
        ),
    ),
    "authenticators.finish_enrollment": Race(
        _enrollment,
        lambda turn: lambda tx, _: authenticators.finish_enrollment(tx, f"enrollment-{turn}"),
    ),
    "recovery_codes.consume": Race(
        _recovery_code,
        lambda turn: (
            lambda tx, _: recovery_codes.consume(
                tx, f"account-{turn}", [b"other", f"mac-{turn}".encode()], NOW
            )
        ),
    ),
    "recovery_codes.acknowledge": Race(
        _recovery_code,
        lambda turn: (
            lambda tx, _: recovery_codes.acknowledge(tx, f"account-{turn}", f"code-{turn}", NOW)
        ),
    ),
    "recovery_codes.take_view": Race(
        _recovery_code,
        lambda turn: lambda tx, _: recovery_codes.take_view(tx, f"owner-{turn}", NOW),
    ),
    "resets.advance": Race(
        _reset,
        lambda turn: (
            lambda tx, task: resets.advance(
                tx,
                f"reset-{turn}",
                seen=ResetStage.CODE,
                to=ResetStage.SECOND_FACTOR,
                token_digest=f"next-{turn}-{task}".encode(),
            )
        ),
    ),
    "resets.end": Race(
        _reset,
        lambda turn: lambda tx, _: resets.end(tx, f"reset-{turn}", seen=ResetStage.CODE),
    ),
    "sign_ins.end": Race(_sign_in, lambda turn: lambda tx, _: sign_ins.end(tx, f"sign-in-{turn}")),
    "sign_ins.await_replacement": Race(
        _sign_in,
        lambda turn: (
            lambda tx, task: sign_ins.await_replacement(
                tx,
                f"sign-in-{turn}",
                token_digest=f"next-{turn}-{task}".encode(),
                now=NOW,
                expires_at=LATER,
            )
        ),
    ),
    "throttles.spend": Race(_nothing, lambda turn: lambda tx, _: _spend(tx, turn), winners=5),
    "throttles.hold_lane and count_failure": Race(
        _nothing, lambda turn: lambda tx, _: _take_lane(tx, turn), winners=5
    ),
    "throttles.add_strike": Race(
        _account, lambda turn: lambda tx, task: _strike(tx, turn, task), winners=5
    ),
    "outbox.convert": Race(
        _sent_message,
        lambda turn: lambda tx, _: outbox.convert(tx, f"challenge-{turn}", NOW),
    ),
    "outbox.hand_over": Race(
        _claimed_message,
        lambda turn: (
            lambda tx, task: outbox.hand_over(
                tx, _waiting(turn, attempts=1), provider="a", reference=str(task), now=NOW
            )
        ),
    ),
    "outbox.claim": Race(
        _message,
        lambda _: lambda tx, _: outbox.claim(tx, now=NOW, lease=timedelta(seconds=30)),
    ),
}


@pytest.mark.parametrize("name", RACES)
async def test_one_winner(store: Store, name: str) -> None:
    """OC-07: sixteen transactions over two databases on the same data: one takes it, each round."""
    race = RACES[name]
    first, second = store.open(), store.open()
    for turn in range(ROUNDS):
        await _set_up(first, race, turn)

        taken = await _run(race.take(turn), first, second)

        assert sum(bool(one) for one in taken) == race.winners, (name, turn, taken)


async def _set_up(database: Database, race: Race, turn: int) -> None:
    await database.transact(lambda tx: race.prepare(tx, turn))


async def _run(take: Take, first: Database, second: Database) -> list[object]:
    start = asyncio.Event()

    async def one(task: int) -> object:
        await start.wait()
        database = first if task % 2 else second
        return await database.transact(lambda tx: take(tx, task))

    tasks = [asyncio.create_task(one(task)) for task in range(TASKS)]
    start.set()
    return await asyncio.gather(*tasks)


async def test_a_claimed_message_comes_back(store: Store) -> None:
    """RL-07: a message whose worker died is claimed by one other when its lease has ended."""
    first, second = store.open(), store.open()
    await first.transact(lambda tx: _message(tx, 0))
    lease = timedelta(seconds=30)
    assert await first.transact(lambda tx: outbox.claim(tx, now=NOW, lease=lease))

    taken = await _run(
        lambda tx, _: outbox.claim(tx, now=NOW + timedelta(seconds=31), lease=lease), first, second
    )

    assert sum(bool(one) for one in taken) == 1
