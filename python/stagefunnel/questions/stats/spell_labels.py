"""Labels of spells, such as what ended each or its group, as codes that are read in place if possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, named, quoted, written

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


def labelled(values: Any, option: str) -> Labelled:
    """Give codes to labels in their order.

    Raises
    ------
    SchemaError
        If the values are no list, one of them is no label, or labels have no order.
    """
    refuse_no_list(option, values)
    try:
        return _labelled(values)
    except TypeError as error:
        labels = pd.Series(list(values), dtype=object)
        nested = [at for at, label in enumerate(labels) if not is_label(label)]
        if nested:
            raise SchemaError(
                named(option), f" is {written(labels[nested[0]])} at place {nested[0]}, which is not a label"
            ) from error
        types = sorted({type(label).__name__ for label in labels.dropna()})
        raise SchemaError(
            named(option), f" has labels without an order, of the types {quoted(types)}"
        ) from error


def is_label(value: Any) -> bool:
    """Check whether a value can be a label; a list or a dict can not."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def refuse_no_list(option: str, values: Any, of: str = "labels") -> None:
    """Refuse what is not a list of values, and a mask, which would be lost.

    Raises
    ------
    SchemaError
        If it is one.
    """
    if isinstance(values, np.ma.MaskedArray):
        raise SchemaError(
            named(option), " is an array with a mask; give None or NaN where a value is missing"
        )
    is_iterable = isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping)
    if not is_iterable or getattr(values, "ndim", 1) != 1:
        raise SchemaError(given(option, values), f" is not a list or an array of {of}")


def _labelled(values: Any) -> Labelled:
    if isinstance(values, np.ndarray) and values.ndim == 1:
        if values.dtype.kind in "iu" and len(values):
            if (near := _near_numbers(values)) is not None:
                return near
        elif values.dtype == object and (texts := _texts(values)) is not None:
            return texts
    held = values.array if isinstance(values, pd.Series | pd.Index) else values
    if isinstance(held, pd.Categorical):
        return Labelled(held.codes, held.categories)
    column = values if isinstance(values, pd.Series) else pd.Series(held if _is_plain(held) else list(held))
    if isinstance(column.dtype, pd.CategoricalDtype):  # a list of categories
        return _labelled(column)
    found, labels = pd.factorize(column, sort=True)
    return Labelled(np.ascontiguousarray(found, dtype=np.int32), pd.Index(labels))


def cause_labels(event: Any) -> Labelled:
    """Give codes to causes; yes and no are none of them, because no would be a cause too."""
    found = labelled(event, "event")
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
    refuse_no_list("event", event, "flags")
    values = event if isinstance(event, pd.Series) or _is_plain(event) else list(event)
    flags = _plain_flags(pd.Series(values) if isinstance(values, list) else values)
    return Labelled(_flags(values) if flags is None else flags, pd.Index([True]))


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
    for at, value in enumerate(column):
        if not is_label(value):
            raise SchemaError(
                named("event"), f" is {written(value)} at place {at}, which is not True or False, 1 or 0"
            )
    codes, found = pd.factorize(column.to_numpy())
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
