"""The kinds of columns that tables are made of; the name says how a value is stored.

Times are BIGINT microseconds in columns named `*_at`; a secret's column ends in `_sealed` (AEAD) or
`_mac` (keyed), a bearer token's in `_digest`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, Text, text


def id_column() -> Column[str]:
    return Column("id", Text, primary_key=True)


def text_column(name: str, *, optional: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=optional, server_default=default)


def at_column(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=optional)


def number_column(name: str, *, optional: bool = False, default: int | None = None) -> Column[int]:
    shown = None if default is None else text(str(default))
    return Column(name, BigInteger, nullable=optional, server_default=shown)


def secret_column(name: str, *, optional: bool = False, unique: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=optional, unique=unique)


def account_column(*, optional: bool = False, index: bool = True) -> Column[str]:
    return Column("account_id", Text, ForeignKey("accounts.id"), nullable=optional, index=index)
