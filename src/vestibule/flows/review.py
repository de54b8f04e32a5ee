"""“Still yours?”: the page that a sign-in opens with after a reset, a freeze or a recovery (R12).

*Not mine* reduces as "not me" does, and only what came within its seven days: what is older is
removed in User Settings, with the proofs that ask for it (R11).
"""

from dataclasses import dataclass
from datetime import datetime

from vestibule.domain.account import Account, Authenticator
from vestibule.domain.event import EventName
from vestibule.domain.identifier import PhoneNumber
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.safety import NOT_ME_FOR, Act, ActKind, Made
from vestibule.domain.session import Session
from vestibule.flows import addresses, not_me, notice_addresses, ways
from vestibule.flows.changes import is_known_browser
from vestibule.flows.work import Caller, Means, Work, look, work
from vestibule.storage import accounts, acts, authenticators, safeguards, sessions
from vestibule.storage.disavowals import Disavowal

TAKEN_BACK = frozenset({ActKind.SESSION})
"""No reset brought anything that is shown, and what a set-up or a completed
recovery began with is never taken back (R8)."""

ADDRESS = "address"
NOTICE_ADDRESS = "notice-address"
"""What *Not mine* names the addresses by."""


@dataclass(frozen=True, slots=True)
class Method:
    id: str
    name: str
    number: PhoneNumber | None
    created_at: datetime
    act_id: str | None
    """The act that can be doubted; None where it is older or the account began with it."""


@dataclass(frozen=True, slots=True)
class Browser:
    id: str
    """Its act: marks of browsers are not shown."""
    user_agent: str
    known_at: datetime
    is_this: bool
    act_id: str | None


@dataclass(frozen=True, slots=True)
class View:
    email: str
    """Where codes go."""
    address_act_id: str | None
    notice_address: str | None
    """Who is told besides."""
    notice_address_act_id: str | None
    methods: tuple[Method, ...]
    browsers: tuple[Browser, ...]
    older_browsers: int
    counts_for_account: bool
    """Whether *yes* said here is asked of no later sign-in."""


async def view(means: Means, caller: Caller, session: Session) -> View | Refused:
    """What the account consists of now; looking answers nothing."""

    async def unit(work: Work) -> View | Refused:
        account = await accounts.get(work.tx, session.account_id)
        return await _view(work, account, session) if account else Refused(Reason.REVIEW_OVER)

    return await look(means, caller, unit)


async def _view(work: Work, account: Account, session: Session) -> View:
    known = await acts.of_account(work.tx, account.id, work.now - NOT_ME_FOR)
    doubtful = {act.id: act for act in known if act.kind in TAKEN_BACK}
    bound = await authenticators.of_account(work.tx, account.id)
    second = await notice_addresses.standing(work, account.id)
    all_browsers = await sessions.known_browsers(work.tx, account.id)
    browsers = [
        _browser(act, at, session, is_doubtful=act.id in doubtful)
        for mark, at in all_browsers
        for act in known
        if (act.browser_digest, act.made_at) == (mark, at)
    ]
    return View(
        email=await addresses.mailbox(work, account),
        address_act_id=await addresses.doubtful_act(work, account, doubtful),
        notice_address=second.address if second else None,
        notice_address_act_id=await notice_addresses.doubtful_act(work, account.id, doubtful),
        methods=tuple([await _method(work, one, doubtful) for one in bound]),
        browsers=tuple(browsers),
        older_browsers=len(all_browsers) - len(browsers),
        counts_for_account=is_known_browser(session, work.caller, work.now),
    )


async def _method(work: Work, one: Authenticator, doubtful: dict[str, Act]) -> Method:
    maker = await acts.maker(work.tx, Made.AUTHENTICATOR, one.id)
    return Method(
        id=one.id,
        name=one.name,
        number=ways.phone_number(work.means, one),
        created_at=one.created_at,
        act_id=maker if maker in doubtful else None,
    )


def _browser(act: Act, known_at: datetime, session: Session, *, is_doubtful: bool) -> Browser:
    is_this = act.browser_digest == session.browser_digest
    return Browser(
        id=act.id,
        user_agent=act.user_agent,
        known_at=known_at,
        is_this=is_this,
        act_id=act.id if is_doubtful and not is_this else None,
    )


async def confirm(means: Means, caller: Caller, session: Session) -> Refused | None:
    """Yes, all mine: the dashboard opens, here and at the next sign-in.

    Said in a browser that changes nothing yet it counts for this session alone (R11): a thief
    with both factors must not answer in the owner's stead.
    """

    async def unit(work: Work) -> Refused | None:
        account = await _reviewing(work, session)
        if isinstance(account, Refused):
            return account
        now = await sessions.get(work.tx, session.id, work.now)
        if now is not None and is_known_browser(now, caller, work.now):
            await safeguards.end_review(work.tx, account.id)
        else:
            await sessions.answer_review(work.tx, session.id, work.now)
        await work.note(EventName.REVIEW_ANSWERED, account_id=account.id, session_id=session.id)
        return None

    return await work(means, caller, unit)


async def _reviewing(work: Work, session: Session) -> Account | Refused:
    """The account, held, if this session still has its review to answer."""
    await accounts.hold(work.tx, session.account_id)
    account = await accounts.get(work.tx, session.account_id)
    now = await sessions.get(work.tx, session.id, work.now)
    if account is None or now is None or not now.must_review(account.review_from_at):
        return Refused(Reason.REVIEW_OVER)
    return account


async def disown(
    means: Means, caller: Caller, session: Session, *, item_id: str
) -> not_me.Effect | Refused:
    """Not mine: as "not me" by the act that brought the item."""

    async def unit(work: Work) -> not_me.Effect | Refused:
        account = await _reviewing(work, session)
        if isinstance(account, Refused):
            return account
        shown = await _view(work, account, session)
        items: list[Method | Browser] = [*shown.methods, *shown.browsers]
        act_id = next((one.act_id for one in items if one.id == item_id), None)
        if item_id == ADDRESS:
            act_id = shown.address_act_id
        if item_id == NOTICE_ADDRESS:
            act_id = shown.notice_address_act_id
        if act_id is None:
            return Refused(Reason.METHOD_UNKNOWN)
        doubted = Disavowal(
            id=work.means.entropy.id(),
            account_id=account.id,
            act_id=act_id,
            notice="review",
            source=work.caller.source,
            user_agent=work.caller.user_agent,
            made_at=work.now,
            expires_at=work.now,
        )
        return await not_me.answer(work, account, doubted)

    return await work(means, caller, unit)
