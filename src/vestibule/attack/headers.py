"""Attacks that read: what every answer carries, and what every cookie allows."""

import re

import httpx

from vestibule.attack.addresses import ADDRESSES
from vestibule.attack.browser import Browser
from vestibule.attack.ground import Ground
from vestibule.attack.members import first_door, inside, member
from vestibule.attack.outcome import Attack, Outcome, judged
from vestibule.attack.wire import SetCookie

FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'")
OWN = {"'none'", "'self'", "'strict-dynamic'", "data:"}
"""Where a page of the house loads from, sends to and talks with, beside its nonce."""
REFERRERS = {"same-origin", "no-referrer", "strict-origin"}
NONCE = re.compile(r"script-src [^;]*'nonce-([\w+/=-]{16,})'")
TELLING = ("server", "x-powered-by", "x-aspnet-version")
PAGES = ("/", "/sign-in", "/settings", "/session")
"""Asked by a method that none of them has: refusals that no page makes."""
FILES = ("/static/app.css", "/brand.css", "/no-such-page", "/sign-in/")


async def headers(ground: Ground) -> Outcome:
    who, found, nonces = await member(ground), ground.found, list[str]()
    for browser in (inside(who), ground.browser()):
        for address in ADDRESSES:
            for method in address.methods:
                data = dict[str, str]() if method == "POST" else None
                asked = {"origin": "https://evil.example"} if method == "GET" else None
                answer = await browser.ask(
                    method, address.filled, data=data, headers=asked, keep=False
                )
                found += _faults(answer, f"{method} {address.path}", nonces)
        for path in PAGES:
            answer = await browser.ask("PUT", path, keep=False)
            found += _faults(answer, f"PUT {path}", nonces)
        for path in FILES:
            answer = await browser.ask("GET", path, keep=False)
            found += _faults(answer, f"GET {path}", nonces, is_page=path not in FILES[:2])
    if len(set(nonces)) != len(nonces):
        found.append("a nonce was used twice")
    return judged(list(dict.fromkeys(found)), f"{len(nonces)} answers carry all, no nonce twice")


def _faults(
    answer: httpx.Response, where: str, nonces: list[str], *, is_page: bool = True
) -> list[str]:
    sent, found = answer.headers, []
    for name, value in FIXED.items():
        if sent.get(name, "").lower() != value.lower():
            found.append(f"{where} lacks {name}: {value}")
    policy = sent.get("content-security-policy", "")
    for part in POLICY:
        if part not in policy:
            found.append(f"{where}: the content policy lacks {part}")
    if "unsafe" in policy:
        found.append(f"{where}: the content policy allows what is unsafe")
    found += [f"{where}: the content policy has {wide}" for wide in _elsewhere(policy)]
    nonce = NONCE.search(policy)
    if nonce is None:
        found.append(f"{where}: the content policy has no nonce")
    else:
        nonces.append(nonce[1])
    if sent.get("referrer-policy") not in REFERRERS:
        found.append(f"{where} tells other sites where visitors come from")
    if is_page and "no-store" not in sent.get("cache-control", ""):
        found.append(f"{where} may be kept by caches")
    found += [f"{where} lets other origins read it"] * ("access-control-allow-origin" in sent)
    found += [f"{where} names its software by {name}" for name in TELLING if name in sent]
    if answer.request.url.scheme == "https" and "strict-transport-security" not in sent:
        found.append(f"{where} lacks strict-transport-security")
    return found


def _elsewhere(policy: str) -> list[str]:
    """What of a policy names another place than the house: a host, a scheme, everything."""
    parts = [part.split() for part in policy.split(";") if part.strip()]
    return [
        f"{name} {source}"
        for name, *sources in parts
        if name.endswith("-src") or name == "form-action"
        for source in sources
        if source not in OWN and not source.startswith("'nonce-")
    ]


async def cookies(ground: Ground) -> Outcome:
    who = await member(ground)
    pending = await first_door(ground, who)
    await inside(who).get("/")
    https = ground.wire.origins[0].startswith("https")
    found = [fault for one in ground.wire.cookies_seen for fault in _cookie_faults(one, https)]
    found += _told_in_addresses(ground, [inside(who), pending])
    if not (https or _is_loopback(ground)):
        found.append("the house is reached by plain http, so its cookies can be read on the way")
    figures = (
        f"{len(ground.wire.cookies_seen)} cookies and {len(ground.wire.locations_seen)} redirects"
        " of this run keep the rules"
    )
    return judged(list(dict.fromkeys(found)), figures)


def _is_loopback(ground: Ground) -> bool:
    host = httpx.URL(ground.wire.origins[0]).host
    return host == "localhost" or host.endswith(".localhost") or host.startswith(("127.", "::1"))


def _cookie_faults(one: SetCookie, is_https: bool) -> list[str]:
    found = []
    if "httponly" not in one.attributes:
        found.append(f"{one.name} can be read by scripts")
    if not {"samesite=lax", "samesite=strict"} & set(one.attributes):
        found.append(f"{one.name} is sent with requests from other sites")
    if "path=/" not in one.attributes or any(a.startswith("domain=") for a in one.attributes):
        found.append(f"{one.name} is not bound to this host")
    if is_https and not (one.name.startswith("__Host-") and "secure" in one.attributes):
        found.append(f"{one.name} is no __Host- cookie")
    is_bearer = one.name.removeprefix("__Host-") in {"session", "pending", "reset"}
    if is_bearer and not one.is_dropped and any("max-age" in a for a in one.attributes):
        found.append(f"{one.name} outlives the browser's session")
    if is_bearer and not one.is_dropped and len(one.value) < 43:
        found.append(f"{one.name} has fewer than 256 bits")
    return found


def _told_in_addresses(ground: Ground, browsers: list[Browser]) -> list[str]:
    """SE-10: an address is logged, kept and passed on; a token in it is given away."""
    tokens = {value for one in browsers for value in one.cookies.values() if len(value) >= 40}
    seen = ground.wire.locations_seen
    return ["a redirect carries a cookie's value"] * any(t in at for t in tokens for at in seen)


ATTACKS = (
    Attack(
        "headers",
        "the policy headers of every answer, inside and outside",
        ("WB-02", "WB-03", "WB-04"),
        headers,
    ),
    Attack(
        "cookies",
        "the flags of every cookie, and tokens in addresses",
        ("SE-01", "SE-02", "SE-10"),
        cookies,
    ),
)
