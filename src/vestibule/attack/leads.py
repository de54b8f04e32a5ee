"""Attacks on where the house sends people, and on whom it believes about addresses."""

from contextlib import suppress
from urllib.parse import quote, urlencode

from vestibule.attack.browser import Unexpected
from vestibule.attack.ground import Ground
from vestibule.attack.masks import masked
from vestibule.attack.members import first_door, inside, member
from vestibule.attack.outcome import Attack, Outcome, judged
from vestibule.attack.redirect_targets import HOSTILE
from vestibule.attack.wire import Unreachable

EVIL = "evil.example"
FORM = {"content-type": "application/x-www-form-urlencoded"}
PATHS = (
    f"//{EVIL}/",
    f"//{EVIL}/%2e%2e",
    f"/%2f%2f{EVIL}",
    f"/%5c{EVIL}",
    f"/sign-in//{EVIL}",
    "/sign-in/",
    "/settings/",
    "/static",
    f"/.well-known/change-password?next=//{EVIL}",
)


async def redirects(ground: Ground) -> Outcome:
    who = await member(ground)
    browser, found = inside(who), ground.found
    for target in HOSTILE:
        query = urlencode({"next": target.encode("utf-8", "replace")})
        answer = await browser.ask("GET", f"/sign-in?{query}", keep=False)
        location = answer.headers.get("location", "/")
        if not ground.wire.reads(location):
            found.append(f"next={target[:40]!r} led to {location[:40]!r}")
        if answer.is_server_error:
            found.append(f"next={target[:40]!r} answered {answer.status_code}")
    for path in PATHS:
        answer = await browser.ask("GET", path, keep=False)
        if not ground.wire.reads(answer.headers.get("location", "/")):
            found.append(f"{path} led to {answer.headers['location'][:40]!r}")
    found += await _after_a_choice(ground)
    found += await _through_both_doors(ground)
    figures = (
        f"{len(HOSTILE)} targets at two doors, {len(PATHS)} paths and a whole sign-in stayed in"
        " the house"
    )
    return judged(found, figures)


async def _after_a_choice(ground: Ground) -> list[str]:
    """The button for another language names the page that it stands on."""
    found, browser = [], ground.browser()
    await browser.get("/sign-in")
    for target in HOSTILE:
        typed = {"csrf": browser.token, "return_to": target.encode("utf-8", "replace")}
        content = urlencode(typed).encode()
        answer = await browser.ask("POST", "/language", content=content, headers=FORM, keep=False)
        location = answer.headers.get("location", "/")
        if not ground.wire.reads(location):
            found.append(f"return_to={target[:40]!r} led to {location[:40]!r}")
        if answer.is_server_error:
            found.append(f"return_to={target[:40]!r} answered {answer.status_code}")
    await browser.post("/language", return_to="/help")
    if browser.path != "/help":
        raise Unexpected("the button for another language does not lead back")
    return found


async def _through_both_doors(ground: Ground) -> list[str]:
    """The target in the query, in the cookie that keeps it, and in each form."""
    who = await member(ground)
    prefix = "__Host-" if ground.wire.origins[0].startswith("https") else ""
    browser = ground.browser({f"{prefix}next": f"//{EVIL}/"})
    evil = {"next": f"//{EVIL}/", "return_to": f"//{EVIL}/", "redirect": f"https://{EVIL}/"}
    await browser.get(f"/sign-in?next=%2F%2F{EVIL}%2F")
    browser.cookies.setdefault(f"{prefix}next", quote(f"//{EVIL}/"))
    filled = {"email": who.email, "password": who.password, **evil}
    await browser.submit("email", "password", **filled)
    path, data = browser.filled("code", code=await ground.app_code(who), **evil)
    answer = await browser.ask("POST", path, data=data)
    location = answer.headers.get("location", "/")
    if not ground.wire.reads(location):
        return [f"a whole sign-in led to {location[:40]!r}"]
    if not await ground.is_inside(browser.cookies):
        raise Unexpected("the right code did not open a session")
    return []


# --- names and addresses that anybody can write into a request ------------------------------

POISON = {
    "x-forwarded-host": EVIL,
    "x-forwarded-server": EVIL,
    "x-host": EVIL,
    "x-original-url": "/settings",
    "x-rewrite-url": "/settings",
    "x-forwarded-prefix": f"//{EVIL}",
    "forwarded": f"host={EVIL};proto=https",
}
HOSTS = (EVIL, f"{EVIL}:80", f"localhost@{EVIL}", f"localhost.{EVIL}")


async def host_header(ground: Ground) -> Outcome:
    who = await member(ground)
    found, tried = ground.found, 0
    for host in (*HOSTS, ""):
        headers = {**POISON, "host": host} if host else POISON
        for path in ("/", "/settings", "/sign-in/", "/sign-in?next=/settings", "/static", "/help"):
            tried += 1
            # Whoever cuts the line off has led nobody away.
            with suppress(Unreachable):
                answer = await ground.wire.send("GET", path, headers=headers)
                location = answer.headers.get("location", "/")
                if EVIL in location or EVIL in answer.text or not location.startswith("/"):
                    found.append(f"GET {path} for {host or 'a forwarded host'} led to {location}")
    if ground.own is None:
        found += await _poisoned_mail(ground, who.email)
        return judged(found, f"{tried} requests for a foreign host, and a mail: none names it")
    return judged(found, f"{tried} requests for a foreign host: no answer names it")


async def _poisoned_mail(ground: Ground, email: str) -> list[str]:
    asking = ground.browser()
    await asking.get("/forgot-password")
    path, data = asking.filled("email", email=email)
    await asking.ask("POST", path, data=data, headers={**POISON, "host": EVIL})
    await ground.code("email", email)
    sent = [one for one in await ground.messages() if one["to"] == email]
    return [f"a mail names {EVIL}"] * any(EVIL in str(one) for one in sent)


FORWARDED = (
    "x-forwarded-for",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-cluster-client-ip",
)
TRIES = 5
PASSWORDS = 8
"""Wrong passwords in a row: more than one source has free."""


async def forwarded(ground: Ground) -> Outcome:
    """A source that is slowed at last though it is only claimed was believed.

    Changing claims come first: where they are not believed they use up the true source's tries,
    and then a fixed claim sees one and the same answer from its first try to its last.
    """
    found = ground.found
    for name in FORWARDED:
        await _answers(ground, name, [f"203.0.113.{n}" for n in range(PASSWORDS)])
        fixed = await _answers(ground, name, ["198.51.100.9"] * PASSWORDS)
        if len(set(fixed)) > 1:
            found.append(f"{name} is believed: who claims an address spends its tries, not his own")
    figures = f"{len(FORWARDED)} headers that claim another source: none believed"
    return judged(found, figures)


async def _answers(ground: Ground, header: str, claims: list[str]) -> list[str]:
    """What the page says after each wrong password for an address that nobody has."""
    said = []
    for claim in claims:
        browser, email = ground.browser(), ground.address()
        headers = {header: claim}
        if header == "x-forwarded-for":
            headers["forwarded"] = f"for={claim}"
        await browser.get("/sign-in", headers=headers)
        path, data = browser.filled("email", "password", email=email, password="not the one")  # noqa: S106 - a wrong one
        await browser.ask("POST", path, data=data, headers=headers)
        await browser.get("/sign-in", headers=headers)
        said.append(masked(browser.text, email))
    return said


async def source_of_guesses(ground: Ground) -> Outcome:
    """The second door counts by account, whatever source is claimed."""
    ground.need_simulator()
    who = await member(ground)
    browser, compared = await first_door(ground, who), 0
    for turn, code in enumerate(ground.wrong_codes(who, PASSWORDS)):
        if browser.page.with_field("code") is None:
            break
        path, data = browser.filled("code", code=code)
        claims = dict.fromkeys(FORWARDED, f"203.0.113.{turn}")
        await browser.ask("POST", path, data=data, headers=claims)
        await browser.get("/sign-in/code")
        compared += 1
    found = [f"{compared} guesses were compared from sources that were only claimed"]
    is_held = compared <= TRIES
    return judged(found * (not is_held), f"{compared} wrong codes, then none", evaluated=compared)


ATTACKS = (
    Attack(
        "redirects",
        f"{len(HOSTILE)} targets elsewhere as the page to return to",
        ("WB-05",),
        redirects,
    ),
    Attack(
        "host-header",
        "foreign hosts in Host and forwarding headers, and the mails they cause",
        ("WB-05", "EM-03"),
        host_header,
    ),
    Attack(
        "claimed-source",
        "wrong codes, each claiming another source",
        ("RL-05", "RL-08"),
        source_of_guesses,
    ),
    Attack(
        "forwarded",
        "wrong passwords that claim to come from elsewhere",
        ("RL-01", "RL-08"),
        forwarded,
    ),
)
