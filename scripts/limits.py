"""Rows of docs/reference/limits.md: how often and how long, read from the constants themselves.

`scripts.reference` renders them. What an operator may change says so.
"""

from datetime import timedelta

from vestibule.domain import (
    account,
    challenge,
    one_time_code,
    passkey,
    pending,
    safety,
    session,
    throttle,
    tolls,
)
from vestibule.domain.challenge import Channel
from vestibule.flows import (
    enroll,
    gate_codes,
    not_me,
    notice_texts,
    passkeys,
    policy_reports,
    recover,
    refusals,
    second_factor,
    sending,
)
from vestibule.flows import tolls as tolls_flow


def rows() -> list[list[str]]:
    """What is limited, to how much, and what happens then."""
    return [*_passwords(), *_codes(), *_second_factor(), *_sends(), *_lives(), *_after_trouble()]


def _passwords() -> list[list[str]]:
    return [
        [
            "wrong passwords for an account, from browsers that it does not know",
            f"{throttle.FREE_PASSWORD_TRIES} free",
            f"then a wait of {_said(throttle.FIRST_PASSWORD_WAIT)} that doubles to"
            f" {_said(throttle.LONGEST_PASSWORD_WAIT)}; a known browser has a lane of its own,"
            " and whoever enters the mailed code gets one",
        ],
        [
            "wrong passwords from a whole network (IPv4 /24, IPv6 /48), from such browsers",
            str(throttle.NETWORK_PASSWORD_TRIES),
            f"then one in {_said(throttle.NETWORK_PASSWORD_WAIT)}; it never shuts",
        ],
        [
            "accounts with a wrong second factor at once",
            f"{throttle.SPRAY_LEAST} in {_said(throttle.SPRAY_WINDOW)}, and"
            f" {throttle.SPRAY_FACTOR} times the usual",
            f"an alarm; for {_said(throttle.SPRAY_SLOWS_FOR)} each source has"
            f" {throttle.SPRAY_TRIES_PER_SOURCE} tries, known browsers go on",
        ],
    ]


def _codes() -> list[list[str]]:
    waits = ", ".join(str(challenge.resend_wait(n).seconds) for n in range(1, 6))
    return [
        ["wrong tries for a sent code", str(challenge.MAX_TRIES), "the code is spent"],
        [
            "sends of one code",
            str(challenge.MAX_SENDS),
            f"the waits between them are {waits} seconds",
        ],
        [
            "life of a code by text or call",
            _said(challenge.lifetime(Channel.SMS)),
            "a new one has to be sent",
        ],
        [
            "life of a mailed code",
            _said(challenge.lifetime(Channel.EMAIL)),
            "a new one has to be sent",
        ],
        [
            "wrong codes before the settings",
            str(gate_codes.WRONG_GATE_CODES),
            "the session ends",
        ],
        [
            "wrong recovery codes",
            f"{recover.TRIES_PER_SIGN_IN} in a sign-in,"
            f" {recover.TRIES_PER_SOURCE_HOUR} from a source in an hour",
            "a wait; the code is never disabled",
        ],
    ]


def _second_factor() -> list[list[str]]:
    return [
        [
            "wrong second factors in a sign-in",
            str(second_factor.TRIES_PER_SIGN_IN),
            "start again from the password",
        ],
        [
            "… of an account since its password was set",
            f"{throttle.SHORT_PAUSE_STRIKES}, {throttle.LONG_PAUSE_STRIKES}",
            f"a pause of {_said(throttle.SHORT_PAUSE)}, then {_said(throttle.LONG_PAUSE)}, for"
            " browsers that it does not know",
        ],
        [
            "… since its password was set, or in a year",
            f"{throttle.EPOCH_BUDGET}, {throttle.YEAR_BUDGET}",
            f"sent codes have {one_time_code.RESET_LENGTH} digits and an app is asked for two codes"
            " in a row; nothing closes, and the next full sign-in sets a new password",
        ],
        [
            "life of a question to a passkey",
            _said(passkey.ANSWER_WITHIN),
            "it is asked again; answers count as no wrong tries, and nothing pauses them",
        ],
        [
            "… before anybody is known",
            f"{passkeys.QUESTIONS_PER_SOURCE_HOUR} from a source in an hour",
            "a wait; after the password there is none",
        ],
        [
            "passkeys of an account",
            str(passkey.PASSKEYS_PER_ACCOUNT),
            "one is removed before another is added",
        ],
    ]


def _sends() -> list[list[str]]:
    return [
        [
            "texts and calls to a number",
            f"one in {_said(tolls_flow.NUMBER_SPACING)}, {tolls_flow.NUMBER_HOUR} an hour,"
            f" {tolls_flow.NUMBER_DAY} a day",
            "a wait; numbers that are not confirmed are counted apart",
        ],
        ["calls to a number", f"{tolls_flow.CALLS_A_DAY} a day, one at a time", "a text or an app"],
        ["texts and calls for an account", f"{tolls_flow.ACCOUNT_DAY} a day", "a wait"],
        [
            "… for each of its known browsers, when the rest is used up",
            f"{tolls_flow.KNOWN_BROWSER_SENDS} a day more,"
            f" {tolls_flow.KNOWN_BROWSERS_SENDS} for all of them",
            "an app, or the recovery code",
        ],
        [
            "texts of notices",
            f"{notice_texts.TEXTS_OF_A_KIND} of a kind to a number,"
            f" {notice_texts.TEXTS_OF_AN_ACCOUNT} for an account, a day",
            "mail alone tells it",
        ],
        [
            "mails with a code to ever other addresses, from an IPv4 address or IPv6 /48",
            f"{sending.CROWDED_SOURCE_HOUR} an hour past its usual ones",
            "a wait; browsers that the account knows go on",
        ],
        [
            "mails with a code to a new address",
            f"{sending.NEW_ADDRESS_ACCOUNT_HOUR} an hour and"
            f" {sending.NEW_ADDRESS_ACCOUNT_DAY} a day for an account,"
            f" {sending.NEW_ADDRESS_DAY} a day to an address",
            "a wait; nothing else waits with it",
        ],
        ["texts and calls from a source", f"{tolls_flow.SOURCE_HOUR} an hour", "a wait"],
        [
            "texts and calls to a prefix (the number without its last four digits)",
            f"{tolls_flow.PREFIX_HOUR} an hour",
            "a wait, and an alarm when the codes do not come back",
        ],
        [
            "texts and calls of set-up to a country",
            f"{tolls.SET_UPS_PER_HOUR} an hour, unless the country table says otherwise",
            f"an alarm; confirmed numbers go on to {tolls.CONFIRMED_TIMES} times as many",
        ],
    ]


def _lives() -> list[list[str]]:
    limits = session.DEFAULT_LIMITS
    return [
        ["a pending sign-in", _said(pending.SIGN_IN_LIFETIME), "start again from the password"],
        ["a sign-in at the wall", _said(pending.WALL_LIFETIME), "the same"],
        [
            "pending sign-ins of an account",
            str(pending.SIGN_INS_PER_ACCOUNT),
            "the oldest ends, never a known browser's",
        ],
        ["a sign-up", _said(pending.SIGN_UP_LIFETIME), "nothing is kept of it"],
        ["a reset", _said(pending.RESET_LIFETIME), "ask again"],
        ["a set-up", _said(pending.ENROLLMENT_LIFETIME), "start it again"],
        [
            "a session",
            f"{_said(limits.absolute)}, {_said(limits.idle)} idle (the operator's, at most 24 hours"
            " and 60 minutes)",
            "after idling the password resumes it; after its end a full sign-in",
        ],
        ["sessions of an account", str(session.SESSIONS_PER_ACCOUNT), "the oldest ends"],
        [
            "the gate before the settings",
            f"{_said(session.GATE_IDLE)} since the last act, {_said(session.GATE_ABSOLUTE)} in all",
            "another mailed code",
        ],
        [
            "password and second factor, for a change",
            f"{_said(session.FRESH_FOR)} old at most",
            "both are asked for again",
        ],
        ["apps of an account", str(enroll.APPS_PER_ACCOUNT), "remove one first"],
        ["accounts of a number", str(enroll.ACCOUNTS_PER_NUMBER), "another number, or an app"],
    ]


def _after_trouble() -> list[list[str]]:
    return [
        ["“this was not me”", _said(safety.NOT_ME_FOR), "the link is over"],
        [
            "answers to it by text from an IPv4 address or IPv6 /48",
            f"{not_me.CODES_PER_SOURCE_HOUR} an hour",
            "a wait",
        ],
        [
            "refusals of one kind that the journal names, from an IPv4 address or IPv6 /48",
            f"{refusals.REFUSALS_PER_SOURCE_HOUR} an hour",
            "the rest is refused and not written down",
        ],
        [
            "choices of a language, name or zone that the journal names, for an account",
            f"{refusals.TRIFLES_PER_ACCOUNT_HOUR} of each an hour",
            "the rest is done and not written down",
        ],
        [
            "reports of a broken content policy from a source",
            f"{policy_reports.REPORTS_PER_SOURCE_HOUR} an hour",
            "the rest is dropped",
        ],
        ["a freeze of changes", _said(safety.FREEZE_FOR), "changes are open again"],
        [
            "a new browser",
            f"{_said(safety.BROWSER_KNOWN_AFTER)} without changes of the second factor",
            "changes are open",
        ],
        [
            "a number that proved nothing",
            f"for {_said(account.NUMBER_RESTS_FOR)}",
            "it proves its owner only together with the mailbox, and hears no notices",
        ],
        [
            "a reset proven by text or call alone",
            f"waits for {_said(safety.RESET_WAITS_FOR)}",
            "the new password holds, unless its owner stopped it",
        ],
    ]


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def _said(span: timedelta) -> str:
    """The span in its largest whole unit; up to three days in hours, as the rules say it."""
    seconds = int(span.total_seconds())
    for unit, size in _UNITS:
        count = seconds // size
        if seconds % size == 0 and not (unit == "day" and count <= 3):
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError(span)
