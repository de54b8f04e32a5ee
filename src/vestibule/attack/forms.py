"""Attacks with forms that are not the house's own, broken bodies, and mere looking."""

from urllib.parse import urlencode

from vestibule.attack.addresses import ADDRESSES, FIELDS, INSIDE, POSTS
from vestibule.attack.browser import Browser
from vestibule.attack.ground import Ground, NeedsSimulator
from vestibule.attack.members import at_the_wall, first_door, inside, member
from vestibule.attack.outcome import Attack, Outcome, judged

KIND = {"content-type": "application/x-www-form-urlencoded"}
ELSEWHERE = (
    {"sec-fetch-site": "cross-site"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
)


async def csrf(ground: Ground) -> Outcome:
    who = await member(ground)
    browser, stranger = inside(who), ground.browser()
    before = ground.browser({k: v for k, v in browser.cookies.items() if k.endswith("visit")})
    for one, page in ((browser, "/"), (stranger, "/sign-in"), (before, "/sign-in")):
        await one.get(page)
    forgeries: list[tuple[str, str, dict[str, str]]] = [
        ("without a token", "", {}),
        ("with a cut token", browser.token[:-2] + "AA", {}),
        ("with another browser's token", stranger.token, {}),
        *((f"with {headers}", browser.token, headers) for headers in ELSEWHERE),
    ]
    found, tried = ground.found, 0
    for how, token, headers in forgeries:
        for address in POSTS:
            tried += 1
            found += await _forge(browser, address.filled, token, headers, how)
    for address in POSTS:
        if address.needs in INSIDE:
            how = "with a token from before the sign-in"
            found += await _forge(browser, address.filled, before.token, {}, how)
            tried += 1
    if not await ground.is_inside(browser.cookies):
        found.append("forged forms ended the session")
    found += await _forged_sign_in(ground, who.email, who.password)
    return judged(found, f"{tried + len(ELSEWHERE)} forged forms at {len(POSTS)} doors: refused")


async def _forge(
    browser: Browser, path: str, token: str, headers: dict[str, str], how: str
) -> list[str]:
    data = {**FIELDS, "csrf": token}
    answer = await browser.ask("POST", path, data=data, headers=headers, keep=False)
    if answer.is_client_error:
        return []
    return [f"POST {path} {how} answered {answer.status_code}"]


async def _forged_sign_in(ground: Ground, email: str, password: str) -> list[str]:
    """EF-07: nobody is signed in to the attacker's account by a page elsewhere."""
    found = []
    for headers in ELSEWHERE:
        victim = ground.browser()
        await victim.get("/sign-in")
        path, data = victim.filled("email", "password", email=email, password=password)
        await victim.ask("POST", path, data=data, headers=headers)
        if victim.cookie("pending"):
            found.append(f"a sign-in with {headers} was begun for a visitor")
    return found


# --- broken bodies --------------------------------------------------------------------------


def bodies(token: str) -> dict[str, tuple[bytes, dict[str, str]]]:
    """What is sent in the place of a form, by what it is."""
    own = f"csrf={token}&".encode()
    json = b'{"code": "000000", "csrf": "' + token.encode() + b'"}'
    return {
        "nothing": (b"", KIND),
        "the token only": (own[:-1], KIND),
        "an array": (own + b"code[]=1&code[]=2&email[]=a&email[]=b", KIND),
        "an object": (own + b"code[$ne]=1&email[$gt]=&password[$ne]=1", KIND),
        "a field twice": (own + b"code=1&code=2", KIND),
        "the token twice": (own + own + b"code=1", KIND),
        "NUL": (own + b"code=1%00&email=a%00&name=a%00", KIND),
        "ten kilobytes": (own + b"code=" + b"1" * 10_240 + b"&email=" + b"a" * 10_240, KIND),
        "a megabyte": (own + b"code=" + b"1" * 1_000_000, KIND),
        "broken percent signs": (own + b"code=%zz&email=%", KIND),
        "broken UTF-8": (own + b"code=%ff%fe&email=%c0%af", KIND),
        "very many fields": (own + b"&".join(b"f%d=1" % n for n in range(500)), KIND),
        "JSON": (json, {"content-type": "application/json"}),
        "plain text": (own + b"code=1", {"content-type": "text/plain"}),
        "multipart": (b"--x--", {"content-type": "multipart/form-data; boundary=x"}),
    }


async def odd_bodies(ground: Ground) -> Outcome:
    who = await member(ground)
    nobody, pending = ground.browser(), await first_door(ground, who)
    await nobody.get("/sign-in")
    await inside(who).get("/")
    stages: list[tuple[Browser, tuple[str, ...]]] = [
        (nobody, ("/sign-in", "/sign-up", "/sign-up/code", "/forgot-password", "/not-me")),
        (pending, ("/sign-in/code", "/sign-in/methods", "/sign-in/recovery-code")),
        (inside(who), ("/settings/code", "/settings/confirm", "/sessions")),
    ]
    try:
        wall = inside(await at_the_wall(ground))
        stages.append((wall, ("/set-up/phone", "/set-up/app", "/set-up/phone/code")))
    except NeedsSimulator:
        pass
    found, tried = ground.found, 0
    for browser, paths in stages:
        for path in paths:
            for name, (content, headers) in bodies(browser.token).items():
                tried += 1
                answer = await browser.ask(
                    "POST", path, content=content, headers=headers, keep=False
                )
                if answer.is_server_error:
                    found.append(f"POST {path} with {name} answered {answer.status_code}")
                if await ground.sessions_in(answer):
                    found.append(f"POST {path} with {name} opened a session")
    if await ground.is_inside(pending.cookies):
        found.append("a pending sign-in is inside afterwards")
    return judged(found, f"{tried} broken and odd bodies: no error of the server, no session")


# --- looking --------------------------------------------------------------------------------

OVERRIDES = dict.fromkeys(("x-http-method-override", "x-http-method", "x-method-override"), "POST")
NO_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


async def looking(ground: Ground) -> Outcome:
    who = await member(ground)
    browser = inside(who)
    sent = await _codes_to(ground, who.email)
    found, tried = ground.found, 0
    for address in ADDRESSES:
        for method in ("GET", "HEAD"):
            answer = await browser.ask(method, address.filled, keep=False)
            tried += 1
            if "GET" not in address.methods and answer.is_success:
                found.append(f"{method} {address.path} answered {answer.status_code}")
            if answer.is_server_error:
                found.append(f"{method} {address.path} answered {answer.status_code}")
    for address in POSTS:
        for method in NO_METHODS:
            answer = await browser.ask(method, address.filled, keep=False)
            tried += 1
            if not answer.is_client_error:
                found.append(f"{method} {address.path} answered {answer.status_code}")
    tried += await _links_like_forms(browser)
    if not await ground.is_inside(browser.cookies):
        found.append("looking ended the session")
    # What a look sends would need a moment to arrive.
    await ground.pause(1)
    if await _codes_to(ground, who.email) != sent:
        found.append("looking sent a code")
    return judged(found, f"{tried} looks and methods that no form uses: nothing changed")


async def _links_like_forms(browser: Browser) -> int:
    """Each form as a link, with its fields and a good token, and as a look that claims to post."""
    await browser.get("/")
    query = urlencode({**FIELDS, "csrf": browser.token})
    for headers in ({}, OVERRIDES):
        for address in POSTS:
            await browser.ask("GET", f"{address.filled}?{query}", headers=headers, keep=False)
    return 2 * len(POSTS)


async def _codes_to(ground: Ground, email: str) -> int:
    if ground.own is not None:
        return 0
    return sum(one["to"] == email and bool(one["code"]) for one in await ground.messages())


ATTACKS = (
    Attack(
        "csrf",
        "forms of a foreign page at every door, and a forged sign-in",
        ("WB-01", "EF-07"),
        csrf,
    ),
    Attack(
        "odd-bodies",
        "arrays, doubles, NUL, JSON, a megabyte at every stage",
        ("WB-07",),
        odd_bodies,
    ),
    Attack(
        "looking",
        "GET, HEAD and methods that no form uses at every door, and forms as links",
        ("WB-01", "EM-02"),
        looking,
    ),
)
