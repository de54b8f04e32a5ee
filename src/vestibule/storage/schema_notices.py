"""The tables behind notices: who made what, what was taken back, and what waits.

A part of `schema`, which calls `add_tables`. Causes are kept for as long as "not me" reaches.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
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


def add_tables(metadata: MetaData) -> None:
    """Each table of notices and of what they can take back, in the schema that is being made."""
    _causes(metadata)
    _safeguards(metadata)
    _addresses(metadata)
    _answers(metadata)


def _causes(metadata: MetaData) -> None:
    Table(
        "acts",
        metadata,
        id_column(),
        account_column(),
        text_column("kind"),
        Column("browser_digest", LargeBinary, nullable=True),
        text_column("user_agent"),
        at_column("made_at"),
        CheckConstraint(
            "kind IN ('set_up', 'session', 'recovery', 'reset', 'barrier')", name="kind"
        ),
        Index("ix_acts_made_at", "made_at"),
    )
    Table(
        "act_causes",
        metadata,
        Column("act_id", Text, ForeignKey("acts.id", ondelete="CASCADE"), nullable=False),
        text_column("cause_id"),
        PrimaryKeyConstraint("act_id", "cause_id"),
    )
    Table(
        "made",
        metadata,
        text_column("kind"),
        text_column("thing_id"),
        account_column(),
        text_column("act_id"),
        at_column("made_at"),
        PrimaryKeyConstraint("kind", "thing_id"),
        CheckConstraint("kind IN ('authenticator', 'recovery_code', 'password')", name="kind"),
        Index("ix_made_made_at", "made_at"),
    )


def _safeguards(metadata: MetaData) -> None:
    Table(
        "ended_authenticators",
        metadata,
        Column("authenticator_id", Text, primary_key=True),
        account_column(),
        at_column("ended_at"),
        text_column("ended_by"),
        ForeignKeyConstraint(
            ["account_id", "authenticator_id"],
            ["authenticators.account_id", "authenticators.id"],
            name="fk_ended_authenticators_authenticator",
            ondelete="CASCADE",
        ),
        CheckConstraint("ended_by IN ('removal', 'lost', 'not_me')", name="ended_by"),
    )
    Table(
        "safeguards",
        metadata,
        Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
        at_column("reset_required_at", optional=True),
        at_column("review_from_at", optional=True),
        at_column("frozen_until_at", optional=True),
        text_column("frozen_act_id", optional=True),
        at_column("quiet_until_at", optional=True),
        at_column("suspended_at", optional=True),
        text_column("suspended_because", optional=True),
        # Asked for by its owner: then the account is closed, unless somebody keeps it.
        at_column("closes_at", optional=True),
        # It was; the row stays, so that nothing can be of this account again.
        at_column("closed_at", optional=True),
        at_column("address_suspended_at", optional=True),
        CheckConstraint("(frozen_until_at IS NULL) = (frozen_act_id IS NULL)", name="frozen"),
        Index("ix_safeguards_closed_at", "closed_at"),
        Index("ix_safeguards_closes_at", "closes_at"),
    )
    Table(
        "waiting_resets",
        metadata,
        Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
        text_column("reset_id"),
        text_column("password_mac"),
        # The method that proved it, which comes back with it where it was removed.
        text_column("authenticator_id"),
        at_column("due_at"),
        # The former address whose mailbox proved it, and which comes back with it.
        text_column("address_id", optional=True),
        Index("ix_waiting_resets_due_at", "due_at"),
    )


def _addresses(metadata: MetaData) -> None:
    Table(
        "former_addresses",
        metadata,
        id_column(),
        account_column(),
        secret_column("address_sealed"),
        secret_column("address_mac"),
        text_column("act_id", optional=True),
        Column("is_returnable", Boolean, nullable=False),
        at_column("replaced_at"),
        at_column("held_until_at"),
        Index("ix_former_addresses_address_mac", "address_mac"),
        Index("ix_former_addresses_held_until_at", "held_until_at"),
    )
    told = Table(
        "notice_addresses",
        metadata,
        id_column(),
        account_column(),
        secret_column("address_sealed"),
        text_column("act_id"),
        at_column("proven_at"),
        text_column("ended_by", optional=True),
        at_column("told_until_at", optional=True),
        CheckConstraint("ended_by IN ('removal', 'not_me')", name="ended_by"),
        CheckConstraint("(ended_by IS NULL) = (told_until_at IS NULL)", name="ended"),
        Index("ix_notice_addresses_told_until_at", "told_until_at"),
    )
    # One for each account that stands, whatever runs at the same moment.
    Index(
        "uq_notice_addresses_standing",
        told.c.account_id,
        unique=True,
        sqlite_where=text("told_until_at IS NULL"),
        postgresql_where=text("told_until_at IS NULL"),
    )


def _answers(metadata: MetaData) -> None:
    Table(
        "disavowals",
        metadata,
        id_column(),
        account_column(),
        text_column("act_id"),
        text_column("notice"),
        # By mail the digest of a link's token, by text the keyed mark of a typed code.
        secret_column("token_digest", optional=True, unique=True),
        secret_column("code_mac", optional=True, unique=True),
        text_column("source"),
        text_column("user_agent"),
        at_column("made_at"),
        at_column("expires_at"),
        at_column("used_at", optional=True),
        # The second address that its link went to, whose answer does less.
        text_column("notice_address_id", optional=True),
        CheckConstraint("(token_digest IS NULL) <> (code_mac IS NULL)", name="one_way"),
        Index("ix_disavowals_expires_at", "expires_at"),
    )
    Table(
        "digests",
        metadata,
        account_column(index=False),
        text_column("kind"),
        number_column("hits", default=0),
        text_column("act_id"),
        at_column("since_at"),
        at_column("due_at"),
        at_column("sent_at", optional=True),
        PrimaryKeyConstraint("account_id", "kind"),
        Index("ix_digests_due_at", "due_at"),
    )
