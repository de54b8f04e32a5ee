"""The vocabulary of the journal: what happened, in the words that operators search for.

OWASP's logging vocabulary where it has a word. An event carries no secret, no code, no full
number or address; recording it is the flows' business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventName(StrEnum):
    """Each member is one thing that happens; several may share an OWASP family prefix."""

    # sign-up
    SIGN_UP_STARTED = "sign_up_started"
    SIGN_UP_EXISTING_ADDRESS = "sign_up_existing_address"
    SIGN_UP_VERIFIED = "user_created"
    EMAIL_CONFIRMED = "email_confirmed"
    # sign-in: the password
    PASSWORD_ACCEPTED = "authn_password_success"  # noqa: S105 - the name of an event
    PASSWORD_FAILED = "authn_password_fail"  # noqa: S105 - the name of an event
    PASSWORD_THROTTLED = "authn_password_fail_max"  # noqa: S105 - the name of an event
    # sign-in: the second factor
    SECOND_FACTOR_FAILED = "authn_login_fail"
    SECOND_FACTOR_PAUSED = "authn_login_lock"
    SECOND_FACTOR_REPLAYED = "authn_token_reuse"
    SIGNED_IN = "authn_login_success"
    SIGNED_OUT = "authn_logout"
    STRIKES_REACHED = "authn_login_fail_max"
    SPRAY_SUSPECTED = "authn_login_fail_spray"
    # challenges
    CHALLENGE_SENT = "challenge_sent"
    CHALLENGE_FAILED = "challenge_fail"
    CHALLENGE_REFUSED = "challenge_refused"
    CALL_DENIED = "call_denied"
    LIMIT_WOULD_REFUSE = "limit_would_refuse"
    NUMBER_CHANGED_HANDS = "number_changed_hands"
    NUMBER_OPTED_OUT = "number_opted_out"
    NUMBER_OPTED_IN = "number_opted_in"
    NUMBER_STALE = "number_stale"
    NUMBER_REVERIFIED = "number_reverified"
    NOTICE_NOT_TEXTED = "notice_not_texted"
    # authenticators
    ENROLLMENT_STARTED = "enrollment_started"
    AUTHENTICATOR_BOUND = "authenticator_bound"
    AUTHENTICATOR_UNBOUND = "authenticator_unbound"
    AUTHENTICATOR_RENAMED = "authenticator_renamed"
    DEFAULT_METHOD_CHANGED = "default_method_changed"
    PASSKEY_COPIED = "passkey_copied"
    TIME_OFFSET_MOVED = "totp_offset_moved"
    # recovery code
    RECOVERY_CODE_MADE = "recovery_code_made"
    RECOVERY_CODE_SHOWN = "recovery_code_shown"
    RECOVERY_CODE_ACKNOWLEDGED = "recovery_code_acknowledged"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODE_FAILED = "recovery_code_fail"
    RECOVERY_STOPPED = "recovery_stopped"
    # what the owner answers to a notice
    NOT_ME_PRESSED = "not_me"
    NOT_ME_FAILED = "not_me_fail"
    AUTHENTICATOR_SUSPENDED = "authenticator_suspended"
    AUTHENTICATOR_RETURNED = "authenticator_returned"
    RECOVERY_CODE_VOIDED = "recovery_code_voided"
    BROWSERS_FORGOTTEN = "browsers_forgotten"
    CHANGES_FROZEN = "changes_frozen"
    FREEZE_LIFTED = "changes_freeze_lifted"
    REVIEW_ANSWERED = "review_answered"
    # the account itself
    ACCOUNT_CLOSING_ASKED = "account_closing_asked"
    ACCOUNT_CLOSING_CANCELLED = "account_closing_cancelled"
    ACCOUNT_CLOSED = "user_deleted"
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_UNSUSPENDED = "account_unsuspended"
    SIGN_IN_SUSPENDED = "authn_login_suspended"
    # the account's address
    ADDRESS_CHANGED = "address_changed"
    ADDRESS_WANTED_BY_OTHER = "address_wanted_by_other"
    ADDRESS_SUSPENDED = "address_suspended"
    ADDRESS_RETURNED = "address_returned"
    NOTICE_ADDRESS_SET = "notice_address_set"
    NOTICE_ADDRESS_REMOVED = "notice_address_removed"
    # what suits the person
    NAME_CHANGED = "name_changed"
    LANGUAGE_CHOSEN = "language_chosen"
    TIME_ZONE_CHOSEN = "time_zone_chosen"
    # settings gate and step-up
    GATE_OPENED = "settings_gate_opened"
    GATE_FAILED = "settings_gate_fail"
    STEP_UP_SUCCEEDED = "authn_step_up_success"
    # password
    PASSWORD_CHANGED = "authn_password_change"  # noqa: S105 - the name of an event
    PASSWORD_RESET_REQUESTED = "authn_password_reset_requested"  # noqa: S105 - as above
    PASSWORD_RESET_FAILED = "authn_password_reset_fail"  # noqa: S105 - as above
    PASSWORD_RESET = "authn_password_reset"  # noqa: S105 - the name of an event
    PASSWORD_RESET_WAITS = "authn_password_reset_waits"  # noqa: S105 - as above
    PASSWORD_RESET_CANCELLED = "authn_password_reset_cancelled"  # noqa: S105 - as above
    # sessions
    SESSION_CREATED = "session_created"
    SESSION_RENEWED = "session_renewed"
    SESSION_RESUMED = "session_resumed"
    SESSION_ENDED = "session_ended"
    # refusals
    CSRF_REFUSED = "csrf_refused"
    SEQUENCE_REFUSED = "sequence_fail"
    # operation
    STARTED = "sys_startup"
    STOPPED = "sys_shutdown"
    ALARM_RAISED = "alarm_raised"
    CONVERSION_FORGOTTEN = "conversion_forgotten"
    KEY_PUBLISHED = "key_published"
    KEYS_RESEALED = "keys_resealed"
    KEY_RETIRED = "key_retired"
    DATABASE_RESTORED = "database_restored"


OPERATOR = "operator"
"""The actor of what is done by a command."""


class Outcome(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened: the journal's row, the log's line and the metric are this object.

    `reason` is a refusal's id, `details` small plain facts. A session or pending sign-in is named
    by its keyed mark, so that lines can be joined and nothing be used (AU-01, AU-02).
    """

    id: str
    occurred_at: datetime
    name: EventName
    outcome: Outcome
    reason: str | None
    account_id: str | None
    actor_id: str | None
    """Who did it: the account itself, `OPERATOR`, or nobody where a time was simply over."""
    session_mac: bytes | None
    sign_in_mac: bytes | None
    method: str | None
    source: str
    user_agent: str
    request_id: str
    version: str
    details: Mapping[str, object]
