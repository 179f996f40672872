"""A table written into a database, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import pandas as pd

from ..errors import SchemaError, StageFunnelError, did_you_mean, given, named, quoted
from .alchemy_target import OfAlchemy
from .drivers import AlchemyDriver
from .opening import Database, open_database
from .table_columns import TableColumn, columns_of
from .targets import Target, target_of

Mode: TypeAlias = Literal["create", "append", "replace"]


def write_table(table: pd.DataFrame, name: str, connection: Any, mode: Mode, schema: str | None) -> None:
    """Write a table into a database; after a failure there is what there was.

    Raises
    ------
    SchemaError
        If the table that is there does not fit, or a name is none.
    ReaderError
        If the database cannot be opened, or refuses the table.
    """
    columns = columns_of(table)
    with open_database(connection, writes=True) as database:
        driver = database.driver
        if isinstance(driver, AlchemyDriver):
            target: Target | None = OfAlchemy(driver, schema, name)
        else:
            target = target_of(driver, schema, name)
        if target is None:
            raise SchemaError(
                named("connection"),
                " is of a database that tables are not written to; pass a connection of SQLAlchemy, "
                "PostgreSQL, SQLite or DuckDB",
            )
        for column in columns:
            target.check_name("table", column.name)
        _write(database, target, columns, mode)


def _write(database: Database, target: Target, columns: Sequence[TableColumn], mode: Mode) -> None:
    failure = None
    try:
        with target.transaction():
            _fill(target, columns, mode)
    except StageFunnelError:
        raise
    except Exception as error:
        failure = database.failed(f"table {target.quoted}: it was not written, and is what it was", error)
    if failure is not None:  # outside of the handler, so that the driver's error is not chained
        raise failure


def _fill(target: Target, columns: Sequence[TableColumn], mode: Mode) -> None:
    there = target.columns()
    if there is None:
        target.create(columns)
        if target.rolls_back_ddl:
            target.insert(columns)
            return
        try:
            target.insert(columns)
        except BaseException:
            target.drop()
            raise
        return
    if mode == "create":
        raise SchemaError(
            given("name", target.name),
            ": there is such a table already; choose ",
            named("mode"),
            "'append' or 'replace'",
        )
    names = [column.name for column in columns]
    if mode == "append":
        _check_fits(target, names, there)
    elif {*names} == {*there}:
        target.empty()  # it stays the table whose rights and views others rely on
    elif target.rolls_back_ddl:
        target.drop()
        target.create(columns)
    else:
        raise SchemaError(
            given("name", target.name),
            f" has other columns ({quoted(there)}), and this database takes back no dropped "
            f"table; drop it first",
        )
    target.insert(columns)


def _check_fits(target: Target, names: Sequence[str], there: Sequence[str]) -> None:
    for name in names:
        if name not in there:
            raise SchemaError(
                given("name", target.name),
                f" has no column {name!r}; it has: {quoted(there)}{did_you_mean(name, there)}",
            )
