"""The page that shows a recovery code once, with its forms: download, finish, make another."""

from starlette.responses import PlainTextResponse, Response

from vestibule.domain import recovery_code as codes
from vestibule.domain.pending import PendingSignIn
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.session import Session
from vestibule.flows import account_settings, recovery_codes
from vestibule.web.cookies import Cookie
from vestibule.web.desk import Desk
from vestibule.web.paths import HOME, safe_path
from vestibule.web.seen import is_seen
from vestibule.web.times import day_on_paper
from vestibule.web.visit import Notice, Told, Visit
from vestibule.web.wording import N_, WAITING

WHEN_LOST = N_(
    "When your phone is gone: sign in with e-mail and password, choose Try another way, then Enter"
    " recovery code."
)
WORKS_ONCE = N_(
    "It works once. A newer code replaces this one. Nobody from support ever asks for it."
)


def _owner(visit: Visit) -> Session | PendingSignIn:
    return visit.session or visit.the_pending()


async def show(visit: Visit, desk: Desk) -> Response:
    owner = _owner(visit)
    may_make_another = await _may_make_another(visit)
    if not is_seen(visit.request):
        # Nobody would see the code, or another site opened this, so it waits for its person.
        waits = await recovery_codes.is_waiting(visit.means, visit.caller, owner_id=owner.id)
        return _page(visit, desk, None, may_make_another, waits=waits)
    # Last of all: what fails after it would lose the one showing.
    shown = await recovery_codes.take(
        visit.means, visit.caller, account_id=owner.account_id, owner_id=owner.id
    )
    return _page(visit, desk, shown, may_make_another)


def _page(
    visit: Visit,
    desk: Desk,
    shown: recovery_codes.Shown | None,
    may_make_another: bool,
    *,
    waits: bool = False,
) -> Response:
    record = shown.record if shown else None
    return desk.pages.page(
        visit,
        "recovery_code.html",
        doors=2 if visit.session else 1,
        base="/settings" if visit.path.startswith("/settings") else "/set-up",
        code=shown.code if shown else None,
        groups=codes.groups(shown.code) if shown else [],
        label=record.label if record else "",
        made_on=day_on_paper(record.made_at, desk.translate) if record else "",
        account=visit.account.email if visit.account and visit.session else "",
        may_make_another=may_make_another,
        waits=waits,
    )


async def _may_make_another(visit: Visit) -> bool:
    owner = _owner(visit)
    current = await recovery_codes.standing(visit.means, visit.caller, owner.account_id)
    is_saved = any(one.acknowledged_at is not None for one in current)
    return account_settings.may_make_another(owner, visit.now, is_saved=is_saved)


async def submit(visit: Visit, desk: Desk) -> Response:
    owner = _owner(visit)
    if visit.typed("action") == "another":
        refused = await account_settings.make_another_code(visit.means, visit.caller, owner)
        if refused is not None:
            if visit.session is None:
                return visit.again(refused)
            if refused.reason in WAITING:
                return visit.again(refused, to=HOME)
            # The proofs first; they lead on to making one.
            response = visit.again(refused, to="/settings/confirm")
            visit.cookies.put(response, Cookie.NEXT, "/settings/recovery-code/new")
            return response
        return visit.go(visit.path)
    shown = await recovery_codes.echo(
        visit.means, visit.caller, account_id=owner.account_id, code=visit.typed("shown")
    )
    if visit.typed("action") == "download" and shown is not None:
        return _file(visit, desk, shown)
    refused = await recovery_codes.acknowledge(
        visit.means,
        visit.caller,
        account_id=owner.account_id,
        code=visit.typed("shown"),
        last_group=visit.typed("last_group"),
    )
    if refused is None:
        to = _onward(visit)
        is_settings = to == "/settings"
        response = visit.tell(Told.RECOVERY_CODE_SAVED, to=to) if is_settings else visit.go(to)
        visit.cookies.drop(response, Cookie.NEXT)
        return response
    if refused.reason is Reason.LAST_GROUP_WRONG and shown is not None:
        # R7: the one form that answers with its page: a redirect could not show the code again.
        visit.notice = Notice(visit.path, refused, {})
        return _page(visit, desk, shown, await _may_make_another(visit))
    return visit.again(Refused(Reason.RECOVERY_CODE_GONE))


def _onward(visit: Visit) -> str:
    if visit.session is None:
        return "/set-up"
    if visit.path.startswith("/settings"):
        return "/settings"
    return safe_path(visit.cookie(Cookie.NEXT)) or HOME


def _file(visit: Visit, desk: Desk, shown: recovery_codes.Shown) -> Response:
    """A text file made here and kept nowhere (RC-03); it says what the printed page says."""
    _, product, made = desk.translate, visit.means.policy.product, shown.record.made_at
    lines = [
        f"{product}: {_('recovery code')}",
        "-".join(codes.groups(shown.code)),
        f"{_('Label')}: {shown.record.label}\n{_('Made on')}: {day_on_paper(made, _)}"
        f"\n{visit.means.policy.origin}",
        _(WHEN_LOST),
        _(WORKS_ONCE),
    ]
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in product).strip("-").lower()
    name = f"{safe or 'account'}-recovery-code-{made:%Y-%m-%d}.txt"
    return PlainTextResponse(
        "\n\n".join(lines) + "\n",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Language": _.tag,
        },
    )
