"""Honest visits: signing up, setting up a second factor, signing in. Attacks begin where one stops.

Each either arrives or raises `Unexpected`, which says how far it came.
"""

import base64
import re

from vestibule.attack.browser import Browser, Unexpected
from vestibule.attack.ground import NEARLY_OVER, Ground, Member
from vestibule.domain import totp

NAME = "Attack Harness"
_AREA_CODES = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234"
    " 239 240 248 251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309"
    " 310 312 313 314 315 316 317 318 319 320 321 323 325 330 334 336 337 339"
)
AREAS = _AREA_CODES.split()
"""Codes before 555-01xx, which are kept free for fiction."""


async def member(ground: Ground) -> Member:
    """Somebody with an app whose present time step is free, signed in by its first set-up.

    Without the simulator the operator's own account, signed in.
    """
    if ground.own is not None:
        return await _own(ground, ground.own)
    made = await at_the_wall(ground)
    await _set_up_app(ground, made, "/set-up")
    await _keep_recovery_code(made)
    return made


async def _own(ground: Ground, own: Member) -> Member:
    if own.inside is None or not await ground.is_inside(own.inside.cookies):
        known = {} if own.inside is None else _browser_cookie(own.inside)
        own.inside = await sign_in(ground, own, ground.browser(known))
    return own


def _browser_cookie(browser: Browser) -> dict[str, str]:
    return {name: value for name, value in browser.cookies.items() if name.endswith("browser")}


async def member_by_text(ground: Ground) -> Member:
    """Somebody with a phone."""
    made = await at_the_wall(ground)
    await _set_up_phone(ground, made, "/set-up")
    await _keep_recovery_code(made)
    return made


async def member_with_both(ground: Ground) -> Member:
    """Somebody with an app, asked first, and a phone."""
    ground.need_simulator()
    made = await member(ground)
    await open_settings(ground, made)
    # Its set-up is a fresh proof; no step-up is asked, and the app's present step stays free.
    await _set_up_phone(ground, made, "/settings")
    return made


async def at_the_wall(ground: Ground) -> Member:
    """Somebody whose address is proven and who has no second factor yet."""
    ground.need_simulator()
    password = ground.entropy.pick("abcdefghjkmnpqrstuvwxyz", 20)
    made = Member(ground.address(), password, inside=ground.browser())
    browser = inside(made)
    await browser.get("/sign-up")
    await browser.submit("name", "email", name=NAME, email=made.email, password=password)
    await browser.submit("code", code=await ground.code("email", made.email))
    if browser.path != "/set-up":
        raise Unexpected(f"a sign-up ended on {browser.path}")
    return made


async def _set_up_app(ground: Ground, made: Member, base: str) -> None:
    browser = inside(made)
    await browser.post(f"{base}/app/start")
    shown = re.search(r"secret=([A-Z2-7]+)", browser.text)
    if shown is None:
        raise Unexpected(f"no secret of an app on {browser.path}")
    made.how = totp.parameters_of(browser.text)
    made.secret = base64.b32decode(shown[1] + "=" * (-len(shown[1]) % 8))
    while ground.clock().timestamp() % totp.STEP_SECONDS > totp.STEP_SECONDS - NEARLY_OVER:
        await ground.pause(1)
    # The step before, so that the present one is free for a sign-in without waiting.
    made.last_step = ground.step() - 1
    await browser.submit("code", "app_name", code=made.how.code(made.secret, made.last_step))


async def _set_up_phone(ground: Ground, made: Member, base: str) -> None:
    browser = inside(made)
    for country, number in _numbers_of_nobody(ground):
        made.phone = number
        await browser.get(f"{base}/phone")
        await browser.submit("country", "phone", country=country, phone=number, channel="sms")
        if browser.path == f"{base}/phone/code":
            await browser.submit("code", code=await ground.code("sms", number))
            return
    raise Unexpected("no text goes to the numbers that nobody has; are US and GB closed?")


def _numbers_of_nobody(ground: Ground) -> list[tuple[str, str]]:
    """Numbers kept free for fiction: a house may have a real carrier beside its simulator.

    The first is of one of many area codes, so that runs share no budget of a range.
    """
    area = AREAS[int(ground.entropy.digits(4)) % len(AREAS)]
    return [
        ("US", f"+1{area}55501{ground.entropy.digits(2)}"),
        ("GB", f"+447700900{ground.entropy.digits(3)}"),
    ]


async def _keep_recovery_code(made: Member) -> None:
    browser = inside(made)
    form = browser.page.with_field("shown", "last_group")
    if form is None:
        raise Unexpected(f"a set-up ended on {browser.path} without a recovery code")
    made.recovery_code = form.fields["shown"]
    await browser.submit("shown", "last_group", last_group=made.recovery_code[-4:])


async def first_door(ground: Ground, who: Member, browser: Browser | None = None) -> Browser:
    """A browser that has given the right password and is asked for the second factor."""
    browser = browser or ground.browser()
    await browser.get("/sign-in")
    await browser.submit("email", "password", email=who.email, password=who.password)
    if not browser.path.startswith("/sign-in/code"):
        raise Unexpected(f"the right password led to {browser.path}")
    return browser


async def guessing_door(ground: Ground, who: Member) -> Browser:
    """A first door behind which wrong codes are looked at; raises `Unexpected` if they wait."""
    browser = await first_door(ground, who)
    if browser.page.alerts:
        raise Unexpected("the account waits after too many wrong codes; use a new one")
    return browser


async def sign_in(ground: Ground, who: Member, browser: Browser | None = None) -> Browser:
    """Both doors, by the app."""
    browser = await first_door(ground, who, browser)
    if browser.page.with_field("code", "next_code") is not None:
        raise Unexpected("the account asks for two codes after too many wrong ones; use a new one")
    await browser.submit("code", code=await ground.app_code(who))
    if not await ground.is_inside(browser.cookies):
        raise Unexpected(f"password and code led to {browser.path}, not inside")
    return browser


async def open_settings(ground: Ground, who: Member) -> None:
    """Through the gate by the mailed code."""
    browser = inside(who)
    await browser.get("/")
    await browser.post("/settings/open")
    await browser.submit("code", code=await ground.code("email", who.email))
    if browser.path != "/settings":
        raise Unexpected(f"the gate led to {browser.path}")


async def step_up(ground: Ground, who: Member) -> None:
    """Password and app once more, as before a change."""
    browser = inside(who)
    await browser.get("/settings/confirm")
    code = await ground.app_code(who)
    await browser.submit("password", "code", password=who.password, code=code)
    if browser.path != "/settings":
        raise Unexpected(f"the step-up led to {browser.path}")


def inside(who: Member) -> Browser:
    """The browser that is signed in; raises `Unexpected`."""
    if who.inside is None:
        raise Unexpected("nobody is signed in")
    return who.inside
