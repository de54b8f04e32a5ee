"""How Alembic runs here: on a connection that `storage.migrate` has opened, in its transaction."""

from alembic import context
from sqlalchemy import Connection, text

from vestibule.storage.schema import metadata

_LOCK = 0x76657374
"""A number that only these migrations lock (`vest`)."""


def run(connection: Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=is_sqlite,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        # Inside, because before it the lock begins a transaction that nobody commits.
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        context.run_migrations()


run(context.config.attributes["connection"])
