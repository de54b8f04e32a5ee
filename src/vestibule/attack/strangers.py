"""Attacks by strangers who want to know who has an account: by what is said, and by how long."""

from itertools import zip_longest
from statistics import median

from vestibule.attack import mann_whitney
from vestibule.attack.ground import Ground
from vestibule.attack.masks import seen
from vestibule.attack.members import at_the_wall, member
from vestibule.attack.outcome import Attack, Finding, Holds, NotTried, Outcome, judged

WRONG = "not the password"
LETTERS = "abcdefghjkmnpqrstuvwxyz"
FREE_TRIES = 4
"""Wrong passwords for one address that are all looked at."""
ROUNDS, SAMPLES = 12, 3
ALPHA, LEAST_SHARE, LEAST_SECONDS = 0.01, 0.05, 0.005
"""EN-03: a difference counts if it is no chance, more than 5 %, and more than 5 ms."""


async def enumeration(ground: Ground) -> Outcome:
    known, unknown = (await member(ground)).email, _like(ground)
    walks = ["wrong password", "forgotten password"]
    if ground.own is None:
        # Elsewhere a sign-up would mail a stranger.
        walks.append("sign-up")
    found, compared = ground.found, 0
    for walk in walks:
        # A source that was slowed before may have one try left, and whoever comes first has it:
        # a difference counts if it is there in both orders.
        told = list[str]()
        for order in ((known, unknown), (unknown, known)):
            answers = {email: await _walk(ground, walk, email) for email in order}
            compared += len(answers[known])
            differing = _first_difference(answers[known], answers[unknown])
            told += [f"{walk}: answer {differing} differs"] * (differing > 0)
            if not differing:
                break
        found += told[1:]
    figures = f"{compared} answers to {len(walks)} forms: the same for known and unknown"
    return judged(found, figures)


def _first_difference(one: list[tuple[object, ...]], other: list[tuple[object, ...]]) -> int:
    """Which answer, from 1 on, is the first that is not alike; 0 without one."""
    pairs = enumerate(zip_longest(one, other), 1)
    return next((turn for turn, (a, b) in pairs if a != b), 0)


def _like(ground: Ground) -> str:
    """An address that nobody has, as long as the known one where that can be."""
    if ground.own is None:
        return ground.address()
    # RFC 2606: nobody has a name under .test. The two are told apart by nothing but what is known.
    letters = max(len(ground.own.email) - len("@.test"), 6)
    local = ground.entropy.pick(LETTERS, letters // 2)
    return f"{local}@{ground.entropy.pick(LETTERS, letters - letters // 2)}.test"


async def _walk(ground: Ground, walk: str, email: str) -> list[tuple[object, ...]]:
    browser, answers = ground.browser(), []
    # Outside the simulator this source has few free tries, and both walks draw on them.
    tries = FREE_TRIES + 3 if ground.own is None else 2
    path, names, times = {
        "wrong password": ("/sign-in", ("email", "password"), tries),
        "forgotten password": ("/forgot-password", ("email",), 1),
        "sign-up": ("/sign-up", ("name", "email", "password"), 1),
    }[walk]
    typed = {"email": email, "password": WRONG, "name": "Eve"}
    for _ in range(times):
        await browser.get(path)
        action, data = browser.filled(*names, **{name: typed[name] for name in names})
        answers.append(seen(await browser.ask("POST", action, data=data), email))
        answers.append(seen(await browser.get(answers_to(answers[-1]) or path), email))
        if browser.page.with_field("code") is not None:
            for code in ("", "12345", "AAAAA00000", "123456"):
                answers.append(seen(await browser.submit("code", code=code), email))
    return answers


def answers_to(answer: tuple[object, ...]) -> str:
    """Where an answer led, of those that `seen` gives."""
    headers = answer[1]
    return dict(headers).get("location", "") if isinstance(headers, tuple) else ""


# --- by the clock ---------------------------------------------------------------------------


async def timing(ground: Ground) -> Outcome:
    if ground.own is not None:
        return NotTried("the house slows one source after five wrong passwords, as it should")
    told: list[str] = []
    # A busy machine is suspicious once in a hundred samples; three in a row are no chance.
    for _ in range(SAMPLES):
        sample = await _sample(ground)
        told.append(_told(*sample))
        if not _differs(*sample):
            return Holds("; not seen again: ".join(told))
    return Finding(f"known and unknown addresses differ: {'; again '.join(told)}")


async def _sample(ground: Ground) -> tuple[list[float], list[float]]:
    """Seconds of wrong passwords, known and unknown in turn; no try of them has to wait."""
    known, unknown = list[float](), list[float]()
    browser = ground.browser()
    await browser.get("/sign-in")
    for _ in range(ROUNDS):
        # Each address has few free tries, and a right password gives no stranger's back (EN-01).
        who, stranger = await at_the_wall(ground), ground.address()
        for turn in range(FREE_TRIES):
            pair = [(known, who.email), (unknown, stranger)]
            for times, email in pair if turn % 2 else reversed(pair):
                path, data = browser.filled("email", "password", email=email, password=WRONG)
                _, seconds = await ground.wire.timed(path, cookies=browser.cookies, data=data)
                times.append(seconds)
    return known, unknown


def _differs(known: list[float], unknown: list[float]) -> bool:
    shift = mann_whitney.median_shift(known, unknown)
    is_large = shift > LEAST_SECONDS and shift > LEAST_SHARE * min(median(known), median(unknown))
    return is_large and mann_whitney.p_value(known, unknown) < ALPHA


def _told(known: list[float], unknown: list[float]) -> str:
    p = mann_whitney.p_value(known, unknown)
    return (
        f"{len(known)} each, medians {median(known) * 1000:.1f} and"
        f" {median(unknown) * 1000:.1f} ms, p = {p:.2g}"
    )


ATTACKS = (
    Attack(
        "enumeration",
        "the same forms for an address with an account and one without",
        ("EN-01", "EN-06"),
        enumeration,
    ),
    Attack(
        "timing",
        "wrong passwords for known and unknown addresses, by the clock",
        ("EN-02", "EN-03"),
        timing,
    ),
)
