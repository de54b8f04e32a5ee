"""Which line a request waits in: that of whoever it is worked on for, whoever asks (see `turns`).

At the first door that is the address: as it is compared, however it was typed, and whether it has
an account or not. So has a reset its own line until its mailbox is proven (EN-01).
"""

from vestibule.domain.identifier import parse_email
from vestibule.domain.pending import Reset, ResetStage
from vestibule.flows import password_lanes
from vestibule.web.doors import Door
from vestibule.web.guard import INSIDE, Needs
from vestibule.web.visit import Visit


async def line_of(visit: Visit, door: Door) -> str:
    """The line of a request at this door; "" where it is nobody's.

    Whoever is inside, or was in this browser before, does not stand behind those who only try to
    get in.
    """
    if door.needs is Needs.RESET and visit.reset is not None:
        return _of_reset(visit.reset)
    if door.is_on_the_beat and door.needs not in INSIDE:
        # What else this browser has open is no way past the line of another's address.
        return await _of_address(visit)
    inside = visit.session or visit.idle_session
    if inside is not None:
        return _of_account(inside.account_id, is_inside=True)
    if visit.pending is not None:
        return _of_account(visit.pending.account_id, is_inside=visit.pending.is_known_browser)
    return _of_reset(visit.reset) if visit.reset is not None else ""


async def _of_address(visit: Visit) -> str:
    address = parse_email(visit.typed("email"))
    if address is None:
        return ""
    known = await password_lanes.account_known_here(visit.means, visit.caller, address)
    return _of_account(known, is_inside=True) if known else f"address {address.key}"


def _of_reset(reset: Reset) -> str:
    is_proven = reset.stage is not ResetStage.CODE
    if reset.account_id is not None and (is_proven or reset.is_known_browser):
        return _of_account(reset.account_id, is_inside=reset.is_known_browser)
    # Its few tries and sends are its own: nobody at the first door keeps an owner from them.
    return f"reset {reset.id}"


def _of_account(account_id: str, *, is_inside: bool) -> str:
    return f"account {account_id} inside" if is_inside else f"account {account_id}"
