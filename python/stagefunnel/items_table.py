"""The table of items beside a log: one row per item, for breakdowns and amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import _core
from .columns import read_input
from .errors import SchemaError, did_you_mean, quoted


@dataclass(frozen=True)
class Groups:
    """A group for every item of a log.

    Attributes
    ----------
    code
        Group of each item, in the order of the journeys.
    values
        The breakdown columns, one row per group, in the order of the result; the group of items
        without a value comes last.
    keeps_empty
        Whether groups without items are shown.
    """

    code: npt.NDArray[np.int32]
    values: pd.DataFrame
    keeps_empty: bool = False


class ItemsTable:
    """A table with one row per item, matched to the items of a log.

    Raises
    ------
    SchemaError
        If the key column is not there, a row has no key (unless `invalid` is ``"drop"``), two rows
        have one key, or keys are text where the log's are integers.
    """

    def __init__(self, source: Any, key: str, journeys: _core.Journeys, invalid: str) -> None:
        self.frame = _as_pandas(source)
        self._key = key
        self._check_column(key, "items_key")
        keys = _core.encode_items(read_input(self.frame[key], key).column, 1)
        if len(keys) and journeys.n_items and keys.holds_text != journeys.holds_text:
            kinds = ["text" if text else "integers" for text in (keys.holds_text, journeys.holds_text)]
            raise SchemaError(
                f"the items table's key column {key!r} holds {kinds[0]}, the log's items are "
                f"{kinds[1]}; make them one type"
            )
        keyless = keys.missing_rows
        if len(keyless) and invalid != "drop":
            raise SchemaError(
                f"the items table has no {key!r} in row {int(keyless[0]):,} ({len(keyless):,} of "
                f'{len(keys):,} rows); fill it in, or pass invalid="drop" to leave such rows out'
            )
        self.n_keyless = len(keyless)
        rows, duplicate = _core.match_items(journeys, keys)
        if duplicate is not None:
            first, second = duplicate
            raise SchemaError(
                f"the items table has two rows with {key!r} = {_value(self.frame[key], first)!r} (rows "
                f"{first:,} and {second:,}); it must have one row per item"
            )
        self._rows = rows

    @property
    def n_unmatched(self) -> int:
        """Items of the log that the table does not have."""
        return int((self._rows < 0).sum())

    def groups(self, by: str | Sequence[str]) -> Groups:
        """Put every item in the group of its values of some columns, missing values last."""
        columns = [by] if isinstance(by, str) else list(by)
        if not columns:
            raise SchemaError("by= names no column")
        if len(set(columns)) < len(columns):
            raise SchemaError(f"by= names a column twice: {quoted(columns)}")
        for column in columns:
            self._check_column(column, "by")
        attributes = self.frame[columns]
        try:
            grouped = attributes.groupby(columns, dropna=False, sort=True, observed=True)
            code_of_row = grouped.ngroup().to_numpy()
        except TypeError as error:
            raise SchemaError(f"by={quoted(columns)} has values that do not sort: {error}") from error
        first_rows = pd.Series(np.arange(len(attributes))).groupby(code_of_row).first()
        values = attributes.iloc[first_rows.to_numpy()].reset_index(drop=True)
        all_missing = np.flatnonzero(values.isna().all(axis="columns").to_numpy())
        if len(all_missing):
            nowhere = int(all_missing[0])
        else:
            # A row past the table's end is missing in every column and keeps their dtypes.
            nowhere = len(values)
            if (self._rows < 0).any():
                values = values.reindex(range(nowhere + 1))
                values = values.astype(_holding_missing(attributes, values))
        code = np.full(len(self._rows), nowhere, dtype=np.int32)
        known = self._rows >= 0
        code[known] = code_of_row[self._rows[known]]
        return Groups(code, values)

    def amounts(self, column: str) -> npt.NDArray[np.float64]:
        """Amount of every item, NaN where it has none."""
        self._check_column(column, "amount")
        values = pd.to_numeric(self._plain(column), errors="coerce")
        unread = (values.isna() & ~self.frame[column].isna().to_numpy()) | np.isinf(values.astype(float))
        if unread.any():
            row = int(np.flatnonzero(unread.to_numpy())[0])
            raise SchemaError(
                f"amount {_value(self.frame[column], row)!r} in row {row:,} of the items table is not a "
                f"number; convert column {column!r} first"
            )
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        amounts = np.full(len(self._rows), np.nan)
        known = self._rows >= 0
        amounts[known] = numbers[self._rows[known]]
        return amounts

    def _plain(self, column: str) -> pd.Series:
        values = self.frame[column].reset_index(drop=True)
        if pd.api.types.is_bool_dtype(values.dtype) or values.dtype.kind in "mMc":
            raise SchemaError(f"amount column {column!r} is {values.dtype}, not numbers")
        return values

    def _check_column(self, column: str, option: str) -> None:
        known = list(self.frame.columns)
        if column not in known:
            raise SchemaError(
                f"{option}={column!r} is no column of the items table; it has: {quoted(known)}"
                f"{did_you_mean(column, known)}"
            )

    def __repr__(self) -> str:
        others = [str(name) for name in self.frame.columns if name != self._key]
        return f"table of {len(self.frame):,} rows: {', '.join(others)}"


def _holding_missing(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    """Keep integers as integers where a missing value came in."""
    return {
        name: "Int64"
        for name in before.columns
        if pd.api.types.is_integer_dtype(before[name].dtype)
        and not pd.api.types.is_integer_dtype(after[name].dtype)
    }


def _value(column: pd.Series, row: int) -> Any:
    """Give one value as a plain object, so that a message shows 7 and not np.int64(7)."""
    return column.iloc[row : row + 1].tolist()[0]


def _as_pandas(source: Any) -> pd.DataFrame:
    if isinstance(source, pd.DataFrame):
        return source
    if isinstance(source, dict):
        try:
            return pd.DataFrame(source)
        except ValueError as error:
            raise SchemaError(f"items= is not a table: {error}") from error
    if hasattr(source, "__arrow_c_stream__"):
        try:
            import pyarrow as pa
        except ImportError as error:
            raise SchemaError(
                f"an items table of type {type(source).__name__} needs pyarrow: "
                f'pip install "stagefunnel[arrow]", or pass a pandas DataFrame'
            ) from error
        frame: pd.DataFrame = pa.table(source).to_pandas()
        return frame
    raise SchemaError(f"items= is a {type(source).__name__}, not a table")
