"""What templates are given of codes, deliveries and methods."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from markupsafe import Markup
from starlette.responses import JSONResponse, Response

from vestibule.domain.account import Account
from vestibule.domain.challenge import Challenge, Channel, next_send_at
from vestibule.domain.delivery import Delivery, is_call_instead, is_slow
from vestibule.domain.identifier import mask_email
from vestibule.domain.zone import label
from vestibule.flows.codes import channels_open_to
from vestibule.flows.gate_codes import GateView
from vestibule.flows.ways import View, Way
from vestibule.web.times import moment
from vestibule.web.visit import Visit
from vestibule.web.wording import Words, not_arrived


@dataclass(frozen=True, slots=True)
class OtherChannel:
    channel: str
    label: str
    seconds: int = 0
    """Until it may be chosen; 0 for a call where the text did not arrive, or not by now."""


@dataclass(frozen=True, slots=True)
class Resend:
    action: str
    channel: str
    seconds: int
    at: str
    left: int
    other: tuple[OtherChannel, ...]


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    written: str | None
    handed_over: str | None
    delivered: str | None
    refused: str | None
    poll_url: str
    slow: bool


@dataclass(frozen=True, slots=True)
class MethodView:
    channel: str
    ending: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    authenticator: str
    channel: str
    label: str
    detail: str


def resend(
    challenge: Challenge | None,
    *,
    action: str,
    channel: Channel,
    visit: Visit,
    _: Words,
    delivery: Delivery | None = None,
) -> Resend:
    """When and how the code may be sent again."""
    now = visit.now
    if challenge is None or challenge.is_expired(now):
        other = _instead(challenge, channel, visit, _)
        return Resend(action, channel.value, 0, "", 5, tuple(other))
    at = next_send_at(challenge)
    seconds = max(0, round((at - now).total_seconds())) if at else 0
    other = [
        replace(one, seconds=0 if is_call_instead(delivery, Channel(one.channel), now) else seconds)
        for one in _instead(challenge, channel, visit, _)
    ]
    shown = _.clock_time(at) if at else ""
    return Resend(action, channel.value, seconds, shown, challenge.sends_left, tuple(other))


def _instead(
    challenge: Challenge | None, channel: Channel, visit: Visit, _: Words
) -> list[OtherChannel]:
    """The other way to the same phone, where it is open."""
    instead = {
        Channel.SMS: (Channel.VOICE, _("Call me instead")),
        Channel.VOICE: (Channel.SMS, _("Text me instead")),
    }.get(channel)
    if instead is None or instead[0] not in _open_to(challenge, visit):
        return []
    return [OtherChannel(instead[0].value, instead[1])]


def _open_to(challenge: Challenge | None, visit: Visit) -> frozenset[Channel]:
    if challenge is None:
        return visit.means.policy.channels
    return channels_open_to(visit.means, challenge)


def delivery_line(
    delivery: Delivery | None, *, poll_url: str, now: datetime, _: Words
) -> DeliveryLine | None:
    """Where the message is: written, handed over, delivered, or why not."""
    if delivery is None:
        return None
    return DeliveryLine(
        written=_minute(delivery.written_at, _),
        handed_over=_minute(delivery.handed_over_at, _),
        delivered=_minute(delivery.delivered_at, _),
        refused=_refusal(delivery, _),
        poll_url=poll_url,
        slow=is_slow(delivery, now),
    )


def gate(view: GateView, *, action: str, visit: Visit, _: Words) -> dict[str, Any]:
    """What a page shows of the mailed code that opens settings, or the wall."""
    live = view.challenge
    return {
        "email": mask_email(view.email),
        "sent": live is not None,
        "digits": view.digits,
        "number": live.number if live else 1,
        "sent_at": _.clock_time(live.last_sent_at or live.issued_at) if live else "",
        "resend": resend(live, action=action, channel=Channel.EMAIL, visit=visit, _=_)
        if live
        else None,
    }


def delivery_json(delivery: Delivery | None, *, now: datetime, _: Words) -> Response:
    """The delivery line for the page's small poll."""
    line = delivery_line(delivery, poll_url="", now=now, _=_)
    shown = ("written", "handed_over", "delivered", "refused", "slow")
    return JSONResponse({name: getattr(line, name) for name in shown} if line else {})


def _refusal(delivery: Delivery, _: Words) -> str | None:
    if delivery.refused_at is None:
        return None
    return not_arrived(delivery.channel, delivery.reason, _)


def _minute(at: datetime | None, words: Words) -> str | None:
    return words.clock_time(at.replace(second=0)) if at else None


def method(way: Way) -> MethodView:
    return MethodView(way.channel.value, way.ending, way.name or None)


def choice(way: Way, _: Words) -> Choice:
    if way.channel is Channel.TOTP:
        return Choice(way.authenticator_id, "totp", way.name, _("Authentication app"))
    if way.channel is Channel.PASSKEY:
        detail = _("with your finger, your face or a PIN")
        return Choice(way.authenticator_id, "passkey", _("Passkey"), detail)
    label = _("Text message") if way.channel is Channel.SMS else _("Voice call")
    detail = _("to the number ending in %s") % way.ending
    return Choice(way.authenticator_id, way.channel.value, label, detail)


def needs_two_codes(view: View, refusal: object) -> bool:
    """After the clock message the page offers two codes in a row."""
    return view.two_codes or refusal in {"time_step_clock_off", "two_codes_needed"}


def zone_said(account: Account, _: Words) -> str:
    """Which zone the account's owner is told times in, and who said so."""
    if account.time_zone is None:
        return _("UTC, until a browser says another one")
    said = label(account.time_zone, _.tag)
    if account.time_zone_chosen_at is not None:
        return said
    return _("%(zone)s, as your browser says") % {"zone": said}


def closes_on(visit: Visit, words: Words) -> Markup | None:
    """The day with its zone, where the account of the session is going to be closed."""
    at = visit.the_account().closes_at
    return moment(at, words) if at is not None else None
