"""Every attack, in the order of a run.

Outside the simulator there is one account and one source for the whole run: what needs its tries
comes before what may use up all ten, and what slows this source comes last.
"""

from vestibule.attack import forms, guesses, headers, leads, replays, steps, strangers
from vestibule.attack.outcome import Attack

_BY_SLUG = {
    attack.slug: attack
    for room in (headers, forms, steps, replays, guesses, leads, strangers)
    for attack in room.ATTACKS
}
_ORDER = """
headers looking csrf odd-bodies step-skip empty-codes cookie-swap redirects host-header old-cookies
race-wrong replay-app race-app race-text replay-text race-recovery foreign-code reset-alone
method-switch claimed-source new-sign-ins other-doors cookies timing enumeration passwords forwarded
"""
ATTACKS: tuple[Attack, ...] = tuple(_BY_SLUG[slug] for slug in _ORDER.split())
