"""The columns of a table on their way into a database: a type for each, and values that drivers take."""

from __future__ import annotations

import datetime
import decimal
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from ..errors import SchemaError, named, quoted

Kind: TypeAlias = Literal[
    "boolean", "integer", "wide", "float", "decimal", "text", "date", "timestamp", "moment"
]
TYPES: Final[dict[str, dict[Kind, str]]] = {
    "postgresql": {
        "boolean": "BOOLEAN",
        "integer": "BIGINT",
        "wide": "NUMERIC",
        "float": "DOUBLE PRECISION",
        "decimal": "NUMERIC",
        "text": "TEXT",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
        "moment": "TIMESTAMPTZ",
    },
    "sqlite": {
        "boolean": "BOOLEAN",
        "integer": "INTEGER",
        "wide": "TEXT",  # a number of more than 64 bits would be rounded
        "float": "REAL",
        "decimal": "NUMERIC",
        "text": "TEXT",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
        "moment": "TIMESTAMP",
    },
    "duckdb": {
        "boolean": "BOOLEAN",
        "integer": "BIGINT",
        "wide": "DECIMAL(38, 0)",
        "float": "DOUBLE",
        "decimal": "DECIMAL(38, 10)",
        "text": "VARCHAR",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
        "moment": "TIMESTAMPTZ",
    },
}
_OBJECTS: Final[tuple[tuple[type, Kind], ...]] = (
    (bool, "boolean"),
    (np.bool_, "boolean"),
    (int, "integer"),
    (np.integer, "integer"),
    (float, "float"),
    (np.floating, "float"),
    (decimal.Decimal, "decimal"),
    (datetime.date, "date"),
)


@dataclass(frozen=True)
class TableColumn:
    """One column.

    Attributes
    ----------
    name
        Its name.
    kind
        What its values are.
    values
        Plain objects of Python, ``None`` for missing ones.
    """

    name: str
    kind: Kind
    values: list[Any]


def columns_of(table: pd.DataFrame) -> list[TableColumn]:
    """Read the columns of a table.

    Raises
    ------
    SchemaError
        If two have one name, or there is none.
    """
    names = [" / ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in table.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        what = f" has several columns named {quoted(twice)}" if twice else " has no columns"
        raise SchemaError(named("table"), what)
    return [_column(name, table.iloc[:, place]) for place, name in enumerate(names)]


def _column(name: str, column: pd.Series) -> TableColumn:
    dtype: Any = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        column = column.astype(object)
    kind = _kind_of(column)
    missing = column.isna().to_numpy()
    values = column.astype(object).tolist()
    convert = _CONVERT[kind]
    return TableColumn(
        name, kind, [None if gone else convert(value) for value, gone in zip(values, missing, strict=True)]
    )


def _kind_of(column: pd.Series) -> Kind:
    dtype: Any = column.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return "moment"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "timestamp"
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(dtype):
        return "wide" if str(dtype).lower() == "uint64" else "integer"
    if pd.api.types.is_float_dtype(dtype):
        return "float"
    return _kind_of_objects(column.dropna().tolist())


def _kind_of_objects(values: list[Any]) -> Kind:
    kinds = {_kind_of_object(value) for value in values}
    if kinds == {"integer", "float"}:
        return "float"
    if kinds == {"integer"} and any(not -(2**63) <= value < 2**63 for value in values):
        return "wide"
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind_of_object(value: Any) -> Kind:
    if isinstance(value, datetime.datetime):
        return "timestamp" if value.tzinfo is None else "moment"
    return next((kind for base, kind in _OBJECTS if isinstance(value, base)), "text")


def _moment(value: Any) -> datetime.datetime:
    return pd.Timestamp(value).tz_convert("UTC").to_pydatetime(warn=False)


_CONVERT: Final[dict[Kind, Any]] = {
    "boolean": bool,
    "integer": int,
    "float": float,
    "wide": lambda value: decimal.Decimal(int(value)),
    "decimal": lambda value: value,
    "text": str,
    "date": lambda value: value,
    "timestamp": lambda value: pd.Timestamp(value).to_pydatetime(warn=False),
    "moment": _moment,
}
