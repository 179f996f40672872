"""Which group of a breakdown each item is in, or each of its rows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, advised, check_option, given, may_be_label, named, quoted
from ...log.columns.category import CategoryColumn
from ...log.columns.items import ItemsTable
from ...log.columns.kept import RowColumns
from ...log.stage_log import StageLog
from ...tables.group_names import LATER
from ...tables.options import AtName
from ...tables.schema import AMOUNTS, FUNNEL, MOVED_OUT, OUTCOME_TABLE, TOO_RECENT
from .columns import source_of
from .groups import ONE_GROUP, Groups, combined
from .item_rows import items_of_rows, rows_of_items
from .known import known_category, known_group, known_source
from .selection import Selection


def groups_of(
    selection: Selection,
    by: str | Sequence[str] | None,
    *,
    at: AtName = "first",
    reserved: Sequence[str] | None = (),
    option: str = "by",
    read: Callable[[CategoryColumn], CategoryColumn] | None = None,
    of_item: npt.NDArray[np.int64] | None = None,
) -> Groups:
    """Put every item in its group, or every row.

    Parameters
    ----------
    selection
        The rows that a question reads.
    by
        The columns of the breakdown; without one all items are in one group.
    at
        Where a column of the log is read, as for :func:`funnel`.
    reserved
        Names of columns that the result has beside those of every funnel; the breakdown may not use them.
        ``None``: the columns of the breakdown are no columns of the result.
    option
        Name of the option that names the columns.
    read
        How a column of the log becomes one value for each item, in the place of `at`.
    of_item
        The item whose value each item has, of the columns that `read` does not read.
    """
    check_option("at", at, get_args(AtName))
    if by is None:
        if at != "first":
            says = (" says where ", named(option), " is read, and there is no ", named(option))
            raise SchemaError(given("at", at), *says)
        return ONE_GROUP
    columns = by_columns(by, option)
    parts = [_part(selection, column, at, option, read) for column in columns]
    columns = [part.name for part in parts]
    sources = [part.source for part in parts]
    categories = [part.category if part.is_read else _of_items(part.category, of_item) for part in parts]
    if reserved is not None:
        refuse_names_of_the_result(selection.log, columns, reserved, option)
    if at == "stage" and selection.units is not None:
        _refuse_entries(selection.units.name, option)
    if at != "first" and not any(isinstance(source, RowColumns) for source in sources):
        where = "where an item enters a stage" if at == "stage" else "in the last row of an item"
        raise SchemaError(
            advised("at", at),
            " reads ",
            named(option),
            f" {where}, but {quoted(columns)} are {_whose(sources)}; name a column of the log",
        )
    groups = combined(categories, columns, "row" if at == "stage" else "item")
    later = [part.later for part in parts if part.later is not None]
    return replace(groups, later=tuple(later)) if later else groups


def _refuse_entries(unit: str, option: str) -> None:
    raise SchemaError(
        given("at", "stage"),
        " reads ",
        named(option),
        " where an item enters a stage, and ",
        given("unit", unit),
        " counts several items as one, which enter it at different rows; pass ",
        advised("at", "first"),
        " or ",
        advised("at", "last"),
    )


def where_read(
    log: StageLog, by: str | Sequence[str] | None, at: Any, *, choices: Sequence[str], of_log: str
) -> Any:
    """Say where the columns of a breakdown are read that belong to the log.

    Parameters
    ----------
    log, by
        The log and the columns.
    at
        What the caller chose, if anything.
    choices
        What there is to choose.
    of_log
        Where columns of the log are read by default.

    Returns
    -------
    str
        One of `choices` or `of_log`; ``"first"`` where no column is one of the log.
    """
    if at is not None:
        check_option("at", at, choices)
    if by is None:
        if at is not None:
            says = (" says where ", named("by"), " is read, and there is no ", named("by"))
            raise SchemaError(given("at", at), *says)
        return "first"
    columns = by_columns(by)
    if any(_is_of_rows(log, column) for column in columns):
        return of_log if at is None else at
    if at is not None:
        what = "is a column" if len(columns) == 1 else "are columns"
        raise SchemaError(
            given("at", at),
            " says where a column of the log is read, and ",
            f"{quoted(columns)} {what} of the items table; leave ",
            named("at"),
            " out, or name a column of the log in ",
            named("by"),
        )
    return "first"


def _is_of_rows(log: StageLog, column: Any) -> bool:
    known = known_group(log, column)
    source = source_of(log, column, "by") if known is None else known_source(log, known, "by")
    return isinstance(source, RowColumns)


def by_columns(by: Any, option: str = "by") -> list[Any]:
    """Check the names of a breakdown's columns."""
    columns = list(by) if isinstance(by, Iterable) and not isinstance(by, str) else [by]
    if not columns:
        raise SchemaError(named(option), " names no column")
    if not all(map(_is_name, columns)):
        raise SchemaError(given(option, by), " is not a name of a column or a list of such names")
    if len(set(columns)) < len(columns):
        raise SchemaError(named(option), f" names a column twice: {quoted(columns)}")
    return columns


def _is_name(column: Any) -> bool:
    """Check whether something may be the name of a column: text, a number, or a tuple."""
    if isinstance(column, Iterable) or not isinstance(column, Hashable):
        return isinstance(column, str | tuple) and isinstance(column, Hashable)
    return may_be_label(column)


def _whose(sources: Sequence[ItemsTable | RowColumns | None]) -> str:
    are_columns = all(source is not None for source in sources)
    return "columns of the items table" if are_columns else "of the items themselves"


@dataclass(frozen=True)
class _Part:
    """One column of a breakdown: its name in the result, where it is, and its values.

    `source` is ``None`` where the log itself knows the group, `is_read` says that `read` made the values, and
    `later` what became known later.
    """

    name: Any
    source: ItemsTable | RowColumns | None
    category: CategoryColumn
    is_read: bool = False
    later: str | None = None


def _part(
    selection: Selection,
    column: Any,
    at: AtName,
    option: str,
    read: Callable[[CategoryColumn], CategoryColumn] | None,
) -> _Part:
    known = known_group(selection.log, column, option)
    if known is not None:
        source = known_source(selection.log, known, option)
        category = known_category(selection, known, "first" if at == "stage" else at, option)
        if at == "stage":
            category = category.at(items_of_rows(selection.log))
        return _Part(known.name, source, category, later=known.what if known.what in LATER else None)
    source = source_of(selection.log, column, option)
    if read is not None and isinstance(source, RowColumns):
        return _Part(column, source, read(source.category(column)), is_read=True)
    return _Part(column, source, _category(selection, source, column, at, option))


def _category(
    selection: Selection, source: ItemsTable | RowColumns, column: str, at: AtName, option: str
) -> CategoryColumn:
    """Read a column of a breakdown: one value for each item, or for each row where `at` is ``"stage"``."""
    if isinstance(source, ItemsTable):
        category = source.category(column, option)
        return category.at(items_of_rows(selection.log)) if at == "stage" else category
    category = source.category(column)
    return category if at == "stage" else category.at(rows_of_items(selection, at))


def _of_items(category: CategoryColumn, of_item: npt.NDArray[np.int64] | None) -> CategoryColumn:
    return category if of_item is None else category.at(of_item)


def refuse_names_of_the_result(
    log: StageLog, columns: Sequence[Any], reserved: Sequence[str], option: str = "by"
) -> None:
    """Refuse a breakdown by a column whose name the result uses for a column of its own."""
    taken = sorted(
        {"kind", *reserved, MOVED_OUT, TOO_RECENT, *FUNNEL, *AMOUNTS, *OUTCOME_TABLE} & set(columns)
    )
    if not taken:
        return
    rows = log._data.columns
    of_log = [name for name in taken if rows is not None and name in rows]
    of_items = [name for name in taken if name not in of_log]
    in_items, in_log = "in the items table", "in the table that the log is made from"
    if of_items and of_log:
        advice = f"rename {quoted(of_items)} {in_items} and {quoted(of_log)} {in_log}"
    else:
        advice = f"rename {'them' if len(taken) > 1 else 'it'} {in_log if of_log else in_items}"
    what = "are columns" if len(taken) > 1 else "is a column"
    raise SchemaError(named(option), f" names {quoted(taken)}, which {what} of the result; {advice}")


def check_top(top: Any, by: Any) -> None:
    """Refuse a number of groups that is not a number, or that comes without a breakdown."""
    if top is None:
        return
    if by is None:
        raise SchemaError(
            given("top", top), " is the number of groups to show, and there is no ", named("by")
        )
    check_lines(top)


def check_lines(top: Any) -> None:
    """Refuse a number of lines to show that is not a number."""
    if top is not None and (isinstance(top, bool) or not isinstance(top, int | np.integer) or top < 1):
        raise SchemaError(given("top", top), " is not a whole number of at least 1")
