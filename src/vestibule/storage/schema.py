"""Every table and constraint, as the source that migrations are compared with.

Not used at run time: the server speaks SQL text and never imports SQLAlchemy. Times are
BIGINT microseconds in columns named `*_at`; a secret's column ends in `_sealed` (AEAD) or
`_mac` (keyed), a bearer token's in `_digest`.
"""

from sqlalchemy import (
    BigInteger,
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

metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


def _text(name: str, *, optional: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=optional, server_default=default)


def _at(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=optional)


def _number(name: str, *, optional: bool = False, default: int | None = None) -> Column[int]:
    shown = None if default is None else text(str(default))
    return Column(name, BigInteger, nullable=optional, server_default=shown)


def _secret(name: str, *, optional: bool = False, unique: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=optional, unique=unique)


def _account(*, optional: bool = False, index: bool = True) -> Column[str]:
    return Column("account_id", Text, ForeignKey("accounts.id"), nullable=optional, index=index)


# --- the account and what is bound to it ---------------------------------------------------

Table(
    "accounts",
    metadata,
    _id(),
    _text("email"),
    Column("email_key", Text, nullable=False, unique=True),
    _text("name"),
    _text("locale"),
    _at("created_at"),
    _at("enrolled_at", optional=True),
    _text("default_authenticator_id", optional=True),
    _text("default_channel", optional=True),
    _at("new_password_required_at", optional=True),
    # Raised by every statement that must see the account alone: its row lock orders them.
    _number("guard", default=0),
    # EF-02: an account that has been enrolled has a second factor, always; see TRIGGERS too.
    CheckConstraint(
        "(enrolled_at IS NULL) = (default_authenticator_id IS NULL)", name="enrolled_has_factor"
    ),
    CheckConstraint(
        "(default_authenticator_id IS NULL) = (default_channel IS NULL)", name="factor_has_channel"
    ),
    CheckConstraint(
        "default_channel IS NULL OR default_channel IN ('sms', 'voice', 'totp')", name="channel"
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
    _text("password_mac"),
    _number("epoch", default=1),
    _at("changed_at"),
)

Table(
    "authenticators",
    metadata,
    _id(),
    _account(),
    _text("kind"),
    _text("name"),
    _secret("secret_sealed"),
    _secret("fingerprint_mac", optional=True),
    _number("last_step", default=0),
    _number("step_offset", default=0),
    _at("created_at"),
    _at("last_used_at", optional=True),
    _at("approves_changes_at"),
    UniqueConstraint("account_id", "id"),
    CheckConstraint("kind IN ('phone', 'totp')", name="kind"),
    CheckConstraint("(kind = 'phone') = (fingerprint_mac IS NOT NULL)", name="phone_fingerprint"),
    Index("ix_authenticators_fingerprint_mac", "fingerprint_mac"),
)

Table(
    "recovery_codes",
    metadata,
    _id(),
    _account(),
    _secret("code_mac", unique=True),
    _text("label"),
    # Made on the way through a recovery: an owner who signs in meanwhile voids it.
    Column("is_provisional", Boolean, nullable=False),
    _at("made_at"),
    _at("acknowledged_at", optional=True),
    _at("ended_at", optional=True),
    _text("ended_by", optional=True),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
    CheckConstraint(
        "ended_by IS NULL OR ended_by IN ('use', 'replacement', 'recovery')", name="ended_by"
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
    _text("owner_id"),
    _secret("code_sealed"),
    _at("expires_at"),
)

# --- on the way in ------------------------------------------------------------------------

Table(
    "sign_ups",
    metadata,
    _id(),
    _secret("token_digest", unique=True),
    _secret("visit_digest"),
    _text("email"),
    _text("email_key"),
    _text("name"),
    _text("locale"),
    _text("password_mac"),
    Column("is_decoy", Boolean, nullable=False),
    _text("return_to", optional=True),
    _at("created_at"),
    _at("expires_at"),
)

Table(
    "sign_ins",
    metadata,
    _id(),
    _secret("token_digest", unique=True),
    _secret("visit_digest"),
    _account(),
    _text("state"),
    Column("is_known_browser", Boolean, nullable=False),
    _text("authenticator_id", optional=True),
    _text("channel", optional=True),
    _at("password_at"),
    _at("email_confirmed_at", optional=True),
    _at("recovered_at", optional=True),
    _text("return_to", optional=True),
    _text("source"),
    _text("user_agent"),
    _at("created_at"),
    _at("expires_at"),
    CheckConstraint("state IN ('second_factor', 'enrollment', 'replacement')", name="state"),
    CheckConstraint(
        "state <> 'replacement' OR recovered_at IS NOT NULL", name="replacement_recovered"
    ),
)

Table(
    "enrollments",
    metadata,
    _id(),
    Column("owner_id", Text, nullable=False, unique=True),
    _account(),
    _text("kind"),
    _text("name"),
    _secret("secret_sealed"),
    _secret("fingerprint_mac", optional=True),
    _at("created_at"),
    _at("expires_at"),
    CheckConstraint("kind IN ('phone', 'totp')", name="kind"),
)

Table(
    "resets",
    metadata,
    _id(),
    _secret("token_digest", unique=True),
    _account(optional=True),
    _text("email"),
    _text("stage"),
    _text("authenticator_id", optional=True),
    _text("channel", optional=True),
    Column("is_known_browser", Boolean, nullable=False),
    _at("created_at"),
    _at("expires_at"),
    CheckConstraint("stage IN ('code', 'second_factor', 'password')", name="stage"),
)

Table(
    "challenges",
    metadata,
    _id(),
    _text("purpose"),
    _text("binding_id"),
    _account(optional=True),
    _text("authenticator_id", optional=True),
    _text("channel"),
    _secret("destination_sealed"),
    _number("digits"),
    _secret("code_mac", optional=True),
    _secret("code_sealed", optional=True),
    _at("issued_at"),
    _at("expires_at"),
    _number("tries", default=0),
    _number("max_tries"),
    _number("sends", default=0),
    _at("last_sent_at", optional=True),
    _number("number", default=1),
    Column("is_decoy", Boolean, nullable=False),
    _at("used_at", optional=True),
    _at("ended_at", optional=True),
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
    _id(),
    _secret("token_digest", unique=True),
    _account(),
    _at("password_at", optional=True),
    _at("second_factor_at", optional=True),
    _text("second_factor_method", optional=True),
    _text("authenticator_id", optional=True),
    _at("signed_in_at"),
    _at("last_seen_at"),
    _at("expires_at"),
    _at("gate_opened_at", optional=True),
    _at("gate_used_at", optional=True),
    _number("gate_failures", default=0),
    _text("step_up_authenticator_id", optional=True),
    _text("step_up_channel", optional=True),
    _text("source"),
    _text("user_agent"),
    # R1, R2: a CHECK passes on NULL, so each part of the pair says IS NOT NULL.
    CheckConstraint(
        "password_at IS NOT NULL AND second_factor_at IS NOT NULL"
        " AND second_factor_method IS NOT NULL"
        " AND second_factor_method IN ('sms', 'voice', 'totp')",
        name="two_proofs",
    ),
)

Table(
    "known_browsers",
    metadata,
    Column("token_digest", LargeBinary, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True, index=True),
    _at("created_at"),
    _at("last_seen_at"),
)

# --- budgets, deliveries, journal ---------------------------------------------------------

Table(
    "throttles",
    metadata,
    Column("bucket_mac", LargeBinary, primary_key=True),
    _text("kind"),
    _number("hits"),
    _at("until_at"),
    Index("ix_throttles_until_at", "until_at"),
)

Table(
    "strikes",
    metadata,
    _id(),
    _account(index=False),
    _text("sign_in_id"),
    _number("password_epoch"),
    _number("digits"),
    _at("made_at"),
    Index("ix_strikes_account_id_made_at", "account_id", "made_at"),
)

Table(
    "outbox",
    metadata,
    _id(),
    Column("challenge_id", Text, nullable=True, index=True),
    _account(optional=True),
    _text("kind"),
    _text("channel"),
    _text("locale"),
    _secret("destination_sealed", optional=True),
    _secret("body_sealed", optional=True),
    _at("written_at"),
    _at("due_at"),
    _at("expires_at"),
    _number("attempts", default=0),
    _at("handed_over_at", optional=True),
    _at("delivered_at", optional=True),
    _at("refused_at", optional=True),
    _text("reason", optional=True),
    _text("provider", optional=True),
    _text("reference", optional=True),
    Index("ix_outbox_due_at", "due_at"),
)

Table(
    "events",
    metadata,
    _id(),
    _at("occurred_at"),
    Column("account_id", Text, nullable=True),
    _text("name"),
    _text("outcome"),
    _text("reason", optional=True),
    _text("actor_id", optional=True),
    _secret("session_mac", optional=True),
    _secret("sign_in_mac", optional=True),
    _text("method", optional=True),
    _text("source", optional=True),
    _text("user_agent", optional=True),
    _text("request_id", optional=True),
    _text("version"),
    _text("details"),
    Index("ix_events_account_id_occurred_at", "account_id", "occurred_at"),
)

TRIGGERS: dict[str, list[str]] = {
    "sqlite": [
        """CREATE TRIGGER accounts_stay_enrolled
BEFORE UPDATE OF enrolled_at ON accounts
WHEN OLD.enrolled_at IS NOT NULL AND NEW.enrolled_at IS NULL
BEGIN
    SELECT RAISE(ABORT, 'two-factor authentication cannot be switched off');
END""",
    ],
    "postgresql": [
        """CREATE FUNCTION accounts_stay_enrolled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'two-factor authentication cannot be switched off'
        USING ERRCODE = 'check_violation';
END $$""",
        """CREATE TRIGGER accounts_stay_enrolled
BEFORE UPDATE OF enrolled_at ON accounts
FOR EACH ROW WHEN (OLD.enrolled_at IS NOT NULL AND NEW.enrolled_at IS NULL)
EXECUTE FUNCTION accounts_stay_enrolled()""",
    ],
}
"""EF-02: enrolment has no way back, in either dialect's words."""
