"""Columns of Arrow from drivers, as a log reads them: moments in UTC, keys as numbers or text."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd

from ..errors import SchemaError
from .numerics import keys_of_decimals

_UTC: Final = "UTC"
# PostgreSQL's infinite times overflow where its driver counts them from 1970, to below all others.
_BELOW_ALL_TIMES: Final = -9_222_000_000_000_000_000
_BELOW_ALL_DAYS: Final = -2_147_000_000
_KEYS: Final = ("item", "stage")


@cache
def _pa() -> Any:
    return importlib.import_module("pyarrow")


@cache
def _pc() -> Any:
    return importlib.import_module("pyarrow.compute")


def read_column(values: Any, field: Any, role: str, *, as_text: bool) -> Any:
    """Read one column of a batch.

    Parameters
    ----------
    values
        Array of Arrow.
    field
        Its field, whose metadata may say the type that the database has.
    role
        What the column is: ``"item"``, ``"stage"``, ``"time"``, ``"exited"``, ``"start_unknown"`` or
        ``"column"``.
    as_text
        Whether numerics that are keys become text.

    Raises
    ------
    SchemaError
        For an interval, an amount of money and whatever else has no meaning here.
    WideNumeric
        If a numeric key does not fit the whole numbers of 64 bits.
    """
    pa, name, kind = _pa(), field.name, values.type
    types = pa.types
    if types.is_duration(kind) or types.is_interval(kind):
        raise SchemaError(
            f"column {name!r} is an interval; expected keys, labels or times: add it to the time that it "
            f"counts from, in the query"
        )
    if (field.metadata or {}).get(b"POSTGRESQL:type") == b"money":
        raise SchemaError(f"column {name!r} is of the type money; cast it to numeric, in the query")
    if (field.metadata or {}).get(b"POSTGRESQL:type") == b"bpchar":
        return _pc().utf8_rtrim(values, characters=" ")  # what fills up a char(n) means nothing
    if types.is_timestamp(kind):
        return _moments(values)
    if types.is_date32(kind):
        return _days(values)
    if types.is_decimal(kind):
        return _numerics(values, name, role, kind.scale, as_text=as_text)
    if isinstance(kind, pa.BaseExtensionType):
        return _extended(values, field, role, as_text=as_text)
    return values.cast(pa.string()) if types.is_string_view(kind) else values


def _moments(values: Any) -> Any:
    pa = _pa()
    values = _without(values, values.view(pa.int64()), _BELOW_ALL_TIMES)
    if values.type.tz in (None, _UTC):
        return values
    return values.cast(pa.timestamp(values.type.unit, _UTC))  # the session's zone is no property of the rows


def _days(values: Any) -> Any:
    return _without(values, values.view(_pa().int32()), _BELOW_ALL_DAYS)


def _without(values: Any, numbers: Any, below: int) -> Any:
    """Take the values out whose numbers are below all that there can be."""
    least = _pc().min(numbers).as_py()
    if least is None or least >= below:
        return values
    return _pc().if_else(_pc().greater_equal(numbers, below), values, _pa().scalar(None, values.type))


def _extended(values: Any, field: Any, role: str, *, as_text: bool) -> Any:
    pa, kind = _pa(), values.type
    name = getattr(kind, "extension_name", "")
    if name == "arrow.uuid":
        return _uuids(values.storage)
    if name == "arrow.opaque" and getattr(kind, "type_name", "") == "numeric":
        return _numerics(values.storage, field.name, role, _scale_of(field), as_text=as_text)
    if pa.types.is_string(kind.storage_type) or pa.types.is_large_string(kind.storage_type):
        return values.storage
    shown = getattr(kind, "type_name", "") or name
    raise SchemaError(
        f"column {field.name!r} is of the type {shown}; cast it to text or a number, in the query"
    )


def _uuids(values: Any) -> Any:
    """Write identifiers of 16 bytes as 36 letters."""
    pa = _pa()
    raw = np.frombuffer(values.buffers()[1], dtype=np.uint8).reshape(-1, 16)
    raw = raw[values.offset : values.offset + len(values)]
    letters = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    text = np.full((len(raw), 36), ord("-"), dtype=np.uint8)
    places = [place for place in range(36) if place not in (8, 13, 18, 23)]
    text[:, places[0::2]] = letters[raw >> 4]
    text[:, places[1::2]] = letters[raw & 15]
    ends = np.arange(0, 36 * (len(raw) + 1), 36, dtype=np.int32)
    made = pa.Array.from_buffers(
        pa.string(), len(raw), [None, pa.py_buffer(ends), pa.py_buffer(text.tobytes())]
    )
    return _pc().if_else(values.is_valid(), made, pa.scalar(None, pa.string())) if values.null_count else made


def _scale_of(field: Any) -> int | None:
    """Read the decimal places that PostgreSQL's type says; ``None`` where it says none."""
    modifier = int((field.metadata or {}).get(b"POSTGRESQL:typmod", -1))
    return (modifier - 4) & 0x7FF if modifier >= 4 else None


def _numerics(values: Any, name: str, role: str, scale: int | None, *, as_text: bool) -> Any:
    pa = _pa()
    if role in _KEYS or scale == 0:
        if as_text:
            return pa.array(keys_of_decimals(values.to_pylist(), name, as_text=True), pa.string())
        try:
            return values.cast(pa.int64())
        except pa.ArrowInvalid:
            # Texts such as 12.00 are whole too.
            keys = keys_of_decimals(values.to_pylist(), name, as_text=False)
            return pa.array(keys, pa.int64())
    if role != "column":
        return pa.array(keys_of_decimals(values.to_pylist(), name, as_text=False), pa.int64())
    if pa.types.is_decimal(values.type):
        return values
    return _exact(values, name)


def _exact(values: Any, name: str) -> Any:
    """Read amounts that are text as decimals; what is not a number is missing."""
    pa = _pa()
    texts = values.to_pylist()
    numbers = [None if text is None or text.lower() == "nan" else Decimal(text) for text in texts]
    if any(number is not None and not number.is_finite() for number in numbers):
        raise SchemaError(f"column {name!r} has an infinite numeric; leave it out, in the query")
    try:
        return pa.array(numbers, _type_for(numbers))
    except (pa.ArrowInvalid, ValueError) as error:
        raise SchemaError(
            f"column {name!r} has a numeric of more than 76 digits; round it, in the query"
        ) from error


def _type_for(numbers: list[Decimal | None]) -> Any:
    present = [number.as_tuple() for number in numbers if number is not None]
    scale = max([0, *(-int(number.exponent) for number in present)])
    whole = max([1, *(len(number.digits) + int(number.exponent) for number in present)])
    pa = _pa()
    return pa.decimal128(38, scale) if whole + scale <= 38 else pa.decimal256(76, scale)


def batch_of(columns: Mapping[str, Any]) -> Any:
    """Make a batch of columns."""
    return _pa().RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def plain_frame(batch: Any, names: Sequence[str]) -> pd.DataFrame:
    """Make a frame of a batch, with the values that a reader of exports takes."""
    columns = {name: _plain(batch.column(place)) for place, name in enumerate(names)}
    return pd.DataFrame(columns)


def _plain(values: Any) -> pd.Series:
    pa = _pa()
    types, kind = pa.types, values.type
    if isinstance(kind, pa.BaseExtensionType):
        values = _uuids(values.storage) if kind.extension_name == "arrow.uuid" else values.storage
    elif types.is_timestamp(kind):
        values = _moments(values)
    elif types.is_date32(kind):
        values = _days(values)
    column: pd.Series = values.to_pandas(integer_object_nulls=True, date_as_object=True)
    return column
