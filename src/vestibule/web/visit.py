"""One request as the handlers see it: who is here, what was typed, and how to answer."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule.crypto.seal import Place, SealBroken
from vestibule.domain import zone
from vestibule.domain.account import Account
from vestibule.domain.language import Languages
from vestibule.domain.pending import PendingSignIn, Reset
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session, Standing, standing
from vestibule.flows import account_settings, changes, reset, sign_in
from vestibule.flows.work import Caller, Means
from vestibule.web.cookies import NOTICE_AGE, Cookie, Cookies
from vestibule.web.forms import Form
from vestibule.web.seen import is_persons_doing
from vestibule.web.source import Sources

MOST_COOKIE_BYTES = 3800
PRESENCE_SECONDS = 30
NEWLY_CHOSEN = "+"
"""Ends the language cookie of a choice that the account of the next sign-in takes along."""


class Told(StrEnum):
    """What a form did; `wording` has the sentence."""

    ACCOUNT_KEPT = "account_kept"
    ADDRESS_CHANGED = "address_changed"
    APP_ADDED = "app_added"
    CLOSING_ASKED = "closing_asked"
    METHOD_REMOVED = "method_removed"
    NOT_ME_CANCELLED = "not_me_cancelled"
    NOT_ME_CLOSING_FROZEN = "not_me_closing_frozen"
    NOT_ME_CLOSING_SECURED = "not_me_closing_secured"
    NOT_ME_FROZEN = "not_me_frozen"
    NOT_ME_SECURED = "not_me_secured"
    NOT_ME_SETTLED = "not_me_settled"
    NOTICE_ADDRESS_REMOVED = "notice_address_removed"
    NOTICE_ADDRESS_SET = "notice_address_set"
    NUMBER_REVERIFIED = "number_reverified"
    PASSKEY_ADDED = "passkey_added"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - ids, not secrets, here and below
    PASSWORD_RESET = "password_reset"  # noqa: S105
    RECOVERY_CODE_SAVED = "recovery_code_saved"
    SAVED = "saved"
    SESSIONS_ENDED = "sessions_ended"
    SIGNED_OUT = "signed_out"


@dataclass(frozen=True, slots=True)
class Notice:
    """A refusal that waits for the page after the redirect, with what was typed."""

    path: str
    refused: Refused
    typed: Mapping[str, str]


@dataclass(slots=True)
class Visit:
    request: Request
    means: Means
    cookies: Cookies
    caller: Caller
    token: str
    """The visit's own cookie, or a fresh one that the response will set."""
    session: Session | None = None
    idle_session: Session | None = None
    account: Account | None = None
    """The account of the session, live or idle."""
    pending: PendingSignIn | None = None
    reset: Reset | None = None
    form: Form = field(default_factory=dict)
    notice: Notice | None = None
    told: Told | None = None
    """What the last form did, said once on the page it led to."""

    @property
    def path(self) -> str:
        return self.request.url.path

    @property
    def nonce(self) -> str:
        return str(self.request.state.nonce)

    @property
    def now(self) -> datetime:
        return self.means.clock()

    def cookie(self, cookie: Cookie) -> str | None:
        value = self.cookies.read(self.request, cookie)
        return value if value and len(value) <= 4000 else None

    @property
    def chosen_language(self) -> str | None:
        """What this browser's person chose, if it is offered still."""
        return _chosen(self.request, self.cookies, self.means.policy.languages)

    @property
    def is_newly_chosen(self) -> bool:
        """Whether the choice was made before anybody was signed in, and no account has it."""
        return (self.cookie(Cookie.LANGUAGE) or "").endswith(NEWLY_CHOSEN)

    def typed(self, name: str) -> str:
        return self.form.get(name, "")

    def read_time_zone(self) -> None:
        """Take what the form says of the browser's clock, if it is a zone that is known here."""
        self.caller = replace(self.caller, time_zone=zone.parse(self.typed("time_zone")))

    def the_session(self) -> Session:
        """The session, behind a door that needs one."""
        if self.session is None:
            raise LookupError("this door was opened without its session")
        return self.session

    def the_account(self) -> Account:
        """The session's account, behind a door that needs a session."""
        if self.account is None:
            raise LookupError("this door was opened without its account")
        return self.account

    def the_pending(self) -> PendingSignIn:
        """The pending sign-in, behind a door that needs one."""
        if self.pending is None:
            raise LookupError("this door was opened without its pending sign-in")
        return self.pending

    def the_reset(self) -> Reset:
        """The reset, behind a door that needs one."""
        if self.reset is None:
            raise LookupError("this door was opened without its reset")
        return self.reset

    def waits(self, *, is_password: bool = False) -> Refused | None:
        """Why this browser changes nothing yet (R11), or None."""
        session, account = self.the_session(), self.the_account()
        return changes.waits(session, account, self.caller, self.now, is_password=is_password)

    async def note_presence(self) -> None:
        """The person is here; noted twice a minute at most (SE-03)."""
        session = self.the_session()
        if not is_persons_doing(self.request):
            return
        if (self.now - session.last_seen_at).total_seconds() >= PRESENCE_SECONDS:
            await account_settings.touch(self.means, self.caller, session)

    # --- answers ---------------------------------------------------------------------------

    def go(self, path: str) -> Response:
        """See other: every form's answer, so that back and reload are always clean."""
        return RedirectResponse(path, status_code=303)

    def again(
        self, refused: Refused, *, to: str | None = None, keep: tuple[str, ...] = ()
    ) -> Response:
        """Back to a page with the refusal and what was typed, never a secret."""
        path = to or self.path
        response = self.go(path)
        typed = {name: self.typed(name) for name in keep}
        sealed = self._sealed_notice(path, refused, typed)
        while len(sealed) > MOST_COOKIE_BYTES and typed:
            # Browsers drop a cookie that is too large, and with it the refusal itself.
            longest = max(typed, key=lambda name: len(typed[name]))
            typed[longest] = typed[longest][: len(typed[longest]) // 2]
            sealed = self._sealed_notice(path, refused, typed)
        self.cookies.put(response, Cookie.NOTICE, sealed, age=NOTICE_AGE)
        return response

    def _sealed_notice(self, path: str, refused: Refused, typed: Mapping[str, str]) -> str:
        notice = {
            # The notice is for the page, whatever query it has.
            "path": path.split("?")[0],
            "reason": refused.reason.value,
            "field": refused.field,
            "details": {k: _packed(v) for k, v in refused.details.items()},
            "typed": typed,
            "until": (self.now + timedelta(seconds=NOTICE_AGE)).isoformat(),
        }
        text = json.dumps(notice, ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(self.means.seal.seal(text, self._place)).decode()

    def tell(self, told: Told, *, to: str) -> Response:
        """On to a page that says once what was done."""
        response = self.go(to)
        until = (self.now + timedelta(seconds=NOTICE_AGE)).isoformat()
        text = json.dumps({"path": to, "told": told.value, "until": until})
        sealed = base64.urlsafe_b64encode(self.means.seal.seal(text, self._place)).decode()
        self.cookies.put(response, Cookie.NOTICE, sealed, age=NOTICE_AGE)
        return response

    def sealed(self, cookie: Cookie, text: str) -> str:
        """The text as only this browser's visit opens it, for as long as a notice lasts."""
        until = (self.now + timedelta(seconds=NOTICE_AGE)).isoformat()
        place = Place("cookie", cookie.value, self.token)
        return base64.urlsafe_b64encode(self.means.seal.seal(f"{until} {text}", place)).decode()

    def opened(self, cookie: Cookie, value: str | None, *, is_form: bool = False) -> str | None:
        """What `sealed` closed, while it lasts; a form's own may have stood open for longer."""
        place = Place("cookie", cookie.value, self.token)
        try:
            raw = base64.urlsafe_b64decode(value or "")
            until, _, text = self.means.seal.open(raw, place).partition(" ")
        except (ValueError, SealBroken):
            return None
        return text if is_form or datetime.fromisoformat(until) >= self.now else None

    @property
    def _place(self) -> Place:
        return Place("cookie", "notice", self.token)

    def read_notice(self) -> None:
        """Take up the notice of this page, if its cookie is ours, for here, and young."""
        raw = self.cookie(Cookie.NOTICE)
        if raw is None:
            return
        try:
            found = json.loads(self.means.seal.open(base64.urlsafe_b64decode(raw), self._place))
        except (ValueError, SealBroken):
            return
        if found["path"] != self.path or datetime.fromisoformat(found["until"]) < self.now:
            return
        if "told" in found:
            self.told = Told(found["told"])
            return
        details = {k: _unpacked(v) for k, v in found["details"].items()}
        refused = Refused(Reason(found["reason"]), found["field"], details)
        self.notice = Notice(found["path"], refused, found["typed"])


def _packed(value: object) -> object:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _unpacked(value: object) -> object:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"])
    return value


def language_of(request: Request, cookies: Cookies, languages: Languages) -> str:
    """What was chosen in this browser, else what the browser asks for."""
    chosen = _chosen(request, cookies, languages)
    return chosen or languages.negotiate(request.headers.get("accept-language", ""))


def _chosen(request: Request, cookies: Cookies, languages: Languages) -> str | None:
    value = (cookies.read(request, Cookie.LANGUAGE) or "")[:50]
    return languages.offered(value.removesuffix(NEWLY_CHOSEN))


def meet(request: Request, means: Means, cookies: Cookies, sources: Sources) -> Visit:
    """The visit of a stranger: nothing is looked up yet, the language is the browser's."""
    held = cookies.read(request, Cookie.VISIT) or ""
    token = held if 0 < len(held) <= 200 else means.entropy.token()
    caller = Caller(
        visit_token=token,
        source=sources.of(request),
        user_agent=request.headers.get("user-agent", "")[:300],
        request_id=request.state.request_id,
        locale=language_of(request, cookies, means.policy.languages),
        browser_token=(cookies.read(request, Cookie.BROWSER) or "")[:200] or None,
    )
    return Visit(request=request, means=means, cookies=cookies, caller=caller, token=token)


async def look_up(visit: Visit) -> None:
    """Find everything that this browser's cookies name."""
    means, caller = visit.means, visit.caller
    if token := visit.cookie(Cookie.SESSION):
        found = await account_settings.find_session(means, caller, token)
        if found is not None:
            session, account = found
            where = standing(session, visit.now, means.policy.session)
            visit.session = session if where is Standing.LIVE else None
            visit.idle_session = session if where is Standing.IDLE else None
            visit.account = account if where is not Standing.ENDED else None
            _speak_as_the_account(visit)
    if visit.session is None and (token := visit.cookie(Cookie.PENDING)):
        visit.pending = await sign_in.find_pending(means, caller, token)
    if token := visit.cookie(Cookie.RESET):
        visit.reset = await reset.find(means, caller, token)


def _speak_as_the_account(visit: Visit) -> None:
    """What was chosen in this browser counts first, then what the account was given."""
    if visit.account is not None and visit.chosen_language is None:
        locale = visit.means.policy.languages.nearest(visit.account.locale)
        visit.caller = replace(visit.caller, locale=locale)
