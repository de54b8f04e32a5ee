"""One SQL text, two drivers: parameters, values and what is refused before it is sent."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from vestibule.storage.statements import (
    from_microseconds,
    prepare,
    row_converter,
    to_microseconds,
)


@pytest.mark.parametrize(
    ("sql", "postgresql", "sqlite", "names"),
    [
        ("SELECT 1", "SELECT 1", "SELECT 1", []),
        ("SELECT :a", "SELECT $1", "SELECT ?", ["a"]),
        ("SELECT :a_1,:B", "SELECT $1,$2", "SELECT ?,?", ["a_1", "B"]),
        ("SELECT (:a)", "SELECT ($1)", "SELECT (?)", ["a"]),
        ("SELECT x::bigint, :a::text", "SELECT x::bigint, $1::text", None, ["a"]),
        ("SELECT ':a', :b", "SELECT ':a', $1", "SELECT ':a', ?", ["b"]),
        ("SELECT 'it''s :a', :b", "SELECT 'it''s :a', $1", "SELECT 'it''s :a', ?", ["b"]),
        ("SELECT E'\\':a', :b", "SELECT E'\\':a', $1", None, ["b"]),
        ('SELECT ":a"":b", :c', 'SELECT ":a"":b", $1', 'SELECT ":a"":b", ?', ["c"]),
        ("SELECT :a -- :b '\n, :c", "SELECT $1 -- :b '\n, $2", "SELECT ? -- :b '\n, ?", ["a", "c"]),
        ("SELECT /* :a ' */ :b", "SELECT /* :a ' */ $1", "SELECT /* :a ' */ ?", ["b"]),
        ("SELECT $$ :a $$, :b", "SELECT $$ :a $$, $1", None, ["b"]),
        ("SELECT $q$ :a $$ $q$, :b", "SELECT $q$ :a $$ $q$, $1", None, ["b"]),
        ("SELECT '?', :b ;\n", "SELECT '?', $1 ;\n", "SELECT '?', ? ;\n", ["b"]),
        ("SELECT '12:30' = :a", "SELECT '12:30' = $1", "SELECT '12:30' = ?", ["a"]),
    ],
)
def test_statement_finds_parameters_and_nothing_else(
    sql: str, postgresql: str, sqlite: str | None, names: list[str]
) -> None:
    """A `:name` becomes a placeholder; casts, literals, quoted names and comments stay."""
    assert prepare(sql, "postgresql").text == postgresql
    assert list(prepare(sql, "postgresql").names) == names
    if sqlite is not None:
        assert prepare(sql, "sqlite").text == sqlite
        assert list(prepare(sql, "sqlite").names) == names


def test_statement_repeats_a_name_as_each_driver_wants() -> None:
    """A name used twice is one argument on PostgreSQL and two on SQLite."""
    sql = "SELECT :a, :b, :a"

    on_postgresql = prepare(sql, "postgresql")
    on_sqlite = prepare(sql, "sqlite")

    assert on_postgresql.text == "SELECT $1, $2, $1"
    assert on_postgresql.arguments({"a": 1, "b": 2}) == [1, 2]
    assert on_sqlite.text == "SELECT ?, ?, ?"
    assert on_sqlite.arguments({"b": 2, "a": 1}) == [1, 2, 1]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ?",
        "SELECT $1",
        "SELECT 1; DELETE FROM accounts",
        "SELECT 'open",
        'SELECT "open',
        "SELECT /* open",
        "SELECT /* a /* nested */ */ 1",
        "SELECT $q$ open",
        "SELECT : a",
    ],
)
def test_statement_refuses_what_the_dialects_read_differently(sql: str) -> None:
    """Bare placeholders, several statements and unterminated or nested text are refused."""
    with pytest.raises(ValueError, match="unexpected"):
        prepare(sql, "postgresql")


@pytest.mark.parametrize(
    "sql",
    [
        "SET search_path = x",
        "RESET ALL",
        "LISTEN outbox",
        "BEGIN",
        "COMMIT",
        "ROLLBACK TO unit",
        "SAVEPOINT mine",
        "PRAGMA foreign_keys = OFF",
        "CREATE TEMP TABLE t (a TEXT)",
        "DECLARE c CURSOR FOR SELECT 1",
        "-- SELECT\nDISCARD ALL",
        "SELECT set_config('search_path', 'x', false)",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock_shared (1)",
    ],
)
def test_statement_refuses_session_state(sql: str) -> None:
    """Pooled connections are never reset, so nothing that outlives a transaction is sent."""
    with pytest.raises(ValueError, match="reads and writes rows"):
        prepare(sql, "postgresql")


@pytest.mark.parametrize(
    "sql",
    [
        "\n -- why\n/* so */ select 1",
        "SELECT pg_advisory_xact_lock(1)",
        "WITH x AS (SELECT 1) SELECT 1",
    ],
)
def test_statement_allows_what_ends_with_the_transaction(sql: str) -> None:
    """Reading, writing and transaction locks pass."""
    assert prepare(sql, "postgresql").text == sql


@pytest.mark.parametrize("params", [{}, {"a": 1, "b": 2}, {"b": 1}])
def test_statement_wants_exactly_its_parameters(params: dict[str, object]) -> None:
    """A missing or unknown name is a bug that both dialects report alike."""
    with pytest.raises(TypeError, match="parameters missing"):
        prepare("SELECT :a", "sqlite").arguments(params)


@pytest.mark.parametrize(
    ("at", "microseconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), -1),
        (datetime(2026, 3, 29, 12, 0, 0, 1, tzinfo=UTC), 1_774_785_600_000_001),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), 253_402_300_799_999_999),
    ],
)
def test_time_survives_to_the_microsecond(at: datetime, microseconds: int) -> None:
    """A time is stored exactly and comes back equal."""
    assert to_microseconds(at) == microseconds
    assert from_microseconds(microseconds) == at
    assert from_microseconds(microseconds).tzinfo is UTC


def test_time_of_another_zone_is_the_same_moment() -> None:
    """The zone of a time does not change what is stored."""
    here = datetime(2026, 3, 29, 14, 0, tzinfo=timezone(timedelta(hours=2)))

    assert to_microseconds(here) == to_microseconds(here.astimezone(UTC))


def test_time_without_zone_is_refused() -> None:
    """A naive time could mean any moment, so it is not stored."""
    with pytest.raises(ValueError, match="without a zone"):
        to_microseconds(datetime(2026, 3, 29))  # noqa: DTZ001 - the naive time is the point


def test_row_converts_by_column_name() -> None:
    """`*_at` becomes a time and `is_*` a truth; NULL stays None and other columns stay."""
    convert = row_converter(("id", "made_at", "used_at", "is_new", "is_old", "size"))

    row = convert(("a", 0, None, 1, None, 1))

    assert row == {
        "id": "a",
        "made_at": datetime(1970, 1, 1, tzinfo=UTC),
        "used_at": None,
        "is_new": True,
        "is_old": None,
        "size": 1,
    }
    assert row["is_new"] is True
