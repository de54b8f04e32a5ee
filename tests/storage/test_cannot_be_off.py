"""Two-factor authentication cannot be off: the database itself refuses each way out (EF-02).

Every try is raw SQL past all of Vestibule's own code.
"""

import asyncio
import sqlite3

import asyncpg  # type: ignore[import-untyped]  # asyncpg 0.32 ships no annotations.
import pytest

from tests.databases import Store
from vestibule.storage.database import Row, Transaction

pytestmark = pytest.mark.anyio

REFUSALS = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)

OTHER = """INSERT INTO authenticators
        (id, account_id, kind, name, secret_sealed, created_at, approves_changes_at)
    VALUES ('other', 'account', 'totp', 'Other', 'x', 1, 1) ON CONFLICT DO NOTHING"""
ENROLLED = (
    """INSERT INTO accounts (id, email, email_key, name, locale, created_at)
    VALUES ('account', 'a@example.org', 'a@example.org', 'A', 'en', 1)""",
    """INSERT INTO authenticators
        (id, account_id, kind, name, secret_sealed, created_at, approves_changes_at)
    VALUES ('app', 'account', 'totp', 'App', 'x', 1, 1)""",
    OTHER,
    """UPDATE accounts SET enrolled_at = 1, default_authenticator_id = 'app',
        default_channel = 'totp'""",
    """INSERT INTO accounts (id, email, email_key, name, locale, created_at)
    VALUES ('newcomer', 'b@example.org', 'b@example.org', 'B', 'en', 1)""",
)


@pytest.fixture(autouse=True)
async def _enrolled(store: Store) -> None:
    await store.script(*ENROLLED)


async def _row(store: Store, sql: str) -> Row | None:
    async def unit(tx: Transaction) -> Row | None:
        return await tx.fetch_one(sql)

    return await store.open().read(unit)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts SET enrolled_at = NULL WHERE id = 'account'",
        """UPDATE accounts SET enrolled_at = NULL, default_authenticator_id = NULL,
            default_channel = NULL WHERE id = 'account'""",
        """INSERT INTO accounts (id, email, email_key, name, locale, created_at)
        VALUES ('account', 'a', 'a', 'A', 'en', 1)
        ON CONFLICT (id) DO UPDATE SET enrolled_at = NULL, default_authenticator_id = NULL,
            default_channel = NULL""",
    ],
)
async def test_enrolment_cannot_be_cleared(store: Store, sql: str) -> None:
    """EF-02: an enrolled account stays enrolled, whatever is cleared along with it."""
    with pytest.raises(REFUSALS):
        await store.script(sql)

    row = await _row(store, "SELECT enrolled_at FROM accounts WHERE id = 'account'")
    assert row is not None
    assert row["enrolled_at"] is not None


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts SET enrolled_at = 1 WHERE id = 'newcomer'",
        """UPDATE accounts SET enrolled_at = 1, default_channel = 'totp'
        WHERE id = 'newcomer'""",
        """UPDATE accounts SET enrolled_at = 1, default_authenticator_id = 'none',
            default_channel = 'totp' WHERE id = 'newcomer'""",
        """UPDATE accounts SET enrolled_at = 1, default_authenticator_id = 'other',
            default_channel = 'totp' WHERE id = 'newcomer'""",
        """UPDATE accounts SET default_authenticator_id = NULL, default_channel = NULL
        WHERE id = 'account'""",
        "UPDATE accounts SET default_authenticator_id = 'none' WHERE id = 'account'",
        "UPDATE accounts SET default_channel = 'email' WHERE id = 'account'",
        """INSERT INTO accounts (id, email, email_key, name, locale, created_at, enrolled_at)
        VALUES ('c', 'c', 'c', 'C', 'en', 1, 1)""",
    ],
)
async def test_enrolled_account_needs_a_factor_of_its_own(store: Store, sql: str) -> None:
    """EF-02: enrolled means a default authenticator that exists and is the account's own."""
    with pytest.raises(REFUSALS):
        await store.script(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM authenticators",
        "DELETE FROM authenticators WHERE id = 'app'",
        "UPDATE authenticators SET id = 'renamed' WHERE id = 'app'",
        "UPDATE authenticators SET account_id = 'newcomer' WHERE id = 'app'",
        "DELETE FROM accounts WHERE id = 'account'",
    ],
)
async def test_default_factor_cannot_be_removed(store: Store, sql: str) -> None:
    """EF-02: the authenticator that an account asks first cannot go, move or change its name."""
    with pytest.raises(REFUSALS):
        await store.script(sql)

    assert await _row(store, "SELECT count(*) AS n FROM authenticators") == {"n": 2}


async def test_last_factor_cannot_be_removed(store: Store) -> None:
    """EF-02: others may be removed one by one, and the last one stays."""
    await store.script("DELETE FROM authenticators WHERE id = 'other'")

    with pytest.raises(REFUSALS):
        await store.script("DELETE FROM authenticators WHERE id = 'app'")

    assert await _row(store, "SELECT id FROM authenticators") == {"id": "app"}


async def test_two_deletes_at_once_leave_a_factor(store: Store) -> None:
    """EF-02: of two deletions at once, each of another factor, one is refused; 10 rounds."""
    for _ in range(10):
        results = await asyncio.gather(
            store.script("DELETE FROM authenticators WHERE id = 'other'"),
            store.script("DELETE FROM authenticators WHERE id = 'app'"),
            return_exceptions=True,
        )

        assert any(isinstance(result, REFUSALS) for result in results)
        assert await _row(store, "SELECT id FROM authenticators") == {"id": "app"}
        await store.script(OTHER)


async def test_delete_and_change_of_default_at_once_leave_a_factor(store: Store) -> None:
    """EF-02: making a factor the default while it is deleted fails one of the two; 10 rounds."""
    for _ in range(10):
        await asyncio.gather(
            store.script("DELETE FROM authenticators WHERE id = 'other'"),
            store.script(
                "UPDATE accounts SET default_authenticator_id = 'other' WHERE id = 'account'"
            ),
            return_exceptions=True,
        )

        row = await _row(
            store,
            """SELECT count(*) AS n FROM accounts JOIN authenticators
            ON authenticators.id = default_authenticator_id
                AND authenticators.account_id = accounts.id""",
        )
        assert row == {"n": 1}
        await store.script(
            OTHER,
            "UPDATE accounts SET default_authenticator_id = 'app' WHERE id = 'account'",
        )


@pytest.mark.parametrize(
    ("password_at", "second_factor_at", "method"),
    [
        ("1", "NULL", "'totp'"),
        ("1", "1", "NULL"),
        ("NULL", "1", "'totp'"),
        ("1", "NULL", "NULL"),
        ("NULL", "NULL", "NULL"),
        ("1", "1", "'email'"),
        ("1", "1", "'recovery'"),
        ("1", "1", "''"),
    ],
)
async def test_session_needs_two_proofs(
    store: Store, password_at: str, second_factor_at: str, method: str
) -> None:
    """EF-02: a session without a password and a second factor cannot be stored, nor made so."""
    add_session = """INSERT INTO sessions (id, token_digest, account_id, password_at,
            second_factor_at, second_factor_method, signed_in_at, last_seen_at, expires_at,
            source, user_agent)
        VALUES ('{0}', '{0}', 'account', {1}, {2}, {3}, 1, 1, 2, '', '')"""
    change_session = """UPDATE sessions SET password_at = {0}, second_factor_at = {1},
        second_factor_method = {2}"""
    await store.script(add_session.format("whole", "1", "1", "'totp'"))

    with pytest.raises(REFUSALS):
        await store.script(add_session.format("half", password_at, second_factor_at, method))
    with pytest.raises(REFUSALS):
        await store.script(change_session.format(password_at, second_factor_at, method))


@pytest.mark.parametrize("by", ["removal", "lost", "not_me"])
async def test_default_factor_cannot_be_ended(store: Store, by: str) -> None:
    """EF-02: the method that an account asks first proves something, whatever ends the others."""
    end = """INSERT INTO ended_authenticators (authenticator_id, account_id, ended_at, ended_by)
        VALUES ('{0}', 'account', 1, '{1}')"""

    with pytest.raises(REFUSALS):
        await store.script(end.format("app", by))
    await store.script(end.format("other", by))
    with pytest.raises(REFUSALS):
        await store.script(
            "UPDATE accounts SET default_authenticator_id = 'other' WHERE id = 'account'"
        )

    assert await _row(store, "SELECT count(*) AS n FROM ended_authenticators") == {"n": 1}


async def test_suspended_default_keeps_the_reset_required(store: Store) -> None:
    """EF-02: while the only method is suspended nothing lifts the reset that is required."""
    await store.script(
        "INSERT INTO safeguards (account_id, reset_required_at) VALUES ('account', 1)",
        """INSERT INTO ended_authenticators (authenticator_id, account_id, ended_at, ended_by)
        VALUES ('app', 'account', 1, 'not_me')""",
    )

    for way_out in (
        "UPDATE safeguards SET reset_required_at = NULL",
        "DELETE FROM safeguards",
    ):
        with pytest.raises(REFUSALS):
            await store.script(way_out)

    await store.script(
        "UPDATE accounts SET default_authenticator_id = 'other' WHERE id = 'account'",
        "UPDATE safeguards SET reset_required_at = NULL",
    )
