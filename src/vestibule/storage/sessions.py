"""Sessions, and the browsers that have completed a sign-in before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vestibule.domain.challenge import Channel
from vestibule.domain.session import SESSIONS_PER_ACCOUNT, Session
from vestibule.storage.database import Transaction

_COLUMNS = """id, account_id, password_at, second_factor_at, second_factor_method,
 authenticator_id, signed_in_at, last_seen_at, expires_at, gate_opened_at, gate_used_at,
 gate_failures, step_up_authenticator_id, step_up_channel, source, user_agent, reviewed_at,
 stale_since_at,
 (SELECT approves_changes_at FROM authenticators
    WHERE authenticators.id = sessions.authenticator_id) AS approves_changes_at,
 (SELECT browser_digest FROM acts WHERE acts.id = sessions.id) AS browser_digest,
 (SELECT known_browsers.created_at FROM known_browsers
    JOIN acts ON acts.browser_digest = known_browsers.token_digest
    WHERE acts.id = sessions.id AND known_browsers.account_id = sessions.account_id)
    AS browser_known_at,
 EXISTS (SELECT 1 FROM acts own
    JOIN acts first ON first.browser_digest = own.browser_digest
        AND first.account_id = own.account_id AND first.kind = 'set_up'
    JOIN known_browsers since ON since.token_digest = own.browser_digest
        AND since.account_id = own.account_id AND since.created_at <= first.made_at
    WHERE own.id = sessions.id) AS is_set_up_browser,
 EXISTS (SELECT 1 FROM acts own WHERE own.id = sessions.id AND own.kind = 'recovery')
    AS is_recovery,
 EXISTS (SELECT 1 FROM passkeys WHERE passkeys.account_id = sessions.account_id
    AND NOT EXISTS (SELECT 1 FROM ended_authenticators e
        WHERE e.authenticator_id = passkeys.authenticator_id)) AS has_passkey"""
# Known since the set-up, that is: a recovery may have forgotten it since.


def _session(row: Mapping[str, Any]) -> Session:
    stepping_up = row["step_up_channel"]
    return Session(
        **{
            **row,
            "second_factor_method": Channel(row["second_factor_method"]),
            "step_up_channel": Channel(stepping_up) if stepping_up else None,
        }
    )


async def add(tx: Transaction, session: Session, *, token_digest: bytes) -> None:
    """Open a session; past twenty of one account the oldest ends (SE-08)."""
    await tx.execute(
        """INSERT INTO sessions (id, token_digest, account_id, password_at, second_factor_at,
            second_factor_method, authenticator_id, signed_in_at, last_seen_at, expires_at,
            source, user_agent, stale_since_at)
        VALUES (:id, :token_digest, :account_id, :password_at, :second_factor_at, :method,
            :authenticator_id, :signed_in_at, :last_seen_at, :expires_at, :source, :user_agent,
            :stale_since_at)""",
        id=session.id,
        token_digest=token_digest,
        account_id=session.account_id,
        password_at=session.password_at,
        second_factor_at=session.second_factor_at,
        method=session.second_factor_method.value,
        authenticator_id=session.authenticator_id,
        signed_in_at=session.signed_in_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        source=session.source,
        user_agent=session.user_agent,
        stale_since_at=session.stale_since_at,
    )
    await tx.execute(
        """DELETE FROM sessions WHERE account_id = :account_id AND id NOT IN (
            SELECT id FROM sessions WHERE account_id = :same_account_id
            ORDER BY signed_in_at DESC, id DESC LIMIT :kept)""",
        account_id=session.account_id,
        same_account_id=session.account_id,
        kept=SESSIONS_PER_ACCOUNT,
    )


async def find(tx: Transaction, token_digest: bytes, now: datetime) -> Session | None:
    """The session within its absolute limit; whether it is idle is for the caller to ask."""
    row = await tx.fetch_one(
        f"""SELECT {_COLUMNS} FROM sessions
        WHERE token_digest = :token_digest AND expires_at > :now""",
        token_digest=token_digest,
        now=now,
    )
    return _session(row) if row else None


async def get(tx: Transaction, session_id: str, now: datetime) -> Session | None:
    row = await tx.fetch_one(
        f"SELECT {_COLUMNS} FROM sessions WHERE id = :id AND expires_at > :now",
        id=session_id,
        now=now,
    )
    return _session(row) if row else None


async def of_account(tx: Transaction, account_id: str, now: datetime) -> list[Session]:
    rows = await tx.fetch_all(
        f"""SELECT {_COLUMNS} FROM sessions WHERE account_id = :account_id AND expires_at > :now
        ORDER BY last_seen_at DESC, id""",
        account_id=account_id,
        now=now,
    )
    return [_session(row) for row in rows]


async def touch(tx: Transaction, session_id: str, now: datetime) -> None:
    await tx.execute(
        "UPDATE sessions SET last_seen_at = :seen_at WHERE id = :id AND last_seen_at < :now",
        id=session_id,
        seen_at=now,
        now=now,
    )


async def renew(tx: Transaction, session_id: str, *, token_digest: bytes) -> bool:
    """The same session goes on under a new token; the old one is dead at once (SE-05)."""
    touched = await tx.execute(
        "UPDATE sessions SET token_digest = :token_digest WHERE id = :id",
        id=session_id,
        token_digest=token_digest,
    )
    return touched == 1


async def resume(tx: Transaction, session_id: str, *, token_digest: bytes, now: datetime) -> bool:
    """The password was given again: the same session goes on under a new token (SE-04)."""
    touched = await tx.execute(
        """UPDATE sessions SET token_digest = :token_digest, last_seen_at = :seen_at,
            password_at = :password_at WHERE id = :id AND expires_at > :now""",
        id=session_id,
        token_digest=token_digest,
        seen_at=now,
        password_at=now,
        now=now,
    )
    return touched == 1


async def step_up(
    tx: Transaction,
    session_id: str,
    *,
    token_digest: bytes,
    method: Channel,
    authenticator_id: str,
    now: datetime,
) -> bool:
    """Password and second factor were proven again; the token changes with it (SE-05)."""
    touched = await tx.execute(
        """UPDATE sessions SET token_digest = :token_digest, password_at = :password_at,
            second_factor_at = :second_factor_at, second_factor_method = :method,
            authenticator_id = :authenticator_id, last_seen_at = :seen_at
        WHERE id = :id AND expires_at > :now""",
        id=session_id,
        token_digest=token_digest,
        password_at=now,
        second_factor_at=now,
        method=method.value,
        authenticator_id=authenticator_id,
        seen_at=now,
        now=now,
    )
    return touched == 1


async def choose_step_up(
    tx: Transaction, session_id: str, *, authenticator_id: str, channel: Channel
) -> None:
    await tx.execute(
        """UPDATE sessions SET step_up_authenticator_id = :authenticator_id,
            step_up_channel = :channel WHERE id = :id""",
        id=session_id,
        authenticator_id=authenticator_id,
        channel=channel.value,
    )


async def open_gate(
    tx: Transaction, session_id: str, *, token_digest: bytes, now: datetime
) -> bool:
    """The mailed code was right: settings are open in this session, under a new token."""
    touched = await tx.execute(
        """UPDATE sessions SET token_digest = :token_digest, gate_opened_at = :opened_at,
            gate_used_at = :used_at, gate_failures = 0 WHERE id = :id AND expires_at > :now""",
        id=session_id,
        token_digest=token_digest,
        opened_at=now,
        used_at=now,
        now=now,
    )
    return touched == 1


async def use_gate(tx: Transaction, session_id: str, now: datetime) -> None:
    await tx.execute(
        "UPDATE sessions SET gate_used_at = :used_at WHERE id = :id AND gate_used_at IS NOT NULL",
        id=session_id,
        used_at=now,
    )


async def fail_gate(tx: Transaction, session_id: str) -> int:
    """Count a wrong gate code; the count. Five end the session (section 5)."""
    row = await tx.fetch_one(
        """UPDATE sessions SET gate_failures = gate_failures + 1 WHERE id = :id
        RETURNING gate_failures""",
        id=session_id,
    )
    return int(row["gate_failures"]) if row else 0


async def answer_review(tx: Transaction, session_id: str, now: datetime) -> None:
    """ "Still yours?" was answered here, and for no other session (R12)."""
    await tx.execute("UPDATE sessions SET reviewed_at = :at WHERE id = :id", id=session_id, at=now)


async def end(tx: Transaction, account_id: str, session_id: str) -> bool:
    """End one session, only if it is the account's own."""
    touched = await tx.execute(
        "DELETE FROM sessions WHERE account_id = :account_id AND id = :id",
        account_id=account_id,
        id=session_id,
    )
    return touched == 1


async def end_others(tx: Transaction, account_id: str, *, kept: str | None) -> int:
    """End every session of the account but one (SE-07); how many ended."""
    return await tx.execute(
        "DELETE FROM sessions WHERE account_id = :account_id AND id <> :kept",
        account_id=account_id,
        kept=kept or "",
    )


# --- known browsers: a lane of the throttle, never a factor (RL-03) ------------------------


async def remember_browser(
    tx: Transaction, token_digest: bytes, account_id: str, now: datetime
) -> bool:
    """Know the browser from now on; True where it was not known before."""
    was_known = await knows_browser(tx, token_digest, account_id)
    await tx.execute(
        """INSERT INTO known_browsers (token_digest, account_id, created_at, last_seen_at)
        VALUES (:token_digest, :account_id, :created_at, :last_seen_at)
        ON CONFLICT (token_digest, account_id)
        DO UPDATE SET last_seen_at = excluded.last_seen_at""",
        token_digest=token_digest,
        account_id=account_id,
        created_at=now,
        last_seen_at=now,
    )
    return not was_known


async def knows_browser(tx: Transaction, token_digest: bytes, account_id: str) -> bool:
    row = await tx.fetch_one(
        """SELECT 1 AS found FROM known_browsers
        WHERE token_digest = :token_digest AND account_id = :account_id""",
        token_digest=token_digest,
        account_id=account_id,
    )
    return row is not None


async def mark_anew(tx: Transaction, old_digest: bytes, new_digest: bytes) -> None:
    """Know a browser by another mark, for everybody who is known there; the old one is nobody's.

    What was done from it follows, so that open sessions keep their browser.
    """
    await tx.execute(
        """UPDATE acts SET browser_digest = :new WHERE browser_digest = :old AND account_id IN (
            SELECT account_id FROM known_browsers WHERE token_digest = :same_old)""",
        new=new_digest,
        old=old_digest,
        same_old=old_digest,
    )
    await tx.execute(
        "UPDATE known_browsers SET token_digest = :new WHERE token_digest = :old",
        new=new_digest,
        old=old_digest,
    )


async def forget_browsers(tx: Transaction, account_id: str) -> None:
    await tx.execute("DELETE FROM known_browsers WHERE account_id = :id", id=account_id)


async def forget_browser(
    tx: Transaction, account_id: str, token_digest: bytes, *, since: datetime
) -> bool:
    """Forget one that is known since then or later; one known before stays."""
    touched = await tx.execute(
        """DELETE FROM known_browsers WHERE account_id = :account_id
            AND token_digest = :token_digest AND created_at >= :since""",
        account_id=account_id,
        token_digest=token_digest,
        since=since,
    )
    return touched == 1


async def known_browsers(tx: Transaction, account_id: str) -> list[tuple[bytes, datetime]]:
    """The marks of the account's browsers and since when each is known, the oldest first."""
    rows = await tx.fetch_all(
        """SELECT token_digest, created_at FROM known_browsers WHERE account_id = :id
        ORDER BY created_at, token_digest""",
        id=account_id,
    )
    return [(row["token_digest"], row["created_at"]) for row in rows]


async def known_since(tx: Transaction, token_digest: bytes, account_id: str) -> datetime | None:
    """The first full sign-in of a browser, while it is known."""
    row = await tx.fetch_one(
        """SELECT created_at FROM known_browsers
        WHERE token_digest = :token_digest AND account_id = :account_id""",
        token_digest=token_digest,
        account_id=account_id,
    )
    at: datetime | None = row["created_at"] if row else None
    return at
