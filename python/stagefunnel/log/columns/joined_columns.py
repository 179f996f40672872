"""The further columns of two logs as those of one, with the types that one log of all rows would have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from .category import CategoryColumn, category_column, is_narrow
from .kept import RowColumns
from .one_type import EXACT, as_type, few_of, is_number, joined_values, kind_key, missing_values, type_of_all

Array: TypeAlias = npt.NDArray[Any]
#: Puts the values of a later log among those of a log.
Into: TypeAlias = Callable[[Array, Array], Array]
#: A column as plain data, as `RowColumns.parts` gives it: numbers, or codes of values.
ColumnPart: TypeAlias = Mapping[str, Any]


def joined_columns(first: RowColumns | None, later: RowColumns | None, into: Into) -> RowColumns | None:
    """Put the columns of a later log among those of a log, which has the same ones."""
    if first is None or later is None:
        return None
    mine, theirs = first.parts, later.parts
    return RowColumns.of_parts({name: _joined_column(mine[name], theirs[name], into, name) for name in mine})


def columns_of_types(columns: RowColumns, types: Mapping[str, Any]) -> RowColumns:
    """Give columns the types of those of several logs; they stay as they are where they have these."""
    parts = columns.parts
    changed = {
        name: column_of_type(parts[name], dtype, name)
        for name, dtype in types.items()
        if kind_key(dtype_of(parts[name])) != kind_key(dtype)
    }
    return RowColumns.of_parts({**parts, **changed}) if changed else columns


def dtype_of(part: ColumnPart) -> Any:
    """Return the type of the values of a column."""
    return part["dtype"] if "dtype" in part else part["values"].dtype


def samples_of_part(part: ColumnPart) -> list[pd.Series]:
    """Take few values of a column that show the type of all of them beside those of other parts."""
    dtype = dtype_of(part)
    samples = [pd.Series(dtype=dtype)]
    if "dtype" not in part:
        code, values = part["code"], part["values"]
        if len(code) and int(code.min()) < 0:
            samples.append(missing_values(1))
        if int(code.max(initial=-1)) >= 0:
            samples.append(few_of(values))
        return samples
    is_missing = np.isnan(part["values"])
    if is_missing.any():
        samples.append(missing_values(1))
    if not is_missing.all():
        known = part["values"][~is_missing]
        if part["scale"] or not is_number(dtype):
            samples.append(pd.Series([Decimal(0)], dtype=dtype))
        else:
            samples.append(few_of(pd.Series(known)).astype(dtype))
    return samples


def _joined_column(first: ColumnPart, later: ColumnPart, into: Into, name: str) -> ColumnPart:
    parts: Sequence[ColumnPart] = (first, later)
    if len({kind_key(dtype_of(part)) for part in parts}) > 1:
        dtype = type_of_all([sample for part in parts for sample in samples_of_part(part)])
        parts = [column_of_type(part, dtype, name) for part in parts]
    if all("dtype" in part for part in parts):
        scale = max(part["scale"] for part in parts)
        values = [part["values"] * 10.0 ** (scale - part["scale"]) for part in parts]
        return {"values": into(*values), "scale": scale, "dtype": parts[0]["dtype"]}
    categories = [_as_category(part, name) for part in parts]
    filled = [one.values for one in categories if len(one.values)] or [categories[0].values]
    both = category_column(joined_values(filled), f"column {name!r}")
    n_first = len(categories[0].values)
    code_of = [np.append(both.code[:n_first], -1), np.append(both.code[n_first:], -1)]
    codes = [of[one.code] for of, one in zip(code_of, categories, strict=True)]
    return _held_as_one_log({"code": into(*codes).astype(np.int32), "values": both.values})


def column_of_type(part: ColumnPart, dtype: Any, name: str) -> ColumnPart:
    """Give a column the type of all parts, which holds its values."""
    if kind_key(dtype_of(part)) == kind_key(dtype):
        return part
    if "dtype" in part:
        if is_number(dtype):
            return {**part, "dtype": dtype}
        part = vars(_as_category(part, name))
    values = as_type(part["values"], dtype)
    both = category_column(values, f"column {name!r}")
    code = np.append(both.code, -1).astype(np.int32)[part["code"]]
    return _held_as_one_log({"code": code, "values": both.values})


def _held_as_one_log(part: ColumnPart) -> ColumnPart:
    """Hold numbers as doubles where a log of all rows would do so."""
    values = part["values"]
    if not is_number(values.dtype) or is_narrow(values):
        return part
    ends = (values.min(), values.max()) if len(values) else (0, 0)
    if pd.api.types.is_integer_dtype(values.dtype) and not -EXACT <= ends[0] <= ends[1] <= EXACT:
        return part
    numbers = np.append(values.to_numpy(dtype=np.float64, na_value=np.nan), np.nan)
    return {"values": numbers[part["code"]], "scale": 0, "dtype": values.dtype}


def _as_category(part: ColumnPart, name: str) -> CategoryColumn:
    """Hold numbers as codes of their values, which are as exact as they were."""
    if "dtype" not in part:
        return CategoryColumn(part["code"], part["values"])
    found = category_column(pd.Series(part["values"]), f"column {name!r}")
    values, dtype, scale = found.values, part["dtype"], part["scale"]
    if is_number(dtype):
        return CategoryColumn(found.code, values.astype(dtype))
    decimals = [Decimal(int(value)).scaleb(-scale) for value in values]
    return CategoryColumn(found.code, pd.Series(decimals, dtype=dtype))
