"""Building blocks of the tables: stages, outcomes and shares as columns."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..pipeline import Pipeline
from .schema import BOTH, OUTCOMES

IntegerArray = npt.NDArray[np.integer[Any]]


def stage_values(pipeline: Pipeline, rows: IntegerArray | Sequence[int]) -> pd.Categorical:
    """Turn rows of a pipeline into labels; -1 is missing."""
    labels = tuple(pipeline.labels)
    return _values(rows, labels, tuple(map(type, labels)), is_ordered=True)


def outcome_values(codes: IntegerArray | Sequence[int]) -> pd.Categorical[str]:
    """Turn the core's outcomes into their names."""
    return _values(codes, OUTCOMES, (str,), is_ordered=False)


def _values(
    codes: IntegerArray | Sequence[int],
    labels: tuple[Hashable, ...],
    types: tuple[type, ...],
    *,
    is_ordered: bool,
) -> pd.Categorical[Any]:
    # A view: names that somebody gives to the categories of a table stay in that table.
    dtype = pd.CategoricalDtype(_categories(labels, types).view(), ordered=is_ordered)
    # Codes are the core's own, and a look for wrong ones takes as long as all else of a small column.
    return pd.Categorical.from_codes(np.asarray(codes, dtype=np.int64), dtype=dtype, validate=False)


@lru_cache(maxsize=64)
def _categories(labels: tuple[Hashable, ...], _types: tuple[type, ...]) -> pd.Index:
    """Make the categories of a column of labels, which takes pandas far longer than the column itself.

    Labels that are equal, as 1 and 1.0 are, and of other types make other categories.
    """
    return pd.Index(labels)


def row_outcomes(pipeline: Pipeline) -> npt.NDArray[np.int64]:
    """Return the core's outcome of every row of a pipeline."""
    return np.repeat([0, 1, 2], [len(pipeline.stages), len(pipeline.won), len(pipeline.lost)])


def stage_columns(pipeline: Pipeline, times: int = 1) -> dict[str, Any]:
    """Make the columns ``stage`` and ``outcome`` of all stages of a pipeline, several times over."""
    rows = np.tile(np.arange(len(pipeline.labels)), times)
    return {"stage": stage_values(pipeline, rows), "outcome": outcome_values(row_outcomes(pipeline)[rows])}


def stage_names(pipeline: Pipeline) -> dict[str, str]:
    """Return the names of the stages by their labels, as text that JSON keeps."""
    return {str(label): name for label, name in pipeline.names.items()}


def kind_values(n_rows: Sequence[int] | int) -> pd.Series:
    """Make the column ``kind`` of a table of both kinds, which have so many rows each."""
    codes = np.repeat(np.arange(len(BOTH)), n_rows)
    return pd.Series(_values(codes, BOTH, (str,), is_ordered=False))


def label_rows(table: pd.DataFrame, labels: pd.DataFrame, rows: npt.ArrayLike) -> pd.DataFrame:
    """Put labels before the columns of a table: to each of its rows, the row of `labels` at that place."""
    if labels.columns.empty:
        return table
    taken = labels.iloc[np.asarray(rows, dtype=np.intp)].reset_index(drop=True)
    return pd.concat([taken, table], axis="columns")


def rows_before(pipeline: Pipeline) -> list[int]:
    """Return for each stage that is not lost the row with which its conversion compares it; -1 for none.

    It is the nearest stage in progress before it that is not optional.
    """
    optional = pipeline.rules.optional
    above, last = [], -1
    for row, label in enumerate(pipeline.stages):
        above.append(last)
        last = last if label in optional else row
    return [*above, *[last] * len(pipeline.won)]


def remember(table: pd.DataFrame, what: str, pipeline: Pipeline, **more: Any) -> None:
    """Note on a table the data that a display needs beside the numbers, as plain data that survives JSON."""
    table.attrs["stagefunnel"] = {"table": what, "names": stage_names(pipeline), **more}
    if pipeline.rules.optional:
        table.attrs["stagefunnel"]["optional"] = [str(label) for label in pipeline.rules.optional]
    if not pipeline.lost:
        table.attrs["stagefunnel"]["no_lost_stage"] = True


def share(part: npt.ArrayLike, whole: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Divide counts; a share of nothing is NaN."""
    parts = np.asarray(part, dtype=np.float64)
    wholes = np.asarray(whole, dtype=np.float64)
    out = np.full(np.broadcast_shapes(parts.shape, wholes.shape), np.nan)
    np.divide(parts, wholes, out=out, where=wholes != 0)
    return out


def frame(columns: Mapping[str, Any], order: Sequence[str]) -> pd.DataFrame:
    """Build a table with exactly these columns in this order."""
    table = pd.DataFrame({place: columns[name] for place, name in enumerate(order)})
    # A view: a name that somebody gives to the columns of a table stays in that table.
    table.columns = _headings(tuple(order)).view()
    return table


@lru_cache(maxsize=64)
def _headings(names: tuple[str, ...]) -> pd.Index[str]:
    """Make the names of columns, which takes pandas a third of the time of a small table."""
    return pd.Index(names)
