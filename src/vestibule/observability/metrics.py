"""Metrics in Prometheus's text form, from a snapshot of the database's roll-ups.

Labels are names of providers, channels and countries: never an account, a number, a prefix or an
address. Reads nothing by itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from vestibule.domain.routing import Breaker, Figures, Route

CONTENT_TYPE = CONTENT_TYPE_LATEST
ROUTE = ("provider", "channel", "country")
HANDOVER = "vestibule_handover_seconds"
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_MILLIONTH = 1_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What a route cost in a period, in millionths of the operator's currency."""

    period: Literal["hour", "day"]
    route: Route
    messages: int
    amount: int


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits of a kind, `code` or `notice`, and since when the oldest."""

    kind: str
    waiting: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that is told, as of one moment."""

    at: datetime
    ever: Mapping[Route, Figures] = field(default_factory=dict)
    lately: Mapping[Route, Figures] = field(default_factory=dict)
    """Of the last day."""
    breakers: Mapping[Route, Breaker] = field(default_factory=dict)
    queues: Sequence[Queue] = ()
    spent: Sequence[Spent] = ()


Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Described:
    """One metric: how it is told, and where its samples come from."""

    name: str
    kind: Literal["counter", "gauge"]
    labels: tuple[str, ...]
    text: str
    samples: Callable[[Measured], Iterator[Sample]]

    def family(self, measured: Measured) -> Metric:
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        family = make(self.name, self.text, labels=self.labels)
        for labels, value in self.samples(measured):
            family.add_metric(labels, value)
        return family


class Gauges:
    """What `/metrics` says: the snapshot that it is given, and what this process saw itself."""

    def __init__(self) -> None:
        self._own = CollectorRegistry()
        self._handover = Histogram(
            HANDOVER, HANDOVER_TEXT, ["channel"], buckets=_BUCKETS, registry=self._own
        )

    def note_hand_over(self, channel: str, took: timedelta) -> None:
        self._handover.labels(channel).observe(max(took.total_seconds(), 0))

    def render(self, measured: Measured) -> bytes:
        shared = CollectorRegistry()
        shared.register(_Snapshot(measured))
        return generate_latest(shared) + generate_latest(self._own)


class _Snapshot(Collector):
    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        return (one.family(self._measured) for one in DESCRIBED)


def _labels(route: Route) -> tuple[str, ...]:
    return route.provider, route.channel, route.country


def _attempts(measured: Measured) -> Iterator[Sample]:
    for route, found in measured.ever.items():
        yield (*_labels(route), "accepted"), found.accepted
        yield (*_labels(route), "failed"), found.failed
        yield (*_labels(route), "refused"), found.refused


def _receipts(measured: Measured) -> Iterator[Sample]:
    for route, found in measured.ever.items():
        yield (*_labels(route), "delivered"), found.delivered
        yield (*_labels(route), "undelivered"), found.undelivered


def _sum_of(figure: str, *, per: int = 1) -> Callable[[Measured], Iterator[Sample]]:
    def samples(measured: Measured) -> Iterator[Sample]:
        for route, found in measured.ever.items():
            yield _labels(route), getattr(found, figure) / per

    return samples


def _conversion(measured: Measured) -> Iterator[Sample]:
    for route, found in measured.lately.items():
        if found.codes:
            yield _labels(route), found.converted / found.codes


def _resting(measured: Measured) -> Iterator[Sample]:
    for route in sorted({*measured.lately, *measured.breakers}):
        breaker = measured.breakers.get(route, Breaker())
        yield _labels(route), float(breaker.is_resting(measured.at))


def _failures(measured: Measured) -> Iterator[Sample]:
    for route in sorted({*measured.lately, *measured.breakers}):
        yield _labels(route), measured.breakers.get(route, Breaker()).failures


def _waiting(measured: Measured) -> Iterator[Sample]:
    for kind in ("code", "notice"):
        yield (kind,), sum(one.waiting for one in measured.queues if one.kind == kind)


def _oldest(measured: Measured) -> Iterator[Sample]:
    for kind in ("code", "notice"):
        ages = [measured.at - one.oldest_at for one in measured.queues if one.kind == kind]
        yield (kind,), max(ages, default=timedelta()).total_seconds()


def _amounts(measured: Measured) -> Iterator[Sample]:
    for one in measured.spent:
        yield (*_labels(one.route), one.period), one.amount / _MILLIONTH


def _messages(measured: Measured) -> Iterator[Sample]:
    for one in measured.spent:
        yield (*_labels(one.route), one.period), one.messages


DESCRIBED: tuple[Described, ...] = (
    Described(
        "vestibule_delivery_attempts_total",
        "counter",
        (*ROUTE, "outcome"),
        "Attempts: accepted, failed (the next provider was asked) or refused for good.",
        _attempts,
    ),
    Described(
        "vestibule_delivery_attempt_seconds_total",
        "counter",
        ROUTE,
        "Time that all attempts took.",
        _sum_of("milliseconds", per=1000),
    ),
    Described(
        "vestibule_delivery_handover_seconds_total",
        "counter",
        ROUTE,
        "Time from commit to hand-over, of all accepted messages.",
        _sum_of("handover_milliseconds", per=1000),
    ),
    Described(
        "vestibule_delivery_receipts_total",
        "counter",
        (*ROUTE, "status"),
        "Receipts: delivered or undelivered.",
        _receipts,
    ),
    Described(
        "vestibule_delivery_receipt_seconds_total",
        "counter",
        ROUTE,
        "Time from hand-over to receipt, of all delivered messages.",
        _sum_of("receipt_milliseconds", per=1000),
    ),
    Described(
        "vestibule_delivery_codes_total",
        "counter",
        ROUTE,
        "Accepted messages that carried a code.",
        _sum_of("codes"),
    ),
    Described(
        "vestibule_delivery_codes_entered_total",
        "counter",
        ROUTE,
        "Codes that came back.",
        _sum_of("converted"),
    ),
    Described(
        "vestibule_delivery_conversion_ratio",
        "gauge",
        ROUTE,
        "Codes entered by codes sent, of the last 24 hours.",
        _conversion,
    ),
    Described(
        "vestibule_delivery_route_resting",
        "gauge",
        ROUTE,
        "1 while the route rests, after failures or because it asked to.",
        _resting,
    ),
    Described(
        "vestibule_delivery_route_failures",
        "gauge",
        ROUTE,
        "Failures in a row.",
        _failures,
    ),
    Described(
        "vestibule_outbox_waiting", "gauge", ("kind",), "Codes and notices that wait.", _waiting
    ),
    Described(
        "vestibule_outbox_oldest_seconds",
        "gauge",
        ("kind",),
        "How long the oldest has waited.",
        _oldest,
    ),
    Described(
        "vestibule_spend",
        "gauge",
        (*ROUTE, "period"),
        "Cost in the operator's currency, of the present hour and the present day (UTC).",
        _amounts,
    ),
    Described(
        "vestibule_spend_messages",
        "gauge",
        (*ROUTE, "period"),
        "Messages that the cost is of.",
        _messages,
    ),
)
HANDOVER_TEXT = "Time from commit to hand-over, of the messages that this process sent."
