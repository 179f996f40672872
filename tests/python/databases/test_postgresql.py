"""Logs and exports out of PostgreSQL, by each kind of connection; numbers are worked out by hand."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pandas as pd
import psycopg
import pytest
import sqlalchemy

import stagefunnel as sf
from helpers import run_python

NAMES = {"item": "deal", "time": "at"}
ROWS = """
SELECT * FROM (VALUES
    (7::bigint, 'New', timestamptz '2026-03-29 01:30:00+01', 1.10::numeric(10, 2)),
    (7, 'Won', '2026-03-29 03:30:00+02', NULL),
    (8, 'New', '2026-03-28 12:00:00+00', 2.20)
) AS moves (deal, stage, at, amount);
"""
KINDS = ("URI", "ADBC", "psycopg", "engine")


@contextmanager
def connected(kind: str, uri: str) -> Iterator[Any]:
    """Open a connection of some kind; a URI is one too."""
    of_alchemy = uri.replace("postgresql:", "postgresql+psycopg:")
    if kind == "URI":
        yield uri
    elif kind == "ADBC":
        with adbc.connect(uri) as connection:
            yield connection
    elif kind.startswith("psycopg"):
        with closing(psycopg.connect(uri, autocommit="auto" in kind)) as connection:
            yield connection
    else:
        engine = sqlalchemy.create_engine(of_alchemy)
        try:
            if kind == "engine":
                yield engine
            else:
                with engine.connect() as connection:
                    yield connection
        finally:
            engine.dispose()


@pytest.fixture(params=KINDS)
def connection(request: pytest.FixtureRequest, uri: str) -> Iterator[Any]:
    with connected(request.param, uri) as opened:
        yield opened


def test_moments_are_in_utc_and_amounts_exact(connection: Any) -> None:
    log = sf.StageLog.from_sql(ROWS, connection, **NAMES, columns="amount", keys="keep")
    rows = sf.row_table(log)
    assert log.zone == "UTC"
    # The clocks of the middle of Europe go from 02:00 to 03:00 between the two rows of item 7.
    assert rows["time"].dt.strftime("%d %H:%M").tolist() == ["29 00:30", "29 01:30", "28 12:00"]
    assert rows["item"].tolist() == [7, 7, 8]
    pipeline = sf.Pipeline(["New"], won="Won")
    won = sf.outcomes(log, pipeline, amount="amount", amount_at="first_known")
    assert won.loc[0, ["amount_won", "amount_open"]].tolist() == [1.1, 2.2]


def test_a_session_in_another_zone_changes_nothing(uri: str) -> None:
    for kind in ("ADBC", "psycopg"):
        with connected(kind, uri) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SET TIME ZONE 'Asia/Kolkata'")
            log = sf.StageLog.from_sql(ROWS, connection, **NAMES)
            assert (log.zone, str(log.observed_until)) == ("UTC", "2026-03-29 01:30:00+00:00")
            berlin = sf.StageLog.from_sql(ROWS, connection, **NAMES, zone="Europe/Berlin")
            assert str(berlin.observed_until) == "2026-03-29 03:30:00+02:00"


def test_a_time_without_a_zone_has_the_one_that_is_given(connection: Any) -> None:
    query = "SELECT 1 AS item, 'New' AS stage, timestamp '2026-07-01 00:30' AS time"
    assert sf.StageLog.from_sql(query, connection).zone is None
    assert str(sf.StageLog.from_sql(query, connection, zone="Europe/Berlin").observed_until) == (
        "2026-07-01 00:30:00+02:00"
    )


def test_infinite_times_are_missing(connection: Any) -> None:
    query = """
        SELECT item, 'New' AS stage, time::{0}, left_at::{0} FROM (VALUES
            (1, '2026-01-01', 'infinity'), (1, '2026-02-01', '2026-03-01'), (2, '-infinity', NULL)
        ) AS moves (item, time, left_at)"""
    for kind in ("timestamptz", "timestamp", "date"):
        options = {"exited": "left_at", "invalid": "drop"}
        log = sf.StageLog.from_sql(query.format(kind), connection, **options)
        quality = log.quality().set_index("check")["count"]
        assert (len(log), quality["missing_time"]) == (2, 1)
        assert sf.row_table(log)["exited"].notna().tolist() == [False, True]
    with pytest.raises(sf.InvalidRowError, match=r"the query, row 2: missing time in row 2"):
        sf.StageLog.from_sql(query.format("timestamp"), connection)


@pytest.mark.parametrize(
    ("kind", "keys", "expected"),
    [
        ("bigint", (-9223372036854775808, 9223372036854775807), [-(2**63), 2**63 - 1]),
        ("numeric(20, 0)", (1, 9223372036854775807), [1, 2**63 - 1]),
        ("numeric(20, 0)", (1, 18446744073709551617), ["1", "18446744073709551617"]),
        ("numeric", ("1.00", "2e3"), [1, 2000]),
        ("numeric", ("1.50", "2.00"), ["1.5", "2"]),
        ("uuid", ("00000000-0000-0000-0000-0000000000ff", "ffffffff-0000-4000-8000-000000000000"), None),
        ("text", ("007", "7"), None),
        ("char(6)", ("D 1", "D 2"), None),
        ("varchar(9)", ("ä", "NA"), None),
    ],
)
def test_keys_are_what_the_database_has(
    uri: str, kind: str, keys: tuple[Any, Any], expected: list[Any] | None
) -> None:
    quoted = ", ".join(f"('{key}'::{kind})" for key in keys)
    query = f"SELECT key AS item, 'New' AS stage, date '2026-01-01' AS time FROM (VALUES {quoted}) AS k (key)"
    for way in ("URI", "psycopg"):
        with connected(way, uri) as connection:
            log = sf.StageLog.from_sql(query, connection, keys="keep")
            assert sf.row_table(log)["item"].tolist() == (expected or list(keys))


def test_a_wide_key_after_the_first_batch_makes_all_of_them_text(uri: str) -> None:
    query = """
        SELECT CASE n WHEN 60000 THEN 18446744073709551617 ELSE n END::numeric AS item,
            'New' AS stage, date '2026-01-01' AS time
        FROM generate_series(1, 60001) AS n"""
    with connected("psycopg", uri) as connection:
        log = sf.StageLog.from_sql(query, connection, keys="keep")
    assert sf.row_table(log)["item"].iloc[[0, 59999, 60000]].tolist() == [
        "1",
        "18446744073709551617",
        "60001",
    ]


@pytest.mark.parametrize(
    ("query", "kind", "message"),
    [
        (
            "SELECT 1 AS item, 'a' AS stage, interval '2 days' AS time",
            sf.SchemaError,
            r"column 'time' is an interval; expected",
        ),
        (
            "SELECT interval '2 days' AS item, 'a' AS stage, now() AS time",
            sf.SchemaError,
            r"column 'item' is an interval; expected",
        ),
        (
            "SELECT 1 AS \"ITEM\", 'a' AS stage, now() AS time",
            sf.MissingColumnError,
            r"no column 'item'; it has: 'ITEM', 'stage', 'time'; did you mean 'ITEM'\?",
        ),
        (
            "SELECT 1 AS item, 'a' AS stag, now() AS time WHERE false",
            sf.MissingColumnError,
            r"no column 'stage'; it has: 'item', 'stag', 'time'; did you mean 'stag'\?",
        ),
        (
            "SELECT 1 AS item, 'a' AS stage, now() AS time, 2 AS item",
            sf.ReaderError,
            r"it has 2 columns named 'item'; give all but one of them another name, with AS",
        ),
        (
            "SELECT 1 AS item, 'a' AS stage, now() AS time WHERE false",
            sf.SchemaError,
            r"the log has no rows",
        ),
        ("SELECT nope", sf.ReaderError, r'the database refuses it: .*column "nope" does not exist'),
        (
            "SELECT n AS item, 'a' AS stage, to_timestamp(1 / (n - 1)) AS time FROM generate_series(1, 9) n",
            sf.ReaderError,
            r"division by zero",
        ),
        ("", sf.SchemaError, r"an empty query; write a SELECT"),
        (" ; ", sf.SchemaError, r"an empty query; write a SELECT"),
        ("moves.sql", sf.SchemaError, r"is the name of a file; pass it as pathlib.Path"),
        (5, sf.SchemaError, r"holds a int, not the text of a query"),
    ],
)
def test_what_does_not_go_says_why(uri: str, query: Any, kind: type[Exception], message: str) -> None:
    for way in ("URI", "psycopg"):
        with connected(way, uri) as connection, pytest.raises(kind, match=message) as refused:
            sf.StageLog.from_sql(query, connection)
        assert refused.value.__cause__ is None


def test_a_query_without_rows_is_an_empty_log(connection: Any) -> None:
    query = "SELECT 1 AS item, 'a' AS stage, now() AS time WHERE false -- nothing;"
    assert len(sf.StageLog.from_sql(query, connection, empty="allow")) == 0


def test_columns_of_one_name_that_nobody_needs_do_no_harm(uri: str) -> None:
    query = "SELECT 1 AS item, 'a' AS stage, now() AS time, 2 AS id, 3 AS id, interval '1 day' AS i"
    assert len(sf.StageLog.from_sql(query, uri)) == 1
    with pytest.raises(sf.ReaderError, match=r"query: it has 2 columns named 'id'"):
        sf.read(sql=query, connection=uri)


@pytest.mark.parametrize(("kind", "first"), [("URI", None), ("psycopg", 50_000)])
def test_a_connection_that_breaks_says_after_how_many_rows(uri: str, kind: str, first: int | None) -> None:
    query = """
        SELECT n AS item, repeat('New', 20) AS stage, timestamp '2026-01-01' AS time
        FROM generate_series(1, 600000) AS n"""

    def breaks(n_rows: int, _: int | None) -> None:
        with psycopg.connect(uri, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    message = r"the query: it broke after [\d,]+ rows, and nothing is kept: \w+"
    with connected(kind, uri) as connection, pytest.raises(sf.ReaderError, match=message) as broken:
        sf.StageLog.from_sql(query, connection, progress=breaks)
    if first is not None:
        assert f"after {first:,} rows" in str(broken.value)
    assert "s3cret" not in repr(broken.value)


def test_five_million_rows_take_no_more_memory_than_their_log(uri: str) -> None:
    code = f"""
import resource
import pandas, pyarrow
import stagefunnel as sf
query = "SELECT n / 5 AS item, 'Stage ' || n % 5 AS stage, timestamp '2026-01-01' "
query += "+ n * interval '1 s' AS time FROM (SELECT generate_series(0, {{}}) AS n) AS x"
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
sf.StageLog.from_sql(query.format(9), {uri!r})
before = peak()
log = sf.StageLog.from_sql(query.format(4_999_999), {uri!r})
print(log.n_rows, log.n_items, peak() - before)
"""
    done = run_python("-c", code)
    n_rows, n_items, extra = map(int, done.stdout.split())
    assert (n_rows, n_items) == (5_000_000, 1_000_000)
    # The rows take 5 MB times 18, twice that while the log is built, and two batches of 16 MB and more.
    assert extra < 400


def test_an_open_connection_stays_as_it_was(uri: str) -> None:
    for kind in ("psycopg", "psycopg, autocommit", "SQLAlchemy"):
        with connected(kind, uri) as connection:
            sf.StageLog.from_sql(ROWS, connection, **NAMES)
            below = connection.connection.dbapi_connection if kind == "SQLAlchemy" else connection
            assert below.info.transaction_status.name == "IDLE"
            with pytest.raises(sf.ReaderError):
                sf.StageLog.from_sql("SELECT nope", connection)
            assert below.info.transaction_status.name == "IDLE"
            assert below.execute("SELECT 1").fetchone() == (1,)


def test_what_a_query_changes_is_not_kept(uri: str) -> None:
    with psycopg.connect(uri) as connection:
        connection.execute("CREATE TABLE kept (item int, stage text, time timestamp)")
        connection.execute("INSERT INTO kept VALUES (1, 'New', '2026-01-01')")
    assert len(sf.StageLog.from_sql("DELETE FROM kept RETURNING *", uri)) == 1
    assert len(sf.StageLog.from_sql("SELECT * FROM kept", uri)) == 1


def test_an_export_is_read_by_several_queries(connection: Any) -> None:
    deals = "SELECT 7::numeric AS deal_id, 'Ann' AS owner, 5.50::numeric AS amount, gen_random_uuid() AS key"
    moves = ROWS.replace("(deal, stage, at, amount)", "(deal_id, stage, changed_at, amount)")
    export = sf.read(sql={"moves": moves, "deals": deals}, connection=connection)
    assert (export.log.n_rows, export.log.zone) == (3, "UTC")
    assert export.items is not None
    assert export.items["manager"].dropna().tolist() == ["Ann"]
    assert list(export.pipelines["Pipeline"].labels) == ["New", "Won"]


def test_a_log_of_a_query_travels_and_finds_its_rows(uri: str) -> None:
    import pickle

    log = sf.StageLog.from_sql(ROWS, uri, **NAMES)
    again = pickle.loads(pickle.dumps(log))
    with pytest.raises(sf.UnknownStageError, match=r"the query, row 1: .*'Won'"):
        sf.funnel(again, sf.Pipeline(["New"], won="Done"), unlisted="error", missing="ignore")


def test_a_table_of_items_is_joined_by_keys_of_the_same_kind(uri: str) -> None:
    items = pd.DataFrame({"deal": [7, 8], "team": ["A", "B"]})
    query = ROWS.replace("7::bigint", "7::numeric(20, 0)")
    log = sf.StageLog.from_sql(query, uri, **NAMES, items=items)
    table = sf.funnel(log, sf.Pipeline(["New"], won="Won"), by="team")
    assert table.loc[table["stage"] == "Won", "reached"].tolist() == [1, 0]
