"""Sample contexts for every page, as the handlers give them; no test lives here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import vestibule
from vestibule.domain.language import native_name
from vestibule.domain.zone import find

WEB = Path(vestibule.__file__).parent / "web"
TEMPLATES = WEB / "templates"
STATIC = WEB / "static"

GROUPS = ["7K3Q", "MX0P", "V9TD", "2HRB", "C6WN", "E4ZA"]
SECRET_GROUPS = ["JBSW", "Y3DP", "EHPK", "3PXP", "JBSW", "Y3DP", "EHPK", "3PXP"]
QR = Markup('<svg viewBox="0 0 57 57" class="segno"><path stroke="#000" d="M4 4.5h7m3 0h9"/></svg>')

thing = SimpleNamespace


def environment() -> Environment:
    """Return Jinja as the web room sets it up: strict, escaping, newstyle gettext."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    return env


def refusal(field: str | None, text: str) -> SimpleNamespace:
    """Return a refusal as the handlers put it into a context."""
    return thing(id="sample", field=field, text=text)


def every_page(**changes: Any) -> dict[str, Any]:
    """Return what each page gets, whatever it shows."""
    static: Callable[[str], str] = "/static/{}".format
    context: dict[str, Any] = {
        "site": thing(
            name="Acme", logo_url=None, accent_style_url=None, support_email="help@acme.example",
            support_url=None,
        ),
        "csrf": "csrf-token",
        "person": None,
        "signed_in": False,
        "refusal": None,
        "typed": {},
        "done": None,
        "doors": 0,
        "nonce": "bm9uY2U",
        "static": static,
        "language": "en",
        "direction": "ltr",
        "languages": [
            thing(tag=tag, name=native_name(tag), is_spoken=tag == "en")
            for tag in ("en", "de", "es", "fr", "ja", "pt-BR")
        ],
        "here": "/sign-in?next=%2Fsettings",
        "now": datetime(2026, 11, 3, 10, 42, tzinfo=UTC),
    }  # fmt: skip
    return context | changes


def resend(action: str = "/sign-in/resend", **changes: Any) -> SimpleNamespace:
    """Return the resend part of a page."""
    parts: dict[str, Any] = {
        "action": action, "channel": "sms", "seconds": 27, "at": "10:42:57 UTC", "left": 4,
        "other": [],
    }  # fmt: skip
    return thing(**(parts | changes))


def delivery(**changes: Any) -> SimpleNamespace:
    """Return the delivery line of a page."""
    parts: dict[str, Any] = {
        "written": "10:42", "handed_over": "10:42", "delivered": None, "refused": None,
        "poll_url": "/sign-in/code/delivery", "slow": False,
    }  # fmt: skip
    return thing(**(parts | changes))


CLOSES = "30 Nov 2026, 10:42 UTC"
LONG_TIME = Markup(
    '<time datetime="2026-10-25T07:30:00Z">25 Oct 2026, 01:30 (New Salem, North Dakota time;'
    " 07:30 UTC)</time>"
)
"""As long as a time can be: the hour that comes twice, of the zone with the longest name."""
PERSON = thing(name="Rosalind Vane", email="rosalind@example.com")
SMS = thing(channel="sms", ending="42", name=None)
VOICE = thing(channel="voice", ending="42", name=None)
TOTP = thing(channel="totp", ending=None, name="Authenticator on my phone")
TEXT = [thing(channel="sms", label="Text me instead", seconds=27)]
CALL = [thing(channel="voice", label="Call me instead", seconds=27)]
PENDING: dict[str, Any] = {"person": PERSON, "doors": 1}
INSIDE: dict[str, Any] = {"person": PERSON, "signed_in": True, "doors": 2}
COUNTRIES = [
    thing(region="FR", name="France", calling_code=33),
    thing(region="GB", name="United Kingdom", calling_code=44),
    thing(region="GS", name="South Georgia & South Sandwich Islands", calling_code=500),
]
CHOICES = [
    thing(authenticator="p1", channel="sms", label="Text message", detail="Number ending in 42"),
    thing(authenticator="p1", channel="voice", label="Voice call", detail="Number ending in 42"),
    thing(authenticator="a1", channel="totp", label="Authenticator on my phone", detail=""),
]
APPS = [
    thing(id="a1", name="Authenticator on my phone", added="3 Nov 2026", last_used="3 Nov 2026",
          removable=True),
    thing(id="a2", name="Tablet", added="3 Nov 2026", last_used=None, removable=True),
]  # fmt: skip
PASSKEYS = [
    thing(id="p1", name="Laptop", added="3 Nov 2026", last_used="3 Nov 2026", removable=True,
          copied=False),
    thing(id="p2", name="Password manager", added="3 Nov 2026", last_used=None, removable=True,
          copied=True),
]  # fmt: skip
SESSIONS = [
    thing(id="s1", browser="Firefox on Linux", place="192.0.2.7", started="3 Nov 2026, 10:42 UTC",
          last_used="10:42 UTC", by="password and text message", current=True),
    thing(id="s2", browser="Safari on iPhone", place="2001:db8::7", started="2 Nov 2026, 08:10 UTC",
          last_used="2 Nov 2026, 09:00 UTC", by="password and authentication app", current=False),
]  # fmt: skip
HAPPENED = [
    thing(what="You signed in", how="by text message", when="3 Nov 2026, 10:42 UTC",
          browser="Firefox on Linux", place="192.0.2.7", failed=False),
    thing(what="A wrong password was entered", how=None, when="2 Nov 2026, 08:10 UTC",
          browser="W" * 60, place="2001:db8::7", failed=True),
]  # fmt: skip
MAILED: dict[str, Any] = {
    "email": "r•••@example.com", "sent": True, "digits": 6, "number": 2, "sent_at": "10:42 UTC",
    "resend": resend("/settings/send", channel="email"),
}  # fmt: skip
UNSENT = MAILED | {"sent": False, "number": 0, "sent_at": None, "resend": None}
APP: dict[str, Any] = {
    "phone_open": True, "digits": 6, "algorithm": "SHA1",
    "qr": QR, "groups": SECRET_GROUPS, "secret": "".join(SECRET_GROUPS), "issuer": "Acme",
    "uri": "otpauth://totp/Acme:rosalind@example.com?secret=JBSWY3DP", "account": PERSON.email,
}  # fmt: skip
KEY: dict[str, Any] = {
    "waits": False,
    "code": "".join(GROUPS), "groups": GROUPS, "label": "K7-3Q", "made_on": "3 Nov 2026",
    "account": PERSON.email, "may_make_another": True,
}  # fmt: skip
NO_KEY = KEY | {"code": None, "groups": []}
CODE: dict[str, Any] = {
    "action": "/sign-in/code", "method": SMS, "digits": 6, "two_codes": False,
    "resend": resend(other=CALL), "delivery": delivery(), "others_url": "/sign-in/methods",
}  # fmt: skip
APP_CODE = CODE | {"method": TOTP, "resend": None, "delivery": None}
CHANGE: dict[str, Any] = {
    "what": "You are about to change your number.", "method": SMS, "choices": CHOICES,
    "resend": None, "delivery": None, "two_codes": False, "digits": 6,
    "action": "/settings/confirm", "is_closing": False,
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "number": "+44 •••• ••42", "default_method": thing(channel="sms", label="Text message"),
    "apps": APPS, "passkeys": [], "passkeys_open": "yes", "phone_removable": True,
    "is_phone_silent": False, "is_fresh": False,
    "closes": None, "phone_last_used": None, "time_zone": "Germany – Berlin, as your browser says",
    "notices": {"address": None, "asked": None, "is_own": None},
    "recovery": thing(made_on="3 Nov 2026", saved=True, label="K7-3Q"),
}  # fmt: skip
PASSKEY_ASKED: dict[str, Any] = {
    "action": "/sign-in/code/passkey", "others_url": "/sign-in/methods", "what": None,
    "is_closing": False,
}  # fmt: skip
ZONE: dict[str, Any] = {"town": "", "zones": [], "checked": "automatic", "has_more": False}
METHODS: dict[str, Any] = {
    "action": "/sign-in/method", "choices": CHOICES, "recovery_url": "/sign-in/recovery-code",
    "back_url": "/sign-in/code",
}  # fmt: skip
RECEIVE: dict[str, Any] = {
    "choices": [
        thing(value="sms", label="Text message to +44 •••• ••42", checked=True),
        thing(value="voice", label="Call to +44 •••• ••42", checked=False),
        thing(value="a1", label="Authenticator on my phone", checked=False),
    ]
}
PHONE: dict[str, Any] = {
    "sms_open": True, "voice_open": True,
    "base": "/set-up", "changing": False, "countries": COUNTRIES, "typed": {"country": "GB"},
}  # fmt: skip
PHONE_CODE: dict[str, Any] = {
    "base": "/set-up", "number": "+44 7700 900942", "channel": "sms", "digits": 6,
    "resend": resend("/set-up/phone/resend", other=CALL), "delivery": delivery(),
}  # fmt: skip
AGAIN: dict[str, Any] = {
    "number": "+44 •••• ••42", "last_used": "3 Nov 2025", "sent": False, "channel": "sms",
    "digits": 6, "sms_open": True, "voice_open": True,
    "resend": resend("/settings/phone/again/send", other=CALL), "delivery": None,
}  # fmt: skip
NOT_FOUND: dict[str, Any] = {
    "status": 404, "title": "This page is not here", "text": "The address may have a typing slip.",
    "link_url": "/", "link_text": "Go to the start",
}  # fmt: skip
SLOW_DOWN: dict[str, Any] = {
    "status": 503,
    "title": "We are closed for a moment",
    "link_url": None,
    "link_text": None,
    "text": "Our records cannot be reached. Your account is safe; try again in a minute.",
}
LONG_ADDRESS = "ر•••@" + "a-very-long-part-of-a-domain." * 6 + "example"
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff" * 5 + " the very long-named"
WRONG = refusal("code", "That code is not right. 3 tries left.")
NOT_YET = refusal(None, "Wait a little. You can try again at 10:57 UTC.")

NOT_ME: dict[str, Any] = {
    "what": "A sign-in method was added to your account.", "when": "3 Nov 2026, 10:42 UTC",
    "browser": "Firefox on Linux", "place": "192.0.2.x", "is_used": False, "is_waiting": False,
    "is_closing": False, "is_address": False, "is_second": False, "sealed": "c2VhbGVk",
}  # fmt: skip
REVIEW: dict[str, Any] = {
    "email": PERSON.email, "address_id": None, "notice_address": None, "notice_address_id": None,
    "methods": [
        thing(id="p1", label="+44 •••• ••42", since="3 Nov 2026", is_this=False, is_doubtful=True),
        thing(id="a1", label="Tablet", since="3 Jun 2026", is_this=False, is_doubtful=False),
    ],
    "browsers": [
        thing(id="s1", label="Firefox on Linux", since="3 Nov 2026", is_this=True,
              is_doubtful=False),
        thing(id="s2", label="Safari on iPhone", since="2 Nov 2026", is_this=False,
              is_doubtful=True),
    ],
    "older_browsers": 2, "counts_for_account": True,
}  # fmt: skip
WAIT = "This browser is new here. It can change things from 4 Nov 2026, 10:42 UTC."

# (what is shown, template, context beyond every_page)
PAGES: list[tuple[str, str, dict[str, Any]]] = [
    ("empty", "sign_up.html", {"minimum": 12}),
    ("error", "sign_up.html", {
        "minimum": 12, "typed": {"name": "רחל كريم", "email": "rosalind@example.com"},
        "refusal": refusal("password", "Use at least 12 characters. Yours has 7."),
    }),
    ("code", "sign_up_code.html",
     MAILED | {"email": PERSON.email,
               "resend": resend("/sign-up/resend", channel="email")}),
    ("crowded", "sign_up_code.html",
     MAILED | {"digits": 10, "email": PERSON.email,
               "resend": resend("/sign-up/resend", channel="email")}),
    ("error", "sign_up_code.html", MAILED | {
        "email": PERSON.email, "refusal": WRONG,
        "resend": resend("/sign-up/resend", left=0),
    }),
    ("empty", "sign_up_address.html", {}),
    ("empty", "sign_in.html", {"passkeys_open": "yes"}),
    ("error", "sign_in.html", {
        "passkeys_open": None,
        "typed": {"email": PERSON.email},
        "refusal": refusal(None, "E-mail or password is not right."),
    }),
    ("empty", "resume.html", {"email": PERSON.email, "person": PERSON}),
    ("text", "sign_in_code.html", PENDING | CODE),
    ("error", "sign_in_code.html", PENDING | CODE | {
        "refusal": WRONG, "resend": resend(seconds=0, other=CALL),
        "delivery": delivery(refused="The carrier refused the text.", slow=True),
    }),
    ("call", "sign_in_code.html", PENDING | CODE | {
        "method": VOICE, "delivery": None,
        "resend": resend(channel="voice", other=TEXT),
    }),
    ("unsent", "sign_in_code.html", PENDING | CODE | {
        "method": VOICE, "delivery": None,
        "resend": resend(channel="voice", seconds=0, at="", left=5,
                         other=[thing(channel="sms", label="Text me instead", seconds=27)]),
    }),
    ("app", "sign_in_code.html", PENDING | APP_CODE),
    ("two codes", "sign_in_code.html", PENDING | APP_CODE | {"digits": 6, "two_codes": True}),
    ("ten digits", "sign_in_code.html", PENDING | CODE | {"digits": 10, "refusal": NOT_YET}),
    ("all", "methods.html", PENDING | METHODS),
    ("few", "methods.html", PENDING | METHODS | {"choices": CHOICES[:1], "recovery_url": None}),
    ("empty", "recovery_sign_in.html", PENDING),
    ("error", "recovery_sign_in.html", PENDING | {
        "refusal": refusal("recovery_code", "A recovery code has 24 letters and digits."),
    }),
    ("sent", "set_up_email.html", PENDING | MAILED),
    ("crowded", "set_up_email.html", PENDING | MAILED | {"digits": 10}),
    ("unsent", "set_up_email.html", PENDING | UNSENT),
    ("first", "set_up.html", PENDING | {
        "replacing": False, "phone_open": True, "app_open": True, "passkey_open": True,
    }),
    ("app only", "set_up.html", PENDING | {
        "replacing": True, "phone_open": False, "app_open": True, "passkey_open": True,
    }),
    ("none for machines", "set_up.html", PENDING | {
        "replacing": False, "phone_open": True, "app_open": True, "passkey_open": False,
    }),
    ("wall", "passkey.html", PENDING | {"base": "/set-up"}),
    ("inside", "passkey.html", INSIDE | {
        "base": "/settings", "typed": {"app_name": LONG_NAME},
        "refusal": refusal("app_name", "Use at most 60 characters."),
    }),
    ("sign-in", "passkey_proof.html", PENDING | PASSKEY_ASKED),
    ("change", "passkey_proof.html", INSIDE | PASSKEY_ASKED | {
        "what": "Before a change, prove that it is you.", "others_url": None,
        "refusal": refusal(None, "That passkey was not accepted."),
    }),
    ("closing", "passkey_proof.html", INSIDE | PASSKEY_ASKED | {
        "what": "Prove that it is you who closes this account.", "others_url": None,
        "is_closing": True,
    }),
    ("set-up", "phone.html", PENDING | PHONE),
    ("error", "phone.html", INSIDE | PHONE | {
        "base": "/settings", "changing": True, "typed": {"country": "GB", "phone": "07700 9009"},
        "refusal": refusal("phone", "This number is too short for the United Kingdom."),
    }),
    ("text", "phone_code.html", PENDING | PHONE_CODE),
    ("call", "phone_code.html", INSIDE | PHONE_CODE | {
        "channel": "voice", "base": "/settings", "delivery": None, "refusal": WRONG,
    }),
    ("start", "app_start.html", PENDING | {"base": "/set-up"}),
    ("start inside", "app_start.html", INSIDE | {"base": "/settings"}),
    ("set-up", "app.html", PENDING | APP | {"base": "/set-up"}),
    ("error", "app.html", INSIDE | APP | {"base": "/settings", "refusal": WRONG}),
    ("shown", "recovery_code.html", PENDING | KEY | {"base": "/set-up"}),
    ("inside", "recovery_code.html", INSIDE | KEY | {
        "base": "/settings",
        "refusal": refusal("last_group", "Those are not its last four characters."),
    }),
    ("gone", "recovery_code.html", PENDING | NO_KEY | {"base": "/set-up"}),
    ("waits", "recovery_code.html", PENDING | NO_KEY | {"base": "/set-up", "waits": True}),
    ("gone inside", "recovery_code.html",
     INSIDE | NO_KEY | {"base": "/settings", "may_make_another": False}),
    ("quiet", "dashboard.html", INSIDE | {"reminder": None, "last_sign_in": None, "closes": None}),
    ("recovery", "dashboard.html",
     INSIDE | {"reminder": "recovery_code", "last_sign_in": "3 Nov 2026, 10:42 UTC",
               "closes": None}),
    ("passkey", "dashboard.html",
     INSIDE | {"reminder": "passkey", "last_sign_in": None, "closes": None}),
    ("closing", "dashboard.html",
     INSIDE | {"reminder": "recovery_code", "last_sign_in": None, "closes": CLOSES}),
    ("second", "dashboard.html", INSIDE | {
        "person": thing(name=LONG_NAME, email=PERSON.email), "reminder": "second_method",
        "last_sign_in": None, "closes": None,
    }),
    ("stale number", "dashboard.html", INSIDE | {
        "reminder": "stale_number", "number": "+44 •••• ••42", "last_used": "3 Nov 2025",
        "last_sign_in": None, "closes": None,
    }),
    ("before", "number_again.html", INSIDE | AGAIN),
    ("sent", "number_again.html", INSIDE | AGAIN | {"sent": True, "delivery": delivery()}),
    ("call", "number_again.html", INSIDE | AGAIN | {
        "sent": True, "channel": "voice", "refusal": WRONG,
    }),
    ("sent", "settings_gate.html", INSIDE | MAILED | {"last_used": None}),
    ("unsent", "settings_gate.html", INSIDE | UNSENT | {"last_used": None}),
    ("stale number", "settings_gate.html", PENDING | UNSENT | {"last_used": "3 Nov 2025"}),
    ("full", "settings.html", INSIDE | SETTINGS),
    ("stale number", "settings.html", INSIDE | SETTINGS | {"phone_last_used": "3 Nov 2025"}),
    ("passkeys", "settings.html", INSIDE | SETTINGS | {"passkeys": PASSKEYS}),
    ("stopped", "settings.html", INSIDE | SETTINGS | {"is_phone_silent": True}),
    ("closing", "settings.html", INSIDE | SETTINGS | {"closes": CLOSES}),
    ("long times", "settings.html", INSIDE | SETTINGS | {
        "closes": LONG_TIME,
        "apps": [thing(**vars(APPS[0]) | {"last_used": LONG_TIME})],
        "time_zone": "United States – New Salem, North Dakota, as your browser says",
    }),
    ("before", "close.html", INSIDE | {"closes": None, "days": 7}),
    ("asked", "close.html", INSIDE | {"closes": CLOSES, "days": 7}),
    ("told twice", "settings.html", INSIDE | SETTINGS | {
        "notices": {"address": LONG_ADDRESS, "asked": None, "is_own": None},
    }),
    ("second address waits", "settings.html", INSIDE | SETTINGS | {
        "notices": {"address": "r•••@example.com", "asked": LONG_ADDRESS, "is_own": "yes"},
    }),
    ("bare", "settings.html", INSIDE | SETTINGS | {
        "number": None, "apps": [thing(id="a1", name=LONG_NAME, added="3 Nov 2026", last_used=None,
                                       removable=False)],
        "phone_removable": False, "recovery": None, "is_fresh": True,
        "default_method": thing(channel="totp", label=LONG_NAME),
    }),
    ("choice", "settings_method.html", INSIDE | RECEIVE),
    ("empty", "name.html", INSIDE | {"name": PERSON.name, "longest": 200}),
    ("long", "name.html", INSIDE | {
        "name": LONG_NAME, "longest": 200, "refusal": refusal("name", "Enter a name."),
        "typed": {"name": LONG_NAME},
    }),
    ("automatic", "time_zone.html", INSIDE | ZONE),
    ("found", "time_zone.html", INSIDE | ZONE | {
        "town": "united", "zones": find("united", "en")[:12], "has_more": True}),
    ("none", "time_zone.html", INSIDE | ZONE | {
        "typed": {"town": "Atlantis"}, "refusal": refusal("town", "No zone is called so."),
    }),
    ("empty", "address.html", INSIDE | {"email": PERSON.email}),
    ("error", "address.html", INSIDE | {
        "email": PERSON.email, "refusal": refusal("email", "This is your address already."),
        "typed": {"email": PERSON.email},
    }),
    ("sent", "address_code.html", INSIDE | {
        "email": PERSON.email, "digits": 6, "number": 2, "sent_at": "10:42",
        "asking": "/settings/address", "resend": resend("/settings/address/send"),
    }),
    ("empty", "notice_address.html", INSIDE | {"present": None}),
    ("another", "notice_address.html", INSIDE | {
        "present": LONG_ADDRESS, "refusal": refusal("email", "This address is told already."),
        "typed": {"email": LONG_ADDRESS},
    }),
    ("ask", "notice_address_remove.html", INSIDE | {"present": LONG_ADDRESS}),
    ("empty", "app_rename.html", INSIDE | {"app": APPS[0]}),
    ("app", "remove.html", INSIDE | {"what": "Tablet", "action": "/settings/apps/a2/remove"}),
    ("ask", "recovery_code_new.html", INSIDE),
    ("unsent", "confirm.html", INSIDE | CHANGE),
    ("sent", "confirm.html", INSIDE | CHANGE | {
        "resend": resend("/settings/confirm/send"), "delivery": delivery(delivered="10:43"),
        "refusal": refusal("password", "That password is not right."),
    }),
    ("closing", "confirm.html", INSIDE | CHANGE | {
        "action": "/settings/close/confirm", "is_closing": True,
    }),
    ("app", "confirm.html", INSIDE | CHANGE | {"method": TOTP, "two_codes": True, "choices": []}),
    ("empty", "password.html", INSIDE | {"email": PERSON.email, "minimum": 12}),
    ("two", "sessions.html", INSIDE | {"sessions": SESSIONS, "need_password": True}),
    ("long times", "sessions.html", INSIDE | {
        "sessions": [thing(**vars(SESSIONS[1]) | {"started": LONG_TIME, "last_used": LONG_TIME})],
        "need_password": True,
    }),
    ("one", "sessions.html", INSIDE | {"sessions": SESSIONS[:1], "need_password": False}),
    ("full", "activity.html", INSIDE | {"entries": HAPPENED, "older": 7, "is_first": True}),
    ("long times", "activity.html", INSIDE | {
        "entries": [thing(**vars(HAPPENED[1]) | {"when": LONG_TIME})], "older": None,
        "is_first": False,
    }),
    ("last", "activity.html", INSIDE | {"entries": HAPPENED[:1], "older": None, "is_first": False}),
    ("empty", "activity.html", INSIDE | {"entries": [], "older": None, "is_first": True}),
    ("empty", "forgot_password.html", {}),
    ("code", "forgot_code.html", {
        "email": PERSON.email, "number": 1, "resend": resend("/forgot-password/resend"),
    }),
    ("reset", "new_password.html",
     {"action": "/forgot-password/new", "why": "reset", "email": PERSON.email, "minimum": 12}),
    ("required", "new_password.html", PENDING | {
        "action": "/new-password", "why": "required", "email": PERSON.email, "minimum": 12,
        "refusal": refusal("new_password", "Many people use this password. Choose another."),
    }),
    ("help", "help.html", {}),
    ("link", "not_me.html", NOT_ME),
    ("used", "not_me.html", NOT_ME | {"is_used": True, "browser": "", "place": ""}),
    ("address", "not_me.html", NOT_ME | {"is_address": True}),
    ("second", "not_me.html", NOT_ME | {"is_second": True, "is_closing": True}),
    ("waiting", "not_me.html", INSIDE | NOT_ME | {"is_waiting": True}),
    ("closing", "not_me.html", NOT_ME | {"is_closing": True}),
    ("empty", "not_me_code.html", {}),
    ("error", "not_me_code.html", {
        "refusal": refusal("not_me_code", "The code has eight letters and digits."),
        "typed": {"not_me_code": "ABC"},
    }),
    ("secured", "not_me_done.html", {"is_secured": True, "done": "Everything is signed out."}),
    ("frozen", "not_me_done.html", {"is_secured": False, "done": "Changes are stopped."}),
    ("full", "review.html", INSIDE | REVIEW | {
        "address_id": "address", "notice_address": LONG_ADDRESS,
        "notice_address_id": "notice-address",
    }),
    ("new browser", "review.html", INSIDE | REVIEW | {"counts_for_account": False}),
    ("bare", "review.html", INSIDE | REVIEW | {"browsers": [], "older_browsers": 0}),
    ("browser", "settings_wait.html", INSIDE | {"why": WAIT, "kind": "browser_too_new"}),
    ("frozen", "settings_wait.html", INSIDE | {"why": WAIT, "kind": "changes_frozen"}),
    ("reset", "settings_wait.html", INSIDE | {"why": WAIT, "kind": "reset_too_recent"}),
    ("stopped", "sign_in_stopped.html", PENDING),
    ("missing", "problem.html", NOT_FOUND),
    ("closed", "problem.html", INSIDE | SLOW_DOWN),
]  # fmt: skip
