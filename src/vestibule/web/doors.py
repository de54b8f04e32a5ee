"""Every address of the house: its handlers, and what each needs.

This table is the whole route list; a test walks it and refuses a door without a need (EF-01).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from vestibule.web import (
    activity,
    closing,
    details,
    forgot_password,
    front,
    language,
    not_me,
    notice_address,
    passkeys,
    password,
    recovery_code,
    review,
    sessions,
    set_up,
    settings,
    sign_in,
    sign_up,
    stale_number,
    time_zone,
)
from vestibule.web.desk import Desk
from vestibule.web.guard import Needs
from vestibule.web.visit import Visit

Handler = Callable[[Visit, Desk], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    path: str
    needs: Needs
    get: Handler | None = None
    post: Handler | None = None
    knows_visitor: bool = True
    """False for what machines ask: it is answered without looking anybody up."""
    is_on_the_beat: bool = False
    """Whether a form's answer must not tell by the clock whose an address is (EN-03)."""


N = Needs
DOORS: tuple[Door, ...] = (
    # in front of the first door
    Door("/sign-up", N.NOBODY, sign_up.show, sign_up.submit, is_on_the_beat=True),
    Door("/sign-up/code", N.SIGN_UP, sign_up.show_code, sign_up.submit_code, is_on_the_beat=True),
    Door("/sign-up/resend", N.SIGN_UP, post=sign_up.submit_resend, is_on_the_beat=True),
    Door(
        "/sign-up/address",
        N.SIGN_UP,
        sign_up.show_address,
        sign_up.submit_address,
        is_on_the_beat=True,
    ),
    Door("/sign-in", N.NOBODY, sign_in.show, sign_in.submit, is_on_the_beat=True),
    Door("/sign-in/passkey", N.NOBODY, post=passkeys.submit_alone, is_on_the_beat=True),
    Door("/sign-in/passkey/options", N.NOBODY, post=passkeys.options_alone, is_on_the_beat=True),
    Door(
        "/forgot-password",
        N.NOTHING,
        forgot_password.show,
        forgot_password.submit,
        is_on_the_beat=True,
    ),
    Door(
        "/forgot-password/code",
        N.RESET,
        forgot_password.show_code,
        forgot_password.submit_code,
        is_on_the_beat=True,
    ),
    Door(
        "/forgot-password/code/send", N.RESET, post=forgot_password.send_code, is_on_the_beat=True
    ),
    Door(
        "/forgot-password/second-factor",
        N.RESET,
        forgot_password.show_second_factor,
        forgot_password.submit_second_factor,
    ),
    Door("/forgot-password/second-factor/send", N.RESET, post=forgot_password.send_second_factor),
    Door("/forgot-password/second-factor/methods", N.RESET, forgot_password.show_methods),
    Door("/forgot-password/second-factor/delivery", N.RESET, forgot_password.show_delivery),
    Door("/forgot-password/second-factor/passkey", N.RESET, post=passkeys.submit_at_reset),
    Door("/forgot-password/second-factor/passkey/options", N.RESET, post=passkeys.options_at_reset),
    Door(
        "/forgot-password/new",
        N.RESET,
        forgot_password.show_new_password,
        forgot_password.submit_new_password,
    ),
    # between the doors
    Door("/sign-in/code", N.SECOND_FACTOR, sign_in.show_code, sign_in.submit_code),
    Door("/sign-in/code/send", N.SECOND_FACTOR, post=sign_in.submit_send),
    Door("/sign-in/code/delivery", N.SECOND_FACTOR, sign_in.show_delivery),
    Door("/sign-in/code/passkey", N.SECOND_FACTOR, post=passkeys.submit_at_sign_in),
    Door("/sign-in/code/passkey/options", N.SECOND_FACTOR, post=passkeys.options_at_sign_in),
    Door("/sign-in/stopped", N.SECOND_FACTOR, sign_in.show_stopped),
    Door("/sign-in/methods", N.SECOND_FACTOR, sign_in.show_methods, sign_in.submit_method),
    Door(
        "/sign-in/recovery-code",
        N.SECOND_FACTOR,
        sign_in.show_recovery_code,
        sign_in.submit_recovery_code,
    ),
    Door("/set-up/email", N.WALL_MAIL, set_up.show_email, set_up.submit_email),
    Door("/set-up/email/send", N.WALL_MAIL, post=set_up.send_email),
    Door("/set-up", N.WALL, set_up.show),
    Door("/set-up/phone", N.WALL, set_up.show_phone, set_up.submit_phone),
    Door("/set-up/phone/code", N.WALL, set_up.show_phone_code, set_up.submit_phone_code),
    Door("/set-up/phone/send", N.WALL, post=set_up.submit_phone_send),
    Door("/set-up/phone/delivery", N.WALL, set_up.show_phone_delivery),
    Door("/set-up/app", N.WALL, set_up.show_app, set_up.submit_app),
    Door("/set-up/app/start", N.WALL, post=set_up.start_app),
    Door("/set-up/passkey", N.WALL, passkeys.show_set_up, passkeys.submit_set_up),
    Door("/set-up/passkey/options", N.WALL, post=passkeys.options_at_set_up),
    Door("/set-up/recovery-code", N.SHOWN_CODE, recovery_code.show, recovery_code.submit),
    # behind both doors
    Door("/", N.SESSION, front.show_dashboard),
    Door("/resume", N.IDLE_SESSION, sign_in.show_resume, sign_in.submit_resume),
    Door(
        "/new-password",
        N.NEW_PASSWORD,
        password.show_required_password,
        password.submit_required_password,
    ),
    Door("/review", N.REVIEW, review.show, review.submit),
    Door("/sessions", N.SESSION, sessions.show, sessions.submit),
    Door("/activity", N.SESSION, activity.show),
    Door("/activity/download", N.SESSION, activity.download),
    Door("/settings", N.SESSION, settings.show),
    Door("/settings/open", N.SESSION, post=settings.open_settings),
    Door("/settings/send", N.SESSION, post=settings.send),
    Door("/settings/code", N.SESSION, post=settings.submit_code),
    Door("/settings/wait", N.GATE, settings.show_wait),
    Door("/settings/confirm", N.GATE, settings.show_confirm, settings.submit_confirm),
    Door("/settings/confirm/send", N.GATE, post=settings.send_confirm),
    Door("/settings/confirm/delivery", N.GATE, settings.show_confirm_delivery),
    Door("/settings/confirm/passkey", N.GATE, post=passkeys.submit_step_up),
    Door("/settings/confirm/passkey/options", N.GATE, post=passkeys.options_at_step_up),
    Door("/settings/method", N.STEP_UP, settings.show_method, settings.submit_method),
    Door("/settings/phone", N.STEP_UP, set_up.show_phone, set_up.submit_phone),
    Door("/settings/phone/code", N.STEP_UP, set_up.show_phone_code, set_up.submit_phone_code),
    Door("/settings/phone/send", N.STEP_UP, post=set_up.submit_phone_send),
    Door("/settings/phone/delivery", N.STEP_UP, set_up.show_phone_delivery),
    Door("/settings/phone/again", N.GATE, stale_number.show, stale_number.submit),
    Door("/settings/phone/again/send", N.GATE, post=stale_number.send),
    Door("/settings/phone/again/delivery", N.GATE, stale_number.show_delivery),
    Door("/settings/phone/remove", N.STEP_UP, settings.show_remove, settings.submit_remove),
    Door("/settings/app", N.STEP_UP, set_up.show_app, set_up.submit_app),
    Door("/settings/app/start", N.STEP_UP, post=set_up.start_app),
    Door("/settings/apps/{app_id}/rename", N.STEP_UP, settings.show_rename, settings.submit_rename),
    Door("/settings/apps/{app_id}/remove", N.STEP_UP, settings.show_remove, settings.submit_remove),
    Door("/settings/passkey", N.STEP_UP, passkeys.show_set_up, passkeys.submit_set_up),
    Door("/settings/passkey/options", N.STEP_UP, post=passkeys.options_at_set_up),
    Door(
        "/settings/passkeys/{app_id}/rename",
        N.STEP_UP,
        settings.show_rename,
        settings.submit_rename,
    ),
    Door(
        "/settings/passkeys/{app_id}/remove",
        N.STEP_UP,
        settings.show_remove,
        settings.submit_remove,
    ),
    Door(
        "/settings/recovery-code/new",
        N.STEP_UP,
        settings.show_new_code,
        settings.submit_new_code,
    ),
    Door("/settings/recovery-code", N.SESSION, recovery_code.show, recovery_code.submit),
    Door("/settings/name", N.GATE, details.show_name, details.submit_name),
    Door("/settings/time-zone", N.GATE, time_zone.show, time_zone.submit),
    Door(
        "/settings/address",
        N.STEP_UP,
        details.show_address,
        details.submit_address,
        is_on_the_beat=True,
    ),
    Door(
        "/settings/address/code",
        N.STEP_UP,
        details.show_code,
        details.submit_code,
        is_on_the_beat=True,
    ),
    Door("/settings/address/send", N.STEP_UP, post=details.send_code, is_on_the_beat=True),
    Door(
        "/settings/notice-address",
        N.STEP_UP,
        notice_address.show,
        notice_address.submit,
    ),
    Door(
        "/settings/notice-address/code",
        N.STEP_UP,
        notice_address.show_code,
        notice_address.submit_code,
    ),
    Door("/settings/notice-address/send", N.STEP_UP, post=notice_address.send_code),
    Door(
        "/settings/notice-address/remove",
        N.STEP_UP,
        notice_address.show_remove,
        notice_address.submit_remove,
    ),
    Door("/settings/password", N.STEP_UP, password.show_password, password.submit_password),
    Door("/settings/close", N.GATE, closing.show),
    Door("/settings/close/confirm", N.GATE, closing.show_confirm, closing.submit),
    Door("/settings/close/confirm/send", N.GATE, post=closing.send),
    Door("/settings/close/confirm/delivery", N.GATE, closing.show_delivery),
    Door("/settings/close/confirm/passkey", N.GATE, post=passkeys.submit_closing),
    Door("/settings/close/confirm/passkey/options", N.GATE, post=passkeys.options_at_closing),
    Door("/settings/close/keep", N.SESSION, post=closing.keep),
    # for everybody
    Door("/not-me", N.NOTHING, not_me.show, not_me.submit),
    Door("/not-me/done", N.NOTHING, not_me.show_done),
    Door("/not-me/notice", N.NOTHING, not_me.show_notice, not_me.submit_notice),
    Door("/not-me/{token}", N.NOTHING, not_me.take_link),
    Door("/sign-out", N.NOTHING, post=front.submit_sign_out),
    Door("/language", N.NOTHING, post=language.submit),
    Door("/help", N.NOTHING, front.show_help),
    Door("/session", N.NOTHING, front.show_session),
    Door("/livez", N.NOTHING, front.show_live, knows_visitor=False),
    Door("/readyz", N.NOTHING, front.show_ready, knows_visitor=False),
    Door(
        "/.well-known/vestibule-journal.json",
        N.NOTHING,
        activity.show_keys,
        knows_visitor=False,
    ),
    Door("/.well-known/change-password", N.NOTHING, front.change_password_address),
    Door(
        "/.well-known/passkey-endpoints",
        N.NOTHING,
        passkeys.show_addresses,
        knows_visitor=False,
    ),
)
