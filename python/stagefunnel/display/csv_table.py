"""A table as CSV: lengths of time in seconds, and text that no spreadsheet runs."""

from __future__ import annotations

import pandas as pd

from ..clean import safe_cell


def as_csv(table: pd.DataFrame, *, is_safe: bool = True) -> str:
    """Write a table as CSV.

    Parameters
    ----------
    table
        Any table.
    is_safe
        Whether text that a spreadsheet would run as a formula gets an apostrophe before it. Numbers never do.
    """
    return str((_safe(table) if is_safe else table).to_csv(index=False))


def _safe(table: pd.DataFrame) -> pd.DataFrame:
    """Make the text of a table safe, its headings too; the caller's frame stays as it is."""
    columns = [_safe_column(table.iloc[:, at]) for at in range(len(table.columns))]
    safe = pd.concat(columns, axis=1) if columns else table.copy()
    safe.columns = pd.Index([safe_cell(name) for name in table.columns])
    return safe


def _safe_column(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    elif column.dtype.kind not in {"O", "T", "U"} and not pd.api.types.is_string_dtype(column.dtype):
        return column
    values = column.astype(object)
    return values.map(safe_cell)
