"""Tables written into PostgreSQL, SQLite and DuckDB, and read back by their own drivers."""

import datetime as dt
import importlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_sqlite.dbapi
import duckdb
import pandas as pd
import polars as pl
import psycopg
import pytest
import sqlalchemy

import stagefunnel as sf

TABLE = pd.DataFrame(
    {
        "stage": pd.Categorical(["New", 'Won "big"', None]),
        "items": [2**60, 0, -1],
        "share": [0.5, float("nan"), 1.0],
        "open": [True, False, True],
        "at": pd.to_datetime(["2026-03-01 10:00", None, "2026-03-02 00:00"]),
        "moment": pd.to_datetime(["2026-03-29 01:30", None, "2026-03-29 02:30"]).tz_localize("UTC"),
        "median": pd.to_timedelta(["1h", None, "2s"]),
        'odd "name" %s': ["a%", "b'c", ""],
    }
)
NAMES = ["stage", "items", "share", "open", "at", "moment", "median_seconds", 'odd "name" %s']
KINDS = ("postgresql", "psycopg", "psycopg of SQLAlchemy", "sqlite", "ADBC of sqlite", "duckdb")
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Ask]]:
    """Give what to write over, and a function that asks the database by another connection."""
    kind = request.param
    file = tmp_path / f"dash board.{kind[-6:]}"
    if kind == "duckdb":

        def ask_duck(query: str) -> list[tuple[Any, ...]]:
            with closing(duckdb.connect(str(file))) as other:
                return list(other.execute(query).fetchall())

        yield f"duckdb:///{file}", ask_duck
    elif "sqlite" in kind:

        def ask_sqlite(query: str) -> list[tuple[Any, ...]]:
            with closing(sqlite3.connect(file)) as other:
                return list(other.execute(query).fetchall())

        if kind == "sqlite":
            yield f"sqlite:///{file}", ask_sqlite
        else:
            with adbc_driver_sqlite.dbapi.connect(str(file)) as connection:
                yield connection, ask_sqlite
    else:
        uri = request.getfixturevalue("uri")

        def ask(query: str) -> list[tuple[Any, ...]]:
            with psycopg.connect(uri) as other:
                found = other.execute(query)
                return list(found.fetchall()) if found.description else []

        if kind == "postgresql":
            yield uri, ask
        elif kind == "psycopg":
            with closing(psycopg.connect(uri)) as connection:
                yield connection, ask
        else:
            engine = sqlalchemy.create_engine(uri.replace("postgresql:", "postgresql+psycopg:"))
            yield engine, ask
            engine.dispose()
        with psycopg.connect(uri) as other:
            other.execute('DROP TABLE IF EXISTS "my ""table""", one')


NAME = 'my "table"'
READ = 'SELECT * FROM "my ""table"""'


def test_values_and_types_arrive(target: tuple[Any, Ask]) -> None:
    connection, ask = target
    sf.write(TABLE, NAME, connection)
    first, second, third = ask(READ)
    assert first[:3] == ("New", 2**60, 0.5)
    assert first[3] in (True, 1)
    assert (first[6], first[7]) == (3600.0, "a%")
    assert second == ('Won "big"', 0, None, False, None, None, None, "b'c")
    assert third[0] is None
    assert third[2:4] == (1.0, True)
    moment = first[5]
    if isinstance(moment, str):  # SQLite has no times
        assert (first[4], moment) == ("2026-03-01 10:00:00", "2026-03-29 01:30:00+00:00")
    else:
        assert first[4] == dt.datetime(2026, 3, 1, 10)
        assert moment.astimezone(dt.UTC) == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


def test_numbers_beyond_64_bits_and_decimals_are_exact(target: tuple[Any, Ask]) -> None:
    connection, ask = target
    wide, cents = [2**63 + 5, 2**70 + 1], [Decimal("1.10"), None]
    sf.write(pd.DataFrame({"wide": pd.Series(wide, dtype=object), "cents": cents}), NAME, connection)
    found = ask(READ)
    assert [int(row[0]) for row in found] == wide
    assert [row[1] and round(float(row[1]), 6) for row in found] == [1.1, None]


def test_a_table_that_is_there_is_not_touched_unless_asked(target: tuple[Any, Ask]) -> None:
    connection, ask = target
    sf.write(TABLE, NAME, connection)
    message = 'there is such a table already; choose if_exists="append" or if_exists="replace"'
    with pytest.raises(sf.SchemaError, match=message):
        sf.write(TABLE, NAME, connection)
    assert len(ask(READ)) == 3
    sf.write(TABLE[["items", "stage"]], NAME, connection, if_exists="append")
    assert [(row[0], row[1], row[2]) for row in ask(READ)[3:]] == [
        ("New", 2**60, None),
        ('Won "big"', 0, None),
        (None, -1, None),
    ]
    with pytest.raises(sf.SchemaError, match=r"has no column 'item'; it has: .*did you mean 'items'\?"):
        sf.write(TABLE.rename(columns={"items": "item"}), NAME, connection, if_exists="append")
    assert len(ask(READ)) == 6


def test_replacing_keeps_a_table_of_the_same_columns_and_makes_others_anew(target: tuple[Any, Ask]) -> None:
    connection, ask = target
    sf.write(TABLE, NAME, connection, if_exists="replace")
    sf.write(TABLE.iloc[:1], NAME, connection, if_exists="replace")
    assert len(ask(READ)) == 1
    sf.write(pd.DataFrame({"n": [1, 2]}), NAME, connection, if_exists="replace")
    assert ask(READ) == [(1,), (2,)]
    sf.write(pd.DataFrame({"n": pd.Series([], dtype="int64")}), NAME, connection, if_exists="replace")
    assert ask(READ) == []


def test_a_failure_leaves_what_was_there(target: tuple[Any, Ask]) -> None:
    connection, ask = target
    ask("CREATE TABLE one (n INTEGER PRIMARY KEY)")
    sf.write(pd.DataFrame({"n": [1, 2]}), "one", connection, if_exists="append")
    for if_exists in ("replace", "append"):
        message = r'table "one": it was not written, and is what it was: \w+'
        with pytest.raises(sf.ReaderError, match=message) as failed:
            sf.write(pd.DataFrame({"n": [7, 8, 7]}), "one", connection, if_exists=if_exists)  # type: ignore[arg-type]
        assert failed.value.__cause__ is failed.value.__context__ is None
        assert ask("SELECT n FROM one ORDER BY n") == [(1,), (2,)]
    sf.write(pd.DataFrame({"n": [3]}), "one", connection, if_exists="append")
    assert ask("SELECT n FROM one ORDER BY n") == [(1,), (2,), (3,)]


def test_views_and_rights_outlive_a_replacement(uri: str) -> None:
    sf.write(pd.DataFrame({"n": [1]}), "base", uri)
    with psycopg.connect(uri) as other:
        other.execute("CREATE VIEW seen AS SELECT n + 1 AS m FROM base")
    sf.write(pd.DataFrame({"n": [5]}), "base", uri, if_exists="replace")
    with psycopg.connect(uri) as other:
        assert other.execute("SELECT m FROM seen").fetchall() == [(6,)]
    with pytest.raises(sf.ReaderError, match="depend"):
        sf.write(pd.DataFrame({"other": [5]}), "base", uri, if_exists="replace")
    with psycopg.connect(uri) as other:
        assert other.execute("SELECT m FROM seen").fetchall() == [(6,)]


def test_types_of_columns_are_those_of_the_values(uri: str) -> None:
    sf.write(TABLE.assign(day=[dt.date(2026, 1, 2)] * 3), "typed", uri, schema="public")
    with psycopg.connect(uri) as other:
        types = dict(
            other.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'typed'"
            ).fetchall()
        )
    kinds = ["text", "bigint", "double precision", "boolean", "timestamp without time zone"]
    assert types == dict(zip(NAMES[:5], kinds, strict=True)) | {
        "moment": "timestamp with time zone",
        "median_seconds": "double precision",
        'odd "name" %s': "text",
        "day": "date",
    }


def test_a_table_of_other_types_and_defaults_is_filled(uri: str) -> None:
    with psycopg.connect(uri) as other:
        other.execute(
            "CREATE TABLE own (stage varchar(20), reached integer, share numeric(6, 3), loaded int DEFAULT 4)"
        )
    rows = pd.DataFrame({"reached": [5], "stage": ["New"], "share": [0.5]})
    with closing(psycopg.connect(uri)) as connection:
        for way in (uri, connection):
            sf.write(rows, "own", way, if_exists="append")
        assert connection.execute("SELECT * FROM own").fetchall() == [("New", 5, Decimal("0.500"), 4)] * 2


def test_an_open_transaction_stays_open(uri: str) -> None:
    with closing(psycopg.connect(uri)) as connection:
        connection.execute("CREATE TABLE mine (n int)")
        sf.write(pd.DataFrame({"n": [1]}), "mine", connection, if_exists="append")
        with pytest.raises(sf.ReaderError):
            sf.write(pd.DataFrame({"n": ["x"]}), "mine", connection, if_exists="append")
        assert connection.execute("SELECT * FROM mine").fetchall() == [(1,)]
        connection.rollback()
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE mine (n int)")
        connection.execute("INSERT INTO mine VALUES (1)")
        sf.write(pd.DataFrame({"n": [2]}), "mine", connection, if_exists="append")
        connection.rollback()
        assert connection.execute("SELECT * FROM mine").fetchall() == []


@pytest.mark.parametrize(
    ("table", "name", "message"),
    [
        (TABLE, "", r"name='' is not a name that a database takes"),
        (TABLE, "a\x00b", r"is not a name that a database takes"),
        (TABLE, 5, r"name=5 is not a name"),
        (TABLE, "é" * 40, r"is longer than the 63 bytes of PostgreSQL's names"),
        (TABLE.rename(columns={"at": "x" * 64}), "t", r"longer than the 63 bytes"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "t", r"several columns named 'a'"),
        (pd.DataFrame(), "t", r"has no columns"),
        ({"a": [1]}, "t", r"is a dict, not a table"),
    ],
)
def test_what_is_no_table_or_name_is_refused(uri: str, table: Any, name: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        sf.write(table, name, uri)


def test_answers_of_any_frame_are_written(tmp_path: Path) -> None:
    shop = sf.datasets.worked_example()
    file = f"sqlite:///{tmp_path / 'dash.db'}"
    with sf.options(frames="polars"):
        answer = sf.funnel(shop.log, shop.pipeline)
    assert isinstance(answer, pl.DataFrame)
    sf.write(answer, "funnel", file)
    sf.write(sf.row_table(shop.log), "rows", file)
    read = sf.StageLog.from_sql("SELECT * FROM rows", file)
    assert (read.n_rows, read.n_items) == (shop.log.n_rows, shop.log.n_items)


def test_writing_needs_a_database_that_it_knows() -> None:
    class Other:
        def cursor(self) -> None: ...

    with pytest.raises(sf.SchemaError, match=r"tables are not written to; pass a connection of SQLAlchemy"):
        sf.write(TABLE, "t", Other())


def test_any_database_of_sqlalchemy_is_written_through_it(uri: str) -> None:
    engine = sqlalchemy.create_engine(uri.replace("postgresql:", "postgresql+psycopg:"))
    from stagefunnel.databases.alchemy_target import OfAlchemy
    from stagefunnel.databases.drivers import AlchemyDriver
    from stagefunnel.databases.table_columns import columns_of
    from stagefunnel.databases.writing import _fill

    columns = columns_of(pd.DataFrame({"n": [1, 2], 'a "b"': ["x", None]}))
    with engine.connect() as connection:
        for if_exists, expected in (("error", 2), ("append", 4), ("replace", 2)):
            target = OfAlchemy(AlchemyDriver(connection, may_wait_elsewhere=False), None, "core")
            with target.transaction():
                _fill(target, columns, if_exists)  # type: ignore[arg-type]
            assert len(target.rows("SELECT * FROM core")) == expected
            connection.commit()
    engine.dispose()


@pytest.mark.parametrize(
    ("dialect", "expected"), [("mysql", "DATETIME(6)"), ("mariadb", "DATETIME(6)"), ("mssql", "DATETIME2(6)")]
)
def test_times_keep_their_microseconds_in_every_database(dialect: str, expected: str) -> None:
    from stagefunnel.databases.alchemy_target import _moments, _timestamps

    dialects = importlib.import_module(f"sqlalchemy.dialects.{'mysql' if dialect == 'mariadb' else dialect}")
    known = dialects.dialect()
    known.name = dialect
    assert _timestamps().compile(dialect=known) == expected
    if dialect != "mssql":
        assert _moments().compile(dialect=known) == expected
