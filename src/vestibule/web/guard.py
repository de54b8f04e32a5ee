"""Default deny: each door says what it needs; without it the visit goes to its current step."""

from enum import StrEnum
from typing import assert_never

from vestibule.domain.pending import PendingSignIn, SignInState
from vestibule.flows.gate_codes import is_wall_closed
from vestibule.web.paths import HOME, RESET_STEP, safe_path
from vestibule.web.visit import Visit


class Needs(StrEnum):
    """What must have been proven before a door opens (EF-01)."""

    NOTHING = "nothing"
    NOBODY = "nobody yet: whoever is inside goes to the dashboard"
    SIGN_UP = "a sign-up that waits for its mailed code"
    SECOND_FACTOR = "a right password, of an account with a second factor"
    WALL_MAIL = "a right password, of an account without a second factor"
    WALL = "the same with its mailbox proven, or a used recovery code"
    RESET = "a password reset at this stage"
    IDLE_SESSION = "a session that rests"
    SESSION = "a session"
    REVIEW = "a session that opens with its review"
    NEW_PASSWORD = "a session whose account must set a new password"  # noqa: S105 - a need
    SHOWN_CODE = "a session or a used recovery code"
    GATE = "a session with the mailed code proven"
    STEP_UP = "the same with password and second factor proven within ten minutes"


GATE = frozenset({"/settings", "/settings/open", "/settings/send", "/settings/code"})
"""The doors of the mailed code; they open for every session."""
INSIDE = {Needs.SESSION, Needs.GATE, Needs.STEP_UP, Needs.NEW_PASSWORD, Needs.REVIEW}


def elsewhere(visit: Visit, needs: Needs) -> str | None:
    """None where the door may open; else the path of the step that comes first."""
    match needs:
        case Needs.NOTHING | Needs.SIGN_UP:
            return None
        case Needs.NOBODY:
            return _nobody(visit)
        case Needs.SECOND_FACTOR | Needs.WALL_MAIL | Needs.WALL:
            return _on_the_way(visit, needs)
        case Needs.RESET:
            return _reset(visit)
        case Needs.IDLE_SESSION:
            return None if visit.idle_session else _way_in(visit)
        case Needs.SHOWN_CODE:
            is_recovering = (
                visit.pending is not None and visit.pending.state is SignInState.REPLACEMENT
            )
            return None if is_recovering else _inside(visit, Needs.SESSION)
        case Needs.SESSION | Needs.NEW_PASSWORD | Needs.GATE | Needs.STEP_UP | Needs.REVIEW:
            return _inside(visit, needs)
        case other:
            assert_never(other)


def _nobody(visit: Visit) -> str | None:
    if visit.session is not None:
        return safe_path(visit.request.query_params.get("next")) or HOME
    return None


def _on_the_way(visit: Visit, needs: Needs) -> str | None:
    if visit.pending is None:
        return _way_in(visit)
    step = step_of(visit.pending)
    wanted = {
        Needs.SECOND_FACTOR: "/sign-in/code",
        Needs.WALL_MAIL: "/set-up/email",
        Needs.WALL: "/set-up",
    }[needs]
    return None if step == wanted else step


def step_of(pending: PendingSignIn) -> str:
    """The page where a pending sign-in goes on."""
    if pending.state is SignInState.SECOND_FACTOR:
        return "/sign-in/code"
    return "/set-up/email" if is_wall_closed(pending) else "/set-up"


def _reset(visit: Visit) -> str | None:
    if visit.reset is None:
        return "/forgot-password"
    step = RESET_STEP[visit.reset.stage]
    return None if visit.path.startswith(step) else step


def _inside(visit: Visit, needs: Needs) -> str | None:
    session = visit.session
    if session is None:
        return "/resume" if visit.idle_session else _way_in(visit)
    required_at = visit.the_account().new_password_required_at
    must_change = session.must_set_password(required_at)
    if session.must_reverify() or (
        required_at is not None and must_change and session.must_prove_mailbox(required_at)
    ):
        # PN-04: the number may be a stranger's by now. And a password that is set here counts
        # for its owner, so the owner's mailbox is asked.
        return None if visit.path in GATE else "/settings"
    if must_change != (needs is Needs.NEW_PASSWORD):
        # Past the strikes of one password nothing opens before another one is set.
        return "/new-password" if must_change else "/"
    must_review = session.must_review(visit.the_account().review_from_at)
    if not must_change and must_review != (needs is Needs.REVIEW):
        # R12: what is there is looked at before anything else opens.
        return "/review" if must_review else "/"
    if needs in {Needs.SESSION, Needs.NEW_PASSWORD, Needs.REVIEW}:
        return None
    if not session.has_gate_open(visit.now):
        return "/settings"
    if needs is not Needs.STEP_UP:
        return None
    if visit.waits(is_password=visit.path == "/settings/password") is not None:
        return "/settings/wait"
    return None if session.may_change(visit.now) else "/settings/confirm"


def _way_in(visit: Visit) -> str:
    """Where somebody without the proof belongs now."""
    if visit.session is not None:
        return "/"
    if visit.idle_session is not None:
        return "/resume"
    if visit.pending is not None:
        return step_of(visit.pending)
    return "/sign-in"
