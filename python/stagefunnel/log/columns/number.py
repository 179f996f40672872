"""Columns of amounts as numbers that add up without drift."""

from __future__ import annotations

import decimal
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, written

_EXACT = 2**53  # whole numbers up to here are doubles
_MOST_DIGITS = 22  # powers of ten up to here are doubles
_CONTEXT = decimal.Context(prec=100)


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """Amounts, one per item or per row of a log.

    Attributes
    ----------
    values
        Amounts times ten to the power of `scale`; NaN where an amount is missing.
    scale
        Number of decimal places; the amounts are held as whole numbers, whose sums are exact.
    """

    values: npt.NDArray[np.float64]
    scale: int = 0

    def at(self, places: npt.NDArray[np.integer[Any]]) -> NumberColumn:
        """Take the amounts at some places; the place -1 gives NaN."""
        if not len(self.values):
            return replace(self, values=np.full(len(places), np.nan))
        values = self.values[places]
        values[places < 0] = np.nan
        return replace(self, values=values)

    def total(self, values: npt.NDArray[np.float64]) -> float:
        """Add up values of the column, and round the sum once."""
        if self.scale == 0:
            return math.fsum(values)
        total: int = sum(map(int, values.tolist()))
        return float(Fraction(total, 10**self.scale))


def number_column(column: pd.Series, name: str, where: str) -> NumberColumn:
    """Read a column of amounts: numbers, decimals, or text that is a number.

    Parameters
    ----------
    where
        Text of a message that names the place of row ``{row}``.
    """
    values = column.reset_index(drop=True)
    dtype = values.cat.categories.dtype if isinstance(values.dtype, pd.CategoricalDtype) else values.dtype
    if _is_never_a_number(dtype):
        raise SchemaError(f"amount column {name!r} is {dtype}, not numbers")
    if holds_decimals(values):
        exact = _exact(values.astype(object).tolist())
        if exact is not None:
            return exact
        values = values.astype(object)
    unread = _odd_objects(values)
    if not unread.any():
        try:
            numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        except OverflowError:  # a whole number beyond all doubles
            numbers = np.array([*map(_as_double, values)], dtype=np.float64)
        unread = np.isinf(numbers)
        if dtype.kind not in "iuf":  # NaN among numbers is a missing one, also where Arrow tells them apart
            unread |= np.isnan(numbers) & values.notna().to_numpy()
    if unread.any():
        row = int(np.flatnonzero(unread)[0])
        amount = written(values.iloc[row : row + 1].tolist()[0])
        raise SchemaError(
            f"amount {amount}{where.format(row=row)} is not a number; convert column {name!r} first"
        )
    return NumberColumn(numbers)


def _as_double(value: Any) -> float:
    """Read one value as pandas does; a whole number beyond all doubles is infinite."""
    try:
        return float(pd.to_numeric(value, errors="coerce"))
    except OverflowError:
        return math.inf


def _is_never_a_number(dtype: Any) -> bool:
    if isinstance(dtype, pd.ArrowDtype) and not issubclass(dtype.type, int | float | Decimal | str | bytes):
        return True
    return pd.api.types.is_bool_dtype(dtype) or dtype.kind in "mMc" or isinstance(dtype, pd.PeriodDtype)


def _odd_objects(values: pd.Series) -> npt.NDArray[np.bool_]:
    """Find truth and complex numbers among objects, which pandas reads as numbers."""
    mixed = ("boolean", "complex", "mixed", "mixed-integer")
    if values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) not in mixed:
        return np.zeros(len(values), dtype=np.bool_)
    odd = (bool, np.bool_, complex, np.complexfloating)
    return np.fromiter((isinstance(value, odd) for value in values), dtype=np.bool_, count=len(values))


def holds_decimals(values: pd.Series) -> bool:
    """Check for a column of decimals, Python's or Arrow's."""
    if isinstance(values.dtype, pd.ArrowDtype):
        return issubclass(values.dtype.type, Decimal)
    return values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "decimal"


def _exact(values: Sequence[Any]) -> NumberColumn | None:
    """Hold decimals as whole numbers; ``None`` where some have more digits than a double holds exactly."""
    present = [value for value in values if not pd.isna(value)]
    if not all(value.is_finite() for value in present):
        return None
    scale = max([0, *(-int(value.as_tuple().exponent) for value in present)])
    if scale > _MOST_DIGITS:
        return None
    whole = [None if pd.isna(value) else int(_CONTEXT.scaleb(value, scale)) for value in values]
    if any(abs(number) > _EXACT for number in whole if number is not None):
        return None
    return NumberColumn(
        np.array([np.nan if number is None else number for number in whole], dtype=np.float64), scale
    )
