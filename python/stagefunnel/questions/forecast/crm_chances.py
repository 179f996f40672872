"""The chances that a CRM itself gives its open items, out of a column of them: shares or percents."""

from __future__ import annotations

from typing import Any, Final, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given
from ...log.columns.items import ItemsTable
from ...log.columns.number import holds_decimals
from ...log.stage_log import StageLog
from ..scope.columns import source_of
from ..scope.item_rows import rows_of_items
from ..scope.selection import Selection
from .exits import Floats

_PERCENT: Final = 100
_ADVICE: Final = "; give shares from 0 to 1, or percents from 0 to 100"


def crm_chances(selection: Selection, probability: Any) -> Floats | None:
    """Return the CRM's own chance of each item of the log, in its last row that is read; NaN without one."""
    if probability is None:
        return None
    source = source_of(selection.log, probability, "probability")
    if isinstance(source, ItemsTable):
        values, place = source.series(probability, "probability")
        return _at(_shares(values, probability), np.asarray(place))
    rows = rows_of_items(selection, "last")
    codes = source.held_as_codes(probability)
    if codes is not None:
        return _at(_shares(pd.Series(codes.values), probability), codes.at(rows).code)
    numbers = source.numbers(probability)
    return _at(_shares(pd.Series(numbers.values / 10.0**numbers.scale), probability), rows)


def is_of_log(log: StageLog, column: Any) -> bool:
    """Whether a column is one of the log, whose values are those of a row."""
    items = log._data.items_table
    return column is not None and (items is None or column not in items)


def _at(values: Floats, place: npt.NDArray[np.integer[Any]]) -> Floats:
    """Take values at some places; the place -1 has none."""
    return np.asarray(np.append(values, np.nan)[place], dtype=np.float64)


def _shares(column: pd.Series, name: Any) -> Floats:
    """Read chances as shares; the whole column is of shares, or of percents."""
    values = column.reset_index(drop=True)
    numbers, are_percents = _numbers(values, name)
    known = numbers[~np.isnan(numbers)]
    outside = known[(known < 0) | (known > _PERCENT)]
    if len(outside):
        _refuse(name, f" has {outside[0]:g}, which is not a chance{_ADVICE}")
    if are_percents or not (known > 1).any():
        return numbers / _PERCENT if are_percents else numbers
    between = known[(known > 0) & (known < 1)]
    if len(between):
        _refuse(
            name,
            f" has {between[0]:g} and {known[known > 1][0]:g}, so that nobody knows whether it has shares or "
            f"percents{_ADVICE}",
        )
    return numbers / _PERCENT


def _numbers(values: pd.Series, name: Any) -> tuple[Floats, bool]:
    """Read numbers and texts, and whether they are texts with a percent sign."""
    if pd.api.types.is_bool_dtype(values.dtype) or values.dtype.kind in "mMc":
        _refuse(name, f" is a column of {values.dtype}, not of chances{_ADVICE}")
    if pd.api.types.is_numeric_dtype(values.dtype) or holds_decimals(values):
        return _floats(values), False
    texts = values.astype("string").str.strip()
    texts = texts.mask(texts.eq(""))
    signed = texts.str.endswith("%").fillna(False).astype(bool)
    plain = texts.str.rstrip("% \u00a0\u202f").str.replace(",", ".", regex=False)
    numbers = _floats(pd.to_numeric(plain, errors="coerce"))
    wrong = np.flatnonzero((np.isnan(numbers) & texts.notna().to_numpy()) | np.isinf(numbers))
    if len(wrong):
        _refuse(name, f" has {texts.iloc[int(wrong[0])]!r}, which is not a chance{_ADVICE}")
    if signed.any() and not (signed | texts.isna()).all():
        bare = texts[~signed & texts.notna()].iloc[0]
        _refuse(
            name,
            f" has {texts[signed].iloc[0]!r} and {bare!r}; give all of them with a percent sign, or none",
        )
    return numbers, bool(signed.any())


def _floats(values: pd.Series) -> Floats:
    return np.array(values.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _refuse(name: Any, why: str) -> NoReturn:
    raise SchemaError(given("probability", name), why, option="probability")
