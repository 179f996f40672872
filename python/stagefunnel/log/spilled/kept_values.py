"""Further columns of rows that lie on disk for a while: each comes back as the type that the log gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ...errors import SchemaError
from ..columns.one_type import kind_key, plain_values, samples_of, type_of_all
from ..intake.stream_columns import StreamColumns
from ..saved.columns_file import pyarrow

_DIGITS: Final = 38  # the most that a decimal of 16 bytes has


class KeptValues:
    """The further columns of the rows so far: what Arrow calls their types, and what the log calls them.

    Parameters
    ----------
    names
        The columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._columns = StreamColumns(names)
        self._arrow: dict[str, Any] = {}
        self._samples: dict[str, list[pd.Series]] = {name: [] for name in names}

    def arrays(self, columns: Mapping[str, pd.Series], kept: Any) -> dict[str, Any]:
        """Write columns of a batch as arrays of Arrow, without the rows that the log leaves out.

        Raises
        ------
        SchemaError
            If a column holds values of another kind than in the batches before, or such as no file holds.
        """
        arrays = {}
        for name, column in columns.items():
            values = self._columns.checked(name, column).iloc[kept].reset_index(drop=True)
            self._note(name, values)
            arrays[name] = self._in_type(name, _array(values, name))
        return arrays

    def _note(self, name: str, values: pd.Series) -> None:
        """Keep a few values of each type, which show of which type all of them are."""
        by_kind: dict[Any, list[pd.Series]] = {}
        for sample in [*self._samples[name], *samples_of(values)]:
            by_kind.setdefault(kind_key(sample.dtype), []).append(sample)
        self._samples[name] = [
            few for of in by_kind.values() for few in (of if len(of) < 2 else samples_of(pd.concat(of)))
        ]

    def _in_type(self, name: str, array: Any) -> Any:
        pa = pyarrow()
        if array.null_count == len(array):  # such a batch says nothing of its type
            return pa.nulls(len(array), self._arrow.get(name, pa.null()))
        before = self._arrow.get(name)
        if before is not None and pa.types.is_decimal(before) and pa.types.is_decimal(array.type):
            array = array.cast(pa.decimal128(_DIGITS, max(before.scale, array.type.scale)))
        self._arrow[name] = array.type
        return array

    def kinds(self) -> pd.DataFrame:
        """Return a frame without rows whose columns have the types of all values."""
        kinds = {name: type_of_all(of) if of else object for name, of in self._samples.items()}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def _array(values: pd.Series, name: str) -> Any:
    """Make an array of Arrow whose type does not depend on how large the values are."""
    pa = pyarrow()
    try:
        array = pa.array(plain_values(values), from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise SchemaError(
            f"column {name!r} cannot be spilled: {error}; make it one type, such as text"
        ) from error
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    kind = array.type
    if pa.types.is_string(kind):
        return array.cast(pa.large_string())
    if pa.types.is_decimal(kind):
        return array.cast(pa.decimal128(_DIGITS, kind.scale))
    return array


def series_of_array(array: Any, dtype: Any) -> pd.Series:
    """Make a column of pandas of an array of Arrow."""
    pa = pyarrow()
    if pa.types.is_null(array.type):
        return pd.Series([None] * len(array), dtype=dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        return pd.Series(pd.Categorical(array.to_pandas(), dtype=dtype))
    if isinstance(dtype, np.dtype):
        if dtype.kind != "O":
            return pd.Series(array.to_pandas()).astype(dtype)
        values = np.empty(len(array), dtype=object)
        for at, value in enumerate(array.to_pylist()):
            values[at] = value
        return pd.Series(values, dtype=object)
    return pd.Series(dtype.__from_arrow__(array))
