"""Attacks on the order of steps: doors before their turn, cookies in each other's place."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from vestibule.attack.addresses import ADDRESSES, FIELDS, Address
from vestibule.attack.browser import Browser
from vestibule.attack.ground import Ground, NeedsSimulator
from vestibule.attack.members import at_the_wall, first_door, inside, member
from vestibule.attack.outcome import Attack, Outcome, judged


@dataclass(frozen=True, slots=True)
class Stage:
    """How far somebody has come: the doors that are his, and where every other one must lead."""

    name: str
    browser: Browser
    opens: frozenset[str]
    leads: frozenset[str]


async def _stages(ground: Ground) -> list[Stage]:
    anybody, reset = {"NOTHING", "NOBODY", "SIGN_UP"}, "/forgot-password"
    nobody, pending = ground.browser(), await first_door(ground, await member(ground))
    await nobody.get("/sign-in")
    stages = [
        Stage("nobody", nobody, frozenset(anybody), frozenset({"/sign-in", reset})),
        Stage(
            "after the password",
            pending,
            frozenset({*anybody, "SECOND_FACTOR"}),
            frozenset({"/sign-in/code", reset}),
        ),
    ]
    try:
        wall = inside(await at_the_wall(ground))
    except NeedsSimulator:
        return stages
    opens = frozenset({*anybody, "WALL"})
    return [*stages, Stage("at the wall", wall, opens, frozenset({"/set-up", reset}))]


async def step_skip(ground: Ground) -> Outcome:
    found, tried = ground.found, 0
    stages = await _stages(ground)
    for stage in stages:
        # The posts first: what they did would show when their page is opened.
        for method in ("POST", "GET"):
            for address in _shut(stage, method):
                tried += 1
                found += await _try_door(ground, stage, method, address)
        if await ground.is_inside(stage.browser.cookies):
            found.append(f"{stage.name}: is inside afterwards")
    figures = f"{tried} doors before their turn, from {len(stages)} stages: all led back"
    return judged(found, figures)


def _shut(stage: Stage, method: str) -> Iterator[Address]:
    for one in ADDRESSES:
        if method in one.methods and one.needs not in stage.opens:
            yield one


async def _try_door(ground: Ground, stage: Stage, method: str, address: Address) -> list[str]:
    data = {**FIELDS, "csrf": stage.browser.token} if method == "POST" else None
    answer = await stage.browser.ask(method, address.filled, data=data, keep=False)
    where = f"{stage.name}: {method} {address.path}"
    if await ground.sessions_in(answer):
        return [f"{where} opened a session"]
    if answer.is_success or answer.is_server_error:
        return [f"{where} answered {answer.status_code}"]
    location = urlsplit(answer.headers.get("location", "")).path
    if answer.is_redirect and location not in stage.leads:
        return [f"{where} led on to {location[:60]}"]
    return []


# --- cookies in each other's place ----------------------------------------------------------

PAGES = {
    "session": ("/session", "/", "/settings"),
    "pending": ("/sign-in/code", "/set-up"),
    "reset": ("/forgot-password/second-factor", "/forgot-password/new"),
}
"""By the plain name of a cookie: pages that it would open."""
GUESSES = ("1", "true", "admin", "null", "0" * 43, "A" * 43, "../session", "%00", "' OR 1=1 --")


async def cookie_swap(ground: Ground) -> Outcome:
    who = await member(ground)
    pending = await first_door(ground, who)
    asking = ground.browser()
    await asking.get("/forgot-password")
    if ground.own is None:
        # Elsewhere this would send a real mail.
        await asking.submit("email", email=who.email)
    real = [
        (name, value)
        for browser in (inside(who), pending, asking)
        for name, value in browser.cookies.items()
    ]
    found, tried = ground.found, 0
    for own_name, value in {*real, *(("", guess) for guess in GUESSES), *_bent(real)}:
        for wanted, pages in PAGES.items():
            if own_name.removeprefix("__Host-") == wanted:
                continue
            prefix = "__Host-" if ground.wire.origins[0].startswith("https") else ""
            tried += 1
            found += await _opens(ground, f"{prefix}{wanted}", value, pages, own_name)
    return judged(found, f"{tried} foreign and forged values in place of a cookie open nothing")


def _bent(real: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Real session and pending values, cut, lengthened, or with one character changed."""
    for name, value in real:
        if name.endswith(("session", "pending")):
            yield f"bent {name}", value[:-1]
            yield f"bent {name}", value + "A"
            yield f"bent {name}", ("B" if value[0] == "A" else "A") + value[1:]
            yield f"bent {name}", value.swapcase()


async def _opens(
    ground: Ground, name: str, value: str, pages: tuple[str, ...], own_name: str
) -> list[str]:
    for page in pages:
        answer = await ground.wire.send("GET", page, cookies={name: value})
        if answer.status_code == httpx.codes.OK or answer.is_server_error:
            of = own_name or "made-up"
            return [f"a {of} cookie as {name}: {page} answered {answer.status_code}"]
    return []


async def empty_codes(ground: Ground) -> Outcome:
    browser = await first_door(ground, await member(ground))
    found, tried = ground.found, 0
    for field, path in (("code", "/sign-in/code"), ("recovery_code", "/sign-in/recovery-code")):
        await browser.get(path)
        for odd in ODD:
            action, data = browser.filled(field)
            filled = {**data, **odd, field: odd.get("*", "")} if odd != MISSING else {}
            body = {"csrf": data.get("csrf", ""), **{k: v for k, v in filled.items() if k != "*"}}
            answer = await browser.ask("POST", action, data=body, keep=False)
            tried += 1
            if await ground.sessions_in(answer):
                found.append(f"{path} with {str(odd)[:40]} opened a session")
            if answer.is_server_error:
                found.append(f"{path} with {str(odd)[:40]} answered {answer.status_code}")
    await browser.get("/")
    if browser.path != "/sign-in/code":
        found.append(f"afterwards the dashboard led to {browser.path}, not to the code")
    return judged(found, f"{tried} empty and odd answers at the second door: none opens it")


MISSING = {"*": "missing"}
ODD: tuple[dict[str, str], ...] = (
    {"*": ""},
    MISSING,
    *({"*": text} for text in (" ", "null", "true", "[]", "{}", "0", "-1", "1e6", "12345")),
    *({"*": text} for text in ("abcdef", "' OR 1=1 --", "%00", "a" * 2000, "\u202e", "½²³¼¾①")),
    {"code": "", "next_code": ""},
    {"verified": "true"},
    {"step": "done", "state": "complete"},
    {"skip": "1"},
    {"method": "none", "channel": "none"},
    {"channel": "email"},
    {"authenticator": "none"},
    {"second_factor": "false", "mfa": "0"},
)
"""What is sent instead of a code (`*`), and beside it."""


ATTACKS = (
    Attack(
        "step-skip",
        "every door before its turn: by nobody, after the password, at the wall",
        ("EF-01", "EF-03", "EF-04"),
        step_skip,
    ),
    Attack(
        "cookie-swap",
        "pending, reset and forged cookies as a session, and the reverse",
        ("EF-03", "SE-01"),
        cookie_swap,
    ),
    Attack(
        "empty-codes",
        "no code, odd codes and extra fields at the second door",
        ("EF-04", "OC-11"),
        empty_codes,
    ),
)
