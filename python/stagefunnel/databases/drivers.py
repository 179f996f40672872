"""The kinds of open connections, and how each runs a query without holding all of its rows.

A connection that the caller opened stays open, and in the transaction that it was in.
"""

from __future__ import annotations

import importlib
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from .psycopg_times import kinds_of_texts, read_times_as_text
from .results import ARROW_ROWS, PYTHON_ROWS, Result, names_of, rows_of, scales_of

_NUMBERS: Final = itertools.count(1)


class NoRows(Exception):
    """A statement gives no rows, such as one that makes a table."""


class Driver(ABC):
    """One open connection.

    Attributes
    ----------
    connection
        The connection.
    may_wait_elsewhere
        Whether another thread may take the batches.
    """

    dialect = "other"
    has_arrow = False

    def __init__(self, connection: Any, *, may_wait_elsewhere: bool) -> None:
        self.connection = connection
        self.may_wait_elsewhere = may_wait_elsewhere

    @abstractmethod
    def run(self, query: str) -> Result:
        """Run a query; its rows come as they are taken."""

    def secrets(self) -> list[Any]:
        """Return the passwords that the connection holds."""
        return []


class AdbcDriver(Driver):
    """A connection of an ADBC driver."""

    has_arrow = True

    @property
    def dialect(self) -> str:  # type: ignore[override]  # read when it is asked for
        """Name of the database, in small letters."""
        name = str(self.connection.adbc_get_info().get("vendor_name", "")).lower()
        return {"sqlite3": "sqlite"}.get(name, name)

    def run(self, query: str) -> Result:
        """Run a query."""
        cursor = self.connection.cursor()
        try:
            # The driver of PostgreSQL puts the query between brackets: a comment must end before the last.
            cursor.execute(f"{query}\n")
            reader = cursor.fetch_record_batch()
            if not reader.schema.names:
                raise NoRows
        except BaseException:
            with suppress(Exception):
                cursor.close()
            raise

        def close() -> None:
            with suppress(Exception):
                reader.close()
            with suppress(Exception):
                cursor.close()

        def cancel() -> None:
            with suppress(Exception):
                cursor.adbc_cancel()

        return Result(list(reader.schema.names), reader, close, has_arrow=True, cancel=cancel)


class DuckDriver(Driver):
    """A connection of DuckDB."""

    dialect = "duckdb"
    has_arrow = True

    def run(self, query: str) -> Result:
        """Run a query."""
        relation = self.connection.sql(query)
        if relation is None:
            raise NoRows
        names = list(relation.columns)
        # A reader gives its columns by names, so that those of one name need others first.
        read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
        reader = read(ARROW_ROWS)
        return Result(names, reader, _closing(reader), has_arrow=True)


class SqliteDriver(Driver):
    """A connection of Python's sqlite3."""

    dialect = "sqlite"

    def run(self, query: str) -> Result:
        """Run a query."""
        cursor = self.connection.cursor()
        cursor.row_factory = None  # rows are tuples, whatever the connection makes of them
        return _of_cursor(cursor, query)


class PsycopgDriver(Driver):
    """A connection of psycopg 3, whose rows the server keeps until they are fetched."""

    dialect = "postgresql"

    def run(self, query: str) -> Result:
        """Run a query."""
        from psycopg.rows import tuple_row

        was_idle = self.connection.info.transaction_status.name == "IDLE"
        cursor = self.connection.cursor(
            f"stagefunnel_{next(_NUMBERS)}",
            row_factory=tuple_row,
            # Without a transaction of its own, a cursor of the server must be able to outlive one.
            withhold=bool(self.connection.autocommit),
        )
        has_texts = read_times_as_text(cursor)

        def end() -> None:
            if was_idle and not self.connection.autocommit:
                with suppress(Exception):
                    self.connection.rollback()

        result = _of_cursor(cursor, query, at_end=end)
        result.texts = kinds_of_texts(cursor.description, has_times=has_texts)
        return result

    def secrets(self) -> list[Any]:
        """Return the password."""
        return [self.connection.info.password]


class Psycopg2Driver(Driver):
    """A connection of psycopg 2."""

    dialect = "postgresql"

    def run(self, query: str) -> Result:
        """Run a query."""
        from psycopg2.extensions import cursor as plain_cursor

        was_idle = self.connection.info.transaction_status == 0
        cursor = self.connection.cursor(
            f"stagefunnel_{next(_NUMBERS)}",
            cursor_factory=plain_cursor,
            withhold=bool(self.connection.autocommit),
        )
        cursor.itersize = PYTHON_ROWS

        def end() -> None:
            if was_idle and not self.connection.autocommit:
                with suppress(Exception):
                    self.connection.rollback()

        result = _of_cursor(cursor, query, at_end=end, names_come_with_rows=True)
        result.texts = kinds_of_texts(cursor.description, has_times=False)
        return result

    def secrets(self) -> list[Any]:
        """Return the password."""
        return [self.connection.info.password]


class AlchemyDriver(Driver):
    """A connection of SQLAlchemy."""

    @property
    def dialect(self) -> str:  # type: ignore[override]  # read when it is asked for
        """Name of the database."""
        return str(self.connection.dialect.name)

    def run(self, query: str) -> Result:
        """Run a query, as a stream where the driver below has one."""
        options = {"stream_results": True, "max_row_buffer": PYTHON_ROWS, "no_parameters": True}
        result = self.connection.exec_driver_sql(query, execution_options=options)
        if not result.returns_rows:
            result.close()
            raise NoRows
        names = [str(name) for name in result.keys()]  # noqa: SIM118 - the result iterates over rows
        scales = scales_of(getattr(result.cursor, "description", None) or ())
        return Result(names, rows_of(result), _closing(result), has_arrow=False, scales=scales)

    def secrets(self) -> list[Any]:
        """Return the password."""
        return [self.connection.engine.url.password]


class MysqlDriver(Driver):
    """A connection of PyMySQL or mysqlclient, whose usual cursors hold all rows of an answer."""

    def __init__(self, connection: Any, library: str) -> None:
        super().__init__(connection, may_wait_elsewhere=False)
        self._library = library

    def run(self, query: str) -> Result:
        """Run a query; its rows are tuples, whatever the connection makes of them."""
        cursors = importlib.import_module(f"{self._library}.cursors")
        return _of_cursor(self.connection.cursor(cursors.SSCursor), query)

    def secrets(self) -> list[Any]:
        """Return the password, which PyMySQL keeps as bytes."""
        password = getattr(self.connection, "password", None)
        return [password.decode("latin-1") if isinstance(password, bytes) else password]


class OtherDriver(Driver):
    """A connection of any other driver that keeps to Python's interface for databases."""

    def run(self, query: str) -> Result:
        """Run a query."""
        return _of_cursor(self.connection.cursor(), query)


def _of_cursor(
    cursor: Any, query: str, at_end: Callable[[], None] | None = None, *, names_come_with_rows: bool = False
) -> Result:
    """Run a query by a cursor of Python's interface for databases."""

    def close() -> None:
        with suppress(Exception):
            cursor.close()
        if at_end is not None:
            at_end()

    try:
        cursor.execute(query)
        batches = rows_of(cursor)
        if names_come_with_rows:  # of a cursor of the server that is older than psycopg 3
            first = next(batches, [])
            batches = itertools.chain([first] if first else [], batches)
        names = names_of(cursor.description)
        if names is None:
            raise NoRows
    except BaseException:
        close()
        raise
    return Result(names, batches, close, has_arrow=False, scales=scales_of(cursor.description))


def _closing(thing: Any) -> Callable[[], None]:
    def close() -> None:
        with suppress(Exception):
            thing.close()

    return close
