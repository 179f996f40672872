"""A table as CSV: lengths of time in seconds, and text that no spreadsheet runs."""

from __future__ import annotations

from typing import Any

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
    safe = table.copy(deep=False)
    for at, dtype in enumerate(table.dtypes):
        if _holds_text(dtype):
            safe.isetitem(at, table.iloc[:, at].astype(object).map(safe_cell).array)
    safe.columns = pd.Index([safe_cell(name) for name in table.columns])
    return safe


def _holds_text(dtype: Any) -> bool:
    if isinstance(dtype, pd.CategoricalDtype):
        return True
    return dtype.kind in {"O", "T", "U"} or bool(pd.api.types.is_string_dtype(dtype))
