"""Tables and columns of Arrow: dictionaries keep their order, and DuckDB's moments are in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, SupportsIndex, SupportsInt, TypeAlias

import numpy as np
import pandas as pd

from ...errors import SchemaError
from ...times.zones import UTC

# How many bytes lie at each address, as the core takes it.
Sizes: TypeAlias = dict[SupportsInt | SupportsIndex, int]

# polars says so of a column of its type Categorical, whose categories come by first appearance.
_UNORDERED = b"_PL_CATEGORICAL"
# A text of more than 12 bytes: how long it is, how it begins, and where it lies in which buffer.
_OFFSETS = {"string": 4, "binary": 4, "large_string": 8, "large_binary": 8}  # bytes of each offset
_VIEW = np.dtype([("length", "<i4"), ("beginning", "S4"), ("buffer", "<i4"), ("offset", "<i4")])


def speaks_arrow(values: Any) -> bool:
    """Check for an array, a table or a stream that Arrow can read."""
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def series_of(values: Any) -> pd.Series:
    """Make a Series of an array, a list or whatever speaks Arrow."""
    if isinstance(values, pd.Series):
        return plain(values)
    if not speaks_arrow(values):
        return pd.Series(values, copy=False)
    try:
        import pyarrow as pa
    except ImportError:
        return pd.Series(values, copy=False)
    is_one = hasattr(values, "__arrow_c_array__")
    chunks = pa.chunked_array([pa.array(values)]) if is_one else pa.chunked_array(values)
    column: pd.Series = chunks.to_pandas()
    is_of_polars = type(values).__module__.partition(".")[0] == "polars"
    return _sorted_categories(column) if is_of_polars and not _is_ordered(column) else column


def is_of_duckdb(source: Any) -> bool:
    """Check for a relation of DuckDB, whose timestamps with a zone are moments in the zone of its session."""
    return type(source).__module__.partition(".")[0] in ("duckdb", "_duckdb")


def refuse_objects(source: Any, names: Iterable[str]) -> None:
    """Refuse columns of polars that hold any objects: Arrow has their addresses and not their values."""
    for name in names:
        column = source[name] if isinstance(source, dict) else _column_of_polars(source, name)
        if type(column).__module__.partition(".")[0] == "polars" and str(column.dtype) == "Object":
            raise SchemaError(
                f"column {name!r} has the type Object of polars, whose values nothing else reads; cast it to "
                f"integers or text"
            )


def refuse_damaged(source: Any, names: Iterable[str]) -> Sizes:
    """Refuse text of pyarrow that lies outside its memory, as in a memory map that was changed or cut.

    Returns
    -------
    dict
        How many bytes of text lie at each address. The core holds each text against it once more when it
        reads it: another thread may write into the column meanwhile.
    """
    if type(source).__module__.partition(".")[0] != "pyarrow" or not hasattr(source, "column"):
        return {}
    sizes: Sizes = {}
    for name in names:
        sizes |= refuse_damaged_column(source.column(name), name)
    return sizes


def refuse_damaged_column(column: Any, name: str) -> Sizes:
    """Refuse a column of pyarrow whose texts lie outside its memory, and return their sizes by address."""
    if type(column).__module__.partition(".")[0] != "pyarrow":
        return {}
    sizes: Sizes = {}
    for chunk in getattr(column, "chunks", [column]):
        values = getattr(chunk, "dictionary", chunk)
        if len(values) and not _lies_inside(values):
            raise SchemaError(
                f"column {name!r} is damaged: its texts lie outside its memory; read the file again"
            )
        if str(values.type) in _OFFSETS and (texts := values.buffers()[2]) is not None:
            sizes[texts.address] = texts.size
    return sizes


def _lies_inside(values: Any) -> bool:
    kind = str(values.type)
    if kind in ("string_view", "binary_view"):
        return _views_lie_inside(values)
    width = _OFFSETS.get(kind)
    if width is None:
        return True
    _, places, texts = values.buffers()
    n_texts = 0 if texts is None else texts.size
    if places is None or places.size < width * (values.offset + len(values) + 1):
        return False
    number = np.int32 if width == 4 else np.int64
    offsets: Any = np.frombuffer(places, dtype=number, count=len(values) + 1, offset=width * values.offset)
    return bool(offsets[0] >= 0 and offsets[-1] <= n_texts and (offsets[1:] >= offsets[:-1]).all())


def _views_lie_inside(values: Any) -> bool:
    """Check the views of texts; those of up to 12 bytes hold them, and those of missing rows mean nothing."""
    _, places, *texts = values.buffers()
    width = _VIEW.itemsize
    if places is None or places.size < width * (values.offset + len(values)):
        return False
    views: Any = np.frombuffer(places, dtype=_VIEW, count=len(values), offset=width * values.offset)
    if values.null_count:
        views = views[values.is_valid().to_numpy(zero_copy_only=False)]
    long = views[(views["length"] < 0) | (views["length"] > 12)]
    sizes = np.array([0 if one is None else one.size for one in texts], dtype=np.int64)
    if not ((long["length"] > 12) & (long["buffer"] >= 0) & (long["buffer"] < len(sizes))).all():
        return False
    ends = long["offset"].astype(np.int64) + long["length"]
    return bool((long["offset"] >= 0).all() and (ends <= sizes[long["buffer"]]).all())


def _column_of_polars(source: Any, name: str) -> Any:
    return source[name] if type(source).__module__.partition(".")[0] == "polars" else None


def table_of(source: Any) -> Any:
    """Make a table of pyarrow of whatever speaks Arrow."""
    import pyarrow as pa

    if not hasattr(source, "__arrow_c_stream__"):
        return pa.Table.from_batches([pa.record_batch(source)])
    table = pa.table(source)
    if not is_of_duckdb(source):
        return table
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is not None:
            in_utc = table.column(place).cast(pa.timestamp(field.type.unit, UTC))
            table = table.set_column(place, field.name, in_utc)
    return table


def frame_of(table: Any) -> pd.DataFrame:
    """Make a frame of a table of pyarrow."""
    # What pandas wrote into a file about its index may be damaged, and would take columns away.
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
    for field in table.schema:
        if any(key.startswith(_UNORDERED) for key in field.metadata or {}):
            frame[field.name] = _sorted_categories(frame[field.name])
    return frame


def plain(column: pd.Series) -> pd.Series:
    """Turn a column that pandas holds as Arrow, and cannot sort or compare, into one of its own types."""
    if not isinstance(column.dtype, pd.ArrowDtype) or not _is_foreign(column.dtype.pyarrow_dtype):
        return column
    array: Any = column.array.__arrow_array__()
    return pd.Series(array.to_pandas().array, index=column.index, name=column.name)


def with_plain_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Do so with all columns of a frame, which stays as it is."""
    changed = frame
    for place, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, pd.ArrowDtype) and _is_foreign(dtype.pyarrow_dtype):
            changed = frame.copy(deep=False) if changed is frame else changed
            changed.isetitem(place, plain(frame.iloc[:, place]).array)
    return changed


def _is_foreign(kind: Any) -> bool:
    """Check for a type of Arrow whose values pandas can hold, and neither sort nor tell apart."""
    import pyarrow as pa

    foreign = (
        "null dictionary nested run_end_encoded string_view binary_view float16 interval decimal32 decimal64"
    )
    checks = (getattr(pa.types, f"is_{name}", None) for name in foreign.split())
    return isinstance(kind, pa.BaseExtensionType) or any(
        check is not None and check(kind) for check in checks
    )


def _is_ordered(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype) and bool(column.dtype.ordered)


def _sorted_categories(column: pd.Series) -> pd.Series:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    return column.cat.reorder_categories(column.cat.categories.sort_values())
