"""Attacks by guessing: many codes at once, and budgets that something might refill."""

import asyncio

from vestibule.attack.browser import Browser, Unexpected
from vestibule.attack.ground import Ground, Member
from vestibule.attack.members import (
    first_door,
    guessing_door,
    inside,
    member,
    member_by_text,
    member_with_both,
    open_settings,
)
from vestibule.attack.outcome import Attack, Finding, Holds, Outcome, judged
from vestibule.attack.wire import set_cookies

RIGHT_AT_ONCE = 50
WRONG_AT_ONCE = 200
RECOVERIES_AT_ONCE = 20
PASSWORDS_AT_ONCE = 20
TRIES = 5
"""Wrong codes that end a sign-in."""
TRIES_BEFORE_PAUSE = 10
"""Wrong codes on one account after which unknown browsers wait."""


async def race_app(ground: Ground) -> Outcome:
    who = await member(ground)
    browser = await first_door(ground, who)
    return await _race(ground, browser, await ground.app_code(who))


async def race_text(ground: Ground) -> Outcome:
    who = await member_by_text(ground)
    browser = await first_door(ground, who)
    return await _race(ground, browser, await ground.code("sms", who.phone))


async def _race(ground: Ground, browser: Browser, code: str) -> Outcome:
    opened = await ground.sessions_in(*await browser.volley("code", [code] * RIGHT_AT_ONCE))
    if opened == 0:
        raise Unexpected("none of the right codes opened a session")
    if opened > 1:
        return Finding(f"{opened} sessions were opened by one code")
    return Holds(f"{RIGHT_AT_ONCE} right at once: 1 session")


async def race_wrong(ground: Ground) -> Outcome:
    who = await member(ground)
    browser = await guessing_door(ground, who)
    right = browser.filled("code", code=await ground.app_code(who))
    # A wrong code leads back to its page; what is not compared any more leads to the start.
    answers = await browser.volley("code", ground.wrong_codes(who, WRONG_AT_ONCE))
    compared = sum(_leads_back(answer.headers.get("location", "")) for answer in answers)
    last = await browser.ask("POST", right[0], data=right[1], keep=False)
    await browser.get("/sign-in/code")
    is_over = browser.path != "/sign-in/code"
    compared += is_over
    found = []
    if opened := await ground.sessions_in(*answers, last):
        found.append(f"{opened} sessions were opened, though the right code came after the wrong")
    if compared > TRIES or not is_over:
        found.append(f"{compared} wrong codes were compared, not {TRIES}")
    figures = f"{WRONG_AT_ONCE} wrong at once: {compared} compared, the right one after them none"
    return judged(found, figures, evaluated=compared)


def _leads_back(location: str) -> bool:
    return location.split("?")[0].endswith("/sign-in/code")


async def new_sign_ins(ground: Ground) -> Outcome:
    who = await member(ground)
    compared, found = 0, ground.found
    for _ in range(TRIES_BEFORE_PAUSE // TRIES):
        browser = await first_door(ground, who)
        for code in ground.wrong_codes(who, TRIES):
            if browser.page.with_field("code") is None:
                break
            answer = await browser.submit("code", code=code)
            compared += 1
            found += ["a wrong code opened a session"] * await ground.sessions_in(answer)
    browser = await first_door(ground, who)
    await browser.submit("code", code=await ground.app_code(who))
    if await ground.is_inside(browser.cookies):
        found.append(f"after {compared} wrong codes a new sign-in could go on guessing at once")
    figures = f"{compared} wrong in two sign-ins, a third waits"
    # The one account of a run has spent tries before: how many of these were compared is not seen.
    return judged(found, figures, evaluated=None if ground.own else compared)


async def other_doors(ground: Ground) -> Outcome:
    """Five wrong at sign-in, five at another door: then a new sign-in has to wait."""
    ground.need_simulator()
    found, compared = ground.found, 0
    doors = {"at the door of a reset": _at_reset, "before a change": _before_a_change}
    for where, door in doors.items():
        who = await member(ground)
        browser = await first_door(ground, who)
        compared += await _guess(ground, who, browser)
        elsewhere = await door(ground, who)
        compared += await _guess(ground, who, elsewhere, password=who.password)
        again = await first_door(ground, who)
        await again.submit("code", code=await ground.app_code(who))
        if await ground.is_inside(again.cookies):
            found.append(f"wrong codes {where} are not counted: a new sign-in could go on guessing")
    figures = f"{compared} wrong over sign-in, reset and changes: a new sign-in waits"
    return judged(found, figures, evaluated=compared)


async def _guess(ground: Ground, who: Member, browser: Browser, *, password: str = "") -> int:
    """How many wrong codes the page takes, of as many as end a sign-in."""
    for turn, code in enumerate(ground.wrong_codes(who, TRIES)):
        if browser.page.with_field("code") is None:
            return turn
        # Where no password is asked for, none is read.
        await browser.submit("code", code=code, password=password)
    return TRIES


async def _at_reset(ground: Ground, who: Member) -> Browser:
    browser = ground.browser()
    await browser.get("/forgot-password")
    await browser.submit("email", email=who.email)
    await browser.submit("code", code=await ground.code("email", who.email))
    if browser.path != "/forgot-password/second-factor":
        raise Unexpected(f"the mailed code of a reset led to {browser.path}")
    return browser


async def _before_a_change(ground: Ground, who: Member) -> Browser:
    await open_settings(ground, who)
    browser = inside(who)
    await browser.get("/settings/confirm")
    return browser


async def passwords(ground: Ground) -> Outcome:
    who, browser = await member(ground), ground.browser()
    await browser.get("/sign-in")
    path, data = browser.filled("email", "password", email=who.email)
    wrong = [{**data, "password": f"not the password {turn}"} for turn in range(PASSWORDS_AT_ONCE)]
    await asyncio.gather(*(browser.ask("POST", path, data=one, keep=False) for one in wrong))
    await browser.ask("POST", path, data={**data, "password": who.password})
    if browser.cookie("pending"):
        return Finding(f"the right password was taken at once after {PASSWORDS_AT_ONCE} wrong ones")
    return Holds(f"{PASSWORDS_AT_ONCE} wrong at once: the right one after them waits")


async def method_switch(ground: Ground) -> Outcome:
    who = await member_with_both(ground)
    browser = await first_door(ground, who)
    compared = 0
    for channel, tries in (("totp", 2), ("sms", 2), ("totp", 1)):
        await _switch(browser, channel)
        if channel == "sms":
            right = await ground.code("sms", who.phone)
            size = len(right)
            wrong = [str((int(right) + by) % 10**size).zfill(size) for by in (1, 2)]
        else:
            wrong = ground.wrong_codes(who, tries)
        for code in wrong[:tries]:
            await browser.submit("code", code=code)
            compared += 1
    path = "/sign-in/code"
    await browser.get(path)
    is_open = browser.path == path
    if is_open:
        # The sign-in lives: whether a guess still counts is for the right code to show.
        await browser.submit("code", code=await ground.app_code(who))
    if is_open and await ground.is_inside(browser.cookies):
        return Finding(f"{compared} wrong over two methods, and the sign-in still opened", compared)
    if is_open:
        return Finding(f"{compared} wrong over two methods did not end the sign-in", compared)
    return Holds(f"{compared} wrong by app, text and app end the sign-in", compared)


async def _switch(browser: Browser, channel: str) -> None:
    """Try another way, if another is asked now."""
    await browser.get("/sign-in/methods")
    for form in browser.page.forms:
        if any((name, value) == ("channel", channel) for _, name, value in form.buttons):
            path, data = browser.filled_form(form, channel=channel)
            await browser.ask("POST", path, data=data)
    await browser.get("/sign-in/code")


async def foreign_code(ground: Ground) -> Outcome:
    """Two accounts, so only with the simulator."""
    ground.need_simulator()
    one, other = await member(ground), await member(ground)
    browser, found = await first_door(ground, one), ground.found
    answer = await browser.submit("code", code=await ground.app_code(other))
    if await ground.sessions_in(answer) or await ground.is_inside(browser.cookies):
        found.append("a code of another account's app opened a session")
    # Both cookies in one browser, of two accounts: whose code is asked for?
    browser = await first_door(ground, one)
    path, data = browser.filled("code", code=await ground.app_code(other))
    both = ground.browser({**inside(other).cookies, **browser.cookies})
    answer = await both.ask("POST", path, data=data, keep=False)
    if await ground.sessions_in(answer):
        found.append("beside a session of one account its code opened a session of another")
    texted, spied = await member_by_text(ground), await member_by_text(ground)
    browser = await first_door(ground, texted)
    await first_door(ground, spied)
    await browser.submit("code", code=await ground.code("sms", spied.phone))
    if await ground.is_inside(browser.cookies):
        found.append("a text to another account opened a session")
    return judged(found, "codes of other accounts open nothing", evaluated=3)


async def race_recovery(ground: Ground) -> Outcome:
    ground.need_simulator()
    who = await member(ground)
    browser = await first_door(ground, who)
    await browser.get("/sign-in/recovery-code")
    codes = [who.recovery_code] * RECOVERIES_AT_ONCE
    answers = await browser.volley("recovery_code", codes)
    given = {
        (one.name, one.value)
        for answer in answers
        for one in set_cookies(answer)
        if one.name.endswith("pending") and not one.is_dropped
    }
    opened = sum([await _is_recovering(ground, name, value) for name, value in sorted(given)])
    found = ground.found
    found += [f"one code opened {opened} recoveries"] * (opened > 1)
    if opened == 0:
        raise Unexpected("the right recovery code opened no recovery")
    found += await _again(ground, who)
    if await ground.is_inside(inside(who).cookies):
        found.append("the session from before the recovery is alive")
    return judged(found, f"{RECOVERIES_AT_ONCE} at once: 1 recovery, none later")


async def _is_recovering(ground: Ground, name: str, value: str) -> bool:
    browser = ground.browser({name: value})
    await browser.get("/set-up")
    return browser.path == "/set-up"


async def _again(ground: Ground, who: Member) -> list[str]:
    """The used code once more, in a sign-in of its own."""
    browser = await first_door(ground, who)
    await browser.get("/sign-in/recovery-code")
    await browser.submit("recovery_code", recovery_code=who.recovery_code)
    return ["a used recovery code opened another"] * (browser.path.startswith("/set-up"))


ATTACKS = (
    Attack(
        "race-app",
        "one right code of an app, fifty times at once",
        ("OC-07", "TO-03"),
        race_app,
    ),
    Attack(
        "race-text",
        "one right texted code, fifty times at once",
        ("OC-03", "OC-07"),
        race_text,
    ),
    Attack(
        "race-wrong",
        "two hundred wrong codes at once, then the right one",
        ("OC-06", "OC-07"),
        race_wrong,
    ),
    Attack(
        "race-recovery",
        "one recovery code, twenty times at once and once later",
        ("RC-04", "AR-05"),
        race_recovery,
    ),
    Attack(
        "new-sign-ins",
        "wrong codes, in a new sign-in whenever one ends",
        ("RL-05", "RL-06"),
        new_sign_ins,
    ),
    Attack(
        "other-doors",
        "wrong codes at sign-in, then at the doors of a reset and of a change",
        ("RL-05", "EF-05"),
        other_doors,
    ),
    Attack(
        "passwords",
        "twenty wrong passwords at once, then the right one",
        ("RL-01", "RL-02", "RL-04"),
        passwords,
    ),
    Attack(
        "method-switch",
        "wrong codes by app, by text, by app again",
        ("RL-05", "TO-06"),
        method_switch,
    ),
    Attack(
        "foreign-code",
        "the right code of another account",
        ("OC-04", "TO-07"),
        foreign_code,
    ),
)
