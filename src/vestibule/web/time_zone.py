"""Choosing the zone that times are told in; without a choice it is what the browser says."""

from urllib.parse import urlencode

from starlette.responses import Response

from vestibule.domain import zone
from vestibule.domain.account import Account
from vestibule.domain.refusal import Reason, Refused
from vestibule.domain.zone import Zone
from vestibule.flows import time_zones
from vestibule.web.desk import Desk
from vestibule.web.settings import SETTINGS
from vestibule.web.visit import Told, Visit

TIME_ZONE = "/settings/time-zone"
AUTOMATIC = "automatic"
MOST = 12
"""More are not read through; a list of all would weigh more than any page here."""


async def show(visit: Visit, desk: Desk) -> Response:
    """What is chosen, and what was looked for."""
    town = visit.request.query_params.get("town", "").strip()[: zone.LONGEST_NAME]
    tag = desk.translate.tag
    found = zone.find(town, tag)
    chosen = _chosen(visit.the_account())
    listed = [one for one in found[:MOST] if one.name != chosen]
    if chosen not in {AUTOMATIC, zone.NO_PLACE}:
        listed.insert(0, Zone(chosen, zone.label(chosen, tag)))
    return desk.pages.page(
        visit,
        "time_zone.html",
        doors=2,
        town=town,
        zones=listed,
        # Of several nobody is guessed to mean the first.
        checked=found[0].name if len(found) == 1 else chosen,
        has_more=len(found) > MOST,
    )


def _chosen(account: Account) -> str:
    is_chosen = account.time_zone_chosen_at is not None
    return account.time_zone or AUTOMATIC if is_chosen else AUTOMATIC


async def submit(visit: Visit, desk: Desk) -> Response:
    """Back to settings, which say the zone; what names none is passed over."""
    wanted = visit.typed("zone")
    if not wanted:
        return _find(visit, desk)
    name = zone.parse(wanted)
    if name is None and wanted != AUTOMATIC:
        return visit.go(TIME_ZONE)
    refused = await time_zones.choose(visit.means, visit.caller, visit.the_session(), name)
    if refused is not None:
        return visit.again(refused, to=SETTINGS)
    return visit.tell(Told.SAVED, to=SETTINGS)


def _find(visit: Visit, desk: Desk) -> Response:
    town = visit.typed("town")[: zone.LONGEST_NAME]
    if not zone.find(town, desk.translate.tag):
        return visit.again(Refused(Reason.ZONE_UNKNOWN, "town"), to=TIME_ZONE, keep=("town",))
    return visit.go(f"{TIME_ZONE}?{urlencode({'town': town})}")
