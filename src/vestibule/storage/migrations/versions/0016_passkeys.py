"""Passkeys, and the kinds and ways that become possible with them. Each database's own DDL stands
beside this file; a blank line parts two statements.

SQLite cannot alter a CHECK. Its tables would have to be made anew, with all that refers to them;
the other way that its documentation gives is taken: the text of the definition is changed in place,
which is safe for a CHECK that only lets more through, since no row is stored otherwise.
"""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    script = Path(__file__).with_suffix(f".{connection.dialect.name}.sql")
    for statement in script.read_text(encoding="utf-8").strip().split("\n\n"):
        connection.exec_driver_sql(statement)
