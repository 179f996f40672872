"""Columns that the core does not read as they are: decimals without decimals, and columns of no type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_CAST: Final = ("decimal", "hugeint", "null")
_ENDS: Final = np.iinfo(np.int64)


class NotWhole(ValueError):
    """A decimal is not a whole number of 64 bits.

    Attributes
    ----------
    column
        The column that it is in.
    """

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def columns_to_cast(source: Any, names: Sequence[str]) -> list[str]:
    """List the columns of a table of polars, pyarrow or DuckDB that are decimals, or have no type."""
    types = _types_of(source)
    return [name for name in names if str(types.get(name, "")).lower().startswith(_CAST)]


def _types_of(source: Any) -> Mapping[str, Any]:
    schema: Any = getattr(source, "schema", None)
    if isinstance(schema, Mapping):  # of polars
        return schema
    if hasattr(schema, "names") and hasattr(schema, "types"):  # of pyarrow
        return dict(zip(schema.names, schema.types, strict=True))
    columns, types = getattr(source, "columns", None), getattr(source, "types", None)
    if isinstance(columns, list) and isinstance(types, list):  # of a relation of DuckDB
        return dict(zip(columns, types, strict=True))
    return {}


def with_casts(table: Any, names: Sequence[str]) -> Any:
    """Cast columns of a table of pyarrow: decimals to integers, and what has no value to text without any.

    Raises
    ------
    NotWhole
        If a value is not whole, or has more than 64 bits.
    """
    import pyarrow as pa

    for name in names:
        try:
            column = table.column(name)
            column = column.cast(pa.string() if pa.types.is_null(column.type) else pa.int64())
        except pa.ArrowInvalid as error:
            raise NotWhole(name) from error
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def whole_objects(
    values: npt.NDArray[np.object_], missing: npt.NDArray[np.uint8]
) -> npt.NDArray[np.int64] | None:
    """Make integers of Python's decimals; ``None`` where one is not whole, or has more than 64 bits."""
    whole = []
    for value, flag in zip(values, missing, strict=True):
        number = Decimal(0) if flag else value
        if not number.is_finite() or number != number.to_integral_value():
            return None
        whole.append(int(number))
    if any(not _ENDS.min <= number <= _ENDS.max for number in whole):
        return None
    return np.array(whole, dtype=np.int64)
