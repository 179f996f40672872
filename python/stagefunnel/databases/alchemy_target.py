"""What writes into any database that SQLAlchemy knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from .drivers import Driver
from .table_columns import TableColumn
from .targets import Target

# Databases in which a table that was made or dropped comes back with the transaction.
_ROLLS_BACK_DDL: Final = ("postgresql", "sqlite", "duckdb", "mssql", "redshift")


class OfAlchemy(Target):
    """Over SQLAlchemy, which knows the types and the quotes of each database."""

    def __init__(self, driver: Driver, schema: str | None, name: str) -> None:
        super().__init__(driver, schema, name)
        self.rolls_back_ddl = self.dialect in _ROLLS_BACK_DDL
        self._table: Any = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin a transaction, or a part of the one that the connection is in."""
        begin = self.connection.begin_nested if self.connection.in_transaction() else self.connection.begin
        with begin():
            yield

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self.connection.exec_driver_sql(query)]

    def execute(self, statement: str) -> None:
        """Execute a statement."""
        self.connection.exec_driver_sql(statement)

    def columns(self) -> list[str] | None:
        """Return the names of the table's columns."""
        from sqlalchemy import inspect

        found = inspect(self.connection)
        if not found.has_table(self.name, schema=self.schema):
            return None
        return [str(column["name"]) for column in found.get_columns(self.name, schema=self.schema)]

    def create(self, columns: Sequence[TableColumn]) -> None:
        """Make the table."""
        self._known(columns).create(self.connection)

    def empty(self) -> None:
        """Take all rows out."""
        self.connection.execute(self._known([]).delete())

    def drop(self) -> None:
        """Take the table away."""
        self._known([]).drop(self.connection)

    def insert(self, columns: Sequence[TableColumn]) -> None:
        """Add rows."""
        names = [column.name for column in columns]
        rows = [
            dict(zip(names, row, strict=True)) for row in zip(*(one.values for one in columns), strict=True)
        ]
        if rows:
            self.connection.execute(self._known(columns).insert(), rows)

    def _known(self, columns: Sequence[TableColumn]) -> Any:
        import sqlalchemy as sa

        types: dict[str, Any] = {
            "boolean": sa.Boolean(),
            "integer": sa.BigInteger(),
            "wide": sa.Numeric(38, 0),
            "float": sa.Double(),
            "decimal": sa.Numeric(38, 10),
            "text": sa.Text(),
            "date": sa.Date(),
            "timestamp": _timestamps(),
            "moment": _moments(),
        }
        listed = [sa.Column(column.name, types[column.kind]) for column in columns]
        return sa.Table(self.name, sa.MetaData(), *listed, schema=self.schema)


def _timestamps() -> Any:
    """Return the type of times with their microseconds, which MySQL's cuts off unless it names them."""
    import sqlalchemy as sa
    from sqlalchemy.dialects.mssql import DATETIME2
    from sqlalchemy.dialects.mysql import DATETIME

    of_mssql: Any = DATETIME2  # it is untyped
    return sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb").with_variant(of_mssql(6), "mssql")


def _moments() -> Any:
    """Return the type of moments; MySQL has none with a zone, and keeps their UTC."""
    import sqlalchemy as sa
    from sqlalchemy.dialects.mysql import DATETIME

    return sa.DateTime(timezone=True).with_variant(DATETIME(fsp=6), "mysql", "mariadb")
