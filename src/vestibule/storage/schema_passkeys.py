"""The tables behind passkeys: what is kept of each, who their owner is to them, what is asked.

A part of `schema`, which calls `add_tables`. The credential is sealed with its authenticator.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from vestibule.storage.schema_columns import (
    account_column,
    at_column,
    number_column,
    secret_column,
    text_column,
)


def add_tables(metadata: MetaData) -> None:
    """Each table of passkeys, in the schema that is being made."""
    Table(
        "passkeys",
        metadata,
        Column(
            "authenticator_id",
            Text,
            ForeignKey("authenticators.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        account_column(),
        # PK-02: no credential is bound twice, to whomever.
        Column("credential_digest", LargeBinary, nullable=False, unique=True),
        number_column("sign_count"),
        Column("is_copyable", Boolean, nullable=False),
        Column("is_copied", Boolean, nullable=False),
    )
    Table(
        "passkey_users",
        metadata,
        Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
        secret_column("handle_sealed"),
    )
    Table(
        # PK-01: one question at a time for whoever asks, gone with the first answer.
        "passkey_questions",
        metadata,
        text_column("owner_id"),
        text_column("purpose"),
        Column("challenge_digest", LargeBinary, nullable=False),
        at_column("expires_at"),
        PrimaryKeyConstraint("owner_id", "purpose"),
    )
