"""Where a column that a question names is: in the table of items, or in the log itself."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ...errors import Option, SchemaError, did_you_mean, given, named, quoted
from ...log.columns.items import ItemsTable
from ...log.columns.kept import RowColumns
from ...log.stage_log import StageLog


def source_of(log: StageLog, column: Any, option: str) -> ItemsTable | RowColumns:
    """Find what has a column: the table of items, or the log itself."""
    if not _may_be_a_name(column):
        raise SchemaError(given(option, column), " is not the name of a column")
    table, rows = log._data.items_table, log._data.columns
    in_table = table is not None and column in table
    if rows is not None and column in rows:
        if in_table:
            raise SchemaError(
                given(option, column),
                " is a column of the items table and one of the log; rename one of them",
            )
        return rows
    if rows is None or in_table:
        if table is None:
            raise SchemaError(
                named(option),
                " names a column of the items table, and the log has none; pass ",
                Option("items", "your_table", "your_table"),
                " to StageLog",
            )
        return table
    columns = [*rows.names, *([] if table is None else list(table.frame.columns))]
    where = "that the log keeps" if table is None else "of the items table, nor one that the log keeps"
    raise SchemaError(
        given(option, column),
        f" is not a column {where}; there are: {quoted(columns)}; ",
        named("columns"),
        f" of StageLog says which columns the log keeps{did_you_mean(column, columns)}",
    )


def _may_be_a_name(column: Any) -> bool:
    return isinstance(column, Hashable)
