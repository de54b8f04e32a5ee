"""Whose a row is, and until when: each storage statement asks for it by itself.

The flows ask first, so a statement that forgot its account or its end would go unnoticed there.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.databases import Store
from vestibule.domain.account import Authenticator, AuthenticatorKind, RecoveryCode
from vestibule.domain.challenge import Challenge, Channel, Purpose
from vestibule.domain.pending import Enrollment, PendingSignIn, SignInState, SignUp
from vestibule.domain.safety import Act, ActKind, EndedBy
from vestibule.domain.session import Session
from vestibule.storage import (
    accounts,
    acts,
    authenticators,
    challenges,
    closing,
    former_addresses,
    recovery_codes,
    safeguards,
    sessions,
    sign_ins,
    sign_ups,
    throttles,
    waiting_resets,
)
from vestibule.storage.database import Database, Transaction
from vestibule.storage.former_addresses import FormerAddress
from vestibule.storage.schema import metadata
from vestibule.storage.waiting_resets import WaitingReset

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
BEFORE = END - timedelta(seconds=1)
Step = Callable[[Transaction], Awaitable[object]]


async def person(tx: Transaction, name: str) -> None:
    """An account with one of everything, whose ids and marks are all its name."""
    mark = name.encode()
    await accounts.add(
        tx, account_id=name, email=name, email_key=name, name=name, locale="en", now=NOW
    )
    await accounts.add_password(tx, name, password_mac="mac", now=NOW)
    await methods(tx, name)
    await recovery_code(tx, name)
    await sessions.add(tx, session(name), token_digest=mark)
    await sessions.remember_browser(tx, mark, name, NOW)
    await sign_ins.add(tx, pending(name), token_digest=mark, visit_digest=mark)
    await challenges.add(tx, challenge(name))
    await what_waits(tx, name)
    for number in range(10):
        await throttles.add_strike(
            tx,
            strike_id=f"{name}-{number}",
            account_id=name,
            sign_in_id=name,
            password_epoch=1,
            digits=6,
            most=20,
            now=NOW,
        )


async def methods(tx: Transaction, name: str) -> None:
    """One that stands, and the set-up of another."""
    await authenticators.add(
        tx,
        Authenticator(
            id=name,
            account_id=name,
            kind=AuthenticatorKind.TOTP,
            name="App",
            secret_sealed=b"sealed",
            fingerprint_mac=None,
            last_step=100,
            step_offset=0,
            created_at=NOW,
            last_used_at=None,
            approves_changes_at=NOW if name == "ada" else END,
        ),
    )
    await authenticators.begin_enrollment(
        tx,
        Enrollment(
            id=name,
            owner_id=name,
            account_id=name,
            kind=AuthenticatorKind.TOTP,
            name="",
            secret_sealed=b"sealed",
            fingerprint_mac=None,
            created_at=NOW,
            expires_at=END,
        ),
    )


async def recovery_code(tx: Transaction, name: str) -> None:
    """One that was made and waits to be looked at."""
    code = RecoveryCode(
        id=name,
        account_id=name,
        label="AA-11",
        made_at=NOW,
        acknowledged_at=None,
        ended_at=None,
        ended_by=None,
    )
    await recovery_codes.add(tx, code, code_mac=name.encode(), is_provisional=True)
    await recovery_codes.put_view(tx, name, owner_id=name, code_sealed=b"sealed", expires_at=END)


async def what_waits(tx: Transaction, name: str) -> None:
    """A review, a closing, a reset, an address of before, and a sign-up of the same name."""
    mark = name.encode()
    await safeguards.require_review(tx, name, NOW)
    await closing.ask(tx, name, END)
    await waiting_resets.put(tx, WaitingReset(name, name, "mac", name, END))
    await former_addresses.add(
        tx,
        FormerAddress(
            id=name,
            account_id=name,
            address_sealed=b"sealed",
            address_mac=mark,
            act_id=name,
            is_returnable=True,
            replaced_at=NOW,
            held_until_at=END,
        ),
    )
    await sign_ups.add(tx, sign_up(name), token_digest=mark, visit_digest=mark)


def sign_up(name: str) -> SignUp:
    return SignUp(
        id=name,
        email=name,
        email_key=name,
        name=name,
        locale="en",
        password_mac="mac",
        is_decoy=False,
        return_to=None,
        created_at=NOW,
        expires_at=END,
    )


def session(name: str) -> Session:
    return Session(
        id=name,
        account_id=name,
        password_at=NOW,
        second_factor_at=NOW,
        second_factor_method=Channel.TOTP,
        authenticator_id=name,
        signed_in_at=NOW,
        last_seen_at=NOW,
        expires_at=END,
        gate_opened_at=None,
        gate_used_at=None,
        gate_failures=0,
        step_up_authenticator_id=None,
        step_up_channel=None,
        source="",
        user_agent="",
    )


def pending(name: str) -> PendingSignIn:
    return PendingSignIn(
        id=name,
        account_id=name,
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
        expires_at=END,
    )


def challenge(name: str) -> Challenge:
    return Challenge(
        id=name,
        purpose=Purpose.SIGN_IN,
        binding_id=name,
        account_id=name,
        authenticator_id=name,
        channel=Channel.SMS,
        destination_sealed=b"sealed",
        digits=6,
        code_mac=b"mac",
        code_sealed=b"sealed",
        issued_at=NOW,
        expires_at=END,
        tries=0,
        max_tries=5,
        sends=1,
        last_sent_at=NOW,
        number=1,
        is_decoy=False,
    )


async def two_people(store: Store) -> Database:
    database = store.open()
    for name in ("ada", "eve"):
        await database.transact(lambda tx, who=name: person(tx, who))  # type: ignore[misc]  # one per turn
    return database


async def held(database: Database) -> dict[str, list[dict[str, Any]]]:
    async def unit(tx: Transaction) -> dict[str, list[dict[str, Any]]]:
        return {
            name: [
                dict(row)
                for row in await tx.fetch_all(
                    f"SELECT * FROM {name} ORDER BY {', '.join(table.primary_key.columns.keys())}"  # noqa: S608 - our own names
                )
            ]
            for name, table in metadata.tables.items()
        }

    return await database.read(unit)


BY_EVE: dict[str, Step] = {
    "authenticators.get": lambda tx: authenticators.get(tx, "eve", "ada"),
    "authenticators.rename": lambda tx: authenticators.rename(tx, "eve", "ada", "mine"),
    "authenticators.remove": lambda tx: authenticators.remove(
        tx, "eve", "ada", by=EndedBy.REMOVAL, now=NOW
    ),
    "authenticators.suspend": lambda tx: authenticators.suspend(tx, "eve", "ada", NOW),
    "authenticators.restore": lambda tx: authenticators.restore(tx, "eve", "ada", approves_at=END),
    "authenticators.enrollment_of": lambda tx: authenticators.enrollment_of(
        tx, "nobody", AuthenticatorKind.TOTP, NOW
    ),
    "recovery_codes.find": lambda tx: recovery_codes.find(tx, "eve", [b"ada"]),
    "recovery_codes.is_current": lambda tx: recovery_codes.is_current(tx, "eve", [b"ada"]),
    "recovery_codes.consume": lambda tx: recovery_codes.consume(tx, "eve", [b"ada"], NOW),
    "recovery_codes.void": lambda tx: recovery_codes.void(tx, "eve", "ada", NOW),
    "recovery_codes.acknowledge": lambda tx: recovery_codes.acknowledge(tx, "eve", "ada", NOW),
    "recovery_codes.take_view": lambda tx: recovery_codes.take_view(tx, "nobody", NOW),
    "sessions.end": lambda tx: sessions.end(tx, "eve", "ada"),
    "sessions.knows_browser": lambda tx: sessions.knows_browser(tx, b"ada", "eve"),
    "sessions.known_since": lambda tx: sessions.known_since(tx, b"ada", "eve"),
    "sessions.forget_browser": lambda tx: sessions.forget_browser(tx, "eve", b"ada", since=NOW),
    "sign_ins.resume": lambda tx: sign_ins.resume(tx, "eve", b"ada", token_digest=b"new", now=NOW),
    "challenges.live": lambda tx: challenges.live(tx, Purpose.STEP_UP, "ada"),
    "challenges.end": lambda tx: challenges.end(tx, Purpose.STEP_UP, "ada", NOW),
    "sessions.touch": lambda tx: sessions.touch(tx, "ada", NOW - timedelta(seconds=1)),
    "authenticators.end_enrollments, but this session's": lambda tx: authenticators.end_enrollments(
        tx, "ada", session_id="ada", sign_in_id=None
    ),
    "authenticators.end_enrollments, but this sign-in's": lambda tx: authenticators.end_enrollments(
        tx, "ada", session_id=None, sign_in_id="ada"
    ),
    "closing.ask": lambda tx: closing.ask(tx, "ada", NOW),
    "closing.close_due": lambda tx: closing.close_due(tx, "ada", BEFORE),
    "waiting_resets.take_due": lambda tx: waiting_resets.take_due(tx, "ada", BEFORE),
    "waiting_resets.cancel": lambda tx: waiting_resets.cancel(tx, "ada", reset_id="eve"),
    "waiting_resets.put_off": lambda tx: waiting_resets.put_off(
        tx, "ada", now=BEFORE, until=END + timedelta(hours=1)
    ),
    "former_addresses.hold_longer": lambda tx: former_addresses.hold_longer(tx, "ada", BEFORE),
    "sign_ups.repeat": lambda tx: sign_ups.repeat(
        tx, sign_up("ada"), token_digest=b"new", visit_digest=b"eve"
    ),
    "sign_ups.repeat, of a decoy": lambda tx: sign_ups.repeat(
        tx, replace(sign_up("ada"), is_decoy=True), token_digest=b"new", visit_digest=b"ada"
    ),
    "sign_ups.repeat, to another address": lambda tx: sign_ups.repeat(
        tx, replace(sign_up("ada"), email_key="eve"), token_digest=b"new", visit_digest=b"ada"
    ),
}
"""What names Eve and something of Ada's, nobody, another purpose, or an earlier moment."""


async def test_nothing_of_somebody_else_is_found_or_changed(store: Store) -> None:
    """AD-05, SE-08, EF-02: whoever names another account's method, code, session or browser finds
    nothing and changes nothing, by the statement itself."""
    database = await two_people(store)
    before = await held(database)

    for name, step in BY_EVE.items():
        assert not await database.transact(step), name
        assert await held(database) == before, name


BY_ADA: dict[str, Step] = {
    "sessions.end_others": lambda tx: sessions.end_others(tx, "ada", kept=None),
    "sessions.forget_browsers": lambda tx: sessions.forget_browsers(tx, "ada"),
    "sign_ins.end_others": lambda tx: sign_ins.end_others(tx, "ada", kept=None),
    "sign_ins.await_replacement": lambda tx: sign_ins.await_replacement(
        tx, "ada", token_digest=b"new", now=NOW, expires_at=END
    ),
    "sign_ins.end_replacements": lambda tx: sign_ins.end_replacements(tx, "ada"),
    "challenges.end": lambda tx: challenges.end(tx, Purpose.SIGN_IN, "ada", NOW),
    "challenges.end_of_binding": lambda tx: challenges.end_of_binding(tx, "ada", NOW),
    "challenges.end_of_account": lambda tx: challenges.end_of_account(tx, "ada", NOW),
    "recovery_codes.confirm": lambda tx: recovery_codes.confirm(tx, "ada"),
    "recovery_codes.end_current": lambda tx: recovery_codes.end_current(
        tx, "ada", by="use", now=NOW
    ),
    "accounts.replace_password": lambda tx: accounts.replace_password(
        tx, "ada", password_mac="new", now=NOW
    ),
    "accounts.require_new_password": lambda tx: accounts.require_new_password(tx, "ada", NOW),
    "throttles.clear_strikes": lambda tx: throttles.clear_strikes(tx, "ada"),
    "sessions.open_gate": lambda tx: sessions.open_gate(tx, "ada", token_digest=b"new", now=NOW),
    "sessions.use_gate": lambda tx: sessions.use_gate(tx, "ada", BEFORE),
    "sessions.fail_gate": lambda tx: sessions.fail_gate(tx, "ada"),
    "sessions.answer_review": lambda tx: sessions.answer_review(tx, "ada", NOW),
    "sessions.touch": lambda tx: sessions.touch(tx, "ada", BEFORE),
    "sessions.renew": lambda tx: sessions.renew(tx, "ada", token_digest=b"new"),
    "sessions.choose_step_up": lambda tx: sessions.choose_step_up(
        tx, "ada", authenticator_id="ada", channel=Channel.TOTP
    ),
    "sessions.mark_anew": lambda tx: sessions.mark_anew(tx, b"ada", b"new"),
    "authenticators.end_enrollments": lambda tx: authenticators.end_enrollments(
        tx, "ada", session_id=None, sign_in_id=None
    ),
    "safeguards.end_review": lambda tx: safeguards.end_review(tx, "ada"),
    "closing.cancel": lambda tx: closing.cancel(tx, "ada"),
    "closing.close_due": lambda tx: closing.close_due(tx, "ada", END),
    "closing.erase": lambda tx: closing.erase(tx, "ada", NOW),
    "closing.hollow": lambda tx: closing.hollow(tx, "ada", "ada", sealed=b"", mac=b""),
    "closing.forget_person": lambda tx: closing.forget_person(tx, "ada"),
    "waiting_resets.cancel": lambda tx: waiting_resets.cancel(tx, "ada"),
    "waiting_resets.take_due": lambda tx: waiting_resets.take_due(tx, "ada", END),
    "waiting_resets.put_off": lambda tx: waiting_resets.put_off(
        tx, "ada", now=END, until=END + timedelta(hours=1)
    ),
    "former_addresses.hold_longer": lambda tx: former_addresses.hold_longer(
        tx, "ada", END + timedelta(hours=1)
    ),
    "former_addresses.let_go": lambda tx: former_addresses.let_go(tx, "ada"),
    "former_addresses.settle": lambda tx: former_addresses.settle(tx, "ada"),
    "sign_ups.end": lambda tx: sign_ups.end(tx, "ada"),
    "sign_ups.end_for_address": lambda tx: sign_ups.end_for_address(tx, "ada"),
    "sign_ups.repeat": lambda tx: sign_ups.repeat(
        tx, sign_up("ada"), token_digest=b"new", visit_digest=b"ada"
    ),
}
"""What is Ada's alone, and changes something."""


def of_eve(rows: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [row for table in rows.values() for row in table if "ada" not in map(str, row.values())]


@pytest.mark.parametrize("name", BY_ADA)
async def test_what_is_done_to_one_account_leaves_the_other(store: Store, name: str) -> None:
    """SE-07, OC-03: what ends or changes for one account does so there, and for nobody else."""
    database = await two_people(store)
    if name == "sign_ins.end_replacements":
        for who in ("ada", "eve"):
            await database.transact(
                lambda tx, one=who: sign_ins.await_replacement(  # type: ignore[misc]  # one per turn
                    tx, one, token_digest=one.encode(), now=NOW, expires_at=END
                )
            )
    if name == "sessions.use_gate":
        for who in ("ada", "eve"):
            await database.transact(
                lambda tx, one=who: sessions.open_gate(tx, one, token_digest=one.encode(), now=NOW)  # type: ignore[misc]  # one per turn
            )
    before = await held(database)

    await database.transact(BY_ADA[name])

    after = await held(database)
    assert after != before
    assert of_eve(after) == of_eve(before)


async def test_strikes_are_an_accounts_own(store: Store) -> None:
    """RL-05: guesses at one account's second factor are not counted for another, nor those of an
    earlier password or of more than a year ago, nor the long ones."""
    database = await two_people(store)
    year = timedelta(days=365)

    async def count(epoch: int, now: datetime) -> tuple[int, int]:
        found = await database.read(
            lambda tx: throttles.strikes(tx, "ada", password_epoch=epoch, now=now)
        )
        return found.epoch, found.year

    async def strike(number: int, digits: int) -> int | None:
        return await database.transact(
            lambda tx: throttles.add_strike(
                tx,
                strike_id=f"more-{number}",
                account_id="ada",
                sign_in_id="more",
                password_epoch=1,
                digits=digits,
                most=2,
                now=NOW,
            )
        )

    assert await count(1, NOW) == (10, 10)
    assert await count(2, NOW) == (0, 10)
    assert await count(1, NOW + year - timedelta(seconds=1)) == (10, 10)
    assert await count(1, NOW + year) == (10, 0)
    assert [await strike(0, 10), await strike(1, 6), await strike(2, 6)] == [1, 2, None]
    assert await count(1, NOW) == (11, 11)


LATE: dict[str, Callable[[Transaction, datetime], Awaitable[object]]] = {
    "sessions.find": lambda tx, now: sessions.find(tx, b"ada", now),
    "sessions.get": lambda tx, now: sessions.get(tx, "ada", now),
    "sessions.of_account": lambda tx, now: sessions.of_account(tx, "ada", now),
    "sessions.resume": lambda tx, now: sessions.resume(tx, "ada", token_digest=b"ada", now=now),
    "sessions.open_gate": lambda tx, now: sessions.open_gate(
        tx, "ada", token_digest=b"ada", now=now
    ),
    "sessions.step_up": lambda tx, now: sessions.step_up(
        tx, "ada", token_digest=b"ada", method=Channel.TOTP, authenticator_id="ada", now=now
    ),
    "sign_ins.find": lambda tx, now: sign_ins.find(tx, b"ada", now),
    "sign_ins.get": lambda tx, now: sign_ins.get(tx, "ada", now),
    "sign_ins.resume": lambda tx, now: sign_ins.resume(
        tx, "ada", b"ada", token_digest=b"ada", now=now
    ),
    "challenges.reserve_try": lambda tx, now: challenges.reserve_try(tx, "ada", now),
    "challenges.reserve_send": lambda tx, now: challenges.reserve_send(
        tx, "ada", sends=1, channel=Channel.SMS, now=now
    ),
    "challenges.consume": lambda tx, now: challenges.consume(tx, "ada", now),
    "authenticators.enrollment_of": lambda tx, now: authenticators.enrollment_of(
        tx, "ada", AuthenticatorKind.TOTP, now
    ),
    "recovery_codes.take_view": lambda tx, now: recovery_codes.take_view(tx, "ada", now),
    "sign_ups.find": lambda tx, now: sign_ups.find(tx, b"ada", now),
    "sign_ups.repeat": lambda tx, now: sign_ups.repeat(
        tx, replace(sign_up("ada"), created_at=now), token_digest=b"ada", visit_digest=b"ada"
    ),
    "former_addresses.of_account": lambda tx, now: former_addresses.of_account(tx, "ada", now),
    "former_addresses.find": lambda tx, now: former_addresses.find(tx, [b"ada"], now),
}
"""What has an end, and is taken then or a second before."""


async def test_what_is_past_its_end_opens_nothing(store: Store) -> None:
    """SE-03, EF-03, OC-02, EF-10, RC-03: to the second, by the statement itself."""
    database = await two_people(store)

    for name, take in LATE.items():
        assert not await database.transact(lambda tx, one=take: one(tx, END)), name  # type: ignore[misc]  # one per turn
    for name, take in LATE.items():
        assert await database.transact(lambda tx, one=take: one(tx, BEFORE)), name  # type: ignore[misc]  # one per turn


VOID: dict[str, Step] = {
    "challenges.live": lambda tx: challenges.live(tx, Purpose.SIGN_IN, "ada"),
    "challenges.reserve_try": lambda tx: challenges.reserve_try(tx, "ada", NOW),
    "challenges.reserve_send": lambda tx: challenges.reserve_send(
        tx, "ada", sends=1, channel=Channel.SMS, now=NOW
    ),
    "challenges.consume": lambda tx: challenges.consume(tx, "ada", NOW),
    "recovery_codes.current": lambda tx: recovery_codes.current(tx, "ada"),
    "recovery_codes.is_current": lambda tx: recovery_codes.is_current(tx, "ada", [b"ada"]),
    "recovery_codes.consume": lambda tx: recovery_codes.consume(tx, "ada", [b"ada"], NOW),
    "recovery_codes.acknowledge": lambda tx: recovery_codes.acknowledge(tx, "ada", "ada", NOW),
    "recovery_codes.void": lambda tx: recovery_codes.void(tx, "ada", "ada", NOW),
    "recovery_codes.has_provisional": lambda tx: recovery_codes.has_provisional(tx, "ada"),
    "authenticators.get": lambda tx: authenticators.get(tx, "ada", "ada"),
    "authenticators.of_account": lambda tx: authenticators.of_account(tx, "ada"),
    "authenticators.remove": lambda tx: authenticators.remove(
        tx, "ada", "ada", by=EndedBy.REMOVAL, now=NOW
    ),
}
"""What was ended, used or suspended before."""


async def test_what_has_ended_opens_nothing(store: Store) -> None:
    """OC-03, RC-04, R8: a code that was ended is neither tried, sent again, used nor saved, and a
    method that was suspended proves nothing; neither ends a second time."""
    database = await two_people(store)

    async def end(tx: Transaction) -> None:
        await challenges.end_of_account(tx, "ada", NOW)
        await recovery_codes.end_current(tx, "ada", by="use", now=NOW)
        assert await authenticators.suspend(tx, "ada", "ada", NOW)

    await database.transact(end)
    before = await held(database)

    for name, step in VOID.items():
        assert not await database.transact(step), name
    assert await held(database) == before


async def test_session_goes_by_the_method_that_proved_it(store: Store) -> None:
    """SU-02: from when on a session approves changes is said by its own method, not by another."""
    database = await two_people(store)

    async def bind(tx: Transaction) -> None:
        for name, at in (("ada", END), ("eve", NOW)):
            await tx.execute(
                "UPDATE authenticators SET approves_changes_at = :at WHERE id = :id",
                id=name,
                at=at,
            )

    await database.transact(bind)

    found = [
        await database.read(lambda tx, one=name: sessions.get(tx, one, NOW))  # type: ignore[misc]  # one per turn
        for name in ("ada", "eve")
    ]
    assert [one and one.approves_changes_at for one in found] == [END, NOW]


async def test_pending_sign_in_that_proved_more_is_not_resumed(store: Store) -> None:
    """SE-05: a visit's cookie is older than the wall or a recovery, and leads behind neither."""
    database = await two_people(store)
    walled = replace(pending("wall"), account_id="eve", state=SignInState.ENROLLMENT)

    async def prove(tx: Transaction) -> None:
        await sign_ins.end(tx, "eve")
        await sign_ins.add(tx, walled, token_digest=b"wall", visit_digest=b"eve")
        assert await sign_ins.confirm_email(tx, "wall", token_digest=b"w", now=NOW, expires_at=END)
        assert await sign_ins.await_replacement(
            tx, "ada", token_digest=b"a", now=NOW, expires_at=END
        )
        # Once each: what has gone on is not where it was.
        assert not await sign_ins.await_replacement(
            tx, "ada", token_digest=b"b", now=NOW, expires_at=END
        )
        assert not await sign_ins.confirm_email(
            tx, "ada", token_digest=b"b", now=NOW, expires_at=END
        )

    await database.transact(prove)

    for name in ("ada", "eve"):
        assert not await database.transact(
            lambda tx, one=name: sign_ins.resume(  # type: ignore[misc]  # one per turn
                tx, one, one.encode(), token_digest=b"new", now=NOW
            )
        )


SET_UP, SIGN_IN, RECOVERY = ActKind.SET_UP, ActKind.SESSION, ActKind.RECOVERY


@pytest.mark.parametrize(
    ("done", "known_since", "expected"),
    [
        ([], {"ada": NOW}, (None, False, False)),
        ([("ada", "ada", SIGN_IN, NOW)], {"ada": NOW}, (NOW, False, False)),
        ([("ada", "ada", RECOVERY, NOW)], {"ada": NOW}, (NOW, False, True)),
        ([("ada", "ada", SIGN_IN, NOW)], {"eve": NOW}, (None, False, False)),
        ([("ada", "ada", SIGN_IN, NOW), ("eve", "eve", RECOVERY, NOW)], {}, (None, False, False)),
        (
            [("ada", "ada", SIGN_IN, NOW), ("first", "ada", SET_UP, NOW)],
            {"ada": NOW},
            (NOW, True, False),
        ),
        (
            [("ada", "ada", SIGN_IN, NOW), ("first", "eve", SET_UP, NOW)],
            {"ada": NOW, "eve": NOW},
            (NOW, False, False),
        ),
        (
            [("ada", "ada", SIGN_IN, END), ("first", "ada", SET_UP, NOW)],
            {"ada": END, "eve": NOW},
            (END, False, False),
        ),
    ],
)
async def test_what_is_known_of_a_browser_is_known_of_its_account(
    store: Store,
    done: list[tuple[str, str, ActKind, datetime]],
    known_since: dict[str, datetime],
    expected: tuple[datetime | None, bool, bool],
) -> None:
    """R11: at a shared browser a session is as old, and as much the set-up's or a recovery's, as
    its own account made it there; who was forgotten since begins anew."""
    database = await two_people(store)

    async def share(tx: Transaction) -> None:
        await acts.add(tx, "eve", Act("another", SIGN_IN, NOW, b"another"), causes=[])
        for act_id, account_id, kind, at in done:
            await acts.add(tx, account_id, Act(act_id, kind, at, b"shared"), causes=[])
        for account_id, since in known_since.items():
            await sessions.remember_browser(tx, b"shared", account_id, since)

    await database.transact(share)

    found = await database.read(lambda tx: sessions.get(tx, "ada", NOW))
    assert found is not None
    assert (found.browser_known_at, found.is_set_up_browser, found.is_recovery) == expected
    assert found.browser_digest == (b"shared" if done else None)
    assert found.approves_changes_at == NOW


async def test_number_is_counted_where_it_proves_somebody_else(store: Store) -> None:
    """PN-04: of those who use a number the asking account is none, nor is one that gave it up."""
    database = await two_people(store)

    async def bind(tx: Transaction) -> None:
        for who in ("ada", "eve"):
            (app,) = await authenticators.of_account(tx, who)
            phone = replace(app, id=f"{who}'s", kind=AuthenticatorKind.PHONE)
            await authenticators.add(tx, replace(phone, fingerprint_mac=b"mark"))

    async def others(tx: Transaction) -> list[int]:
        return [
            await authenticators.count_by_fingerprint(tx, [b"mark"], besides=who)
            for who in ("nobody", "ada", "eve")
        ]

    await database.transact(bind)
    assert await database.read(others) == [2, 1, 1]

    await database.transact(lambda tx: authenticators.suspend(tx, "eve", "eve's", NOW))

    assert await database.read(others) == [1, 0, 1]


async def test_account_closes_on_its_day_and_once(store: Store) -> None:
    """SE-09: it is due to the second; what was closed is due no more, and is asked for in vain."""
    database = await two_people(store)
    assert await database.read(lambda tx: closing.due(tx, BEFORE)) == []
    assert await database.read(lambda tx: closing.due(tx, END)) == ["ada", "eve"]

    assert await database.transact(lambda tx: closing.close_due(tx, "ada", END))

    assert await database.read(lambda tx: closing.due(tx, END)) == ["eve"]
    assert not await database.transact(lambda tx: closing.ask(tx, "ada", END))
    assert not await database.transact(lambda tx: closing.close_due(tx, "ada", END))
