"""The page that asks for a number again which proved nothing for a year; it can be left."""

from starlette.responses import Response

from vestibule.domain.challenge import Channel
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import codes, stale_numbers
from vestibule.web.desk import Desk
from vestibule.web.settings import SETTINGS
from vestibule.web.times import day
from vestibule.web.views import delivery_json, delivery_line, resend
from vestibule.web.visit import Told, Visit

AGAIN = "/settings/phone/again"
SEND = f"{AGAIN}/send"
DELIVERY = f"{AGAIN}/delivery"


async def show(visit: Visit, desk: Desk) -> Response:
    view = await stale_numbers.view(visit.means, visit.caller, visit.the_session())
    if view is None:
        return visit.go(SETTINGS)
    live, channels = view.challenge, view.resting.channels
    channel = live.channel if live else channels[0] if channels else Channel.SMS
    return desk.pages.page(
        visit,
        "number_again.html",
        doors=2,
        number=view.resting.number.masked,
        last_used=day(view.resting.used_at, desk.translate),
        sent=live is not None,
        digits=live.digits if live else visit.means.policy.code_digits,
        channel=channel.value,
        sms_open=Channel.SMS in channels,
        voice_open=Channel.VOICE in channels,
        resend=resend(
            live,
            action=SEND,
            channel=channel,
            visit=visit,
            delivery=view.delivery,
            _=desk.translate,
        ),
        delivery=delivery_line(view.delivery, poll_url=DELIVERY, now=visit.now, _=desk.translate),
    )


async def show_delivery(visit: Visit, desk: Desk) -> Response:
    view = await stale_numbers.view(visit.means, visit.caller, visit.the_session())
    delivery = view.delivery if view else None
    return delivery_json(delivery, now=visit.now, _=desk.translate)


async def send(visit: Visit, desk: Desk) -> Response:
    sent = await stale_numbers.send(
        visit.means, visit.caller, visit.the_session(), channel=visit.typed("channel")
    )
    return visit.go(AGAIN) if isinstance(sent, codes.Sent) else _back(visit, sent)


async def submit(visit: Visit, desk: Desk) -> Response:
    refused = await stale_numbers.verify(
        visit.means, visit.caller, visit.the_session(), typed=visit.typed("code")
    )
    if refused is None:
        return visit.tell(Told.NUMBER_REVERIFIED, to=SETTINGS)
    if refused.reason is Reason.TOO_MANY_WRONG_CODES:
        refused = Refused(Reason.CODE_SPENT_BY_TRIES, "code")
    return _back(visit, refused)


def _back(visit: Visit, refused: Refused) -> Response:
    """The number may have been proven, or changed, in another tab: then nothing is left to do."""
    is_over = refused.reason in {Reason.SIGN_IN_EXPIRED, Reason.METHOD_UNKNOWN}
    return visit.go(SETTINGS) if is_over else visit.again(refused, to=AGAIN)
