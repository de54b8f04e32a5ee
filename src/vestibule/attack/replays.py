"""Attacks with what was right once: used codes, old cookies, a password reset by mailbox alone."""

from vestibule.attack.browser import Unexpected
from vestibule.attack.ground import Ground
from vestibule.attack.members import (
    first_door,
    inside,
    member,
    member_by_text,
    open_settings,
    sign_in,
    step_up,
)
from vestibule.attack.outcome import Attack, Outcome, judged

FULL_WIDTH_ZERO = 0xFF10
CHOSEN = "A" * 43
"""A cookie's value that a stranger chose and put into somebody's browser."""


def spellings(code: str) -> dict[str, str]:
    """The same code as people and attackers may write it."""
    return {
        "as it was": code,
        "with a space": f"{code[:3]} {code[3:]}",
        "in full-width digits": "".join(chr(FULL_WIDTH_ZERO + int(digit)) for digit in code),
        "with a dash": f"{code[:3]}-{code[3:]}",
    }


async def replay_app(ground: Ground) -> Outcome:
    who = await member(ground)
    browser = await first_door(ground, who)
    pending = ground.browser(browser.cookies)
    code = await ground.app_code(who)
    path, data = browser.filled("code", code=code)
    await browser.submit("code", code=code)
    if not await ground.is_inside(browser.cookies):
        raise Unexpected("the right code did not open a session")
    found = ground.found
    if await ground.sessions_in(await pending.ask("POST", path, data=data)):
        found.append("the finished sign-in took its code again")
    again = await first_door(ground, who)
    typed_again = {"of an older time step": who.how.code(who.secret, who.last_step - 1)}
    typed_again |= spellings(code)
    if ground.own is not None:
        # One fewer than ends the sign-in: a right code then gives the account its tries back.
        typed_again.pop("with a dash")
    for how, typed in typed_again.items():
        if again.page.with_field("code") is None:
            break
        await again.submit("code", code=typed)
        if await ground.is_inside(again.cookies):
            found.append(f"a used code {how} opened a session")
            again = await first_door(ground, who)
    if ground.own is not None and again.page.with_field("code") is not None:
        await again.submit("code", code=await ground.app_code(who))
    figures = f"a used code and an older one in {len(typed_again)} ways: 1 session"
    return judged(found, figures, evaluated=len(typed_again))


async def replay_text(ground: Ground) -> Outcome:
    who = await member_by_text(ground)
    browser = await first_door(ground, who)
    pending = ground.browser(browser.cookies)
    code = await ground.code("sms", who.phone)
    path, data = browser.filled("code", code=code)
    await browser.submit("code", code=code)
    if not await ground.is_inside(browser.cookies):
        raise Unexpected("the right code did not open a session")
    found = ground.found
    if await ground.sessions_in(await pending.ask("POST", path, data=data)):
        found.append("the finished sign-in took its code again")
    again = await first_door(ground, who)
    for how, typed in spellings(code).items():
        if again.page.with_field("code") is not None:
            await again.submit("code", code=typed)
            if await ground.is_inside(again.cookies):
                found.append(f"a used code {how} opened a session")
                again = await first_door(ground, who)
    return judged(found, "one texted code in four spellings, twice: 1 session", evaluated=4)


async def old_cookies(ground: Ground) -> Outcome:
    found = ground.found
    who = await member(ground)
    name = next(one for one in inside(who).cookies if one.endswith("session"))
    waiting = name.removesuffix("session") + "pending"
    victim, planter = ground.browser({name: CHOSEN, waiting: CHOSEN}), {waiting: CHOSEN}
    await first_door(ground, who, victim)
    pending = dict(victim.cookies)
    if await _is_past_the_first_door(ground, planter) or pending[waiting] == CHOSEN:
        found.append("the cookie of a pending sign-in that a stranger chose was taken up")
    await victim.submit("code", code=await ground.app_code(who))
    if not await ground.is_inside(victim.cookies):
        raise Unexpected("the right code did not open a session")
    if victim.cookies[name] == CHOSEN or await ground.is_inside({name: CHOSEN}):
        found.append("a session cookie that a stranger chose was taken up")
    old = {key: value for key, value in pending.items() if key != name}
    if await _is_past_the_first_door(ground, old):
        found.append("the cookie of a finished sign-in still opens its page")
    ended = dict(victim.cookies)
    await victim.get("/help")
    await victim.post("/sign-out")
    if await ground.is_inside(ended):
        found.append("a session is alive after its sign-out")
    if ground.own is not None:
        return judged(found, "old ids after sign-in and sign-out open nothing")
    other = await member(ground)
    for act, step in (("the mailed code", open_settings), ("a step-up", step_up)):
        before = dict(inside(other).cookies)
        await step(ground, other)
        if await ground.is_inside(before):
            found.append(f"the session id from before {act} is alive")
    return judged(found, "old ids after sign-in, gate, step-up and sign-out open nothing")


async def _is_past_the_first_door(ground: Ground, cookies: dict[str, str]) -> bool:
    browser = ground.browser(cookies)
    await browser.get("/sign-in/code")
    return browser.path == "/sign-in/code"


async def reset_alone(ground: Ground) -> Outcome:
    ground.need_simulator()
    who, found = await member(ground), ground.found
    thief, new = ground.browser(), ground.entropy.pick("abcdefghjkmnpqrstuvwxyz", 20)
    await thief.get("/forgot-password")
    await thief.submit("email", email=who.email)
    await thief.submit("code", code=await ground.code("email", who.email))
    if thief.path != "/forgot-password/second-factor":
        found.append(f"a mailed code alone led to {thief.path}")
    await thief.post("/forgot-password/new", new_password=new)
    await thief.get("/forgot-password/new")
    if thief.path == "/forgot-password/new":
        found.append("a new password can be set without the second factor")
    if await ground.is_inside(thief.cookies):
        found.append("a reset signs in")
    stranger = ground.browser()
    await stranger.get("/sign-in")
    await stranger.submit("email", "password", email=who.email, password=new)
    if stranger.cookie("pending"):
        found.append("a mailbox alone has set a new password")
    await sign_in(ground, who)
    return judged(found, "a mailed code sets no password and opens nothing")


ATTACKS = (
    Attack(
        "replay-app",
        "a used code of an app, spelt anew, and an older one",
        ("TO-03", "OC-11"),
        replay_app,
    ),
    Attack(
        "replay-text",
        "a used texted code, spelt anew",
        ("OC-03", "OC-11"),
        replay_text,
    ),
    Attack(
        "old-cookies",
        "ids of sessions and sign-ins chosen by a stranger, or from before a proof",
        ("EF-06", "SE-05", "SE-06"),
        old_cookies,
    ),
    Attack(
        "reset-alone",
        "a new password with the mailbox alone",
        ("AR-01", "AR-02"),
        reset_alone,
    ),
)
