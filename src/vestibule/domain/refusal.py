"""Why something expected did not happen: refusals are values, exceptions are for bugs.

A refusal's id is the same in the page, the log and the metric; its sentence is in `web.wording`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    # forms
    NAME_MISSING = "name_missing"
    NAME_TOO_LONG = "name_too_long"
    EMAIL_NOT_AN_ADDRESS = "email_not_an_address"
    ADDRESS_ALREADY_YOURS = "address_already_yours"
    ADDRESS_TAKEN_MEANWHILE = "address_taken_meanwhile"
    ADDRESS_TOLD_ALREADY = "address_told_already"
    PASSWORD_MISSING = "password_missing"  # noqa: S105 - ids, not secrets, here and below
    PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105
    PASSWORD_TOO_LONG = "password_too_long"  # noqa: S105
    PASSWORD_COMMON = "password_common"  # noqa: S105 - an id
    PASSWORD_CONTEXT = "password_context"  # noqa: S105
    PASSWORD_SAME = "password_same"  # noqa: S105
    # sign-in
    SIGN_IN_WRONG = "sign_in_wrong"
    SIGN_IN_THROTTLED = "sign_in_throttled"
    SIGN_IN_EXPIRED = "sign_in_expired"
    PASSWORD_THROTTLED = "password_throttled"  # noqa: S105 - an id
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - an id
    # codes
    CODE_EMPTY = "code_empty"
    CODE_NOT_DIGITS = "code_not_digits"
    CODE_TOO_SHORT = "code_too_short"
    CODE_TOO_LONG = "code_too_long"
    CODE_OTHER_SYMBOLS = "code_other_symbols"
    CODE_WRONG = "code_wrong"
    CODE_EARLIER = "code_earlier"
    CODE_EXPIRED = "code_expired"
    CODE_SPENT = "code_spent"
    CODE_SPENT_BY_TRIES = "code_spent_by_tries"
    CODE_NOT_SENT = "code_not_sent"
    CODE_MUST_BE_LONGER = "code_must_be_longer"
    TIME_STEP_USED = "time_step_used"
    TIME_STEP_CLOCK_OFF = "time_step_clock_off"
    TWO_CODES_NEEDED = "two_codes_needed"
    TOO_MANY_WRONG_CODES = "too_many_wrong_codes"
    SECOND_FACTOR_PAUSED = "second_factor_paused"
    GATE_FAILED = "gate_failed"
    # sending
    SEND_TOO_SOON = "send_too_soon"
    SENDS_USED_UP = "sends_used_up"
    SEND_BUDGET_SPENT = "send_budget_spent"
    SEND_MONEY_SPENT = "send_money_spent"
    SEND_PAUSED = "send_paused"
    CALL_UNDER_WAY = "call_under_way"
    # phones and apps
    PHONE_EMPTY = "phone_empty"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_NOT_POSSIBLE = "phone_not_possible"
    PHONE_COUNTRY_NOT_SERVED = "phone_country_not_served"
    PHONE_COUNTRY_CALLS_ONLY = "phone_country_calls_only"
    PHONE_COUNTRY_TEXTS_ONLY = "phone_country_texts_only"
    PHONE_OPTED_OUT = "phone_opted_out"
    PHONE_VOIP = "phone_voip"
    PHONE_PREMIUM = "phone_premium"
    PHONE_LANDLINE = "phone_landline"
    PHONE_NOT_USABLE = "phone_not_usable"
    PHONE_ALREADY_YOURS = "phone_already_yours"
    APPS_TOO_MANY = "apps_too_many"
    # passkeys
    PASSKEY_WRONG = "passkey_wrong"
    PASSKEY_TOO_LATE = "passkey_too_late"
    PASSKEY_COPIED = "passkey_copied"
    PASSKEY_NEEDED = "passkey_needed"
    PASSKEYS_TOO_MANY = "passkeys_too_many"
    # on the way
    RESET_STOPPED = "reset_stopped"
    SESSION_OVER = "session_over"
    SET_UP_EXPIRED = "set_up_expired"
    METHOD_UNKNOWN = "method_unknown"
    METHOD_CLOSED = "method_closed"
    METHOD_TOO_NEW = "method_too_new"
    LAST_METHOD = "last_method"
    ZONE_UNKNOWN = "zone_unknown"
    # recovery code
    RECOVERY_CODE_MALFORMED = "recovery_code_malformed"
    RECOVERY_CODE_WRONG = "recovery_code_wrong"
    RECOVERY_CODE_SLOWED = "recovery_code_slowed"
    RECOVERY_STOPPED = "recovery_stopped"
    LAST_GROUP_WRONG = "last_group_wrong"
    RECOVERY_CODE_GONE = "recovery_code_gone"
    # what waits, and what was taken back
    BROWSER_TOO_NEW = "browser_too_new"
    BROWSER_NOT_KNOWN = "browser_not_known"
    CHANGES_FROZEN = "changes_frozen"
    RESET_TOO_RECENT = "reset_too_recent"
    RESET_WAITS = "reset_waits"
    RESET_NEEDED = "reset_needed"
    NO_METHOD_LEFT = "no_method_left"
    NOT_ME_CODE_MALFORMED = "not_me_code_malformed"
    NOT_ME_UNKNOWN = "not_me_unknown"
    NOT_ME_SLOWED = "not_me_slowed"
    REVIEW_OVER = "review_over"
    # the account itself
    ACCOUNT_SUSPENDED = "account_suspended"
    CLOSING_OVER = "closing_over"
    CLOSING_TWICE = "closing_twice"
    # the house
    STEP_UP_NEEDED = "step_up_needed"


@dataclass(frozen=True, slots=True)
class Refused:
    """An expected no. `details` fill the sentence (times are aware datetimes, numbers ints)."""

    reason: Reason
    field: str | None = None
    details: Mapping[str, object] = dataclasses.field(default_factory=dict)
