"""Reads times that are numbers or lengths of time, and says which of them are neither."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, named

_FINER: Final = {"ps", "fs", "as"}  # than a nanosecond
_NS: Final = "timedelta64[ns]"


def read_times(option: str, values: Any) -> npt.NDArray[Any]:
    """Read times that are numbers or lengths of time.

    Raises
    ------
    SchemaError
        If they are something else, or lengths that have no fixed number of nanoseconds.
    """
    times = _as_array(option, values)
    if times.dtype.kind in "OU" and (texts := [one for one in values if isinstance(one, str)]):
        says = f" has text, such as {texts[0]!r}; give numbers, or lengths as of pandas.to_timedelta"
        raise SchemaError(named(option), says)
    if times.dtype.kind == "O":
        times = np.asarray(pd.Series(list(values), dtype=object).infer_objects())
    if times.dtype.kind == "O":
        # Numbers and missing values of several types.
        times = np.array([_number(option, value, at) for at, value in enumerate(times.tolist())], dtype=float)
    if times.dtype.kind == "M":
        _refuse_moments(option)
    if times.dtype.kind not in "iufm":
        raise SchemaError(
            named(option), f" has values of type {times.dtype}; give numbers or lengths of time"
        )
    unit = np.datetime_data(times.dtype)[0] if times.dtype.kind == "m" else "ns"
    if unit in ("Y", "M"):
        raise SchemaError(
            named(option), f" has lengths in {times.dtype}, which are not the same everywhere; give days"
        )
    if unit in _FINER:
        raise SchemaError(named(option), f" has lengths in {times.dtype}; a nanosecond is the finest unit")
    return times


def refuse_far(option: str, times: npt.NDArray[Any]) -> None:
    """Refuse times that the core has no number for.

    Raises
    ------
    SchemaError
        If a whole number is beyond 63 bits, or a length is more nanoseconds than that.
    """
    if times.dtype.kind == "m":
        per_unit = int(np.ones(1, dtype=times.dtype).astype(_NS).view(np.int64)[0])
        ticks = times.astype(times.dtype.newbyteorder("="), copy=False).view(np.int64)
        is_far = (np.abs(ticks) > np.iinfo(np.int64).max // per_unit) & ~np.isnat(times)
        limit = "292 years, beyond all nanoseconds of 64 bits"
    elif times.dtype.kind == "u" and times.dtype.itemsize == 8:
        is_far, limit = times > np.uint64(np.iinfo(np.int64).max), "63 bits"
    else:
        return
    far = np.flatnonzero(is_far)
    if len(far):
        raise SchemaError(named(option), f" is {times[far[0]]} at place {far[0]}, which is more than {limit}")


def _as_array(option: str, values: Any) -> npt.NDArray[Any]:
    """Show what somebody gives as an array of one dimension; what a mask covers is missing."""
    is_one = isinstance(values, str) or not hasattr(values, "__len__")
    if not is_one and np.ma.isMaskedArray(values):
        are_lengths = values.dtype.kind == "m"
        none: Any = np.timedelta64("NaT") if are_lengths else np.nan
        values = np.where(np.ma.getmaskarray(values), none, np.ma.getdata(values))
    try:
        times = None if is_one else np.asarray(values)
    except ValueError:  # a list among numbers, which is named with its place
        times = np.fromiter(values, dtype=object, count=len(values))
    if times is None or times.ndim != 1:
        raise SchemaError(given(option, values), " is not a list or an array of times")
    return times


def _number(option: str, value: Any, place: int) -> float:
    """Read one number; one that is missing is NaN."""
    if isinstance(value, Real | Decimal) and not isinstance(value, bool):
        return float(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return float("nan")
    if hasattr(value, "year"):
        _refuse_moments(option)
    raise SchemaError(
        named(option),
        f" is {value!r} at place {place}, of type {type(value).__name__}; "
        "give numbers alone, or lengths of time",
    )


def _refuse_moments(option: str) -> None:
    raise SchemaError(
        named(option), " has moments; give lengths of time, such as those since the creation of each item"
    )
