"""Columns that a table of items gets on request: those of the items table, and those of the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, named, quoted
from ...log.columns.items import ItemsTable
from ...log.columns.kept import column_names
from ...log.stage_log import StageLog
from .columns import source_of


def further_names(
    log: StageLog, columns: Any, result: Collection[str], own: Collection[str] = ()
) -> list[str]:
    """Check the names of the columns that a table is to get, and return them.

    `result` are the columns that the table has anyway, and `own` those that the question makes on request,
    which go before columns of the same name.
    """
    names = column_names(columns)
    taken = [name for name in names if name in result]
    if taken:
        what = "are columns" if len(taken) > 1 else "is a column"
        raise SchemaError(
            named("columns"), f" names {quoted(taken)}, which {what} of the result; rename the column"
        )
    if names and own and log._data.items_table is None and log._data.columns is None:
        strangers = [name for name in names if name not in own]
        if strangers:
            raise SchemaError(
                named("columns"),
                f" names {quoted(strangers)}; without a table of items and columns of the log there are: "
                f"{quoted(sorted(own))}",
            )
    for name in names:
        if name not in own:
            source_of(log, name, "columns")
    return names


def further_values(
    log: StageLog, names: Sequence[str], items: npt.NDArray[np.integer[Any]], rows: npt.NDArray[np.int64]
) -> dict[str, pd.Series]:
    """Read columns of the items table for some items, and columns of the log in one row of each of them."""
    return {name: _values(log, name, items, rows) for name in names}


def _values(
    log: StageLog, name: str, items: npt.NDArray[np.integer[Any]], rows: npt.NDArray[np.int64]
) -> pd.Series:
    source = source_of(log, name, "columns")
    if not isinstance(source, ItemsTable):
        return source.values_at(name, rows).reset_index(drop=True)
    values, row_of_item = source.series(name, "columns")
    wanted = row_of_item[items]
    values = values.reset_index(drop=True)
    is_whole = pd.api.types.is_integer_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype)
    if is_whole and (wanted < 0).any():
        values = (
            values.convert_dtypes()
        )  # missing values would turn numbers into floats, which round large ones
    return values.reindex(wanted).reset_index(drop=True)
