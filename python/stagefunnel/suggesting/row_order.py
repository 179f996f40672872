"""Which way the rows of a table run where their times are equal, as the reader of exports sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..readers.notes import Notes
from ..readers.options import Options
from ..readers.shapes.ties import in_reading_order
from ..readers.sources.date_formats import TimesAsWritten
from ..readers.sources.source import Source, Table
from ..times.stamps import parse_texts
from .columns import FoundColumns


@dataclass(frozen=True)
class RowOrder:
    """How the rows of equal time are to be read.

    Attributes
    ----------
    n_turned
        Rows that stand in reverse, because the table begins with the newest row.
    has_useless_order
        Whether the numbers of the rows do not rise with time, and so decide nothing.
    positions
        The rows in the order in which they happened.
    """

    n_turned: int
    has_useless_order: bool
    positions: npt.NDArray[np.intp]


def row_order(frame: pd.DataFrame, found: FoundColumns) -> RowOrder:
    """Look which way the rows of a table run."""
    names = found.names
    roles = {
        role: frame[names[role]].reset_index(drop=True)
        for role in ("item", "stage", "order")
        if role in names
    }
    times = _times_of(frame[names["time"]], found.times).reset_index(drop=True)
    rows = pd.DataFrame({**roles, "time": times, "at": np.arange(len(frame))})
    notes = Notes()
    table = Table.of([Source("the rows", rows, str)])
    _, ordered = in_reading_order(table, rows, Options(), notes)
    if "order" in ordered:
        ordered = ordered.sort_values("order", kind="stable")
    counts = {check: count for (check, _), count in notes.lines.items()}
    return RowOrder(
        n_turned=counts.get("newest_first", 0),
        has_useless_order="order_left_out" in counts,
        positions=ordered["at"].to_numpy(dtype=np.intp),
    )


def _times_of(column: pd.Series, times: TimesAsWritten) -> pd.Series:
    """Read times; texts that are none are missing."""
    if times.kind in ("numbers", "day numbers", "counted"):
        numbers = pd.to_numeric(column, errors="coerce")
        return pd.Series(pd.to_datetime(numbers, unit="s", errors="coerce"))
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    texts = column.astype(object).where(column.notna(), None)
    if times.kind == "times":
        return pd.Series(pd.to_datetime(texts, utc=True, errors="coerce"))
    return pd.Series(parse_texts(texts, str(column.name), times.time_format)[0])
