"""Columns of the log itself, one value per row, held in the order of the journeys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given, named, quoted
from .arrow import frame_of, series_of, speaks_arrow, table_of
from .category import CategoryColumn, category_column, is_narrow, values_at
from .inputs import check_names
from .number import NumberColumn, holds_decimals, number_column

_EXACT = 2**53  # whole numbers up to here are doubles


class RowColumns:
    """The columns that a log keeps of its rows.

    Numbers are held as doubles, and their distinct values are found only when a breakdown needs them. All
    other columns, and integers that lie near each other, are held as codes of their distinct values.
    """

    def __init__(self, columns: Mapping[str, pd.Series], rows: npt.NDArray[np.uint32], threads: int) -> None:
        self._categories: dict[str, CategoryColumn] = {}
        self._numbers: dict[str, NumberColumn] = {}
        self._types: dict[str, Any] = {}
        for name, column in columns.items():
            if _are_numbers(column):
                numbers = number_column(column, name, " in row {row:,} of the log")
                values: npt.NDArray[np.float64] = np.ascontiguousarray(numbers.values)
                values = _core.funnel.values_of_rows(values, rows, threads)
                self._numbers[name] = replace(numbers, values=values)
                self._types[name] = column.dtype
            else:
                category = category_column(column, f"column {name!r}")
                self._categories[name] = replace(
                    category, code=_core.funnel.values_of_rows(category.code, rows, threads)
                )

    @classmethod
    def of_parts(cls, parts: Mapping[str, Mapping[str, Any]]) -> RowColumns:
        """Make columns of what :attr:`parts` gives."""
        columns = cls({}, np.zeros(0, dtype=np.uint32), 1)
        for name, part in parts.items():
            if "dtype" in part:
                columns._types[name] = part["dtype"]
                columns._numbers[name] = NumberColumn(part["values"], part["scale"])
            else:
                code, values = part["code"], part["values"]
                if int(code.max(initial=-1)) >= len(values) or int(code.min(initial=-1)) < -1:
                    raise ValueError(f"column {name!r} has a code without a value")
                columns._categories[name] = CategoryColumn(code, values)
        return columns

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        """The columns as plain data: numbers with their scale and type, others as codes of their values."""
        return {
            name: {**vars(self._numbers[name]), "dtype": self._types[name]}
            if name in self._types
            else vars(self._categories[name]).copy()
            for name in self.names
        }

    @property
    def names(self) -> list[str]:
        """Names of the columns, numbers first."""
        # Each may be held in its other form too, once a question needed that.
        return [*self._types, *(name for name in self._categories if name not in self._types)]

    @property
    def lengths(self) -> dict[str, int]:
        """Number of values of each column."""
        return {
            name: len(self._numbers[name].values if name in self._types else self._categories[name].code)
            for name in self.names
        }

    def at_rows(self, rows: npt.NDArray[np.uint32], threads: int) -> RowColumns:
        """Take the values of some rows of the journeys."""
        taken = self.parts
        for part in taken.values():
            values = "values" if "dtype" in part else "code"
            part[values] = _core.funnel.values_of_rows(part[values], rows, threads)
        return self.of_parts(taken)

    def without_unused(self) -> RowColumns:
        """Return the same columns without values that no row has."""
        parts = self.parts
        for name, part in parts.items():
            if "dtype" not in part:
                code, values = part["code"], part["values"]
                used = np.flatnonzero(np.bincount(code[code >= 0], minlength=len(values)))
                number = np.full(len(values) + 1, -1, dtype=np.int32)
                number[used] = np.arange(len(used), dtype=np.int32)
                parts[name] = {"code": number[code], "values": values_at(values, used)}
        return self.of_parts(parts)

    def __contains__(self, name: str) -> bool:
        return name in self._numbers or name in self._categories

    def category(self, name: str) -> CategoryColumn:
        """Return the value of a column for each row of the journeys, as a category."""
        if name not in self._categories:
            numbers, dtype = self._numbers[name], self._types[name]
            category = category_column(pd.Series(numbers.values / 10.0**numbers.scale), given("by", name))
            if pd.api.types.is_integer_dtype(dtype):
                category = CategoryColumn(category.code, category.values.astype(dtype))
            self._categories[name] = category
        return self._categories[name]

    def held_as_codes(self, name: str) -> CategoryColumn | None:
        """Return a column that is held as codes of its distinct values; ``None`` for one of numbers."""
        return None if name in self._types else self._categories[name]

    def values_at(self, name: str, rows: npt.NDArray[np.int64]) -> pd.Series:
        """Return the values of a column in some rows of the journeys, as the type that they came in."""
        if name not in self._types:
            category = self._categories[name].at(rows)
            return values_at(category.values, category.code)
        numbers, dtype = self._numbers[name], self._types[name]
        values = pd.Series(numbers.values[rows] / 10.0**numbers.scale)
        if pd.api.types.is_integer_dtype(dtype):
            return values.astype("Int64" if values.isna().any() else dtype)
        return values

    def numbers(self, name: str) -> NumberColumn:
        """Return the amount of each row of the journeys."""
        if name not in self._numbers:
            category = self._categories[name]
            numbers = number_column(category.values, name, f" of column {name!r}")
            self._numbers[name] = numbers.at(category.code)
        return self._numbers[name]


def _are_numbers(column: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        return False
    if is_narrow(column):
        return False  # such as keys of people, whose distinct values take less memory
    if pd.api.types.is_integer_dtype(column.dtype):
        ends = (column.min(), column.max()) if column.notna().any() else (0, 0)
        return bool(ends[0] >= -_EXACT and ends[1] <= _EXACT)
    return pd.api.types.is_float_dtype(column.dtype) or holds_decimals(column)


def column_names(columns: Any) -> list[str]:
    """Return the names of the columns that a log keeps, after a check; ``None`` names none."""
    if columns is None:
        return []
    names = [columns] if isinstance(columns, str) or not isinstance(columns, Iterable) else list(columns)
    if not all(isinstance(name, str) for name in names):
        raise SchemaError(given("columns", columns), " are not names of columns")
    if len(set(names)) < len(names):
        raise SchemaError(named("columns"), f" names a column twice: {quoted(names)}")
    return names


def with_columns(frame: Any, columns: Any) -> tuple[Any, dict[str, pd.Series]]:
    """Take the columns that a log is to keep out of its frame, and return a frame to read the others from.

    A reader or a query can be read once only, so it comes back as a table. Without a frame the columns
    are a mapping of arrays.
    """
    names = column_names(columns)
    if not names:
        return frame, {}
    if frame is None:
        if not isinstance(columns, Mapping):
            raise SchemaError("without a frame, columns is a mapping of names to arrays")
        return frame, {name: series_of(columns[name]) for name in names}
    if isinstance(frame, Mapping):
        check_names(names, list(frame), "the mapping")
        return frame, {name: series_of(frame[name]) for name in names}
    if not isinstance(frame, pd.DataFrame):
        if not speaks_arrow(frame):
            return frame, {}  # reading the other columns raises the error
        frame = _as_arrow(frame)
        check_names(names, list(frame.column_names), "the table")
        kept = frame_of(frame.select(names))
        return frame, {name: kept[name] for name in names}
    check_names(names, list(frame.columns), "the frame")
    return frame, {name: series_of(frame[name]) for name in names}


def _as_arrow(frame: Any) -> Any:
    try:
        return table_of(frame)
    except ImportError as error:
        raise SchemaError(
            named("columns"),
            f' of a {type(frame).__name__} needs pyarrow: pip install "stagefunnel[arrow]", or pass '
            f"a pandas DataFrame",
        ) from error
