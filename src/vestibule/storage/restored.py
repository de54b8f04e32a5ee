"""What a database that came from a backup must forget: whatever was used or ended since then.

Of what was used later the database knows nothing, so all that could have been is ended. Knows no
policy beyond that: which of it is noted or told is the flow's.
"""

from datetime import datetime

from vestibule.storage.database import Transaction

GONE = {
    "sessions": "sessions",
    "pending sign-ins": "sign_ins",
    "sign-ups": "sign_ups",
    "set-ups": "enrollments",
    "resets": "resets",
    "resets that wait": "waiting_resets",
    "questions to passkeys": "passkey_questions",
    "recovery codes on their page": "recovery_code_views",
    "calls": "calls",
    "known browsers": "known_browsers",
}
"""What an operator calls it, and the table that is emptied."""


async def empty(tx: Transaction, table: str) -> int:
    """Delete every row of one of these tables; how many there were."""
    return await tx.execute(f"DELETE FROM {table}")


async def end_challenges(tx: Transaction, now: datetime) -> int:
    """No code that is out works any more."""
    return await tx.execute(
        """UPDATE challenges SET ended_at = :now, code_sealed = NULL WHERE ended_at IS NULL""",
        now=now,
    )


async def end_recovery_codes(tx: Transaction, now: datetime) -> int:
    """None can be told from one that was used since."""
    return await tx.execute(
        """UPDATE recovery_codes SET ended_at = :now, ended_by = 'restore'
        WHERE ended_at IS NULL""",
        now=now,
    )


async def use_up_steps(tx: Transaction, step: int) -> int:
    """What any app has shown until this step of a right clock counts as used, on its own clock."""
    return await tx.execute(
        """UPDATE authenticators SET last_step = CAST(:step AS BIGINT) + step_offset
        WHERE kind = 'totp' AND last_step < CAST(:same AS BIGINT) + step_offset""",
        step=step,
        same=step,
    )


async def end_answers(tx: Transaction, now: datetime) -> int:
    """Links and codes of notices: those that were pressed would do it once more."""
    return await tx.execute(
        "UPDATE disavowals SET used_at = :now WHERE used_at IS NULL",
        now=now,
    )


async def withdraw_messages(tx: Transaction, now: datetime) -> int:
    """What waited then was sent since."""
    return await tx.execute(
        """UPDATE outbox SET refused_at = :now, reason = 'no_longer_needed', body_sealed = NULL,
            destination_sealed = NULL
        WHERE handed_over_at IS NULL AND refused_at IS NULL""",
        now=now,
    )


async def close_own_lanes(tx: Transaction) -> int:
    """A browser's own way past others' wrong passwords goes with what is known of browsers."""
    return await tx.execute("DELETE FROM throttles WHERE kind = 'own-lane'")


async def keep_accounts(tx: Transaction) -> int:
    """None closes that was going to: its owner may have kept it since."""
    return await tx.execute(
        "UPDATE safeguards SET closes_at = NULL WHERE closes_at IS NOT NULL",
    )


async def require_new_passwords(tx: Transaction, now: datetime) -> int:
    """Every password opens one full sign-in, which sets another: it may have been disowned since.

    Until then no six-digit code is looked at behind it: guesses of since are forgotten (RL-05).
    """
    return await tx.execute(
        """UPDATE accounts SET new_password_required_at = COALESCE(new_password_required_at, :now)
        WHERE enrolled_at IS NOT NULL AND id IN (SELECT account_id FROM passwords)""",
        now=now,
    )


async def require_reviews(tx: Transaction, now: datetime) -> int:
    """Every account's next sign-in opens with "still yours?": what was removed may be back."""
    return await tx.execute(
        """INSERT INTO safeguards (account_id, review_from_at)
        SELECT id, CAST(:now AS BIGINT) FROM accounts WHERE enrolled_at IS NOT NULL
        ON CONFLICT (account_id) DO UPDATE SET review_from_at = excluded.review_from_at""",
        now=now,
    )
