"""A table written into a database, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import pandas as pd

from ..errors import SchemaError, StageFunnelError, advised, did_you_mean, given, named, quoted
from .alchemy_target import OfAlchemy
from .drivers import AlchemyDriver
from .opening import Database, open_database
from .table_columns import TableColumn, columns_of
from .targets import Target, target_of

IfExists: TypeAlias = Literal["error", "append", "replace"]


def write_tables(
    tables: Mapping[str, pd.DataFrame], connection: Any, if_exists: IfExists, schema: str | None
) -> None:
    """Write tables into a database, in one transaction; after a failure there is what there was.

    Raises
    ------
    SchemaError
        If the table that is there does not fit, or a name is none.
    ReaderError
        If the database cannot be opened, or refuses the table.
    """
    columns = {name: columns_of(table) for name, table in tables.items()}
    with open_database(connection, writes=True) as database:
        targets = {name: _target_of(database, schema, name) for name in tables}
        for name, target in targets.items():
            for column in columns[name]:
                target.check_name("table", column.name)
        failure, at = None, next(iter(targets.values()))
        try:
            with at.transaction():
                for name, target in targets.items():
                    at = target
                    _fill(target, columns[name], if_exists)
        except StageFunnelError:
            raise
        except Exception as error:  # each driver has errors of its own; all are reported without secrets
            failure = database.failed(f"table {at.quoted}: it was not written, and is what it was", error)
        if failure is not None:  # outside of the handler, so that the driver's error is not chained
            raise failure


def _target_of(database: Database, schema: str | None, name: str) -> Target:
    driver = database.driver
    if isinstance(driver, AlchemyDriver):
        return OfAlchemy(driver, schema, name)
    target = target_of(driver, schema, name)
    if target is None:
        raise SchemaError(
            named("connection"),
            " is of a database that tables are not written to; pass a connection of SQLAlchemy, "
            "PostgreSQL, SQLite or DuckDB",
        )
    return target


def _fill(target: Target, columns: Sequence[TableColumn], if_exists: IfExists) -> None:
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
    if if_exists == "error":
        raise SchemaError(
            given("name", target.name),
            ": there is such a table already; choose ",
            advised("if_exists", "append"),
            " or ",
            advised("if_exists", "replace"),
        )
    names = [column.name for column in columns]
    if if_exists == "append":
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
