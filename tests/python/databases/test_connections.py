"""What a connection may be, and that no text shows a password of one."""

# What a connection is decides what its errors may show: both are held on the same kinds of connection.

import datetime as dt
import gc
import pickle
import sqlite3
import sys
import time
import traceback
import types
import uuid
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_sqlite.dbapi
import duckdb
import pandas as pd
import pytest
import sqlalchemy

import stagefunnel as sf
from stagefunnel.cli import main
from stagefunnel.databases.secrets import Secrets, masked

SQL = "SELECT deal, stage, moved, owner, amount FROM moves ORDER BY moved"
NAMES: dict[str, Any] = {"item": "deal", "time": "moved"}
ROWS = [
    (1, "New", "2026-01-01", "Ann", 1.5),
    (1, "Won", "2026-01-09", "Ann", 1.5),
    (2, "New", "2026-01-04", "Bob", None),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my shop.db"
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.execute("CREATE TABLE moves (deal INTEGER, stage TEXT, moved TEXT, owner TEXT, amount REAL)")
        shop.executemany("INSERT INTO moves VALUES (?, ?, ?, ?, ?)", ROWS)
    return path


def check(log: sf.StageLog) -> None:
    assert sf.row_table(log)["item"].tolist() == [1, 1, 2]
    assert str(log.observed_until)[:10] == "2026-01-09"
    table = sf.outcomes(log, sf.Pipeline(["New"], won="Won"), by="owner")
    assert table.set_index("owner")["won"].to_dict() == {"Ann": 1, "Bob": 0}


def test_a_file_of_sqlite_is_named_in_several_ways(file: Path) -> None:
    for connection in (
        *(str(file), file, f"sqlite:///{file}", f"sqlite:{file}", f"file:{file}".replace(" ", "%20")),
        f"sqlite+pysqlite:///{file}",
    ):
        check(sf.StageLog.from_sql(SQL, connection, **NAMES, columns="owner"))


def test_open_connections_of_sqlite_are_used_as_they_are(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        check(sf.StageLog.from_sql(SQL, connection, **NAMES, columns="owner"))
        assert isinstance(connection.execute("SELECT 1").fetchone(), sqlite3.Row)
    with adbc_driver_sqlite.dbapi.connect(str(file)) as adbc:
        check(sf.StageLog.from_sql(SQL, adbc, **NAMES, columns="owner"))
    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    check(sf.StageLog.from_sql(SQL, engine, **NAMES, columns="owner"))
    engine.dispose()


def test_duckdb_reads_files_too(tmp_path: Path) -> None:
    table = tmp_path / "moves.csv"
    table.write_text("deal,stage,moved,owner\n" + "".join(f"{a},{b},{c},{d}\n" for a, b, c, d, _ in ROWS))
    query = f"SELECT * FROM '{table}' ORDER BY moved"
    check(sf.StageLog.from_sql(query, "duckdb://", **NAMES, columns="owner"))
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE moves AS SELECT *, 1::HUGEINT AS amount FROM '{table}'")
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        check(sf.StageLog.from_sql(SQL, connection, **NAMES, columns="owner"))
        zoned = "SELECT 1::HUGEINT AS item, 'New' AS stage, timestamptz '2026-01-01 00:00+00' AS time"
        log = sf.StageLog.from_sql(zoned, connection)
        assert (log.zone, str(log.observed_until)) == ("UTC", "2026-01-01 00:00:00+00:00")
    for name in (f"duckdb:///{path}", path):
        check(sf.StageLog.from_sql(SQL, name, **NAMES, columns="owner"))


class Cursor:
    """A cursor of a driver that nobody knows, which counts the rows that are alive."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], names: Sequence[str]) -> None:
        self._rows, self.description = rows, [(name, *[None] * 6) for name in names]
        self.batches: list[weakref.ref[Any]] = []
        self.most_alive = 0

    def execute(self, query: str) -> None: ...

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        gc.collect()
        assert size <= 100_000
        self.most_alive = max(self.most_alive, sum(one() is not None for one in self.batches))

        class Rows(list):
            """A list that can be watched."""

        rows = Rows(row for _, row in zip(range(size), self._rows, strict=False))
        self.batches.append(weakref.ref(rows))
        return rows

    def close(self) -> None: ...


class Connection:
    """A connection of that driver."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], names: Sequence[str]) -> None:
        self._cursor = Cursor(rows, names)

    def cursor(self) -> Cursor:
        return self._cursor


def test_any_driver_is_read_batch_by_batch() -> None:
    rows = ((n // 2, ("New", "Won")[n % 2], n) for n in range(300_000))
    connection = Connection(rows, ["item", "stage", "time"])
    seen: list[tuple[int, int | None]] = []
    log = sf.StageLog.from_sql("SELECT", connection, progress=lambda n, of: seen.append((n, of)))
    assert (log.n_rows, log.n_items) == (300_000, 150_000)
    assert seen[0] == (50_000, None)
    assert connection.cursor().most_alive <= 2


def test_rows_that_a_cursor_gives_as_dicts_are_their_values() -> None:
    rows: Any = ({"item": n // 2, "stage": ("New", "Won")[n % 2], "time": n} for n in range(6))
    log = sf.StageLog.from_sql("SELECT", Connection(rows, ["item", "stage", "time"]))
    assert (log.n_rows, log.n_items, [*log.stages["stage"]]) == (6, 3, ["New", "Won"])


@pytest.mark.parametrize("library", ["pymysql", "MySQLdb"])
def test_the_server_of_mysql_keeps_the_rows(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    asked: list[object] = []
    of_server = object()

    class OfMysql(Connection):
        password = b"s3cret-Word"

        def cursor(self, kind: object = None) -> Cursor:
            asked.append(kind)
            return super().cursor()

    OfMysql.__module__ = f"{library}.connections"
    monkeypatch.setitem(sys.modules, library, types.ModuleType(library))
    monkeypatch.setitem(sys.modules, f"{library}.cursors", types.SimpleNamespace(SSCursor=of_server))
    rows = ((n // 2, ("New", "Won")[n % 2], n) for n in range(6))
    connection = OfMysql(rows, ["item", "stage", "time"])
    assert sf.StageLog.from_sql("SELECT", connection).n_items == 3
    assert asked == [of_server]

    def refuse(query: str) -> None:
        raise OSError("no access with s3cret-Word")

    monkeypatch.setattr(connection._cursor, "execute", refuse)
    with pytest.raises(sf.ReaderError, match=r"no access with \*\*\*"):
        sf.StageLog.from_sql("SELECT", connection)


def test_python_values_are_those_of_arrow() -> None:
    berlin = dt.timezone(dt.timedelta(hours=2))
    keys = [uuid.UUID(int=1), uuid.UUID(int=2), None]
    times = [dt.datetime(2026, 1, 1, 1, tzinfo=berlin), dt.datetime(2026, 1, 2, tzinfo=dt.UTC), None]
    rows = zip(keys, ["New", "Won", "New"], times, [Decimal("1.10"), None, Decimal("NaN")], strict=True)
    connection = Connection(iter(list(rows)), ["item", "stage", "time", "amount"])
    log = sf.StageLog.from_sql("SELECT", connection, columns="amount", invalid="drop", keys="keep")
    table = sf.row_table(log)
    assert table["item"].tolist() == [str(keys[0]), str(keys[1])]
    assert (log.zone, str(table["time"].iloc[0])) == ("UTC", "2025-12-31 23:00:00+00:00")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, "a", dt.timedelta(1))], r"column 'time' is an interval; expected"),
        ([(1, "a", dt.datetime(2026, 1, 1)), (1, "b", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))], r"time"),
        ([(1, "a", 1), ("1", "b", 2)], r"column 'item' mixes types: int in row 0, str \('1'\) in row 1"),
        ([(1, "a", Decimal("1.5"))], r"column 'time' has numerics that are not whole numbers of 64 bits"),
    ],
)
def test_values_that_do_not_go_together_are_refused(rows: list[tuple[Any, ...]], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        sf.StageLog.from_sql("SELECT", Connection(iter(rows), ["item", "stage", "time"]))


@pytest.mark.parametrize(
    ("connection", "kind", "message"),
    [
        (5, sf.SchemaError, r"connection= is a builtins.int, not a URI or a connection of ADBC, DuckDB"),
        ("nothing", sf.SchemaError, r"is neither a URI such as .* nor the file of a database"),
        ("sqlite:///none.db", sf.ReaderError, r"there is no such file"),
        ("duckdb:///none.db", sf.ReaderError, r"there is no such file"),
        ("sqlite://", sf.SchemaError, r"is a database in memory, which is empty"),
        ("nosuch://u:secret@h/d", sf.ReaderError, r"cannot connect: NoSuchModuleError"),
        (__file__, sf.ReaderError, r"is a file, and not a database of SQLite or DuckDB"),
    ],
)
def test_what_is_no_connection_says_so(connection: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as refused:
        sf.StageLog.from_sql("SELECT 1", connection)
    assert "secret" not in repr(refused.value)


def test_a_cursor_and_what_is_asynchronous_are_refused(file: Path) -> None:
    message = r"is a sqlite3.Cursor, .*; pass the connection that it is of"
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sf.SchemaError, match=message):
        sf.StageLog.from_sql("SELECT 1", connection.cursor())

    class AsyncConnection(Connection): ...

    with pytest.raises(sf.SchemaError, match=r"which is asynchronous; pass a plain connection"):
        sf.StageLog.from_sql("SELECT 1", AsyncConnection(iter([]), []))


def test_a_query_may_stand_in_a_file(file: Path, tmp_path: Path) -> None:
    query = tmp_path / "moves.sql"
    query.write_text(f"\ufeff-- of the shop\n{SQL};\n", encoding="utf-8")
    check(sf.StageLog.from_sql(query, file, **NAMES, columns="owner"))
    assert sf.read(sql={"moves": query}, connection=file, item="deal", time="moved").log.n_rows == 3


def test_a_mistake_of_a_reader_names_the_query(file: Path) -> None:
    for options, message in (
        ({"sql": SQL}, r"sql= needs connection=; give both"),
        ({"connection": file}, r"connection= needs sql=; give both"),
        ({}, r"paths_or_records= is missing; give files, records, or a query with sql="),
        ({"sql": {}, "connection": file}, r"sql= is a dict, not a query or a mapping of names to queries"),
        ({"sql": {"a": 5}, "connection": file}, r"sql= holds a int, not the text of a query"),
        ({"sql": {"moves": "SELECT nope"}, "connection": file}, r"moves: the database refuses it: .*nope"),
    ):
        with pytest.raises(sf.StageFunnelError, match=message):
            sf.read(**options)
    with pytest.raises(sf.ReaderError, match=r"moves, row 1: "):
        sf.read(
            sql={"moves": "SELECT deal AS deal_id, stage, 'x' || moved AS changed_at FROM moves LIMIT 2"},
            connection=file,
        )


def test_without_a_library_the_error_says_what_to_install(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("adbc_driver_postgresql", "psycopg", "psycopg2", "sqlalchemy", "duckdb", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    for uri, message in (
        (
            "postgresql:///crm",
            r'reading PostgreSQL needs adbc-driver-postgresql: pip install "stagefunnel\[sql\]"',
        ),
        ("duckdb://", r"reading DuckDB needs duckdb: pip install duckdb"),
        ("mysql+pymysql://h/d", r"this URI needs sqlalchemy: pip install sqlalchemy and the driver of the"),
    ):
        with pytest.raises(sf.ReaderError, match=message):
            sf.StageLog.from_sql("SELECT 1", uri)
    check(sf.StageLog.from_sql(SQL, file, **NAMES, columns="owner"))  # Python reads SQLite itself


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "MySQLdb", None)
    with pytest.raises(sf.ReaderError, match=r"mysql://ann:\*\*\*@h/d'.*its driver MySQLdb is not installed"):
        sf.StageLog.from_sql("SELECT 1", "mysql://ann:s3cret-Word@h/d")


PASSWORDS = ("s3cret-Word", "p@ss/w:ord", "ünï cödé", "a'b\"c d", "50%off&more=1", "kurz")


def uris_with(password: str) -> list[str]:
    from urllib.parse import quote, quote_plus

    here = "host=/nonexistent-folder"
    written = {quote(password, safe=""), quote_plus(password)}
    uris = [f"postgresql://ann:{one}@/crm?{here}" for one in written]
    uris += [f"postgresql+psycopg://ann:{one}@/crm?{here}" for one in written]
    uris += [f"postgresql://ann@/crm?{here}&password={quote(password, safe='')}&nosuch=1"]
    escaped = password.replace("\\", "\\\\").replace("'", "\\'")
    uris += [f"host=/nonexistent-folder user=ann password='{escaped}'", f"password='{escaped}' nosuch=1"]
    odbc = f"Driver={{x}};UID=ann;PWD={password};"
    uris += [
        f"mssql+pyodbc:///?odbc_connect={write(odbc)}" for write in (quote, quote_plus) if ";" not in password
    ]
    # As somebody types it who does not know that some letters have to be written as %40.
    uris += [f"postgresql://ann:{password}@localhost:1/crm", f"nosuch+driver://ann:{password}@h/d"]
    return uris


@pytest.mark.parametrize("password", PASSWORDS)
def test_no_message_shows_a_password(
    password: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from urllib.parse import quote, quote_plus

    monkeypatch.chdir(tmp_path)
    forms = {password, quote(password), quote(password, safe=""), quote_plus(password)}
    pieces = {piece for piece in password.replace("@", "/").split("/") if len(piece) > 4}
    uris = uris_with(password)
    for uri in uris:
        texts, chained = [], []
        for ask in (
            lambda uri=uri: sf.StageLog.from_sql("SELECT 1", uri),
            lambda uri=uri: sf.read(sql="SELECT 1", connection=uri),
            lambda uri=uri: sf.write(pd.DataFrame({"n": [1]}), "t", uri),
            lambda uri=uri: sf.read(uri) if "://" in uri else None,
        ):
            try:
                ask()
            except sf.StageFunnelError as error:
                again = pickle.loads(pickle.dumps(error))
                texts += [str(error), repr(error), repr(again), "".join(traceback.format_exception(error))]
                chained.append((error.__cause__, error.__context__))
        # The command has the same messages: a form that is right and one that is wrong are enough.
        for words in (
            ()
            if uri not in (uris[0], uris[-2])
            else (
                ["funnel", "--connect", uri, "--sql", "SELECT 1", "--item", "x"],
                ["funnel", uri],
                ["funnel", "--conect", uri],
                ["read", "--connect", uri, "--sql", "SELECT 1", "--to", "x.csv"],
                ["quality", "--connect", uri],
            )
        ):
            with suppress(SystemExit):
                main(words)
        texts += list(capsys.readouterr())
        assert {*chained} <= {(None, None)}
        for text in texts:
            assert not [form for form in forms | pieces if form in text], (uri, text)


def test_what_hides_a_password_leaves_the_rest() -> None:
    assert masked("postgresql://ann:pw@db:5432/crm") == "postgresql://ann:***@db:5432/crm"
    assert masked("postgresql://ann@db/crm") == "postgresql://ann@db/crm"
    assert masked("Driver={x};UID=ann;PWD={a;b};") == "Driver={x};UID=ann;PWD=***;"
    assert masked("a mail to ann@example.org at 10:00") == "a mail to ann@example.org at 10:00"
    assert masked("passed = 5, bypass=1; pass = x; sslpassword=y") == (
        "passed = 5, bypass=1; pass = ***; sslpassword=***"
    )
    secrets = Secrets("postgresql://ann:abc@h/d")
    assert "abc" not in repr(secrets)
    assert secrets.without("no user abc") == "(its text holds a password, and is left out)"
    assert secrets.without("no user ann") == "no user ann"


@pytest.mark.parametrize(
    "part",
    [
        "x",
        "a.a-",
        "a://b:",
        "a://",
        "secret",
        "secret ",
        "pass ",
        "pwd={ ",
        "pwd='",
        "@",
        "a://b:@",
        " ",
        "é",
    ],
)
def test_the_time_to_mask_a_text_grows_with_its_length_alone(part: str) -> None:
    text = part * (400_000 // len(part))
    start = time.process_time()
    masked(text)
    # A search that starts again at each letter takes minutes here.
    assert time.process_time() - start < 5


def test_a_password_in_a_long_text_is_hidden() -> None:
    long = "x" * 5_000
    assert masked(f"{long}postgresql://ann:pw@db") == f"{long}postgresql://ann:***@db"
    assert masked(f"{long}_password={long}") == f"{long}_password=***"
    assert masked(f"postgresql://ann:{long}@db") == "postgresql://ann:***@db"


def test_a_password_of_an_open_connection_is_hidden_too() -> None:
    engine = sqlalchemy.create_engine("postgresql+psycopg://ann:s3cretWord@/crm?host=/nonexistent-folder")
    with pytest.raises(sf.ReaderError) as refused:
        sf.StageLog.from_sql("SELECT 1", engine)
    assert "s3cretWord" not in "".join(traceback.format_exception(refused.value))


def run(*words: str) -> int:
    try:
        return main(list(words))
    except SystemExit as ended:
        return int(str(ended.code))


def test_the_command_reads_a_database(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = ("--connect", f"sqlite:///{file}", "--sql", SQL)
    assert run("init", *source) == 0
    assert "New | won: Won" in capsys.readouterr().out.replace("; won", " | won")
    Path("moves.sql").write_text(SQL)
    shared = ("--pipeline", "pipeline.toml", "--format", "csv")
    assert run("outcomes", *source[:3], "moves.sql", "--by", "owner", "--amount", "amount", *shared) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(",")[:3] for line in printed[1:]] == [["Ann", "1", "1"], ["Bob", "1", "0"]]
    assert run("funnel", *source, "--format", "csv") == 2  # one move alone leaves all in doubt
    assert "`stagefunnel init --connect " in capsys.readouterr().err
    assert run("funnel", "--read", *source[:3], f"moves={SQL}", "--item", "deal", "--time", "moved") == 0
    assert (
        run("sequence-funnel", *source, "--steps", "New,Won[owner=Ann]", "--item", "deal", "--time", "moved")
        == 0
    )
    assert "Won (owner is Ann)" in capsys.readouterr().out


def test_the_command_writes_into_a_database(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    source = ("--connect", f"sqlite:///{file}", "--sql", SQL, "--item", "deal", "--time", "moved")
    target = ("--pipeline", "p.toml", "--out", "sqlite:///dash.db", "--into")

    def ask(query: str) -> list[Any]:
        with closing(sqlite3.connect("dash.db")) as other:
            return list(other.execute(query))

    assert run("funnel", *source, *target, "funnel") == 0
    assert ask("SELECT stage, reached FROM funnel") == [("New", 2), ("Won", 1)]
    assert run("funnel", *source, *target, "funnel") == 1
    assert (
        "--into funnel: there is such a table already; choose --if-exists append or"
        in capsys.readouterr().err
    )
    assert run("funnel", *source, *target, "funnel", "--if-exists", "replace") == 0
    assert run("summary", *source, *target, "s") == 0
    assert ask("SELECT count(*) FROM s_outcomes") == [(1,)]
    assert run("read", *source, "--to", "sqlite:///dash.db", "--into", "crm") == 0
    assert ask("SELECT count(*) FROM crm") == [(3,)]
    assert ask("SELECT count(*) FROM crm_quality")[0][0] > 3
    capsys.readouterr()
    for words, message in (
        ((*source, "--pipeline", "p.toml", "--into", "x"), "--into is about a table of a database"),
        ((*source, *target[:-1]), "--out names a database, and there is no --into"),
        ((*source, *target, "a", "--format", "csv"), "--format is for a file or the screen"),
        (
            (*source, "--order", "moved", "--pipeline", "p.toml"),
            "--order is for files; let the query give its rows in order",
        ),
        (
            (*source, "--sql", "x=SELECT 1", "--pipeline", "p.toml"),
            "several queries are the parts of an export",
        ),
        ((*source, "--sql", "SELECT 1"), "--sql has two queries named query"),
        ((*source, "--by", "ownr", "--pipeline", "p.toml"), "no column 'ownr'; it has: 'deal', "),
        (("--connect", "sqlite:///a.db"), "--connect names a database, and there is no --sql"),
        (("--sql", SQL), "--sql is for a database, and there is no --connect"),
        (("a.csv", *source), "--sql stands in the place of files"),
        (("--connect", f"sqlite:///{file}", "--sql", "none.sql"), "--sql none.sql: No such file"),
    ):
        assert run("funnel", *words) in (1, 2)
        assert message in capsys.readouterr().err
