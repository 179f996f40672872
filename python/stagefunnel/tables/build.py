"""Building blocks of the tables: stages, outcomes and shares as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..pipeline import Pipeline
from .schema import OUTCOMES

Rows = npt.NDArray[np.integer[Any]]


def stage_values(pipeline: Pipeline, rows: Rows | Sequence[int]) -> pd.Categorical:
    """Turn rows of a pipeline into labels; -1 is missing."""
    return pd.Categorical.from_codes(
        np.asarray(rows, dtype=np.int64), categories=pd.Index(pipeline.labels), ordered=True
    )


def outcome_values(codes: Rows | Sequence[int]) -> pd.Categorical[str]:
    """Turn the core's outcomes into their names."""
    return pd.Categorical.from_codes(np.asarray(codes, dtype=np.int64), categories=pd.Index(OUTCOMES))


def row_outcomes(pipeline: Pipeline) -> npt.NDArray[np.int64]:
    """Return the core's outcome of every row of a pipeline."""
    return np.repeat([0, 1, 2], [len(pipeline.stages), len(pipeline.won), len(pipeline.lost)])


def remember(table: pd.DataFrame, what: str, pipeline: Pipeline, **more: Any) -> None:
    """Note on a table the data that a display needs beside the numbers, as plain data that survives JSON."""
    names = {str(label): name for label, name in pipeline.names.items()}
    table.attrs["stagefunnel"] = {"table": what, "names": names, **more}


def share(part: npt.ArrayLike, whole: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Divide counts; a share of nothing is NaN."""
    parts = np.asarray(part, dtype=np.float64)
    wholes = np.asarray(whole, dtype=np.float64)
    out = np.full(np.broadcast_shapes(parts.shape, wholes.shape), np.nan)
    np.divide(parts, wholes, out=out, where=wholes != 0)
    return out


def frame(columns: Mapping[str, Any], order: Sequence[str]) -> pd.DataFrame:
    """Build a table with exactly these columns in this order."""
    return pd.DataFrame({name: columns[name] for name in order})
