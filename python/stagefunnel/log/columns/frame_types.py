"""What may hold the rows of a log, as types: tables of any library, and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd


class ArrowStream(Protocol):
    """Anything that streams Arrow: tables and columns of polars and pyarrow, relations of DuckDB, readers."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand the rows out as a stream, as the PyCapsule interface of Arrow says."""


class ArrowArray(Protocol):
    """Anything that is one array of Arrow: a record batch, or an array."""

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        """Hand the values out as an array, as the PyCapsule interface of Arrow says."""


class LazyFrame(Protocol):
    """A query of polars that is not collected yet."""

    def collect_schema(self) -> Any:
        """Say which columns the query gives."""

    def collect(self) -> Any:
        """Run the query."""


Column: TypeAlias = (
    Sequence[Any]
    | np.ndarray[Any, Any]
    | pd.Series
    | pd.Index
    | pd.api.extensions.ExtensionArray
    | ArrowStream
    | ArrowArray
)
# A table of pandas, polars, Arrow or DuckDB, a query that is not collected yet, columns by their names, or
# records.
Frame: TypeAlias = (
    pd.DataFrame | ArrowStream | ArrowArray | LazyFrame | Mapping[str, Column] | Sequence[Mapping[str, Any]]
)
