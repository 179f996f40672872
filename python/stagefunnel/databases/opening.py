"""Opening a database by a URI, and knowing a connection that the caller opened."""

from __future__ import annotations

import importlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from ..errors import ReaderError, SchemaError, StageFunnelError, given, named
from .drivers import (
    AdbcDriver,
    AlchemyDriver,
    Driver,
    DuckDriver,
    MysqlDriver,
    OtherDriver,
    Psycopg2Driver,
    PsycopgDriver,
    SqliteDriver,
)
from .secrets import Secrets, masked_uri

_EXTRA: Final = 'pip install "stagefunnel[sql]"'
_KINDS: Final = "a connection of ADBC, DuckDB, SQLAlchemy or another driver of Python"
_SCHEME: Final = re.compile(r"([A-Za-z][\w.-]*)(\+\w+)?:(?![\\/]?$)")
_OF_LIBPQ: Final = re.compile(r"\s*(host|hostaddr|port|dbname|user|service|password)\s*=")


@dataclass(repr=False)
class Database:
    """A connection with what knows how to run queries on it, and the words that no message may hold."""

    driver: Driver
    secrets: Secrets

    def failed(self, what: str, error: BaseException) -> ReaderError:
        """Make the error for what a driver refused; its own error may hold a password."""
        return ReaderError(f"{what}: {self.secrets.told_by(error)}")


@contextmanager
def open_database(connection: Any, *, writes: bool = False) -> Iterator[Database]:
    """Open a URI, and close it in the end; or know a connection that is open, and leave it so.

    Parameters
    ----------
    connection
        A URI, or a connection.
    writes
        Whether tables are to be written; a file is opened for reading alone otherwise.

    Raises
    ------
    SchemaError
        For what is neither a URI nor a connection.
    ReaderError
        If the database cannot be opened, or what reads it is not installed.
    """
    if isinstance(connection, os.PathLike):
        connection = os.fspath(connection)
    if not isinstance(connection, str):
        with _entered(connection) as driver:
            yield Database(driver, Secrets.of_words(driver.secrets()))
        return
    secrets = Secrets(connection)
    failure = None
    try:
        driver, close = _opened(connection, writes)
    except StageFunnelError:
        raise
    except Exception as error:  # each driver has errors of its own; a secret may stand in any
        failure = ReaderError(
            given("connection", masked_uri(connection)), f": cannot connect: {secrets.told_by(error)}"
        )
    if failure is not None:  # outside of the handler, so that the driver's error is not chained
        raise failure
    try:
        yield Database(driver, secrets)
    finally:
        with suppress(Exception):
            close()


@contextmanager
def _entered(connection: Any) -> Iterator[Driver]:
    """Know an open connection, or open one of an engine, whose error then shows no password either."""
    with ExitStack() as stack:
        failure = None
        try:
            driver = stack.enter_context(_known(connection))
        except StageFunnelError:
            raise
        except Exception as error:  # likewise
            secrets = Secrets.of_words([getattr(getattr(connection, "url", None), "password", None)])
            failure = ReaderError(named("connection"), f": cannot connect: {secrets.told_by(error)}")
        if failure is not None:
            raise failure
        yield driver


@contextmanager
def _known(connection: Any) -> Iterator[Driver]:
    kinds = [(kind.__module__ or "").partition(".")[0] for kind in type(connection).__mro__]
    name = f"{type(connection).__module__}.{type(connection).__name__}"
    if "Async" in type(connection).__name__:
        raise SchemaError(
            named("connection"), f" is a {name}, which is asynchronous; pass a plain connection"
        )
    if "sqlalchemy" in kinds and hasattr(connection, "connect") and hasattr(connection, "dialect"):
        with connection.connect() as opened, _known(opened) as driver:
            yield driver
        return
    if "sqlalchemy" in kinds and hasattr(connection, "connection") and hasattr(connection, "bind"):
        connection = connection.connection()  # of a session
    if "sqlalchemy" in kinds and hasattr(connection, "exec_driver_sql"):
        yield _of_alchemy(connection)
    elif "adbc_driver_manager" in kinds and hasattr(connection, "cursor"):
        yield AdbcDriver(connection, may_wait_elsewhere=True)
    elif {"duckdb", "_duckdb"} & {*kinds} and hasattr(connection, "sql"):
        yield DuckDriver(connection, may_wait_elsewhere=False)
    elif isinstance(connection, sqlite3.Connection):
        yield SqliteDriver(connection, may_wait_elsewhere=False)
    elif "psycopg" in kinds and hasattr(connection, "info"):
        yield PsycopgDriver(connection, may_wait_elsewhere=False)
    elif "psycopg2" in kinds and hasattr(connection, "info"):
        yield Psycopg2Driver(connection, may_wait_elsewhere=False)
    elif (library := next((kind for kind in kinds if kind in ("pymysql", "MySQLdb")), None)) is not None:
        yield MysqlDriver(connection, library)
    elif callable(getattr(connection, "cursor", None)):
        yield OtherDriver(connection, may_wait_elsewhere=False)
    else:
        advice = "; pass the connection that it is of" if hasattr(connection, "fetchmany") else ""
        raise SchemaError(named("connection"), f" is a {name}, not a URI or {_KINDS}{advice}")


def _of_alchemy(connection: Any) -> Driver:
    """Take the connection below where its driver has streams of its own, and infinite times are read."""
    below = connection.connection.dbapi_connection
    if type(below).__module__.partition(".")[0] == "psycopg" and connection.dialect.driver == "psycopg":
        return PsycopgDriver(below, may_wait_elsewhere=False)
    if isinstance(below, sqlite3.Connection):
        return SqliteDriver(below, may_wait_elsewhere=False)
    return AlchemyDriver(connection, may_wait_elsewhere=False)


def _opened(uri: str, writes: bool) -> tuple[Driver, Callable[[], None]]:
    if _OF_LIBPQ.match(uri):
        return _postgresql(uri)
    found = _SCHEME.match(uri)
    scheme, plus = (found[1].lower(), found[2]) if found else ("", None)
    if plus:
        return _alchemy(uri)
    if scheme in ("postgresql", "postgres"):
        return _postgresql(uri)
    if scheme == "duckdb" and not writes and _path_in(uri, scheme) in ("", ":memory:"):
        return _duckdb(":memory:", writes)  # for queries of files, which DuckDB reads by itself
    if scheme in ("sqlite", "duckdb"):
        opens = _sqlite if scheme == "sqlite" else _duckdb
        return opens(_path_of(uri, scheme), writes)
    if scheme == "file":
        return _sqlite(unquote(re.sub(r"^file:(//(localhost)?(?=/))?", "", uri).partition("?")[0]), writes)
    if os.path.isfile(uri):
        return _file(uri, writes)
    if found and "://" in uri:
        return _alchemy(uri)
    raise SchemaError(
        given("connection", masked_uri(uri)),
        " is neither a URI such as postgresql://user@host/database, sqlite:///file.db or "
        "duckdb:///file.duckdb, nor the file of a database",
    )


def _path_in(uri: str, scheme: str) -> str:
    rest = uri[len(scheme) + 1 :].partition("?")[0]
    return rest[3:] if rest.startswith("///") else rest.removeprefix("//")


def _path_of(uri: str, scheme: str) -> str:
    """Read the path of a file: three slashes stand before a relative one, four before one from the root."""
    rest = _path_in(uri, scheme)
    if not rest or rest == ":memory:":
        raise SchemaError(
            given("connection", masked_uri(uri)),
            " is a database in memory, which is empty; pass its open connection",
        )
    return unquote(rest)


def _file(path: str, writes: bool) -> tuple[Driver, Callable[[], None]]:
    with open(path, "rb") as file:
        head = file.read(20)
    if head.startswith(b"SQLite format 3\x00"):
        return _sqlite(path, writes)
    if head[8:12] == b"DUCK" and head[16:20] == bytes(4):  # the upper half of its version
        return _duckdb(path, writes)
    raise ReaderError(given("connection", path), " is a file, and not a database of SQLite or DuckDB")


def _sqlite(path: str, writes: bool) -> tuple[Driver, Callable[[], None]]:
    _check_there(path, writes)
    mode = "rwc" if writes else "ro"
    connection = sqlite3.connect(f"file:{quote(path)}?mode={mode}", uri=True, check_same_thread=False)
    return SqliteDriver(connection, may_wait_elsewhere=True), connection.close


def _duckdb(path: str, writes: bool) -> tuple[Driver, Callable[[], None]]:
    in_memory = path == ":memory:"
    if not in_memory:
        _check_there(path, writes)
    duckdb = _module("duckdb", "reading DuckDB", "pip install duckdb")
    connection = duckdb.connect(path, read_only=not writes and not in_memory)
    return DuckDriver(connection, may_wait_elsewhere=True), connection.close


def _check_there(path: str, writes: bool) -> None:
    if not writes and not os.path.isfile(path):
        raise ReaderError(given("connection", path), ": there is no such file")


def _postgresql(uri: str) -> tuple[Driver, Callable[[], None]]:
    if _has("adbc_driver_postgresql") and _has("pyarrow"):
        connection = importlib.import_module("adbc_driver_postgresql.dbapi").connect(uri)
        return AdbcDriver(connection, may_wait_elsewhere=True), connection.close
    if _has("psycopg"):
        connection = importlib.import_module("psycopg").connect(uri)
        return PsycopgDriver(connection, may_wait_elsewhere=True), connection.close
    if not _has("psycopg2"):
        raise ReaderError(f"reading PostgreSQL needs adbc-driver-postgresql: {_EXTRA}")
    connection = importlib.import_module("psycopg2").connect(uri)
    return Psycopg2Driver(connection, may_wait_elsewhere=True), connection.close


def _alchemy(uri: str) -> tuple[Driver, Callable[[], None]]:
    alchemy = _module("sqlalchemy", "this URI", "pip install sqlalchemy and the driver of the database")
    missing = None
    try:
        engine = alchemy.create_engine(uri)
    except ModuleNotFoundError as error:
        missing = error.name
    if missing is not None:
        raise ReaderError(
            given("connection", masked_uri(uri)),
            f": its driver {missing} is not installed; install it, or name another one that is, as "
            "mysql+pymysql:// does",
        )
    connection = engine.connect()

    def close() -> None:
        connection.close()
        engine.dispose()

    return _of_alchemy(connection), close


def _module(name: str, what: str, install: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        pass
    raise ReaderError(f"{what} needs {name}: {install}")


def _has(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
