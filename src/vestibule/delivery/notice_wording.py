"""What a notice says: what happened, when, from where, what to do, and the answer "not me".

A notice by text is one GSM-7 text of 160 characters; it names the address to go to and carries a
short code, which stops changes and opens nothing. No notice carries a code that opens anything.
"""

from collections.abc import Mapping
from datetime import datetime
from gettext import NullTranslations

from vestibule.delivery.envelope import Envelope
from vestibule.delivery.gsm import Text, one_text
from vestibule.delivery.provider import Message
from vestibule.delivery.rendering import House, as_page
from vestibule.domain.browser_name import browser_and_system
from vestibule.domain.local_time import Reader


def N_(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is said."""
    return text


NOTICES: Mapping[str, tuple[str, str]] = {
    "account_closed": (
        N_("Your account is closed"),
        N_(
            "What it held is deleted, and nobody can sign in to it. This address can be used for a"
            " new account, which will have nothing of the old one."
        ),
    ),
    "account_closed_elsewhere": (
        N_("An account is closed"),
        N_("What it held is deleted, and nobody can sign in to it. Nothing more is told here."),
    ),
    "account_suspended": (
        N_("Your account is suspended"),
        N_(
            "The operators suspended your account and signed out every browser. Nobody can sign in"
            " to it until they open it again. Their reason: %(why)s"
        ),
    ),
    "account_unsuspended": (
        N_("Your account is open again"),
        N_("The operators ended its suspension. You can sign in as before."),
    ),
    "address_changed": (
        N_("Your e-mail address was changed"),
        N_(
            "The e-mail address of your account is another one from now on: sign in with the new"
            " one, codes go there too. The one before is told of everything for seven days more."
            " Every other browser was signed out."
        ),
    ),
    "address_held": (
        N_("This address is not free yet"),
        N_(
            "Somebody, perhaps you, tried to use this address for an account. Another account had"
            " it until lately, so it is free again from %(when)s. If it was not you, there is"
            " nothing to do."
        ),
    ),
    "address_returned": (
        N_("An address of your account was proven"),
        N_(
            "Somebody proved a mailbox of your account together with a second factor, after “this"
            " was not me” had been answered. That is the account's address now, and codes go there."
        ),
    ),
    "address_taken": (
        N_("You already have an account"),
        N_(
            "Somebody, perhaps you, tried to sign up with this address. It has an account"
            " already: sign in, or choose Forgot password? there. If it was not you, there is"
            " nothing to do."
        ),
    ),
    "address_wanted": (
        N_("This address already has an account"),
        N_(
            "Somebody, perhaps you, tried to give this address to another account. It has an"
            " account already, so nothing was changed: sign in to that one. If it was not you,"
            " there is nothing to do."
        ),
    ),
    "call_denied": (
        N_("A call with a code was refused"),
        N_(
            "Somebody got a call with a code for your account, did not ask for it, and pressed 9."
            " What the code was for was stopped. If you did not ask for it either, somebody may"
            " know your password: change it."
        ),
    ),
    "changes_frozen": (
        N_("Changes to your account are stopped"),
        N_(
            "Somebody answered a text with “not me”, so nothing can be changed before %(when)s."
            " Signing in works as always. To change something sooner, open User Settings and"
            " prove your password and a method that was there before."
        ),
    ),
    "closing_asked": (
        N_("Your account will be closed"),
        N_(
            "Somebody signed in to your account asked to close it, with password and second factor."
            " On %(when)s everything it holds is deleted, and this cannot be undone. To keep it,"
            " sign in before then and choose Keep my account."
        ),
    ),
    "closing_cancelled": (
        N_("Your account stays"),
        N_("It was going to be closed, and that was stopped. Nothing of it was deleted."),
    ),
    "default_method_changed": (
        N_("Your default method was changed"),
        N_("Another way to prove your second factor is asked first from now on."),
    ),
    "many_new_browser": (
        N_("More sign-ins from new browsers"),
        N_("Since %(since)s, more sign-ins from browsers that were new: %(times)s."),
    ),
    "many_wrong_second_factor": (
        N_("More wrong codes after your password"),
        N_("Since %(since)s, more sign-ins with your right password and a wrong code: %(times)s."),
    ),
    "method_added": (
        N_("A sign-in method was added"),
        N_("A way to prove your second factor was added to your account."),
    ),
    "method_removed": (
        N_("A sign-in method was removed"),
        N_("A way to prove your second factor was removed from your account."),
    ),
    "new_browser": (
        N_("A sign-in from a new browser"),
        N_("Your account was opened, with password and second factor, in a new browser."),
    ),
    "not_me": (
        N_("Your account was secured"),
        N_(
            "Somebody answered a notice with “this was not me”. Every browser was signed out, and"
            " what was added without you proves nothing any more. To go on, open the sign-in page"
            " and choose Forgot password?"
        ),
    ),
    "notice_address_removed": (
        N_("A second address was removed"),
        N_(
            "%(address)s was told of what happens to the account. It is told for seven days more,"
            " and then no longer."
        ),
    ),
    "notice_address_set": (
        N_("A second address gets notices"),
        N_(
            "From now on %(address)s is told too of what happens to the account. It opens nothing,"
            " and no codes go there. One that was told before it is told for seven days more."
        ),
    ),
    "number_changed": (
        N_("Your phone number was changed"),
        N_("The phone number for your security codes was replaced by another one."),
    ),
    "number_stale": (
        N_("A sign-in by a number that was not used for a year"),
        N_(
            "Somebody entered your password and a code to your phone number. That number was not"
            " used here for a year, and carriers give such numbers to other people, so nothing"
            " opens before a code from your mail is entered too. If it was not you, somebody"
            " knows your password."
        ),
    ),
    "number_removed": (
        N_("Number removed"),
        N_("This number no longer gets security codes for your account."),
    ),
    "operators_signed_out": (
        N_("You were signed out everywhere"),
        N_(
            "The operators ended every session of your account. Nothing else was changed: sign in"
            " again as always. Their reason: %(why)s"
        ),
    ),
    "passkey_copied": (
        N_("A passkey may have been copied"),
        N_(
            "A passkey of your account was used, and the count that it keeps was too low, as if"
            " another copy of it were in use. It was not accepted. If this goes on, sign in with"
            " your recovery code and set up 2FA again."
        ),
    ),
    "password_changed": (
        N_("Your password was changed"),
        N_("Your password was changed, and every other browser was signed out."),
    ),
    "password_reset": (
        N_("Your password was reset"),
        N_("A new password was set, and every browser was signed out."),
    ),
    "recovery_code_replaced": (
        N_("Your recovery code was replaced"),
        N_("A new recovery code was made. The old one no longer works."),
    ),
    "recovery_code_used": (
        N_("Your recovery code was used"),
        N_(
            "Somebody signed in with your password and your recovery code, and everything else"
            " was signed out. A new recovery code was shown."
        ),
    ),
    "recovery_finished": (
        N_("Your account was recovered"),
        N_(
            "A new sign-in method took the place of those that were lost. It cannot approve changes"
            " for 24 hours."
        ),
    ),
    "recovery_stopped": (
        N_("A recovery was stopped"),
        N_(
            "Somebody had begun to sign in with your recovery code. Then you signed in as always,"
            " so that was stopped, and a new recovery code was shown."
        ),
    ),
    "reset_cancelled": (
        N_("The new password was stopped"),
        N_(
            "Somebody who was told said no, so your password stays as it is. Whoever asked could"
            " read your mail and your texts: change the password of your mailbox, and ask your"
            " phone company whether your number was moved."
        ),
    ),
    "reset_waits": (
        N_("A new password waits"),
        N_(
            "Somebody proved your mailbox and your second factor and chose a new password. It"
            " counts from %(when)s; until then the old one works, and you can stop it."
        ),
    ),
    "sessions_ended": (
        N_("Sessions were ended"),
        N_("Browsers were signed out of your account."),
    ),
    "strikes": (
        N_("%(times)s wrong codes after your password"),
        N_(
            "Somebody knows your password: there were %(times)s wrong codes after it. Nobody got"
            " in by them. Sign in as always, and set another password."
        ),
    ),
    "texts_stopped": (
        N_("Texts to your number were stopped"),
        N_(
            "The number ending in %(ending)s, or its carrier, asked for no more texts from us, so"
            " codes and notices no longer go there. Calls and apps go on. To get texts again, send"
            " START from that phone, or change the number in User Settings. If it was not you, the"
            " sender of that text may have been forged: look at Security activity."
        ),
    ),
    "wrong_second_factor": (
        N_("Your password was right, the code was not"),
        N_(
            "Somebody, perhaps you, gave your password and then a wrong code. Nobody got in. If it"
            " was not you, somebody knows your password."
        ),
    ),
}

SAID_BY_TEXT: Mapping[str, str] = {
    "address_changed": N_("Your e-mail address was CHANGED."),
    "address_returned": N_("An e-mail address of your account was proven. See your mail."),
    "changes_frozen": N_("Changes to your account are stopped for 72 hours."),
    "closing_asked": N_("Somebody asked to CLOSE your account."),
    "closing_cancelled": N_("Your account stays: its closing was stopped."),
    "default_method_changed": N_("Your default sign-in method was CHANGED."),
    "method_added": N_("A sign-in method was ADDED to your account."),
    "method_removed": N_("A sign-in method was REMOVED from your account."),
    "not_me": N_("Your account was secured and signed out. See your mail."),
    "notice_address_removed": N_("The second address for notices was REMOVED."),
    "notice_address_set": N_("A second address for notices was ADDED."),
    "number_changed": N_("Your phone number was CHANGED."),
    "number_removed": N_("This number no longer gets security codes for your account."),
    "password_changed": N_("Your password was CHANGED."),
    "password_reset": N_("Your password was RESET."),
    "recovery_code_replaced": N_("Your recovery code was REPLACED."),
    "recovery_code_used": N_("Your recovery code was USED."),
    "recovery_finished": N_("Your account got a new sign-in method by a RECOVERY."),
    "recovery_stopped": N_("A recovery of your account was stopped."),
    "reset_cancelled": N_("The new password was stopped. See your mail."),
    "reset_waits": N_("A NEW PASSWORD waits 24 hours."),
}

OF_STRANGERS = frozenset({"address_held", "address_taken", "address_wanted"})
"""What somebody tried who is not signed in to the reader's account: only the fact is told."""

_ANSWERS = (
    N_("Not you? Go to %(host)s/not-me and enter %(code)s"),
    N_("Not you? %(host)s/not-me %(code)s"),
)
"""How a text ends, the fullest first; it is never left out."""

IF_NOT_YOU = N_("Was it not you? Open this page and press its button:")
WHY_HERE = N_(
    "You read this because this address was chosen to be told of an account here. It opens nothing;"
    " the owner of the account can take it off in User Settings."
)
HELP = N_("Help and support: %s")


def notice_message(
    house: House, envelope: Envelope, kind: str, facts: Mapping[str, str]
) -> Message:
    """The message that tells of a change, never with a secret that opens anything (NO-02)."""
    is_text = envelope.channel == "sms"
    subject = envelope.words.gettext(NOTICES[kind][0]) % _values(envelope, facts)
    link = f"{house.origin}/not-me/{facts['token']}" if "token" in facts else None
    if is_text:
        text = _text(house, envelope, kind, facts)
        body, locale = text.text, text.locale
    else:
        body, locale = _mail(house, envelope, kind, facts), envelope.locale
    return Message(
        id=envelope.message_id,
        channel=envelope.channel,
        account_label=envelope.account_label,
        purpose=kind,
        subject=None if is_text else f"{house.product}: {subject}",
        text=body,
        html=None if is_text else as_page(body, locale, link=link),
        code=None,
        locale=locale,
    )


def _values(envelope: Envelope, facts: Mapping[str, str]) -> dict[str, str]:
    """What a sentence may name: its times readable, its numbers as they are."""
    values = {name: facts.get(name, "") for name in ("address", "ending", "times", "why")}
    values |= {"when": "", "since": ""}
    for name in ("when", "since"):
        if name in facts:
            values[name] = _moment(envelope, facts, name)
    return values


def _moment(envelope: Envelope, facts: Mapping[str, str], name: str) -> str:
    """In the zone of the account's owner and in UTC; where none is known, in UTC alone."""
    reader = Reader(envelope.locale, envelope.words.gettext, facts.get("time_zone"))
    return reader.moment_twice(datetime.fromisoformat(facts[name]))


def _mail(house: House, envelope: Envelope, kind: str, facts: Mapping[str, str]) -> str:
    _ = envelope.words.gettext
    lines = [_(NOTICES[kind][1]) % _values(envelope, facts)]
    if kind not in OF_STRANGERS:
        lines.append(_("When: %s") % _moment(envelope, facts, "at"))
        # What was told together has no one browser.
        if facts.get("browser"):
            lines.append(_("Browser: %s") % _browser(envelope, facts["browser"]))
        if facts.get("place"):
            lines.append(_("Network: %s") % facts["place"])
        if "token" in facts:
            lines += [_(IF_NOT_YOU), f"{house.origin}/not-me/{facts['token']}"]
        if facts.get("second"):
            lines.append(_(WHY_HERE))
        lines.append(_(HELP) % f"{house.origin}/help")
    lines.append(f"{house.product} · {house.origin}")
    return "\n\n".join(lines)


def _browser(envelope: Envelope, user_agent: str) -> str:
    """In plain words: a browser says much of itself that nobody can read."""
    _ = envelope.words.gettext
    browser, system = browser_and_system(user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("unknown")


def _text(house: House, envelope: Envelope, kind: str, facts: Mapping[str, str]) -> Text:
    """The fullest wording that is one text; what happened and the answer come before the name."""

    def write(words: NullTranslations, product: str) -> tuple[str, ...]:
        _ = words.gettext
        said = _(SAID_BY_TEXT[kind])
        if "code" not in facts:
            return (f"{product}: {said}", said)
        code = f"{facts['code'][:4]}-{facts['code'][4:]}"
        ends = [_(end) % {"host": house.host, "code": code} for end in _ANSWERS]
        return (f"{product}: {said} {ends[0]}", f"{said} {ends[0]}", f"{said} {ends[1]}", ends[1])

    return one_text(envelope, house.product, write)
