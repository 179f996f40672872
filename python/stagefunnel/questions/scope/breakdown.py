"""Which group of a breakdown each item is in, or each of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from ... import _core
from ...errors import SchemaError, check_option, did_you_mean, quoted
from ...log.columns.category import CategoryColumn
from ...log.columns.items import ItemsTable
from ...log.columns.kept import RowColumns
from ...log.stage_log import StageLog
from ...tables.options import AtName
from ...tables.schema import AMOUNTS, FUNNEL, MOVED_OUT, OUTCOME_TABLE
from .groups import Groups, combined
from .selection import Selection


def groups_of(
    selection: Selection,
    by: str | Sequence[str] | None,
    *,
    at: AtName = "first",
    reserved: Sequence[str] = (),
) -> Groups | None:
    """Put every item in its group, or every row; names of the result's own columns are refused."""
    check_option("at", at, get_args(AtName))
    if by is None:
        if at != "first":
            raise SchemaError(f"at={at!r} says where by= is read, and there is no by=")
        return None
    columns = by_columns(by)
    categories = [_factor(selection, column, at) for column in columns]
    refuse_names_of_the_result(columns, reserved)
    each: Literal["item", "row"] = "item"
    if at == "stage":
        if all(isinstance(source_of(selection.log, column, "by"), ItemsTable) for column in columns):
            raise SchemaError(
                f'at="stage" reads by= where an item enters a stage, but {quoted(columns)} are of the items '
                f"table; name a column of the log"
            )
        each = "row"
    return combined(categories, columns, each)


def by_columns(by: str | Sequence[str]) -> list[str]:
    """Check the names of a breakdown's columns."""
    columns = [by] if isinstance(by, str) else list(by)
    if not columns:
        raise SchemaError("by= names no column")
    if len(set(columns)) < len(columns):
        raise SchemaError(f"by= names a column twice: {quoted(columns)}")
    return columns


def _factor(selection: Selection, column: str, at: AtName) -> CategoryColumn:
    source = source_of(selection.log, column, "by")
    if isinstance(source, ItemsTable):
        category = source.category(column, "by")
        if at != "stage":
            return category
        return category.at(items_of_rows(selection.log))
    category = source.category(column)
    return category if at == "stage" else category.at(rows_of_items(selection, at))


def source_of(log: StageLog, column: str, option: str) -> ItemsTable | RowColumns:
    """Find what has a column: the table of items, or the log itself."""
    table, rows = log._data.items_table, log._data.columns
    in_table = table is not None and column in table
    if rows is not None and column in rows:
        if in_table:
            raise SchemaError(
                f"{option}={column!r} is a column of the items table and one of the log; rename one of them"
            )
        return rows
    if rows is None or in_table:
        if table is None:
            raise SchemaError(
                f"{option}= names a column of the items table, and the log has none; pass "
                f"items=your_table to StageLog"
            )
        return table
    known = [*rows.names, *([] if table is None else list(table.frame.columns))]
    where = "that the log keeps" if table is None else "of the items table, nor one that the log keeps"
    raise SchemaError(
        f"{option}={column!r} is no column {where}; there are: {quoted(known)}; columns= of StageLog says "
        f"which the log keeps{did_you_mean(column, known)}"
    )


def rows_of_items(selection: Selection, at: Literal["first", "last"]) -> npt.NDArray[np.int64]:
    """Find the first or last row of each item of those that a report keeps, -1 for an item without one."""
    log = selection.log
    rows: npt.NDArray[np.int64] = _core.funnel.rows_of_items(
        selection.journeys, selection.lookup, log._data.journeys, _core.funnel.RowAt[at], log._data.threads
    )
    return rows


def items_of_rows(log: StageLog) -> npt.NDArray[np.int64]:
    """Tell of each row of a log which item's it is."""
    return np.repeat(np.arange(log.n_items, dtype=np.int64), rows_per_item(log._data.journeys))


def rows_per_item(journeys: _core.journeys.Journeys) -> npt.NDArray[np.int64]:
    """Count the rows of each item."""
    offsets = journeys.offsets.view(np.int64)
    return offsets[1:] - offsets[:-1]


def refuse_names_of_the_result(columns: Sequence[str], reserved: Sequence[str]) -> None:
    """Refuse a breakdown by a column that the result has itself."""
    taken = {"kind", *reserved, MOVED_OUT, *FUNNEL, *AMOUNTS, *OUTCOME_TABLE} & set(columns)
    if taken:
        raise SchemaError(
            f"by= names {sorted(taken)}, which are columns of the result; rename them in the items table"
        )


def check_top(top: Any, by: Any) -> None:
    """Refuse a number of groups that is none."""
    if top is None:
        return
    if by is None:
        raise SchemaError(f"top={top!r} is the number of groups to show, and there is no by=")
    if isinstance(top, bool) or not isinstance(top, int | np.integer) or top < 1:
        raise SchemaError(f"top={top!r} is not a whole number of at least 1")
