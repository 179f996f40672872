"""Result tables as frames of pandas, polars or Arrow: which one callers get, and the way back.

Inside the package every table is one of pandas. What a display needs beside the numbers goes along: as
metadata of the schema of Arrow, and beside a frame of polars, which has no place for it.
"""

from __future__ import annotations

import functools
import json
import weakref
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar, cast

import numpy as np
import pandas as pd

from ..forking import refuse_polars
from .choices import chosen_frames
from .odd_values import refuse_odd_values
from .summary import Summary

_P = ParamSpec("_P")
_T = TypeVar("_T")
_KEY: Final = "stagefunnel"
# What pandas calls the values of a column of objects that Arrow holds as they are.
_ONE_TYPE: Final = {
    *("string", "bytes", "empty", "boolean", "integer", "floating", "mixed-integer-float", "decimal"),
    *("datetime64", "datetime", "date", "timedelta64", "timedelta"),
}
_beside: dict[int, dict[str, Any]] = {}  # what frames of polars remember, by their identity


def at_the_edge(
    function: Callable[_P, _T], instead: Callable[[Any, Any], Any] = lambda *_: None
) -> Callable[_P, _T]:
    """Let a public function return its tables as frames of the library that is chosen.

    The package calls the function itself, so that this happens where a caller takes the answer and nowhere
    else. `instead` returns what answers certain arguments in place of the function, else ``None``.
    """

    @functools.wraps(function)
    def edge(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        refuse_odd_values(function, args, kwargs)
        answer = instead(args, kwargs)
        found = function(*args, **kwargs) if answer is None else answer(function, args, kwargs)
        return cast(_T, as_chosen(found))

    edge.__module__ = "stagefunnel"  # where pickle finds this function, and not the one that it wraps
    edge.__qualname__ = function.__name__
    return edge


def of_any_frame(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a function whose first argument is a result table take it as a frame of any library."""

    @functools.wraps(function)
    def taking(*args: Any, **kwargs: Any) -> _T:
        if args:
            args = (as_pandas(args[0]), *args[1:])
        elif "table" in kwargs:
            kwargs["table"] = as_pandas(kwargs["table"])
        return function(*args, **kwargs)

    return taking


def as_chosen(answer: Any) -> Any:
    """Turn a table or a summary into what is chosen; anything else comes back as it is."""
    chosen = chosen_frames()
    if chosen == "pandas":
        return answer
    convert = to_polars if chosen == "polars" else to_arrow
    if isinstance(answer, Summary):
        return Summary(**{name: convert(table) for name, table in answer.tables.items()})
    return convert(answer) if isinstance(answer, pd.DataFrame) else answer


def as_pandas(table: Any) -> Any:
    """Turn a frame of polars or Arrow back into one of pandas, with what it remembers; others as they are."""
    if isinstance(table, Summary):
        return Summary(**{name: as_pandas(one) for name, one in table.tables.items()})
    if isinstance(table, pd.DataFrame):
        return table
    module, name = type(table).__module__.partition(".")[0], type(table).__name__
    if module == "polars":
        refuse_polars()
    if module == "polars" and name == "LazyFrame":
        table, name = table.collect(), "DataFrame"
    if module == "polars" and name == "DataFrame":
        frame = _from_arrow(table.to_arrow())
        remembered = _beside.get(id(table))
    elif module == "pyarrow" and name in ("Table", "RecordBatch"):
        frame = _from_arrow(table)
        text = (table.schema.metadata or {}).get(_KEY.encode())
        remembered = None if text is None else json.loads(text)
    else:
        return table
    if remembered is not None:
        frame.attrs[_KEY] = remembered
    return frame


def _from_arrow(table: Any) -> pd.DataFrame:
    import pyarrow as pa

    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    return pd.DataFrame(table.replace_schema_metadata(None).to_pandas())


def to_arrow(table: pd.DataFrame) -> Any:
    """Make a table of Arrow; numbers are not copied where pandas holds them as Arrow does."""
    import pyarrow as pa

    arrays = [_array(table.iloc[:, place]) for place in range(table.shape[1])]
    names = [" / ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in table.columns]
    remembered = table.attrs.get(_KEY)
    metadata = {} if remembered is None else {_KEY: json.dumps(remembered, ensure_ascii=False, default=str)}
    return pa.Table.from_arrays(arrays, names=names).replace_schema_metadata(metadata or None)


def to_polars(table: pd.DataFrame) -> Any:
    """Make a frame of polars by way of Arrow; ordered categories become an Enum in their order."""
    import polars as pl

    refuse_polars()
    arrow = _with_named_zones(to_arrow(table))
    frame: Any = pl.from_arrow(arrow)
    enums = {
        str(name): list(map(str, dtype.categories))
        for name, dtype in table.dtypes.items()
        if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered and _holds_text(dtype)
    }
    if enums:
        frame = frame.with_columns(pl.col(name).cast(pl.Enum(labels)) for name, labels in enums.items())
    remembered = table.attrs.get(_KEY)
    if remembered is not None:
        _beside[id(frame)] = json.loads(json.dumps(remembered, default=str))
        weakref.finalize(frame, _beside.pop, id(frame), None)
    return frame


def without_mixed(table: pd.DataFrame) -> pd.DataFrame:
    """Make text of columns whose values are of several types, which no column of Arrow holds."""
    texts = {name: _as_text(column) for name, column in table.items() if not _is_of_one_type(column)}
    return table.assign(**{str(name): column for name, column in texts.items()}) if texts else table


def _array(column: pd.Series) -> Any:
    """Make an array of a column; a missing value is null, and values of several types are text."""
    import pyarrow as pa

    if isinstance(column.dtype, pd.PeriodDtype):
        return pa.array(_as_text(column), pa.string(), from_pandas=True)
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = np.asarray(column.cat.codes, dtype=np.int32)
        values = _array(pd.Series(column.cat.categories))
        values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        values = values.cast(pa.string()) if pa.types.is_large_string(values.type) else values
        indices = pa.array(codes, mask=codes < 0)
        return pa.DictionaryArray.from_arrays(indices, values, ordered=bool(column.cat.ordered))
    array = pa.array(column if _is_of_one_type(column) else _as_text(column), from_pandas=True)
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array


def _is_of_one_type(column: pd.Series) -> bool:
    """Check for values that a column of Arrow holds; of a time and a number it would make two times."""
    return column.dtype != object or pd.api.types.infer_dtype(column, skipna=True) in _ONE_TYPE


def _as_text(column: pd.Series) -> pd.Series:
    values = column.astype(object)
    return values.where(values.isna(), values.map(str))


def _holds_text(dtype: pd.CategoricalDtype) -> bool:
    return all(isinstance(label, str) for label in dtype.categories) and bool(len(dtype.categories))


def _with_named_zones(table: Any) -> Any:
    """Show moments of a fixed offset in UTC: polars knows zones by their names alone."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        zone = field.type.tz if pa.types.is_timestamp(field.type) else None
        if zone is not None and zone[:1] in ("+", "-"):
            in_utc = table.column(place).cast(pa.timestamp(field.type.unit, "UTC"))
            table = table.set_column(place, field.name, in_utc)
    return table
