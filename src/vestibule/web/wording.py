"""What a refusal says: one sentence each, the next step first, nobody blamed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from gettext import NullTranslations

from vestibule.domain.challenge import Channel
from vestibule.domain.delivery import Fault
from vestibule.domain.local_time import Reader
from vestibule.domain.refusal import Reason, Refused


@dataclass(frozen=True, slots=True)
class Words:
    """One language as pages speak it: called with a sentence it says the translation."""

    tag: str
    translations: NullTranslations
    zone: str | None = None
    """What times are said in; None says them in UTC."""

    def __call__(self, text: str) -> str:
        return self.translations.gettext(text)

    def clock_time(self, at: datetime) -> str:
        return self._reader.clock_time(at)

    def day(self, at: datetime) -> str:
        return self._reader.day(at)

    def moment(self, at: datetime) -> str:
        return self._reader.moment(at)

    @property
    def _reader(self) -> Reader:
        return Reader(self.tag, self, self.zone)


def N_(text: str) -> str:
    """Marks a sentence for translation; `sentence` translates it."""
    return text


SENTENCES: Mapping[Reason, str] = {
    Reason.NAME_MISSING: N_("Enter a name."),
    Reason.NAME_TOO_LONG: N_("Use a name of at most %(most)s characters."),
    Reason.EMAIL_NOT_AN_ADDRESS: N_("Enter an e-mail address like name@example.com."),
    Reason.ADDRESS_ALREADY_YOURS: N_("This is your address already. Enter another one."),
    Reason.ADDRESS_TAKEN_MEANWHILE: N_(
        "This address got an account of its own meanwhile. Enter another one."
    ),
    Reason.ADDRESS_TOLD_ALREADY: N_("This address is told already. Enter another one."),
    Reason.PASSWORD_MISSING: N_("Enter your password."),
    Reason.PASSWORD_TOO_SHORT: N_("Use at least %(least)s characters; a few words are fine."),
    Reason.PASSWORD_TOO_LONG: N_("Use at most %(most)s characters."),
    Reason.PASSWORD_COMMON: N_(
        "Many people use this password, so it is tried first. Choose another one."
    ),
    Reason.PASSWORD_CONTEXT: N_(
        "This is too close to your name, your address or ours. Choose another one."
    ),
    Reason.PASSWORD_SAME: N_("This is your present password. Choose another one."),
    Reason.SIGN_IN_WRONG: N_("E-mail or password is not right. Check both and try again."),
    Reason.SIGN_IN_THROTTLED: N_(
        "There were many tries. Wait until %(until)s. Or choose Forgot password? and enter the"
        " code we mail you: then you need not wait."
    ),
    Reason.SIGN_IN_EXPIRED: N_("This took a while, so start again. Nothing was changed."),
    Reason.PASSWORD_THROTTLED: N_("There were many tries. Wait until %(until)s, then try again."),
    Reason.PASSWORD_WRONG: N_("That is not your password. Try again."),
    Reason.PASSKEY_WRONG: N_("That passkey was not accepted."),
    Reason.PASSKEY_TOO_LATE: N_("That took longer than we wait. Try your passkey again."),
    Reason.PASSKEY_COPIED: N_(
        "This passkey may have been copied, so it was not accepted. Sign in with your recovery code"
        " and set up 2FA again."
    ),
    Reason.PASSKEY_NEEDED: N_("Use your passkey here."),
    Reason.PASSKEYS_TOO_MANY: N_("You have ten passkeys. Remove one before you add another."),
    Reason.CODE_EMPTY: N_("Enter the code."),
    Reason.CODE_NOT_DIGITS: N_("Use digits only."),
    Reason.CODE_TOO_SHORT: N_("The code has %(digits)s digits. Some are missing."),
    Reason.CODE_TOO_LONG: N_("The code has %(digits)s digits. There are more here."),
    Reason.CODE_OTHER_SYMBOLS: N_("The code has letters and digits only."),
    Reason.CODE_WRONG: N_("That code is not right. %(left)s tries left."),
    Reason.CODE_EARLIER: N_("That was code %(number)s. Use code %(newest)s, sent %(sent)s."),
    Reason.CODE_EXPIRED: N_("That code has expired. Send a new one."),
    Reason.CODE_SPENT: N_("That code was already used. Send a new one."),
    Reason.CODE_SPENT_BY_TRIES: N_(
        "Five tries were not right, so that code is spent. Send a new one."
    ),
    Reason.CODE_NOT_SENT: N_("Send a code first."),
    Reason.CODE_MUST_BE_LONGER: N_(
        "After many wrong codes we use longer ones here. Send a new code; it has %(digits)s digits."
    ),
    Reason.TIME_STEP_USED: N_("That code was already used. Wait for the next one."),
    Reason.TIME_STEP_CLOCK_OFF: N_(
        "Your phone's clock is off by about %(seconds)s seconds. Set it to automatic, or wait for"
        " the next code and enter two in a row."
    ),
    Reason.TWO_CODES_NEEDED: N_("Enter the code after it too, as soon as it appears."),
    Reason.TOO_MANY_WRONG_CODES: N_(
        "There were five wrong codes, so we stopped here. Start again from your password."
    ),
    Reason.SECOND_FACTOR_PAUSED: N_(
        "There were many wrong codes. Wait until %(until)s. When you sign in, your recovery code"
        " works meanwhile."
    ),
    Reason.GATE_FAILED: N_("There were five wrong codes, so we signed you out. Sign in again."),
    Reason.SEND_TOO_SOON: N_("A code is on its way. You can send another from %(until)s."),
    Reason.SENDS_USED_UP: N_("We sent five codes. Wait until %(until)s for another one."),
    Reason.SEND_BUDGET_SPENT: N_("We cannot send more codes now. Wait until %(until)s."),
    Reason.SEND_MONEY_SPENT: N_(
        "We cannot text or call anybody now. Use an authentication app or another way, or wait"
        " until %(until)s."
    ),
    Reason.SEND_PAUSED: N_(
        "We cannot send codes to new numbers like this one now. Use an authentication app instead."
    ),
    Reason.CALL_UNDER_WAY: N_(
        "We are calling this number already. You can ask for another call from %(until)s."
    ),
    Reason.PHONE_EMPTY: N_("Enter a phone number with its area code."),
    Reason.PHONE_TOO_SHORT: N_("This number is too short for that country."),
    Reason.PHONE_TOO_LONG: N_("This number is too long for that country."),
    Reason.PHONE_NOT_POSSIBLE: N_("There is no such number in that country. Check it."),
    Reason.PHONE_COUNTRY_NOT_SERVED: N_(
        "We cannot send codes to that country. Use an authentication app instead."
    ),
    Reason.PHONE_COUNTRY_CALLS_ONLY: N_(
        "We cannot text numbers in that country. Choose Call me, or use an authentication app."
    ),
    Reason.PHONE_COUNTRY_TEXTS_ONLY: N_(
        "We cannot call numbers in that country. Choose the text message, or use an authentication"
        " app."
    ),
    Reason.PHONE_OPTED_OUT: N_(
        "This number asked not to get our texts. Text START to us from it, or choose a call or an"
        " app."
    ),
    Reason.PHONE_VOIP: N_(
        "Codes cannot go to a number on the internet here. Use a mobile number, or an app."
    ),
    Reason.PHONE_PREMIUM: N_("Codes cannot go to this kind of number. Use a mobile number."),
    Reason.PHONE_LANDLINE: N_("This looks like a landline. Choose Call me."),
    Reason.PHONE_NOT_USABLE: N_("This number cannot be used here. Use another one, or an app."),
    Reason.PHONE_ALREADY_YOURS: N_("This is your number already."),
    Reason.APPS_TOO_MANY: N_("You have five apps. Remove one first."),
    Reason.RESET_STOPPED: N_(
        "There were five wrong codes, so we stopped here. Ask for another mail to go on."
    ),
    Reason.SESSION_OVER: N_("That session was over already."),
    Reason.SET_UP_EXPIRED: N_("This set-up took a while, so start it again."),
    Reason.ZONE_UNKNOWN: N_("No zone is called so. Try a country, or a large town nearby."),
    Reason.METHOD_UNKNOWN: N_("That way is not there any more. Choose another one."),
    Reason.METHOD_CLOSED: N_("We cannot reach phones that way here. Choose another way."),
    Reason.METHOD_TOO_NEW: N_(
        "This was set up during a recovery and can approve changes from %(until)s."
    ),
    Reason.LAST_METHOD: N_("You need at least one way. Add another one first."),
    Reason.RECOVERY_CODE_MALFORMED: N_("A recovery code has 24 letters and digits."),
    Reason.RECOVERY_CODE_WRONG: N_("That is not your recovery code. Check it and try again."),
    Reason.RECOVERY_CODE_SLOWED: N_("There were many tries. Wait until %(until)s."),
    Reason.RECOVERY_STOPPED: N_(
        "Somebody had begun to sign in with your recovery code, and we stopped that. If it was not"
        " you, change your password now. Here is a new code."
    ),
    Reason.LAST_GROUP_WRONG: N_("That is not the last group. Look at your copy of the code."),
    Reason.RECOVERY_CODE_GONE: N_("This code is no longer the newest. Make another one."),
    Reason.BROWSER_TOO_NEW: N_("This browser is new here. It can change things from %(when)s."),
    Reason.BROWSER_NOT_KNOWN: N_(
        "This browser changes nothing yet. Sign in again here; a day later it can."
    ),
    Reason.CHANGES_FROZEN: N_(
        "Somebody answered a text with “not me”, so changes are stopped until %(when)s."
    ),
    Reason.RESET_TOO_RECENT: N_(
        "Your password was reset, so methods, recovery codes and your address stay as they are"
        " until %(when)s."
    ),
    Reason.RESET_WAITS: N_(
        "Your new password counts from %(when)s, because this browser is new here. Everybody who"
        " can say no was told. Until then the old one works."
    ),
    Reason.RESET_NEEDED: N_("Set a new password first: choose Forgot password?"),
    Reason.NO_METHOD_LEFT: N_(
        "No sign-in method of this account can be asked. Set a new password."
    ),
    Reason.NOT_ME_CODE_MALFORMED: N_("The code has eight letters and digits. Look at the text."),
    Reason.NOT_ME_UNKNOWN: N_(
        "This is not known here, or it is older than seven days. Enter the code from a newer text,"
        " or open the newest mail."
    ),
    Reason.NOT_ME_SLOWED: N_("There were many tries. Wait until %(until)s."),
    Reason.REVIEW_OVER: N_("This was answered already."),
    Reason.ACCOUNT_SUSPENDED: N_(
        "This account is suspended, so nobody is let in. Contact support to have it looked at."
    ),
    Reason.CLOSING_OVER: N_("Nothing was going to be closed, so your account stays as it is."),
    Reason.CLOSING_TWICE: N_("Your account closes already. Below is the day."),
    Reason.STEP_UP_NEEDED: N_("Prove it is you first."),
}

NOT_ARRIVED: Mapping[Fault, str] = {
    Fault.NUMBER_INVALID: N_("The carrier knows no such number. Check it, or use another way."),
    Fault.OPTED_OUT: N_(
        "This number asked not to get our texts. Reply START to one of them, or use another way."
    ),
    Fault.LANDLINE: N_("This number takes calls only. Choose Call me instead."),
    Fault.REGION_CLOSED: N_("We cannot reach phones in that country now. Use another way."),
    Fault.BLOCKED: N_("We cannot text this number now. Try a call, or another way."),
    Fault.CHANGED_HANDS: N_(
        "This number got another SIM card lately, so we send it no code. Use another way."
    ),
    Fault.UNREACHABLE: N_("The text did not arrive. Is the phone on? Try a call, or another way."),
    Fault.IN_DOUBT: N_(
        "The carrier did not say whether it has the text. It may still come; if not, try a call,"
        " or another way."
    ),
    Fault.NO_ROUTE: N_("We could not send the text. Try a call, or another way."),
}
"""Why a text did not arrive, and what to do; what is not here has the sentence of `NO_ROUTE`."""

CALL_FAILED: Mapping[Fault, str] = {
    Fault.NUMBER_INVALID: NOT_ARRIVED[Fault.NUMBER_INVALID],
    Fault.REGION_CLOSED: NOT_ARRIVED[Fault.REGION_CLOSED],
    Fault.CHANGED_HANDS: NOT_ARRIVED[Fault.CHANGED_HANDS],
    Fault.BUSY: N_("The line was busy. Call again in a moment, or use another way."),
    Fault.NO_ANSWER: N_("Nobody answered. Call again when the phone is at hand."),
    Fault.NO_KEY: N_(
        "The call was answered, but nobody pressed a key, so the code was not read out. Call again,"
        " or use another way."
    ),
    Fault.NO_ROUTE: N_("The call did not get through. Try a text, or another way."),
}
"""The same of a call."""

WAITING = frozenset(
    {
        Reason.BROWSER_NOT_KNOWN,
        Reason.BROWSER_TOO_NEW,
        Reason.CHANGES_FROZEN,
        Reason.RESET_TOO_RECENT,
    }
)
"""These are told on a page of their own, with what helps meanwhile (R11)."""

TOLD: Mapping[str, str] = {
    "account_kept": N_("Your account stays."),
    "address_changed": N_("Your address is changed, and every other browser is signed out."),
    "app_added": N_("Your app is connected."),
    "closing_asked": N_("Your account closes. Every other browser is signed out."),
    "method_removed": N_("Removed."),
    "not_me_cancelled": N_("The new password is stopped. Yours stays as it is."),
    "not_me_closing_frozen": N_(
        "The account is not closed, and changes to it are stopped for 72 hours."
    ),
    "not_me_closing_secured": N_(
        "The account is not closed. Everything is signed out, and what was added then opens"
        " nothing."
    ),
    "not_me_frozen": N_("Changes to the account are stopped for 72 hours."),
    "not_me_secured": N_("Everything is signed out, and what was added then opens nothing."),
    "not_me_settled": N_("This was settled already, and nothing else was changed."),
    "notice_address_removed": N_("Your second address is removed."),
    "notice_address_set": N_("Notices go to your second address too from now on."),
    "number_reverified": N_("Your number is proven again."),
    "passkey_added": N_("Your passkey is added. From now on, changes ask for it."),
    "password_changed": N_("Your password is changed, and every other browser is signed out."),
    "password_reset": N_("Your new password is set. Sign in with it."),
    "recovery_code_saved": N_("Your new recovery code is the one that counts."),
    "saved": N_("Saved."),
    "sessions_ended": N_("Ended."),
    "signed_out": N_("You are signed out."),
}

BEFORE: Mapping[str, str] = {
    "": N_("Before a change, prove that it is you."),
    "address": N_("Before your address changes, prove that it is you."),
    "notice_address": N_("Before your second address changes, prove that it is you."),
}
"""What password and code are asked for, by the act."""

NOTICE_NAMES: Mapping[str, str] = {
    "closing_asked": N_("Somebody asked to close your account."),
    "address_changed": N_("The e-mail address of your account was changed."),
    "address_returned": N_("An e-mail address of your account was proven again."),
    "default_method_changed": N_("Your default method was changed."),
    "many_new_browser": N_("There were more sign-ins from new browsers."),
    "many_wrong_second_factor": N_("There were more wrong codes after your password."),
    "method_added": N_("A sign-in method was added to your account."),
    "method_removed": N_("A sign-in method was removed from your account."),
    "new_browser": N_("Your account was opened in a new browser."),
    "notice_address_removed": N_("The second address for notices of your account was removed."),
    "notice_address_set": N_("A second address gets the notices of your account."),
    "number_changed": N_("Your phone number was changed."),
    "number_stale": N_("A number that was not used for a year was used to sign in."),
    "passkey_copied": N_("A passkey of your account may have been copied."),
    "password_changed": N_("Your password was changed."),
    "password_reset": N_("Your password was reset."),
    "recovery_code_replaced": N_("Your recovery code was replaced."),
    "recovery_code_used": N_("Your recovery code was used."),
    "recovery_finished": N_("A new sign-in method took the place of the lost ones."),
    "recovery_stopped": N_("A recovery of your account was stopped."),
    "reset_waits": N_("A new password waits to take the place of yours."),
    "sessions_ended": N_("Browsers were signed out of your account."),
    "strikes": N_("There were many wrong codes after your password."),
    "wrong_second_factor": N_("There was a wrong code after your password."),
}
"""What a link of a notice is about, on the page behind it."""

_VARIANTS: Mapping[tuple[Reason, str], str] = {
    (Reason.CODE_WRONG, ""): N_(
        "That code is not right. Codes change every 30 seconds: enter the one showing now."
    ),
    (Reason.CODE_WRONG, "1"): N_("That code is not right. One try left."),
}


def sentence(refused: Refused, translate: Words) -> str:
    """The sentence of a refusal, its times with their zone."""
    details = {name: _said(name, value, translate) for name, value in refused.details.items()}
    text = SENTENCES[refused.reason]
    if refused.reason is Reason.CODE_WRONG:
        text = _VARIANTS.get((refused.reason, details.get("left", "")), text)
    return translate(text) % details


def not_arrived(channel: Channel, reason: str | None, translate: Words) -> str:
    """Why a message did not arrive, and the next step."""
    sentences = CALL_FAILED if channel is Channel.VOICE else NOT_ARRIVED
    known = {fault.value: text for fault, text in sentences.items()}
    return translate(known.get(reason or "", sentences[Fault.NO_ROUTE]))


def _said(name: str, value: object, words: Words) -> str:
    if not isinstance(value, datetime):
        return str(value)
    # `when` may be days away, so its day is said too.
    return words.moment(value) if name == "when" else words.clock_time(value)
