"""Categorical columns: the distinct values of a column, and the code of each row's value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import Option, SchemaError

Codes = npt.NDArray[np.int32]
_NARROW = 1 << 20


@dataclass(frozen=True, eq=False)
class CategoryColumn:
    """A column with one value per item, or per row of a log.

    Attributes
    ----------
    code
        Place of each value in `values`, -1 where it is missing.
    values
        The distinct values in rising order.
    """

    code: Codes
    values: pd.Series

    def at(self, places: npt.NDArray[np.integer[Any]]) -> CategoryColumn:
        """Take the values at some places; the place -1 gives a missing value."""
        if not len(self.code):
            return replace(self, code=np.full(len(places), -1, dtype=np.int32))
        code = self.code[places]
        # Places are rarely missing, and their minimum is cheaper than a mask.
        if places.min(initial=0) < 0:
            code[places < 0] = -1
        return replace(self, code=code)


def category_column(column: pd.Series, subject: str | Option) -> CategoryColumn:
    """Give numbers to the distinct values of a column, in rising order; categories keep their order.

    Parameters
    ----------
    column
        Values of any type that sorts.
    subject
        Subject of the error about values that do not sort: the column, or the option that names it.
    """
    column = column.reset_index(drop=True)
    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = pd.Categorical.from_codes(np.arange(len(column.cat.categories)), dtype=column.dtype)
        return CategoryColumn(column.cat.codes.to_numpy().astype(np.int32), pd.Series(categories))
    if is_narrow(column):
        return _narrow_category_column(column, subject)
    try:
        code, found = pd.factorize(column)
        order = pd.Index(found).argsort()
    except TypeError as error:
        raise SchemaError(subject, f" has values that do not sort: {error}") from error
    rank = np.empty(len(order) + 1, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    rank[-1] = -1
    return CategoryColumn(rank[code], pd.Series(found).iloc[order].reset_index(drop=True))


def is_narrow(column: pd.Series) -> bool:
    """Check for integers that lie so near each other that a table of all between them is small."""
    if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "iu" or not len(column):
        return False
    return int(column.max()) - int(column.min()) < _NARROW


def _narrow_category_column(column: pd.Series, subject: str | Option) -> CategoryColumn:
    # Wide enough that the distance of two of them is one of them.
    values = column.to_numpy().astype(np.uint64 if column.dtype.kind == "u" else np.int64, copy=False)
    lowest = values.min()
    # From here on no value is read again: somebody may write into the array meanwhile.
    distances = (values - lowest).view(np.uint64)
    width = int(distances.max()) + 1
    if width > _NARROW:
        raise SchemaError(
            subject, " changes while it is read; do not write into it meanwhile, or pass a copy"
        )
    places = distances.astype(np.int32)
    is_there = np.zeros(width, dtype=bool)
    is_there[places] = True
    there = np.flatnonzero(is_there)
    number = np.zeros(width, dtype=np.int32)
    number[there] = np.arange(len(there), dtype=np.int32)
    return CategoryColumn(
        number[places], pd.Series((there.astype(values.dtype) + lowest).astype(column.dtype))
    )


def values_at(values: pd.Series, places: npt.NDArray[np.integer[Any]]) -> pd.Series:
    """Take the values at some places; the place -1 gives a missing value, and integers stay integers."""
    if not (places < 0).any():
        return values.iloc[places].reset_index(drop=True)
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        # Beside a missing one pandas would make doubles of them, which round those of more than 53 bits.
        is_large = len(values) > 0 and int(values.max()) > np.iinfo(np.int64).max
        values = values.astype("UInt64" if is_large else "Int64")
    return values.reindex(places).reset_index(drop=True)
