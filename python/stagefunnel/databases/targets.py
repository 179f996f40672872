"""What writes into the databases that differ in little: PostgreSQL, SQLite and DuckDB."""

from __future__ import annotations

import datetime
import decimal
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any, Final

from ..errors import SchemaError, given
from .drivers import AdbcDriver, Driver, DuckDriver, Psycopg2Driver, PsycopgDriver, SqliteDriver
from .table_columns import TYPES, TableColumn

_NUMBERS: Final = itertools.count(1)
_LONGEST: Final = 63  # bytes of a name that PostgreSQL keeps; it cuts longer ones without a word


class Target(ABC):
    """A table of a database, by its name."""

    rolls_back_ddl = True

    def __init__(self, driver: Driver, schema: str | None, name: str) -> None:
        self.driver, self.schema, self.name = driver, schema, name
        self.connection: Any = driver.connection
        self.dialect = driver.dialect
        self.check_name("name", name)
        if schema is not None:
            self.check_name("schema", schema)

    @property
    def quoted(self) -> str:
        """The name of the table as a statement has it."""
        return ".".join(quoted_name(part) for part in (self.schema, self.name) if part is not None)

    def check_name(self, option: str, name: str) -> None:
        """Refuse a name that the database would not keep as it is."""
        if not name or "\x00" in name:
            raise SchemaError(given(option, name), " is not a name that a database takes")
        if self.dialect == "postgresql" and len(name.encode()) > _LONGEST:
            raise SchemaError(
                given(option, name), f" is longer than the {_LONGEST} bytes of PostgreSQL's names"
            )

    @abstractmethod
    def transaction(self) -> Any:
        """Begin a transaction, or a part of the one that the connection is in; a failure takes all back."""

    @abstractmethod
    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, of which there are few."""

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Execute a statement."""

    @abstractmethod
    def insert(self, columns: Sequence[TableColumn]) -> None:
        """Add rows."""

    def columns(self) -> list[str] | None:
        """Return the names of the table's columns; ``None`` where it is not there."""
        text, schema = quoted_text(self.name), None if self.schema is None else quoted_text(self.schema)
        if self.dialect == "postgresql":
            query = (
                "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = "
                f"pg_catalog.to_regclass({quoted_text(self.quoted)}) AND attnum > 0 AND NOT attisdropped"
            )
        elif self.dialect == "sqlite":
            query = f"SELECT name FROM pragma_table_info({text}{'' if schema is None else f', {schema}'})"
        else:
            query = (
                f"SELECT column_name FROM information_schema.columns WHERE table_name = {text} AND "
                f"table_catalog = current_database() AND table_schema = {schema or 'current_schema()'}"
            )
        return [str(row[0]) for row in self.rows(query)] or None

    def create(self, columns: Sequence[TableColumn]) -> None:
        """Make the table."""
        types = TYPES[self.dialect]
        listed = ", ".join(f"{quoted_name(column.name)} {types[column.kind]}" for column in columns)
        self.execute(f"CREATE TABLE {self.quoted} ({listed})")

    def empty(self) -> None:
        """Take all rows out."""
        self.execute(f"DELETE FROM {self.quoted}")

    def drop(self) -> None:
        """Take the table away."""
        self.execute(f"DROP TABLE {self.quoted}")

    def inserting(self, columns: Sequence[TableColumn], place: str) -> str:
        """Write the statement that adds a row."""
        names = ", ".join(quoted_name(column.name) for column in columns)
        return f"INSERT INTO {self.quoted} ({names}) VALUES ({', '.join([place] * len(columns))})"


class _OfCursors(Target):
    """Over a driver that keeps to Python's interface for databases."""

    place = "%s"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.connection.cursor()) as cursor:
            if isinstance(self.driver, SqliteDriver):
                cursor.row_factory = None
            cursor.execute(query)
            return [tuple(row.values() if isinstance(row, dict) else row) for row in cursor.fetchall()]

    def execute(self, statement: str) -> None:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(statement)

    def insert(self, columns: Sequence[TableColumn]) -> None:
        statement = self.inserting(columns, self.place)
        if self.place == "%s":
            names = self.inserting(columns, "\x00").replace("%", "%%")
            statement = names.replace("\x00", "%s")
        with closing(self.connection.cursor()) as cursor:
            cursor.executemany(statement, list(zip(*(column.values for column in columns), strict=True)))


class _OfPsycopg(_OfCursors):
    """Over psycopg 3."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.connection.transaction():
            yield


class _OfPsycopg2(_OfCursors):
    """Over psycopg 2."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        is_idle = self.connection.info.transaction_status == 0
        begin, end, back = ("BEGIN", "COMMIT", "ROLLBACK") if is_idle else _savepoint()
        with _between(self, begin, end, back):
            yield


class _OfSqlite(_OfCursors):
    """Over Python's sqlite3, whose times and decimals are text."""

    place = "?"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        statements = (
            _savepoint() if self.connection.in_transaction else ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        )
        with _between(self, *statements):
            yield

    def insert(self, columns: Sequence[TableColumn]) -> None:
        plain = [
            TableColumn(one.name, one.kind, [_of_sqlite(value) for value in one.values]) for one in columns
        ]
        super().insert(plain)


class _OfDuck(Target):
    """Over DuckDB."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with _between(self, "BEGIN TRANSACTION", "COMMIT", "ROLLBACK"):
            yield

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return list(self.connection.execute(query).fetchall())

    def execute(self, statement: str) -> None:
        self.connection.execute(statement)

    def insert(self, columns: Sequence[TableColumn]) -> None:
        names = ", ".join(quoted_name(column.name) for column in columns)
        view = f"stagefunnel_rows_{next(_NUMBERS)}"
        self.connection.register(view, arrow_table(columns))
        try:
            self.connection.execute(f"INSERT INTO {self.quoted} ({names}) SELECT * FROM {view}")
        finally:
            self.connection.unregister(view)


class _OfAdbc(Target):
    """Over ADBC, which takes all rows at once."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        is_manual = not getattr(self.connection, "_autocommit", False)
        if not is_manual:
            with _between(self, "BEGIN", "COMMIT", "ROLLBACK"):
                yield
            return
        try:
            yield
            self.connection.commit()
        except BaseException:
            with suppress(Exception):
                self.connection.rollback()
            raise

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def execute(self, statement: str) -> None:
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(statement)

    def insert(self, columns: Sequence[TableColumn]) -> None:
        if self.dialect == "sqlite":
            columns = [
                TableColumn(one.name, "text", [_of_sqlite(value) for value in one.values])
                if one.kind in ("date", "timestamp", "moment", "decimal", "wide")
                else one
                for one in columns
            ]
        with closing(self.connection.cursor()) as cursor:
            cursor.adbc_ingest(self.name, arrow_table(columns), mode="append", db_schema_name=self.schema)


@contextmanager
def _between(target: Target, begin: str, end: str, back: str) -> Iterator[None]:
    target.execute(begin)
    try:
        yield
        target.execute(end)
    except BaseException:
        with suppress(Exception):  # the connection may be gone, and the transaction with it
            target.execute(back)
        raise


def _savepoint() -> tuple[str, str, str]:
    name = f"stagefunnel_{next(_NUMBERS)}"
    return f"SAVEPOINT {name}", f"RELEASE SAVEPOINT {name}", f"ROLLBACK TO SAVEPOINT {name}"


def _of_sqlite(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, decimal.Decimal) else value


def quoted_name(name: str) -> str:
    """Quote the name of a table or a column."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """Quote a text, of which a backslash is a letter like any other."""
    return "'" + text.replace("'", "''") + "'"


def arrow_table(columns: Sequence[TableColumn]) -> Any:
    """Make a table of Arrow with the types that the columns of the database have."""
    import pyarrow as pa

    types = {
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "float": pa.float64(),
        "text": pa.string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "moment": pa.timestamp("us", "UTC"),
    }
    arrays = [pa.array(column.values, types.get(column.kind)) for column in columns]
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def target_of(driver: Driver, schema: str | None, name: str) -> Target | None:
    """Return what writes over a connection; ``None`` where nothing here does."""
    kinds: tuple[tuple[type[Driver], type[Target]], ...] = (
        (PsycopgDriver, _OfPsycopg),
        (Psycopg2Driver, _OfPsycopg2),
        (SqliteDriver, _OfSqlite),
        (DuckDriver, _OfDuck),
        (AdbcDriver, _OfAdbc),
    )
    for kind, target in kinds:
        if isinstance(driver, kind) and driver.dialect in TYPES:
            return target(driver, schema, name)
    return None
