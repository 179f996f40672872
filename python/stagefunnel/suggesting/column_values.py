"""What the values of a column show: that they number the rows, stay the same within others, hold records."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

# Items of which a column has a second value by a slip are no reason to call it one that changes.
_SLIPS: Final = 1.02


def is_constant(values: npt.NDArray[np.int64], within: npt.NDArray[np.int64]) -> bool:
    """Check whether a column stays the same within the values of another; both are given as codes.

    Examples
    --------
    >>> import numpy as np
    >>> from stagefunnel.suggesting.column_values import is_constant
    >>> is_constant(np.array([4, 4, 5]), np.array([0, 0, 1])), is_constant(np.array([4, 5]), np.array([0, 0]))
    (True, False)
    """
    pairs = np.unique(within * (int(values.max(initial=0)) + 1) + values)
    return len(pairs) <= _SLIPS * (int(within.max(initial=0)) + 1)


def numbers_rows(column: pd.Series) -> bool:
    """Check for numbers of rows: whole, and each of them once.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.suggesting.column_values import numbers_rows
    >>> [numbers_rows(pd.Series(values)) for values in (["7", "3"], ["7", "7"], ["a"])]
    [True, False, False]
    """
    if not len(column) or column.isna().any() or not column.is_unique:
        return False
    is_integer = pd.api.types.is_integer_dtype(column.dtype)
    return is_integer or bool(column.astype(str).str.fullmatch(r"\d{1,18}").all())


def is_nested(column: pd.Series) -> bool:
    """Check for lists and records, by the first values."""
    return column.dtype == object and any(isinstance(value, list | dict) for value in column.head(1_000))
