"""The wall and its doors: the mailed code, phone, app; the same pages add more in settings."""

import re
from typing import assert_never

import segno
from markupsafe import Markup
from starlette.responses import Response

from vestibule.domain.challenge import Channel
from vestibule.domain.identifier import countries
from vestibule.domain.pending import SignInState
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.totp import base32
from vestibule.flows import codes, enroll, gate_codes
from vestibule.flows.binding import Added, Binder
from vestibule.flows.entering import SignedIn
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.sign_in import ENDED, enter
from vestibule.web.views import delivery_json, delivery_line, gate, resend
from vestibule.web.visit import Told, Visit
from vestibule.web.wording import WAITING

_REGION = re.compile(r"\b[A-Za-z]{2,3}-([A-Za-z]{2})\b")


def base_of(visit: Visit) -> str:
    """`/set-up` at the wall, `/settings` inside: the same pages on either side."""
    return "/settings" if visit.session is not None else "/set-up"


def binder_of(visit: Visit) -> Binder:
    return visit.session or visit.the_pending()


def _back(visit: Visit, refused: Refused, *, to: str, keep: tuple[str, ...] = ()) -> Response:
    """Back to the page that helps: the same one, or the start of what has ended."""
    if refused.reason in ENDED and refused.reason is not Reason.TOO_MANY_WRONG_CODES:
        to = "/sign-in"
    if refused.reason is Reason.STEP_UP_NEEDED:
        to = "/settings/confirm"
    if refused.reason is Reason.SET_UP_EXPIRED:
        # The page of its code is gone, and would lead on without a word.
        to = to.removesuffix("/code")
    if refused.reason in WAITING:
        return visit.go("/settings/wait")
    return visit.again(refused, to=to, keep=keep)


# --- the mailed code of a first set-up ------------------------------------------------------


async def show_email(visit: Visit, desk: Desk) -> Response:
    view = await gate_codes.view_gate(visit.means, visit.caller, visit.the_pending())
    context = gate(view, action="/set-up/email/send", visit=visit, _=desk.translate)
    return desk.pages.page(visit, "set_up_email.html", doors=1, **context)


async def send_email(visit: Visit, desk: Desk) -> Response:
    sent = await gate_codes.send_gate_code(visit.means, visit.caller, visit.the_pending())
    if isinstance(sent, codes.Sent):
        return visit.go("/set-up/email")
    return _back(visit, sent, to="/set-up/email")


async def submit_email(visit: Visit, desk: Desk) -> Response:
    outcome = await gate_codes.submit_gate_code(
        visit.means, visit.caller, visit.the_pending(), typed=visit.typed("code")
    )
    if isinstance(outcome, Refused):
        return visit.again(outcome, to="/sign-in" if outcome.reason in ENDED else None)
    response = visit.go("/set-up")
    visit.cookies.put(response, Cookie.PENDING, outcome.token)
    return response


# --- choosing -------------------------------------------------------------------------------


async def show(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(
        visit,
        "set_up.html",
        doors=1,
        replacing=visit.the_pending().state is SignInState.REPLACEMENT,
        phone_open=bool(visit.means.policy.set_up_ways),
        app_open=True,
        passkey_open=visit.means.policy.has_passkeys,
    )


# --- phone ----------------------------------------------------------------------------------


async def show_phone(visit: Visit, desk: Desk) -> Response:
    policy = visit.means.policy
    typed = dict(visit.notice.typed) if visit.notice else {}
    return desk.pages.page(
        visit,
        "phone.html",
        doors=2 if visit.session else 1,
        base=base_of(visit),
        changing=visit.session is not None,
        countries=countries(policy.countries, visit.caller.locale),
        sms_open=Channel.SMS in policy.set_up_ways,
        voice_open=Channel.VOICE in policy.set_up_ways,
        typed={"country": _likely_country(visit), "phone": "", **typed},
    )


def _likely_country(visit: Visit) -> str:
    """The region of the browser's first language that names a served one, else the default."""
    policy = visit.means.policy
    served = {country.region for country in countries(policy.countries)}
    for region in _REGION.findall(visit.request.headers.get("accept-language", "")[:200]):
        if region.upper() in served:
            return str(region.upper())
    return policy.default_country


async def submit_phone(visit: Visit, desk: Desk) -> Response:
    base = base_of(visit)
    sent = await enroll.start_phone(
        visit.means,
        visit.caller,
        binder_of(visit),
        country=visit.typed("country"),
        phone=visit.typed("phone"),
        channel=visit.typed("channel"),
    )
    # The same number asked for again: its code is out already, so go and enter it.
    is_out = isinstance(sent, Refused) and sent.reason is Reason.SEND_TOO_SOON
    if is_out and await enroll.view_phone(visit.means, visit.caller, binder_of(visit)):
        return visit.again(sent, to=f"{base}/phone/code")  # type: ignore[arg-type]  # is_out
    if isinstance(sent, Refused):
        return _back(visit, sent, to=f"{base}/phone", keep=("country", "phone"))
    return visit.go(f"{base}/phone/code")


async def show_phone_code(visit: Visit, desk: Desk) -> Response:
    base = base_of(visit)
    view = await enroll.view_phone(visit.means, visit.caller, binder_of(visit))
    if view is None:
        return visit.go(f"{base}/phone")
    return desk.pages.page(
        visit,
        "phone_code.html",
        doors=2 if visit.session else 1,
        base=base,
        number=view.number.international,
        channel=view.challenge.channel.value,
        digits=view.challenge.digits,
        resend=resend(
            view.challenge,
            action=f"{base}/phone/send",
            channel=view.challenge.channel,
            visit=visit,
            delivery=view.delivery,
            _=desk.translate,
        ),
        delivery=delivery_line(
            view.delivery,
            poll_url=f"{base}/phone/delivery",
            now=visit.now,
            _=desk.translate,
        ),
    )


async def show_phone_delivery(visit: Visit, desk: Desk) -> Response:
    view = await enroll.view_phone(visit.means, visit.caller, binder_of(visit))
    delivery = view.delivery if view else None
    return delivery_json(delivery, now=visit.now, _=desk.translate)


async def submit_phone_send(visit: Visit, desk: Desk) -> Response:
    base = base_of(visit)
    sent = await enroll.resend(
        visit.means, visit.caller, binder_of(visit), channel=visit.typed("channel")
    )
    if isinstance(sent, codes.Sent):
        return visit.go(f"{base}/phone/code")
    return _back(visit, sent, to=f"{base}/phone/code")


async def submit_phone_code(visit: Visit, desk: Desk) -> Response:
    outcome = await enroll.verify_phone(
        visit.means, visit.caller, binder_of(visit), typed=visit.typed("code")
    )
    if isinstance(outcome, Refused) and outcome.reason is Reason.TOO_MANY_WRONG_CODES:
        outcome = Refused(Reason.CODE_SPENT_BY_TRIES, "code")
    return await bound(visit, outcome, "phone/code")


# --- app ------------------------------------------------------------------------------------


async def start_app(visit: Visit, desk: Desk) -> Response:
    begun = await enroll.start_app(visit.means, visit.caller, binder_of(visit))
    base = base_of(visit)
    if isinstance(begun, Refused):
        return _back(visit, begun, to=base)
    return visit.go(f"{base}/app")


async def show_app(visit: Visit, desk: Desk) -> Response:
    view = await enroll.view_app(visit.means, visit.caller, binder_of(visit))
    doors, base = (2 if visit.session else 1), base_of(visit)
    if view is None:
        # Looking makes no secret: a button does.
        return desk.pages.page(visit, "app_start.html", doors=doors, base=base)
    secret = base32(view.secret)
    drawn = segno.make(view.uri, error="m", micro=False)
    return desk.pages.page(
        visit,
        "app.html",
        doors=doors,
        base=base,
        # Black on white with its quiet zone, in dark mode too: cameras need it.
        qr=Markup(  # noqa: S704 - drawn by segno from our own URI
            drawn.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True)
        ),
        groups=[secret[i : i + 4] for i in range(0, len(secret), 4)],
        secret=secret,
        uri=view.uri,
        issuer=visit.means.policy.product,
        phone_open=bool(visit.means.policy.set_up_ways),
        account=view.account_email,
        digits=view.how.digits,
        algorithm=view.how.algorithm.value,
    )


async def submit_app(visit: Visit, desk: Desk) -> Response:
    outcome = await enroll.verify_app(
        visit.means,
        visit.caller,
        binder_of(visit),
        typed=visit.typed("code"),
        name=visit.typed("app_name"),
    )
    return await bound(visit, outcome, "app", keep=("app_name",))


async def bound(
    visit: Visit, outcome: SignedIn | Added | Refused, page: str, keep: tuple[str, ...] = ()
) -> Response:
    base = base_of(visit)
    match outcome:
        case SignedIn():
            return await enter(visit, outcome, to=_after_binding(visit))
        case Added(shows_code=shows_code):
            if shows_code:
                return visit.go("/settings/recovery-code")
            told = {"app": Told.APP_ADDED, "passkey": Told.PASSKEY_ADDED}
            return visit.tell(told.get(page, Told.SAVED), to="/settings")
        case Refused(reason=Reason.SET_UP_EXPIRED | Reason.PHONE_NOT_USABLE):
            return visit.again(outcome, to=f"{base}/{page.split('/')[0]}")
        case Refused():
            return _back(visit, outcome, to=f"{base}/{page}", keep=keep)
        case other:
            assert_never(other)


def _after_binding(visit: Visit) -> str | None:
    """A first set-up shows its recovery code; after a recovery it was shown already."""
    is_first = visit.the_pending().state is SignInState.ENROLLMENT
    return "/set-up/recovery-code" if is_first else None
