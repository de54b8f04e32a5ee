"""A table of the storage engine's own tests, with one constraint of each kind."""

from datetime import UTC, datetime

from tests.databases import Store
from vestibule.storage.database import Database, Transaction

NOON = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=UTC)

TABLES = (
    "CREATE TABLE owners (id TEXT PRIMARY KEY)",
    """CREATE TABLE things (
        id TEXT PRIMARY KEY,
        label TEXT UNIQUE,
        size BIGINT NOT NULL DEFAULT 0 CHECK (size >= 0),
        owner_id TEXT REFERENCES owners (id),
        content BYTEA,
        is_new BOOLEAN,
        made_at BIGINT,
        used_at BIGINT
    )""",
)
FROZEN = {
    "sqlite": (
        """CREATE TRIGGER frozen BEFORE DELETE ON things
        BEGIN SELECT RAISE(ABORT, 'things stay'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION frozen() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'things stay'; END $$""",
        "CREATE TRIGGER frozen BEFORE DELETE ON things FOR EACH ROW EXECUTE FUNCTION frozen()",
    ),
}


async def make_things(store: Store) -> None:
    await store.script(*TABLES)


async def add(tx: Transaction, thing_id: str) -> None:
    await tx.execute("INSERT INTO things (id) VALUES (:id)", id=thing_id)


async def ids(database: Database) -> list[str]:
    """What is committed."""

    async def unit(tx: Transaction) -> list[str]:
        return [row["id"] for row in await tx.fetch_all("SELECT id FROM things ORDER BY id")]

    return await database.read(unit)
