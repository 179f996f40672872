"""Further columns of rows that come in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError
from ..columns.kept import RowColumns
from ..columns.one_type import joined_values


class StreamColumns:
    """The columns of the rows so far, without the rows that a log leaves out.

    Parameters
    ----------
    names
        Columns to keep.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._parts: dict[str, list[pd.Series]] = {name: [] for name in names}
        self._kinds: dict[str, str] = {}

    def append(self, columns: Mapping[str, pd.Series], is_kept: npt.NDArray[np.bool_]) -> None:
        """Take the columns of a batch.

        Raises
        ------
        SchemaError
            If a column holds values of another kind than in the batches before.
        """
        for name, column in columns.items():
            self._parts[name].append(self.checked(name, column)[is_kept])

    def checked(self, name: str, column: pd.Series) -> pd.Series:
        """Return the values of a column of a batch, which are of the kind of those before."""
        values = column.reset_index(drop=True)
        kind = _kind_of(values)
        before = self._kinds.setdefault(name, kind) if kind else self._kinds.get(name, "")
        if kind and kind != before:
            raise SchemaError(
                f"column {name!r} has {kind}, the batches before have {before}; make them one type"
            )
        return values

    def of_rows(self, numbers: npt.NDArray[np.uint32], threads: int) -> RowColumns:
        """Put the columns in the order of the journeys."""
        joined = {}
        for name in self.names:
            joined[name] = joined_values(self._parts.pop(name))
        return RowColumns(joined, numbers, threads)


def _kind_of(values: pd.Series) -> str:
    """Describe the values of a column, as far as batches must agree; empty where there is none."""
    if not values.notna().any():
        return ""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = pd.Series(values.cat.categories)
    kind: Any = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return "true and false"
    if pd.api.types.is_numeric_dtype(kind):
        return "numbers"
    if isinstance(kind, pd.DatetimeTZDtype):
        return f"times in {kind.tz}"
    if pd.api.types.is_datetime64_any_dtype(kind):
        return "times without a zone"
    found = pd.api.types.infer_dtype(values, skipna=True)
    return {
        "string": "text",
        "integer": "numbers",
        "floating": "numbers",
        "mixed-integer-float": "numbers",
        "boolean": "true and false",
    }.get(found, found)
