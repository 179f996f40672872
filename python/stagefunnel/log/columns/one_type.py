"""The one type of a column whose values come in parts: batches, days or partitions, each with its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from .number import holds_decimals

#: Whole numbers up to here are doubles.
EXACT: Final = 2**53


def joined_values(parts: Sequence[pd.Series]) -> pd.Series:
    """Put the values of parts behind each other, as the one type that they have together."""
    if not parts:
        return pd.Series(dtype=object)
    kinds = {kind_key(part.dtype) for part in parts}
    if len(kinds) > 1:
        dtype = type_of_all([sample for part in parts for sample in samples_of(part)])
        parts = [as_type(part.reset_index(drop=True), dtype) for part in parts]
    return pd.Series(pd.concat(parts, ignore_index=True))


def samples_of(values: pd.Series) -> list[pd.Series]:
    """Take few values of a column that show the type of all of them beside those of other parts."""
    known = values.dropna()
    samples = [values.iloc[:0]]
    if len(known) < len(values):
        samples.append(missing_values(1, values.dtype))
    if len(known):
        samples.append(few_of(known))
    return samples


def few_of(known: pd.Series) -> pd.Series:
    """Take the ends of whole numbers, and of floats one that is not whole, as they decide; else any value."""
    if not is_number(known.dtype):
        return known.iloc[:1].reset_index(drop=True)
    few = [known.min(), known.max()]
    if pd.api.types.is_float_dtype(known.dtype):
        numbers = known.to_numpy(dtype=np.float64)
        few += numbers[numbers != np.floor(numbers)][:1].tolist()
    return pd.Series(few, dtype=known.dtype)


def missing_values(n: int, dtype: Any = object) -> pd.Series:
    """Make a column without any value."""
    return pd.Series([None] * n, dtype=dtype)


def _takes_missing(dtype: Any) -> bool:
    return not (isinstance(dtype, np.dtype) and dtype.kind in "iub")


def is_number(dtype: Any) -> bool:
    """Check for a type of numbers; true and false are none."""
    return bool(pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype))


def kind_key(dtype: Any) -> Any:
    """Return what tells a type from others: that of categories has their order too."""
    if isinstance(dtype, pd.CategoricalDtype):
        return ("category", tuple(dtype.categories), str(dtype.categories.dtype), dtype.ordered)
    return dtype


def type_of_all(samples: Iterable[pd.Series]) -> Any:
    """Return the type of the values of all parts together, whatever the order of the parts.

    Parts without a value have no type. Categories that differ are their values. Whole numbers stay whole
    beside a missing one, and where doubles do not hold them also beside floats that are whole. Truth beside
    a missing one is an object. All else is as pandas has it in one table.
    """
    samples = list(samples)
    typed = [sample for sample in samples if sample.notna().any()]
    is_missing = any(sample.isna().any() for sample in samples)
    if not typed:
        kinds = {kind_key(sample.dtype): sample.dtype for sample in samples}
        return next(iter(kinds.values())) if len(kinds) == 1 else np.dtype(object)
    if len({kind_key(sample.dtype) for sample in typed}) == 1:
        return _with_missing(typed[0].dtype) if is_missing else typed[0].dtype
    typed = [plain_values(sample) for sample in typed]
    if all(is_number(sample.dtype) for sample in typed):
        dtype = _type_of_numbers(typed)
    elif all(is_number(sample.dtype) or holds_decimals(sample) for sample in typed):
        dtype = typed[0].dtype if all(map(holds_decimals, typed)) else np.dtype(np.float64)
    else:
        dtype = _type_of_values(typed)
    return _with_missing(dtype) if is_missing else dtype


def _type_of_values(typed: Sequence[pd.Series]) -> Any:
    # Truth of which some was missing is an object, beside which pandas would forget another type.
    others = [sample for sample in typed if sample.dtype != object or not _is_truth(sample)]
    are_truth = others and all(pd.api.types.is_bool_dtype(sample.dtype) for sample in others)
    dtype: Any = pd.concat(others if are_truth else typed, ignore_index=True).dtype
    return _with_missing(dtype) if are_truth and len(others) < len(typed) else dtype


def _is_truth(values: pd.Series) -> bool:
    return pd.api.types.infer_dtype(values, skipna=True) == "boolean"


def plain_values(values: pd.Series) -> pd.Series:
    """Take the values of categories, of which whole numbers stay whole beside a missing one."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return values
    codes = values.cat.codes.to_numpy()
    categories = pd.Series(values.cat.categories)
    if (codes < 0).any():
        categories = categories.astype(_with_missing(categories.dtype))
    return categories.reindex(codes).set_axis(values.index)


def _type_of_numbers(typed: Sequence[pd.Series]) -> Any:
    whole = [sample for sample in typed if pd.api.types.is_integer_dtype(sample.dtype)]
    floats = [sample for sample in typed if not pd.api.types.is_integer_dtype(sample.dtype)]
    together: Any = pd.concat(typed, ignore_index=True).dtype
    if pd.api.types.is_integer_dtype(together):
        return together
    ends = [int(end) for sample in whole for end in (sample.min(), sample.max())]
    are_doubles = all(-EXACT <= end <= EXACT for end in ends)
    if not floats or (not are_doubles and all(map(_are_whole, floats))):
        ends += [int(end) for sample in floats for end in sample]
        takes_missing = bool(floats) or any(_takes_missing(sample.dtype) for sample in whole)
        for kind in (np.int64, np.uint64):
            if np.iinfo(kind).min <= min(ends) and max(ends) <= np.iinfo(kind).max:
                dtype: np.dtype[Any] = np.dtype(kind)
                return _with_missing(dtype) if takes_missing else dtype
    # Whole numbers are of a type that takes missing ones where a part had some, and floats need none.
    return pd.concat([sample.astype(np.float64) for sample in whole] + floats).dtype


def _are_whole(floats: pd.Series) -> bool:
    return all(np.isfinite(value) and float(value).is_integer() for value in floats)


def _with_missing(dtype: Any) -> Any:
    """Return the type of the same values beside a missing one."""
    if _takes_missing(dtype):
        return dtype
    if dtype.kind == "b":
        return np.dtype(object)
    return pd.UInt64Dtype() if dtype.kind == "u" else pd.Int64Dtype()


def as_type(values: pd.Series, dtype: Any) -> pd.Series:
    """Give values the type of all parts; one without a value has missing ones of any type."""
    if kind_key(values.dtype) == kind_key(dtype):
        return values
    values = plain_values(values)
    if not len(values) or not values.notna().any():
        return missing_values(len(values), dtype).set_axis(values.index)
    return values.astype(dtype)
