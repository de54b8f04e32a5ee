"""What a person reads of each event of their own account: one plain sentence, nobody blamed."""

from collections.abc import Mapping

from vestibule.domain.event import EventName
from vestibule.web.wording import N_, Words

SENTENCES: Mapping[EventName, str] = {
    EventName.SIGN_UP_STARTED: N_("A sign-up began"),
    EventName.SIGN_UP_EXISTING_ADDRESS: N_("Somebody tried to sign up with your address"),
    EventName.SIGN_UP_VERIFIED: N_("Your account was made"),
    EventName.EMAIL_CONFIRMED: N_("Your address was confirmed"),
    EventName.PASSWORD_ACCEPTED: N_("Your password was entered"),
    EventName.PASSWORD_FAILED: N_("A wrong password was entered"),
    EventName.PASSWORD_THROTTLED: N_("A password try was put off after many tries"),
    EventName.SECOND_FACTOR_FAILED: N_("A code was not right"),
    EventName.SECOND_FACTOR_PAUSED: N_("Codes were put off after many wrong ones"),
    EventName.SECOND_FACTOR_REPLAYED: N_("A code was entered a second time"),
    EventName.STRIKES_REACHED: N_("Many codes were wrong, so longer ones are asked for"),
    EventName.SIGNED_IN: N_("You signed in"),
    EventName.SIGNED_OUT: N_("You signed out"),
    EventName.SPRAY_SUSPECTED: N_("Many accounts got wrong codes at once"),
    EventName.CHALLENGE_SENT: N_("A code was sent"),
    EventName.CHALLENGE_FAILED: N_("A sent code was not right"),
    EventName.CHALLENGE_REFUSED: N_("A code was asked for and not sent"),
    EventName.CALL_DENIED: N_("Somebody who was called had not asked for it"),
    EventName.LIMIT_WOULD_REFUSE: N_("A limit that is being tried out was reached"),
    EventName.NUMBER_CHANGED_HANDS: N_("Your number got another SIM card, so it got no code"),
    EventName.NUMBER_OPTED_OUT: N_("Your number asked for no more texts"),
    EventName.NUMBER_OPTED_IN: N_("Your number takes texts again"),
    EventName.NUMBER_STALE: N_("Your number was not used for a year, so your mail was asked too"),
    EventName.NUMBER_REVERIFIED: N_("Your number was proven again after a year"),
    EventName.NOTICE_NOT_TEXTED: N_("A notice went by e-mail and not by text as well"),
    EventName.ENROLLMENT_STARTED: N_("Adding a sign-in method began"),
    EventName.AUTHENTICATOR_BOUND: N_("A sign-in method was added"),
    EventName.AUTHENTICATOR_UNBOUND: N_("A sign-in method was removed"),
    EventName.AUTHENTICATOR_RENAMED: N_("An app was renamed"),
    EventName.DEFAULT_METHOD_CHANGED: N_("Your default method was changed"),
    EventName.PASSKEY_COPIED: N_("A passkey that may have been copied was refused"),
    EventName.TIME_OFFSET_MOVED: N_("Your app's clock was allowed for"),
    EventName.RECOVERY_CODE_MADE: N_("A recovery code was made"),
    EventName.RECOVERY_CODE_SHOWN: N_("A recovery code was shown"),
    EventName.RECOVERY_CODE_ACKNOWLEDGED: N_("A recovery code was confirmed as saved"),
    EventName.RECOVERY_CODE_USED: N_("A recovery code was used"),
    EventName.RECOVERY_CODE_FAILED: N_("A recovery code was not right"),
    EventName.RECOVERY_STOPPED: N_("A recovery was stopped"),
    EventName.NOT_ME_PRESSED: N_("“This was not me” was pressed"),
    EventName.NOT_ME_FAILED: N_("An answer “this was not me” was not known"),
    EventName.AUTHENTICATOR_SUSPENDED: N_("A sign-in method was suspended"),
    EventName.AUTHENTICATOR_RETURNED: N_("A sign-in method was brought back"),
    EventName.RECOVERY_CODE_VOIDED: N_("A recovery code was made void"),
    EventName.BROWSERS_FORGOTTEN: N_("Browsers were forgotten"),
    EventName.CHANGES_FROZEN: N_("Changes were stopped for 72 hours"),
    EventName.FREEZE_LIFTED: N_("Changes are open again"),
    EventName.ACCOUNT_CLOSING_ASKED: N_("The closing of your account was asked for"),
    EventName.ACCOUNT_CLOSING_CANCELLED: N_("The closing of your account was stopped"),
    EventName.ACCOUNT_CLOSED: N_("Your account was closed"),
    EventName.ACCOUNT_SUSPENDED: N_("The operators suspended your account"),
    EventName.ACCOUNT_UNSUSPENDED: N_("The operators opened your account again"),
    EventName.SIGN_IN_SUSPENDED: N_("A sign-in was stopped because your account is suspended"),
    EventName.ADDRESS_CHANGED: N_("Your address was changed from %(old)s to %(new)s"),
    EventName.ADDRESS_WANTED_BY_OTHER: N_("Somebody tried to give your address to their account"),
    EventName.ADDRESS_SUSPENDED: N_("Codes go no longer to %(address)s"),
    EventName.ADDRESS_RETURNED: N_("The address %(address)s was proven again"),
    EventName.NOTICE_ADDRESS_SET: N_("The second address %(address)s gets your notices"),
    EventName.NOTICE_ADDRESS_REMOVED: N_("The second address %(address)s was removed"),
    EventName.NAME_CHANGED: N_("Your name was changed"),
    EventName.LANGUAGE_CHOSEN: N_("A language was chosen for your account"),
    EventName.TIME_ZONE_CHOSEN: N_("A time zone was chosen for your account"),
    EventName.REVIEW_ANSWERED: N_("“Still yours?” was answered"),
    EventName.GATE_OPENED: N_("User Settings were opened"),
    EventName.GATE_FAILED: N_("A code for User Settings was not right"),
    EventName.STEP_UP_SUCCEEDED: N_("Password and code were entered before a change"),
    EventName.PASSWORD_CHANGED: N_("Your password was changed"),
    EventName.PASSWORD_RESET_REQUESTED: N_("A new password was asked for"),
    EventName.PASSWORD_RESET_FAILED: N_("A code for a new password was not right"),
    EventName.PASSWORD_RESET: N_("Your password was reset"),
    EventName.PASSWORD_RESET_WAITS: N_("A new password waits to take the place of yours"),
    EventName.PASSWORD_RESET_CANCELLED: N_("A new password was stopped"),
    EventName.SESSION_CREATED: N_("A session began"),
    EventName.SESSION_RENEWED: N_("A session got a new key"),
    EventName.SESSION_RESUMED: N_("A session was resumed with your password"),
    EventName.SESSION_ENDED: N_("Sessions were ended"),
    EventName.CSRF_REFUSED: N_("A form that did not come from our page was refused"),
    EventName.SEQUENCE_REFUSED: N_("A step was tried before the one that comes first"),
    EventName.STARTED: N_("Vestibule started"),
    EventName.STOPPED: N_("Vestibule ended"),
    EventName.KEY_PUBLISHED: N_("A new key of the house was made"),
    EventName.KEYS_RESEALED: N_("Stored secrets were sealed with the new key"),
    EventName.KEY_RETIRED: N_("An old key of the house was taken away"),
    EventName.DATABASE_RESTORED: N_("The house was restored from a copy"),
    EventName.ALARM_RAISED: N_("The operators were told"),
    EventName.CONVERSION_FORGOTTEN: N_("A count of entered codes began anew"),
}
UNKNOWN = N_("Something that this version has no words for")
METHODS: Mapping[str, str] = {
    "email": N_("by e-mail"),
    "otp": N_("by authentication app"),
    "passkey": N_("passkey"),
    "phone": N_("phone"),
    "sms": N_("by text message"),
    "totp": N_("by authentication app"),
    "voice": N_("by voice call"),
}


NAMED = ("address", "new", "old")
"""The details that a sentence may name; addresses are masked where they are written."""


def said(name: str, details: Mapping[str, object], translate: Words) -> str:
    """The sentence of an event, also of one that a newer version wrote."""
    known = {one.value: text for one, text in SENTENCES.items()}
    # Isolated, so that an address keeps its order in a sentence that runs the other way.
    values = {one: f"\u2068{details.get(one, '')}\u2069" for one in NAMED}
    text = translate(known.get(name, UNKNOWN))
    return text % values if "%(" in text else text


def method_said(method: str | None, translate: Words) -> str | None:
    """How it was done; None where no method is told."""
    return translate(METHODS[method]) if method and method in METHODS else None
