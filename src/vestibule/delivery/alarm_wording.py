"""What the mail of an alarm says to the operator: what happened, what follows, what can be done."""

from collections.abc import Mapping
from datetime import datetime

from vestibule.delivery.envelope import Envelope
from vestibule.delivery.provider import Message
from vestibule.delivery.rendering import House, as_page
from vestibule.domain.language import moment


def N_(text: str) -> str:
    """Marks a sentence for translation; it is translated where it is said."""
    return text


_MONEY = N_(
    "At 80 %% nobody sets up a phone by text or call, at 95 %% only browsers that are known get"
    " codes for a sign-in, at 100 %% no text and no call leaves. Apps and mails go on."
)
ALARMS: Mapping[str, tuple[str, str]] = {
    "money_hour": (
        N_("%(percent)s %% of the hour's budget for texts and calls"),
        _MONEY,
    ),
    "money_day": (
        N_("%(percent)s %% of the day's budget for texts and calls"),
        _MONEY,
    ),
    "carrier_blocks": (
        N_("%(provider)s blocks messages"),
        N_(
            "It takes a message for fraud or for spam and did not carry it; the person was told to"
            " use a call or an app. Ask the carrier why, before it blocks more of them."
        ),
    ),
    "prefix_paused": (
        N_("Codes do not come back from a block of numbers in %(country)s"),
        N_(
            "Fewer than 30 %% of at least 20 codes were entered in seven days. Nobody sets up a"
            " phone of that block meanwhile; numbers that are confirmed get their codes as always."
        ),
    ),
    "country_paused": (
        N_("Codes do not come back from %(country)s"),
        N_(
            "Fewer than 15 %% of at least 200 codes were entered in seven days. Nobody sets up a"
            " phone of that country meanwhile; numbers that are confirmed get their codes as"
            " always."
        ),
    ),
    "country_full_unconfirmed": (
        N_("%(country)s has used up its set-ups by phone for an hour"),
        N_("More people than its limit wanted to set up a phone there. Apps go on."),
    ),
    "country_full_confirmed": (
        N_("%(country)s has used up its texts and calls for an hour"),
        N_("Until then only browsers that are known get codes for numbers of that country."),
    ),
    "call_denied": (
        N_("Somebody in %(country)s who got a call did not ask for it"),
        N_(
            "They pressed 9, so what the code was for ended. Somebody else may know the password of"
            " account %(account)s; the journal has the rest under that id."
        ),
    ),
    "call_denied_many": (
        N_("Many people who got a call did not ask for it"),
        N_(
            "More than ten accounts in an hour; further ones raise no alarm until the next hour."
            " The journal has each of them as `call_denied`."
        ),
    ),
    "journal_broken": (
        N_("The journal is not what was written"),
        N_(
            "Chain %(where)s breaks at row %(row)s (%(kind)s). Keep the database as it is, and"
            " compare it with the log that is kept elsewhere."
        ),
    ),
    "strikes": (
        N_("An account has used up its wrong codes"),
        N_(
            "Somebody knows the password of account %(account)s and went on guessing codes. Longer"
            " codes are asked there now, and another password at the next sign-in."
        ),
    ),
    "replays": (
        N_("Used codes come again and again"),
        N_(
            "At least three codes that had been used were given for account %(account)s within an"
            " hour. Somebody may see what its owner types, on a copied page for example."
        ),
    ),
    "spray": (
        N_("Many accounts got wrong codes at once"),
        N_("Somebody seems to hold many passwords. Networks are slowed, known browsers are not."),
    ),
}


def alarm_message(house: House, envelope: Envelope, facts: Mapping[str, str]) -> Message:
    """The mail of one alarm; one whose name is not known here says its name."""
    _ = envelope.words.gettext
    title, said = ALARMS.get(facts["alarm"], (facts["alarm"], ""))
    subject, told = _(title) % facts, _(said) % facts if said else ""
    at = moment(datetime.fromisoformat(facts["at"]), envelope.locale)
    lines = [subject + ".", told, _("When: %s") % at, f"{house.product} · {house.origin}"]
    body = "\n\n".join(line for line in lines if line)
    return Message(
        id=envelope.message_id,
        channel=envelope.channel,
        account_label=envelope.account_label,
        purpose="alarm",
        subject=f"{house.product}: {subject}",
        text=body,
        html=as_page(body, envelope.locale),
        code=None,
        locale=envelope.locale,
    )
