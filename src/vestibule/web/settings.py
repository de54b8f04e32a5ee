"""User Settings: the gate, the step-up, and every change of what is bound."""

from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from vestibule.domain.challenge import Channel
from vestibule.domain.identifier import mask_email
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import (
    account_settings,
    codes,
    gate_codes,
    notice_address_change,
    reauthenticate,
    settings_view,
)
from vestibule.flows.ways import Way
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.paths import HOME, safe_path
from vestibule.web.sign_in import ENDED, passkey_page, proof_context
from vestibule.web.times import day, day_on_paper, moment
from vestibule.web.views import choice, closes_on, delivery_json, gate, zone_said
from vestibule.web.visit import Told, Visit
from vestibule.web.wording import BEFORE, WAITING, sentence

SETTINGS = "/settings"
CONFIRM = "/settings/confirm"
WAIT = "/settings/wait"
NOTICE_ADDRESS = "/settings/notice-address"
_NAMED = {"/settings/address": "address", NOTICE_ADDRESS: "notice_address"}


@dataclass(frozen=True, slots=True)
class AppView:
    id: str
    name: str
    added: Markup
    last_used: Markup | None
    removable: bool
    copied: bool
    """Of a passkey: it is on more than one device."""


@dataclass(frozen=True, slots=True)
class RecoveryView:
    made_on: str
    saved: bool
    label: str


@dataclass(frozen=True, slots=True)
class MethodChoice:
    value: str
    label: str
    checked: bool


# --- the gate -------------------------------------------------------------------------------


async def open_settings(visit: Visit, desk: Desk) -> Response:
    """The menu's *User Settings*: mail the code unless the gate is open or a code is out."""
    session = visit.the_session()
    if session.has_gate_open(visit.now):
        return visit.go(SETTINGS)
    view = await gate_codes.view_gate(visit.means, visit.caller, session)
    if view.challenge is not None and not view.challenge.is_expired(visit.now):
        return visit.go(SETTINGS)
    return await send(visit, desk)


async def send(visit: Visit, desk: Desk) -> Response:
    sent = await gate_codes.send_gate_code(visit.means, visit.caller, visit.the_session())
    return visit.go(SETTINGS) if isinstance(sent, codes.Sent) else visit.again(sent, to=SETTINGS)


async def submit_code(visit: Visit, desk: Desk) -> Response:
    outcome = await gate_codes.submit_gate_code(
        visit.means, visit.caller, visit.the_session(), typed=visit.typed("code")
    )
    if isinstance(outcome, Refused):
        is_over = outcome.reason in {Reason.GATE_FAILED, Reason.SIGN_IN_EXPIRED}
        if outcome.reason is Reason.TOO_MANY_WRONG_CODES:
            outcome = Refused(Reason.CODE_SPENT_BY_TRIES, "code")
        return visit.again(outcome, to="/sign-in" if is_over else SETTINGS)
    if not visit.the_session().must_reverify():
        response = visit.go(_wanted(visit) or SETTINGS)
    elif outcome.has_stopped_recovery:
        response = visit.again(Refused(Reason.RECOVERY_STOPPED), to="/set-up/recovery-code")
    else:
        # The sign-in is complete with it, so on to what was asked for then.
        response = visit.go(safe_path(visit.cookie(Cookie.NEXT)) or HOME)
    visit.cookies.put(response, Cookie.SESSION, outcome.token)
    return response


def _wanted(visit: Visit) -> str | None:
    """The settings page that was asked for before the proof, and no other page."""
    path = safe_path(visit.cookie(Cookie.NEXT))
    is_change = path is not None and path.startswith(f"{SETTINGS}/")
    return path if is_change and path not in {CONFIRM, WAIT} else None


def _about(visit: Visit) -> str:
    """The act that the proof is for, where its message and page name that (R11)."""
    wanted = _wanted(visit) or ""
    return next((act for start, act in _NAMED.items() if wanted.startswith(start)), "")


async def show(visit: Visit, desk: Desk) -> Response:
    session = visit.the_session()
    if not session.has_gate_open(visit.now):
        return await _show_gate(visit, desk)
    view = await settings_view.view(visit.means, visit.caller, session)
    if isinstance(view, Refused):
        return visit.again(view, to="/sign-in")
    default = view.ways[0]
    return desk.pages.page(
        visit,
        "settings.html",
        doors=2,
        number=view.number.masked if view.number else None,
        is_phone_silent=view.is_phone_silent,
        phone_last_used=day(view.phone_stale_since, desk.translate)
        if view.phone_stale_since
        else None,
        default_method={"channel": default.channel.value, "label": _label(default, desk)},
        apps=[_shown(one, desk) for one in view.apps],
        passkeys=[_shown(one, desk) for one in view.passkeys],
        passkeys_open=visit.means.policy.has_passkeys,
        phone_removable=view.is_phone_removable,
        recovery=RecoveryView(
            day_on_paper(view.recovery.made_at, desk.translate),
            view.recovery.acknowledged_at is not None,
            view.recovery.label,
        )
        if view.recovery
        else None,
        notices=await _notices(visit),
        is_fresh=session.may_change(visit.now),
        closes=closes_on(visit, desk.translate),
        time_zone=zone_said(view.account, desk.translate),
    )


def _shown(app: settings_view.App, desk: Desk) -> AppView:
    used_at = app.last_used_at
    return AppView(
        app.id,
        app.name,
        day(app.created_at, desk.translate),
        moment(used_at, desk.translate) if used_at else None,
        app.is_removable,
        app.is_copied,
    )


async def _notices(visit: Visit) -> dict[str, str | None]:
    """The second address as User Settings shows it: masked, and the one that is being proven."""
    view = await notice_address_change.view(visit.means, visit.caller, visit.the_session())
    own = visit.the_account().email_key
    return {
        "address": mask_email(view.standing) if view.standing else None,
        "asked": mask_email(view.asked) if view.asked else None,
        "is_own": "yes" if view.standing and view.standing.key == own else None,
    }


async def _show_gate(visit: Visit, desk: Desk) -> Response:
    view = await gate_codes.view_gate(visit.means, visit.caller, visit.the_session())
    context = gate(view, action="/settings/send", visit=visit, _=desk.translate)
    session = visit.the_session()
    used_at = session.stale_since_at if session.must_reverify() else None
    last_used = day(used_at, desk.translate) if used_at else None
    doors = 1 if used_at else 2
    return desk.pages.page(visit, "settings_gate.html", doors=doors, last_used=last_used, **context)


def _label(way: Way, desk: Desk) -> str:
    shown = choice(way, desk.translate)
    if way.channel is Channel.TOTP:
        return f"{desk.translate('Authentication app')} · {way.name}"
    if way.channel is Channel.PASSKEY:
        return desk.translate("Passkey")
    return f"{shown.label} {shown.detail}"


# --- step-up --------------------------------------------------------------------------------


async def show_wait(visit: Visit, desk: Desk) -> Response:
    """From when this browser may change something, and what helps meanwhile."""
    refused = visit.waits()
    if refused is None:
        return visit.go(_wanted(visit) or SETTINGS)
    return desk.pages.page(
        visit,
        "settings_wait.html",
        doors=2,
        why=sentence(refused, desk.translate),
        kind=refused.reason.value,
    )


async def show_confirm(visit: Visit, desk: Desk) -> Response:
    refused = visit.waits(is_password=True)
    if refused is not None and refused.reason is not Reason.CHANGES_FROZEN:
        return visit.go(WAIT)
    view = await reauthenticate.view_step_up(visit.means, visit.caller, visit.the_session())
    if isinstance(view, Refused):
        return visit.again(view, to=SETTINGS)
    what = desk.translate(BEFORE[_about(visit)])
    if view.way.channel is Channel.PASSKEY:
        return passkey_page(visit, desk, action=f"{CONFIRM}/passkey", what=what)
    context = proof_context(visit, desk, view, base=CONFIRM)
    if view.challenge is None:
        context["resend"] = None
    return desk.pages.page(
        visit,
        "confirm.html",
        doors=2,
        action=CONFIRM,
        is_closing=False,
        what=what,
        choices=[choice(way, desk.translate) for way in view.others],
        **context,
    )


async def show_confirm_delivery(visit: Visit, desk: Desk) -> Response:
    view = await reauthenticate.view_step_up(visit.means, visit.caller, visit.the_session())
    delivery = None if isinstance(view, Refused) else view.delivery
    return delivery_json(delivery, now=visit.now, _=desk.translate)


async def send_confirm(visit: Visit, desk: Desk) -> Response:
    refused = await reauthenticate.switch_step_up(
        visit.means,
        visit.caller,
        visit.the_session(),
        authenticator_id=visit.typed("authenticator"),
        channel=visit.typed("channel"),
        act=_about(visit),
    )
    if refused is not None:
        return visit.again(refused, to="/settings/confirm")
    return visit.go("/settings/confirm")


def typed_proof(visit: Visit) -> reauthenticate.Proof:
    """Password and code of the page that asks for both."""
    return reauthenticate.Proof(
        visit.typed("password"), visit.typed("code"), visit.typed("next_code")
    )


async def submit_confirm(visit: Visit, desk: Desk) -> Response:
    return await confirm(visit, typed_proof(visit))


async def confirm(visit: Visit, proof: reauthenticate.Proof) -> Response:
    """On to the change that was asked for, or back to the page that asks for the proof."""
    outcome = await reauthenticate.submit_step_up(
        visit.means, visit.caller, visit.the_session(), proof
    )
    if isinstance(outcome, Refused):
        return visit.again(outcome, to="/sign-in" if outcome.reason in ENDED else CONFIRM)
    response = visit.go(_wanted(visit) or SETTINGS)
    visit.cookies.put(response, Cookie.SESSION, outcome.token)
    visit.cookies.drop(response, Cookie.NEXT)
    return response


# --- changes --------------------------------------------------------------------------------


def done(
    visit: Visit, refused: Refused | None, told: Told = Told.SAVED, *, keep: tuple[str, ...] = ()
) -> Response:
    """After a change: settings again, saying so, or the page that helps."""
    if refused is None:
        return visit.tell(told, to=SETTINGS)
    if refused.reason is Reason.STEP_UP_NEEDED:
        return visit.again(refused, to="/settings/confirm")
    if refused.reason in WAITING:
        return visit.go(WAIT)
    if refused.reason in {Reason.METHOD_UNKNOWN, Reason.LAST_METHOD} and not refused.field:
        return visit.again(refused, to=SETTINGS)
    return visit.again(refused, keep=keep)


async def show_method(visit: Visit, desk: Desk) -> Response:
    view = await settings_view.view(visit.means, visit.caller, visit.the_session())
    if isinstance(view, Refused):
        return visit.again(view, to="/sign-in")
    choices = [
        MethodChoice(
            way.authenticator_id if way.channel is Channel.TOTP else way.channel.value,
            _label(way, desk),
            way == view.ways[0],
        )
        for way in view.ways
    ]
    return desk.pages.page(visit, "settings_method.html", doors=2, choices=choices)


async def submit_method(visit: Visit, desk: Desk) -> Response:
    return done(
        visit,
        await account_settings.set_default(
            visit.means, visit.caller, visit.the_session(), method=visit.typed("method")
        ),
    )


async def _app(visit: Visit) -> settings_view.App | None:
    view = await settings_view.view(visit.means, visit.caller, visit.the_session())
    wanted = visit.request.path_params.get("app_id")
    apps = () if isinstance(view, Refused) else (*view.apps, *view.passkeys)
    return next((app for app in apps if app.id == wanted), None)


async def show_rename(visit: Visit, desk: Desk) -> Response:
    app = await _app(visit)
    if app is None:
        return visit.again(Refused(Reason.METHOD_UNKNOWN), to=SETTINGS)
    return desk.pages.page(visit, "app_rename.html", doors=2, app=app)


async def submit_rename(visit: Visit, desk: Desk) -> Response:
    refused = await account_settings.rename_app(
        visit.means,
        visit.caller,
        visit.the_session(),
        app_id=visit.request.path_params["app_id"],
        name=visit.typed("app_name"),
    )
    return done(visit, refused, keep=("app_name",))


async def show_remove(visit: Visit, desk: Desk) -> Response:
    if "app_id" in visit.request.path_params:
        app = await _app(visit)
        what = app.name if app else None
    else:
        view = await settings_view.view(visit.means, visit.caller, visit.the_session())
        has_phone = not isinstance(view, Refused) and view.phone_id is not None
        what = desk.translate("Phone") if has_phone else None
    if what is None:
        return visit.again(Refused(Reason.METHOD_UNKNOWN), to=SETTINGS)
    return desk.pages.page(visit, "remove.html", doors=2, what=what, action=visit.path)


async def submit_remove(visit: Visit, desk: Desk) -> Response:
    authenticator_id = visit.request.path_params.get("app_id")
    if authenticator_id is None:
        view = await settings_view.view(visit.means, visit.caller, visit.the_session())
        authenticator_id = None if isinstance(view, Refused) else view.phone_id
    refused = await account_settings.remove_method(
        visit.means, visit.caller, visit.the_session(), authenticator_id=authenticator_id or ""
    )
    return done(visit, refused, Told.METHOD_REMOVED)


async def show_new_code(visit: Visit, desk: Desk) -> Response:
    return desk.pages.page(visit, "recovery_code_new.html", doors=2)


async def submit_new_code(visit: Visit, desk: Desk) -> Response:
    refused = await account_settings.generate_recovery_code(
        visit.means, visit.caller, visit.the_session()
    )
    return visit.go("/settings/recovery-code") if refused is None else done(visit, refused)
