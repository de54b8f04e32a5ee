"""The time zone that an account's owner is told times in. Each database's own DDL stands beside
this file; a blank line parts two statements.
"""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    script = Path(__file__).with_suffix(f".{connection.dialect.name}.sql")
    for statement in script.read_text(encoding="utf-8").strip().split("\n\n"):
        connection.exec_driver_sql(statement)
