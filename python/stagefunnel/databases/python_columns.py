"""Columns of Python's objects from drivers, as a log reads them: the same as those of Arrow."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd

from ..errors import SchemaError
from .numerics import keys_of_decimals

_KEYS: Final = ("item", "stage")


def read_column(values: Sequence[Any], name: str, role: str, *, scale: int | None, as_text: bool) -> Any:
    """Read one column of rows.

    Parameters
    ----------
    values
        Objects, missing ones as ``None``.
    name, role, as_text
        As for columns of Arrow.
    scale
        Decimal places that the type has, if the driver says it.

    Raises
    ------
    SchemaError, WideNumeric
        As for columns of Arrow.
    """
    kinds = {*map(type, values)} - {type(None)}
    if len(kinds) != 1:
        return _mixed(values, kinds)
    kind = kinds.pop()
    if issubclass(kind, datetime.timedelta):
        raise SchemaError(
            f"column {name!r} is an interval; expected keys, labels or times: add it to the time that it "
            f"counts from, in the query"
        )
    if issubclass(kind, Decimal):
        return _numerics(values, name, role, scale, as_text=as_text)
    if issubclass(kind, datetime.datetime):
        return _moments(values)
    if issubclass(kind, uuid.UUID):
        return _objects([None if value is None else str(value) for value in values])
    if issubclass(kind, bytearray | memoryview):
        return _objects([None if value is None else bytes(value) for value in values])
    if kind is int and None not in values:
        return _whole(values)
    return _objects(values)


def _mixed(values: Sequence[Any], kinds: set[type]) -> Any:
    """Read a column of several types, or without a value; the log refuses what does not go together."""
    if kinds and all(issubclass(kind, datetime.datetime) for kind in kinds):
        return _moments(values)
    return _objects(values)


def _objects(values: Sequence[Any]) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def _whole(values: Sequence[Any]) -> Any:
    try:
        return pd.Series(np.fromiter(values, dtype=np.int64, count=len(values)))
    except OverflowError:
        return _objects(values)  # of 64 bits without a sign, or wider, which the log refuses


def _moments(values: Sequence[Any]) -> Any:
    """Read times: moments in UTC, whatever the zone of the session, and local times as they are."""
    present = [value for value in values if value is not None]
    aware = sum(value.tzinfo is not None for value in present)
    if 0 < aware < len(present):
        return _objects(values)  # the log refuses the mixture
    if aware:
        values = [None if value is None else _in_utc(value) for value in values]
    times = pd.Series(np.array(values, dtype="datetime64[us]"))
    return times.dt.tz_localize("UTC") if aware else times


def _in_utc(value: datetime.datetime) -> datetime.datetime:
    try:
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    except OverflowError:  # within a day of the first or the last moment that Python has
        return value.replace(tzinfo=None)


def _numerics(values: Sequence[Any], name: str, role: str, scale: int | None, *, as_text: bool) -> Any:
    if role in _KEYS or scale == 0 or role != "column":
        keys = keys_of_decimals(values, name, as_text=as_text)
        return _objects(keys) if as_text or None in keys else _whole(keys)
    return _objects([None if value is None or value.is_nan() else value for value in values])


def plain(values: Sequence[Any]) -> pd.Series:
    """Make a column with the values that a reader of exports takes."""
    kinds = {*map(type, values)} - {type(None)}
    if kinds and all(issubclass(kind, datetime.datetime) for kind in kinds):
        return pd.Series(_moments(values))
    return _objects([str(value) if isinstance(value, uuid.UUID) else value for value in values])
