"""Every table and constraint, as the source that migrations are compared with.

Not used at run time: the server speaks SQL text and never imports SQLAlchemy. The kinds of
columns are in `schema_columns`, the tables of delivery in `schema_delivery`, those of the journal
in `schema_journal`, those of notices in `schema_notices`, those of passkeys in `schema_passkeys`,
the triggers in `schema_triggers`.
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
    Table,
    Text,
    UniqueConstraint,
    text,
)

from vestibule.storage import schema_delivery, schema_journal, schema_notices, schema_passkeys
from vestibule.storage.schema_columns import (
    account_column,
    at_column,
    id_column,
    number_column,
    secret_column,
    text_column,
)
from vestibule.storage.schema_triggers import TRIGGERS as _TRIGGERS

__all__ = ["TRIGGERS", "metadata"]

TRIGGERS = {
    dialect: [*_TRIGGERS[dialect], *schema_journal.TRIGGERS[dialect]] for dialect in _TRIGGERS
}

metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

# --- the account and what is bound to it ---------------------------------------------------

Table(
    "accounts",
    metadata,
    id_column(),
    text_column("email"),
    Column("email_key", Text, nullable=False, unique=True),
    text_column("name"),
    text_column("locale"),
    at_column("created_at"),
    at_column("enrolled_at", optional=True),
    text_column("default_authenticator_id", optional=True),
    text_column("default_channel", optional=True),
    at_column("new_password_required_at", optional=True),
    # Raised by every statement that must see the account alone: its row lock orders them.
    number_column("guard", default=0),
    # What its owner is told times in (NO-02); as a browser says it, unless it was chosen.
    text_column("time_zone", optional=True),
    at_column("time_zone_chosen_at", optional=True),
    # When its owner was offered a passkey, which happens once.
    at_column("passkey_offered_at", optional=True),
    # EF-02: an account that has been enrolled has a second factor, always; see TRIGGERS too.
    CheckConstraint(
        "(enrolled_at IS NULL) = (default_authenticator_id IS NULL)", name="enrolled_has_factor"
    ),
    CheckConstraint(
        "(default_authenticator_id IS NULL) = (default_channel IS NULL)", name="factor_has_channel"
    ),
    CheckConstraint(
        "default_channel IS NULL OR default_channel IN ('sms', 'voice', 'totp', 'passkey')",
        name="channel",
    ),
    ForeignKeyConstraint(
        ["id", "default_authenticator_id"],
        ["authenticators.account_id", "authenticators.id"],
        name="fk_accounts_default_authenticator",
        use_alter=True,
    ),
)

Table(
    "passwords",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    text_column("password_mac"),
    number_column("epoch", default=1),
    at_column("changed_at"),
)

Table(
    "authenticators",
    metadata,
    id_column(),
    account_column(),
    text_column("kind"),
    text_column("name"),
    secret_column("secret_sealed"),
    secret_column("fingerprint_mac", optional=True),
    number_column("last_step", default=0),
    number_column("step_offset", default=0),
    at_column("created_at"),
    at_column("last_used_at", optional=True),
    at_column("approves_changes_at"),
    # Of apps: what each was made with, whatever the settings say since (TO-01).
    text_column("algorithm", default="SHA1"),
    number_column("digits", default=6),
    UniqueConstraint("account_id", "id"),
    CheckConstraint("kind IN ('phone', 'totp', 'passkey')", name="kind"),
    CheckConstraint("(kind = 'phone') = (fingerprint_mac IS NOT NULL)", name="phone_fingerprint"),
    Index("ix_authenticators_fingerprint_mac", "fingerprint_mac"),
)

Table(
    "recovery_codes",
    metadata,
    id_column(),
    account_column(),
    secret_column("code_mac", unique=True),
    text_column("label"),
    # Made on the way through a recovery: an owner who signs in meanwhile voids it.
    Column("is_provisional", Boolean, nullable=False),
    at_column("made_at"),
    at_column("acknowledged_at", optional=True),
    at_column("ended_at", optional=True),
    text_column("ended_by", optional=True),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
    CheckConstraint(
        "ended_by IS NULL OR ended_by IN ('use', 'replacement', 'recovery', 'not_me', 'restore')",
        name="ended_by",
    ),
)
Index(
    "ix_recovery_codes_one_acknowledged",
    metadata.tables["recovery_codes"].c.account_id,
    unique=True,
    sqlite_where=text("ended_at IS NULL AND acknowledged_at IS NOT NULL"),
    postgresql_where=text("ended_at IS NULL AND acknowledged_at IS NOT NULL"),
)
Index(
    "ix_recovery_codes_one_unacknowledged",
    metadata.tables["recovery_codes"].c.account_id,
    unique=True,
    sqlite_where=text("ended_at IS NULL AND acknowledged_at IS NULL"),
    postgresql_where=text("ended_at IS NULL AND acknowledged_at IS NULL"),
)

Table(
    "recovery_code_views",
    metadata,
    Column(
        "recovery_code_id",
        Text,
        ForeignKey("recovery_codes.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    text_column("owner_id"),
    secret_column("code_sealed"),
    at_column("expires_at"),
)

# --- on the way in ------------------------------------------------------------------------

Table(
    "sign_ups",
    metadata,
    id_column(),
    secret_column("token_digest", unique=True),
    secret_column("visit_digest"),
    text_column("email"),
    text_column("email_key"),
    text_column("name"),
    text_column("locale"),
    text_column("password_mac"),
    Column("is_decoy", Boolean, nullable=False),
    text_column("return_to", optional=True),
    at_column("created_at"),
    at_column("expires_at"),
)

Table(
    "sign_ins",
    metadata,
    id_column(),
    secret_column("token_digest", unique=True),
    secret_column("visit_digest"),
    account_column(),
    text_column("state"),
    Column("is_known_browser", Boolean, nullable=False),
    text_column("authenticator_id", optional=True),
    text_column("channel", optional=True),
    at_column("password_at"),
    at_column("email_confirmed_at", optional=True),
    at_column("recovered_at", optional=True),
    text_column("return_to", optional=True),
    text_column("source"),
    text_column("user_agent"),
    at_column("created_at"),
    at_column("expires_at"),
    CheckConstraint("state IN ('second_factor', 'enrollment', 'replacement')", name="state"),
    CheckConstraint(
        "state <> 'replacement' OR recovered_at IS NOT NULL", name="replacement_recovered"
    ),
)

Table(
    "enrollments",
    metadata,
    id_column(),
    Column("owner_id", Text, nullable=False, unique=True),
    account_column(),
    text_column("kind"),
    text_column("name"),
    secret_column("secret_sealed"),
    secret_column("fingerprint_mac", optional=True),
    at_column("created_at"),
    at_column("expires_at"),
    text_column("algorithm", default="SHA1"),
    number_column("digits", default=6),
    CheckConstraint("kind IN ('phone', 'totp', 'passkey')", name="kind"),
)

Table(
    "resets",
    metadata,
    id_column(),
    secret_column("token_digest", unique=True),
    account_column(optional=True),
    text_column("email"),
    text_column("stage"),
    text_column("authenticator_id", optional=True),
    text_column("channel", optional=True),
    Column("is_known_browser", Boolean, nullable=False),
    at_column("created_at"),
    at_column("expires_at"),
    CheckConstraint("stage IN ('code', 'second_factor', 'password')", name="stage"),
)

Table(
    "challenges",
    metadata,
    id_column(),
    text_column("purpose"),
    text_column("binding_id"),
    account_column(optional=True),
    text_column("authenticator_id", optional=True),
    text_column("channel"),
    secret_column("destination_sealed"),
    number_column("digits"),
    secret_column("code_mac", optional=True),
    secret_column("code_sealed", optional=True),
    at_column("issued_at"),
    at_column("expires_at"),
    number_column("tries", default=0),
    number_column("max_tries"),
    number_column("sends", default=0),
    at_column("last_sent_at", optional=True),
    number_column("number", default=1),
    Column("is_decoy", Boolean, nullable=False),
    at_column("used_at", optional=True),
    at_column("ended_at", optional=True),
    CheckConstraint("used_at IS NULL OR ended_at IS NOT NULL", name="used_is_ended"),
    CheckConstraint("tries <= max_tries", name="tries"),
    CheckConstraint("ended_at IS NULL OR code_sealed IS NULL", name="erased_when_ended"),
)
Index(
    "ix_challenges_one_live",
    metadata.tables["challenges"].c.binding_id,
    metadata.tables["challenges"].c.purpose,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)

# --- inside -------------------------------------------------------------------------------

Table(
    "sessions",
    metadata,
    id_column(),
    secret_column("token_digest", unique=True),
    account_column(),
    at_column("password_at", optional=True),
    at_column("second_factor_at", optional=True),
    text_column("second_factor_method", optional=True),
    text_column("authenticator_id", optional=True),
    at_column("signed_in_at"),
    at_column("last_seen_at"),
    at_column("expires_at"),
    at_column("gate_opened_at", optional=True),
    at_column("gate_used_at", optional=True),
    number_column("gate_failures", default=0),
    text_column("step_up_authenticator_id", optional=True),
    text_column("step_up_channel", optional=True),
    text_column("source"),
    text_column("user_agent"),
    # R12: "still yours?" was answered in this session, in a browser that answers for no other.
    at_column("reviewed_at", optional=True),
    # PN-04: a number proved it that had rested since then, so its mailbox is asked first.
    at_column("stale_since_at", optional=True),
    # R1, R2: a CHECK passes on NULL, so each part of the pair says IS NOT NULL.
    CheckConstraint(
        "password_at IS NOT NULL AND second_factor_at IS NOT NULL"
        " AND second_factor_method IS NOT NULL"
        " AND second_factor_method IN ('sms', 'voice', 'totp', 'passkey')",
        name="two_proofs",
    ),
)

Table(
    "known_browsers",
    metadata,
    Column("token_digest", LargeBinary, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True, index=True),
    at_column("created_at"),
    at_column("last_seen_at"),
)

# --- budgets ------------------------------------------------------------------------------

Table(
    "throttles",
    metadata,
    Column("bucket_mac", LargeBinary, primary_key=True),
    text_column("kind"),
    number_column("hits"),
    at_column("until_at"),
    Index("ix_throttles_until_at", "until_at"),
)

Table(
    "strikes",
    metadata,
    id_column(),
    account_column(index=False),
    text_column("sign_in_id"),
    number_column("password_epoch"),
    number_column("digits"),
    at_column("made_at"),
    Index("ix_strikes_account_id_made_at", "account_id", "made_at"),
    Index("ix_strikes_made_at", "made_at"),
)

Table(
    # One row that goes up with time: where it went down, an older database was put in place.
    "pulse",
    metadata,
    Column("name", Text, primary_key=True),
    text_column("database_id"),
    number_column("epoch", default=1),
    number_column("beats", default=1),
    at_column("beat_at"),
    CheckConstraint("name = 'database'", name="one"),
)

schema_delivery.add_tables(metadata)
schema_journal.add_tables(metadata)
schema_notices.add_tables(metadata)
schema_passkeys.add_tables(metadata)
