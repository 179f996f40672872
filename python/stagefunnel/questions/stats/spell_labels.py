"""Labels of spells, such as what ended each or its group, as codes that are read in place if possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, named, written

Codes = npt.NDArray[np.int32]

CENSORED: Final = -1  # as the core reads a cause
_FEW_CODES: Final = 16
_FEW_NUMBERS: Final = 1000  # whole numbers as near to each other are codes
_CODE_TYPES: Final = (np.int8, np.int16, np.int32)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Codes of labels: from 0, and -1 where one is missing; some labels may have no code."""

    codes: npt.NDArray[Any]
    labels: pd.Index

    def used(self) -> Labelled:
        """Leave out the labels that are not there, and write codes as the core takes a list of them."""
        n = len(self.labels)
        used = _present(self.codes, n)
        if len(used) == n:
            return Labelled(self.codes.astype(np.int32), self.labels)
        number = np.full(n + 1, -1, dtype=np.int32)  # the last place is that of -1
        number[used] = np.arange(len(used), dtype=np.int32)
        return Labelled(number[self.codes], self.labels[used])

    @property
    def with_missing(self) -> pd.Index:
        """Return the labels, and behind them one for those that are missing."""
        if self.labels.dtype.kind in "iub":  # whole numbers and flags have none of their own
            return self.labels.append(pd.Index([np.nan]))
        none = None if self.labels.dtype == object else np.nan
        return self.labels.append(pd.Index([none], dtype=self.labels.dtype))


def labelled(column: Any, option: str = "event") -> Labelled:
    """Give codes to labels in their order.

    Raises
    ------
    SchemaError
        If they are no list of labels, or no labels that can be put in an order.
    """
    values = plain_column(column, option)
    if isinstance(values, np.ndarray) and values.ndim == 1:
        if values.dtype.kind in "iu" and len(values):
            if (near := _near_numbers(values)) is not None:
                return near
        elif values.dtype == object and (texts := _texts(values)) is not None:
            return texts
    elif isinstance(values, list | tuple) and _begins_with_text(values):
        objects = np.fromiter(values, dtype=object, count=len(values))
        if (texts := _texts(objects)) is not None:
            return texts
    held = values.array if isinstance(values, pd.Series | pd.Index) else values
    if isinstance(held, pd.Categorical):
        return Labelled(held.codes, held.categories)
    column = values if isinstance(values, pd.Series) else pd.Series(held if _is_plain(held) else list(held))
    if isinstance(column.dtype, pd.CategoricalDtype):  # a list of categories
        return labelled(column)
    try:
        found, labels = pd.factorize(column, sort=True)
    except TypeError:
        _refuse_odd_labels(column, option)
        raise
    return Labelled(np.ascontiguousarray(found, dtype=np.int32), pd.Index(labels))


def plain_column(values: Any, option: str) -> Any:
    """Show a column of another library as one that pandas reads alike; what a mask covers is missing.

    Raises
    ------
    SchemaError
        If it is no column: text, a mapping, a set, a table, or a single value.
    """
    if isinstance(values, str | bytes | Mapping | Set) or not isinstance(values, Iterable):
        raise SchemaError(given(option, values), " is not a list or an array of labels")
    if isinstance(values, list | tuple):
        return values
    if type(values).__module__.partition(".")[0] == "pyarrow" and hasattr(values, "to_pandas"):
        values = values.to_pandas()
    if isinstance(values, pd.MultiIndex):
        return values.to_list()
    if getattr(values, "ndim", 1) != 1:
        raise SchemaError(given(option, values), " is not a list or an array of labels")
    return values.tolist() if np.ma.isMaskedArray(values) else values


def _refuse_odd_labels(column: pd.Series, option: str) -> None:
    """Say which label is none, or which two have no order."""
    for place, value in enumerate(column):
        if not is_label(value):
            raise SchemaError(
                named(option),
                f" is {written(value)} at place {place}, which is not a label; give text or numbers",
            ) from None
    kinds = {type(value).__name__: None for value in column if not pd.isna(value)}
    raise SchemaError(
        named(option), f" has labels of types that have no order ({', '.join(kinds)}); give text"
    ) from None


def is_label(value: Any) -> bool:
    """Check whether a value can be a label; a list or a dict can not."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def cause_labels(event: Any) -> Labelled:
    """Give codes to causes; yes and no are none of them, because no would be a cause too."""
    found = labelled(event)
    if any(isinstance(label, bool | np.bool_) for label in found.labels):
        labels = found.labels[_present(found.codes, len(found.labels))]
        if len(labels) and all(isinstance(label, bool | np.bool_) for label in labels):
            raise SchemaError(
                named("event"),
                f" has {labels[0]}, which is not a cause; give its label, such as 'won', and None where a "
                "spell is still open",
            )
    return found


def event_flags(event: Any) -> Labelled:
    """Read events that are yes or no, 0 is that of a yes: booleans, 0 and 1; a missing one is no."""
    column = plain_column(event, "event")
    held = column if isinstance(column, pd.Series) or _is_plain(column) else list(column)
    flags = _listed_flags(held) if isinstance(held, list) else None
    if flags is None:
        flags = _plain_flags(pd.Series(held) if isinstance(held, list) else held)
    return Labelled(_flags(held) if flags is None else flags, pd.Index([True]))


def _listed_flags(values: list[Any]) -> npt.NDArray[np.int8] | None:
    """Read a list of flags in one go; ``None`` where others are among them, or none is there."""
    try:
        numbers = np.frombuffer(bytes(values), dtype=np.int8)  # takes whole numbers alone, of a byte
    except (TypeError, ValueError):
        return None
    are_flags = len(numbers) > 0 and numbers.view(np.uint8).max() <= 1
    return numbers + np.int8(CENSORED) if are_flags else None


def _plain_flags(column: Any) -> npt.NDArray[np.int8] | None:
    """Read the flags of a column of numbers; ``None`` where they are other things, or other numbers."""
    if isinstance(column.dtype, pd.BooleanDtype):
        column = column.fillna(False)
    elif not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "biuf":
        return None
    values = np.asarray(column)
    if values.dtype.kind != "b":
        is_yes = values == 1
        if not (is_yes | (values == 0) | (np.isnan(values) if values.dtype.kind == "f" else False)).all():
            return None
        values = is_yes
    return values.astype(np.int8) + np.int8(CENSORED)


def _flags(event: Any) -> Codes:
    """Read flags one by one, and say which of them is not one."""
    column = pd.Series(event, dtype=object)
    try:
        codes, found = pd.factorize(column.to_numpy())
    except TypeError:
        _refuse_odd_labels(column, "event")
        raise
    if all(isinstance(value, bool | int) and value in (0, 1) for value in found):
        is_yes = np.array([*(value == 1 for value in found), False])  # the last place is that of -1
        return np.where(is_yes[codes], 0, CENSORED).astype(np.int32)
    values = column.where(column.notna(), False)
    wrong = np.flatnonzero(~values.isin([True, False, 0, 1]).to_numpy())
    if len(wrong):
        raise SchemaError(
            named("event"),
            f" is {values.iloc[int(wrong[0])]!r} at place {wrong[0]}, which is not True or False, 1 or 0",
        )
    return np.where(values.astype(bool).to_numpy(), 0, CENSORED).astype(np.int32)


def _is_plain(values: Any) -> bool:
    """Say whether pandas finds in an array what it finds in a list of its values."""
    return isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype in _PLAIN


_PLAIN: Final = [np.dtype(name) for name in ("bool", "int64", "float64")]


def _begins_with_text(values: Sequence[Any]) -> bool:
    return isinstance(next((value for value in values if not _may_be_missing(value)), None), str)


def _may_be_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or isinstance(value, float)


def _near_numbers(values: npt.NDArray[Any]) -> Labelled | None:
    """Read whole numbers that are near to each other as codes, without a table of them."""
    low, high = int(values.min()), int(values.max())
    if high - low >= _FEW_NUMBERS:
        return None
    wide = values if values.dtype.itemsize == 8 else values.astype(np.int64)
    codes = (wide - np.asarray(low, dtype=wide.dtype)).astype(np.int16)
    return Labelled(codes, pd.Index(np.arange(low, high + 1).astype(values.dtype)))


def _texts(values: npt.NDArray[Any]) -> Labelled | None:
    """Give codes to objects all of which are text or missing; ``None`` where others are among them."""
    found, texts = pd.factorize(values)
    if not len(texts) or not all(type(text) is str for text in texts):
        return None
    order, labels = pd.factorize(pd.Series(list(texts)), sort=True)
    codes = np.append(order, CENSORED).astype(np.int32)[found]
    return Labelled(codes, pd.Index(labels))


def _present(codes: npt.NDArray[np.integer[Any]], n: int) -> npt.NDArray[np.intp]:
    """Return which of the codes from 0 to `n` - 1 are there."""
    if n <= _FEW_CODES:
        # To compare all with one code is far quicker than to write to the place of each.
        return np.flatnonzero([np.any(codes == code) for code in range(n)])
    has = np.zeros(n + 1, dtype=bool)
    has[codes] = True
    return np.flatnonzero(has[:-1])
