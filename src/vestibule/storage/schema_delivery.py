"""The tables of delivery: what is to be sent, how each attempt went, and what it cost.

A part of `schema`, which calls `add_tables`. Of a number only keyed marks stand here.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from vestibule.storage.schema_columns import (
    account_column,
    at_column,
    id_column,
    number_column,
    secret_column,
    text_column,
)

_TOLD = ("provider", "reason", "reference")
_WAITS = text("handed_over_at IS NULL AND refused_at IS NULL")


def add_tables(metadata: MetaData) -> None:
    """Each table of delivery, in the schema that is being made."""
    _outbox(metadata)
    _attempts(metadata)
    _routes(metadata)
    _calls(metadata)
    _tolls(metadata)


def _outbox(metadata: MetaData) -> None:
    Table(
        "outbox",
        metadata,
        id_column(),
        Column("challenge_id", Text, nullable=True, index=True),
        account_column(optional=True),
        text_column("kind"),
        text_column("channel"),
        text_column("locale"),
        secret_column("destination_sealed", optional=True),
        secret_column("body_sealed", optional=True),
        at_column("written_at"),
        at_column("due_at"),
        at_column("expires_at"),
        number_column("attempts", default=0),
        at_column("handed_over_at", optional=True),
        at_column("delivered_at", optional=True),
        at_column("refused_at", optional=True),
        text_column("reason", optional=True),
        text_column("provider", optional=True),
        text_column("reference", optional=True),
        # The region of the number, as two letters; none for mails.
        text_column("country", optional=True),
        # Its code came back: the only receipt that cannot be bought.
        at_column("converted_at", optional=True),
        # What a carrier said of it before its hand-over was written down.
        *(text_column(f"early_{what}", optional=True) for what in _TOLD),
        # Attempts of which nobody knows whether they were taken, and the copies paid for since.
        number_column("doubts", default=0),
        number_column("copies", default=0),
        # Of a text: what a carrier says of its number is kept under this mark.
        secret_column("number_mac", optional=True),
        # Of what still waits only: a claim must not read a month of sent messages.
        Index("ix_outbox_due_at", "due_at", postgresql_where=_WAITS, sqlite_where=_WAITS),
        Index("ix_outbox_handed_over_at", "handed_over_at"),
    )


def _attempts(metadata: MetaData) -> None:
    Table(
        "delivery_attempts",
        metadata,
        id_column(),
        Column("message_id", Text, nullable=False, index=True),
        text_column("channel"),
        text_column("country", optional=True),
        text_column("provider"),
        text_column("outcome"),
        text_column("reason", optional=True),
        text_column("reference", optional=True),
        at_column("started_at"),
        number_column("milliseconds"),
        CheckConstraint(
            "outcome IN ('accepted', 'temporary', 'throttled', 'permanent', 'in_doubt',"
            " 'not_this_way')",
            name="outcome",
        ),
        Index("ix_delivery_attempts_started_at", "started_at"),
    )


def _routes(metadata: MetaData) -> None:
    """A route is a provider for one channel and country ("" where there is none)."""
    Table(
        "route_hours",
        metadata,
        text_column("provider"),
        text_column("channel"),
        text_column("country"),
        at_column("hour_at"),
        *_route_figures(),
        PrimaryKeyConstraint("provider", "channel", "country", "hour_at"),
        Index("ix_route_hours_hour_at", "hour_at"),
    )
    Table(
        # What the purged hours held, so that counters never fall.
        "route_totals",
        metadata,
        text_column("provider"),
        text_column("channel"),
        text_column("country"),
        *_route_figures(),
        PrimaryKeyConstraint("provider", "channel", "country"),
    )
    Table(
        "route_breakers",
        metadata,
        text_column("provider"),
        text_column("channel"),
        text_column("country"),
        number_column("failures", default=0),
        at_column("open_until_at"),
        PrimaryKeyConstraint("provider", "channel", "country"),
    )


def _route_figures() -> list[Column[int]]:
    """What is counted of a route: attempts by outcome, what became of them, and times."""
    return [
        number_column("accepted", default=0),
        number_column("failed", default=0),
        number_column("refused", default=0),
        number_column("delivered", default=0),
        number_column("undelivered", default=0),
        # The accepted ones that carried a code, and the codes that came back.
        number_column("codes", default=0),
        number_column("converted", default=0),
        # Sums: of every attempt, from commit to hand-over, from hand-over to receipt.
        number_column("milliseconds", default=0),
        number_column("handover_milliseconds", default=0),
        number_column("receipt_milliseconds", default=0),
    ]


def _calls(metadata: MetaData) -> None:
    Table(
        "calls",
        metadata,
        id_column(),
        # What a carrier fetches the next words with; another one after each fetch.
        secret_column("token_digest", unique=True),
        Column("message_id", Text, nullable=False, index=True),
        text_column("challenge_id"),
        text_column("stage"),
        number_column("rounds", default=0),
        at_column("placed_at"),
        at_column("expires_at"),
        CheckConstraint("stage IN ('placed', 'answered', 'heard', 'denied', 'over')", name="stage"),
    )


def _tolls(metadata: MetaData) -> None:
    Table(
        "opt_outs",
        metadata,
        Column("fingerprint_mac", LargeBinary, primary_key=True),
        text_column("source"),
        at_column("opted_out_at"),
    )
    Table(
        "prefix_days",
        metadata,
        secret_column("prefix_mac"),
        at_column("day_at"),
        text_column("country"),
        number_column("sent", default=0),
        number_column("converted", default=0),
        PrimaryKeyConstraint("prefix_mac", "day_at"),
        Index("ix_prefix_days_country_day_at", "country", "day_at"),
        Index("ix_prefix_days_day_at", "day_at"),
    )
    Table(
        # What was promised to carriers in an hour or a day, in the same unit as `spending`.
        "reservations",
        metadata,
        text_column("period"),
        at_column("period_at"),
        number_column("amount", default=0),
        PrimaryKeyConstraint("period", "period_at"),
        CheckConstraint("period IN ('hour', 'day')", name="period"),
    )
    Table(
        "spending",
        metadata,
        at_column("hour_at"),
        text_column("country"),
        text_column("channel"),
        text_column("provider"),
        number_column("messages", default=0),
        # In millionths of the operator's currency.
        number_column("amount", default=0),
        PrimaryKeyConstraint("hour_at", "country", "channel", "provider"),
    )
    Table(
        "alarms",
        metadata,
        text_column("name"),
        at_column("period_at"),
        at_column("raised_at"),
        PrimaryKeyConstraint("name", "period_at"),
    )
