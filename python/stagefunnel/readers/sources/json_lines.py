"""JSON lines parsed by pyarrow, column by column; ``None`` where the other parser might read otherwise."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .cells import MOST_EXACT, as_text
from .json_records import OF_PAGES

FEWEST_BYTES: Final = 1 << 18  # a smaller file is read before pyarrow is loaded
_BLOCK: Final = 4 << 20
_HEAD: Final = 1 << 18
# pyarrow builds types of nested values by recursion, which a value of many levels takes too far.
_MOST_OPENED: Final = 250
_PART: Final = 1 << 17
_NEWLINE, _OPEN = b"\n{"
_BRACE_OF_BRACKET: Final = np.uint8(0x20)  # the bit that makes a bracket a brace
_BLANK: Final = r"^[\t-\r\x1c-\x1f\x{85}\p{Z}]*$"
_EVENTS: Final = ("event", "event_name", "event_type")
# Objects beside an event of which its reader takes single keys, if any.
_OF_EVENTS: Final = {
    *("properties", "event_properties", "user_properties", "group_properties", "groups", "context", "traits"),
    *("integrations", "event_params", "device", "geo", "app_info", "traffic_source", "ecommerce", "user_ltv"),
    *("privacy_info", "collected_traffic_source", "session_traffic_source_last_click", "person", "elements"),
}
# Stands for every object of a column that nobody has unpacked.
_UNREAD: Final[dict[str, Any]] = {}


@dataclass(frozen=True, eq=False)
class Lines:
    """Records of JSON lines as columns.

    Attributes
    ----------
    frame
        One column for each key, as text. A column of objects beside events holds the same empty object in
        each row that has one.
    inside
        The plain values in such objects, as text, by the name of their column and by key.
    """

    frame: pd.DataFrame
    inside: Mapping[str, Mapping[str, Callable[[], pd.Series]]] = field(default_factory=dict)


def arrow_lines(data: bytes, *, most_bytes: int = _BLOCK) -> Lines | None:
    """Read JSON lines as the parser of single records does; ``None`` if that is not certain.

    Not certain are values of several types in a column, numbers that a float may round, keys that occur
    twice, pages of records in place of records, lists, and what is not valid JSON.

    Parameters
    ----------
    data
        Lines in UTF-8, one object in each.
    most_bytes
        Size of the blocks that pyarrow reads.

    Examples
    --------
    >>> from stagefunnel.readers.sources.json_lines import arrow_lines
    >>> lines = arrow_lines(b'{"id": 7, "stage": "New"}\\n{"id": 8, "stage": " "}')
    >>> lines.frame.to_dict("list")
    {'id': ['7', '8'], 'stage': ['New', None]}
    >>> arrow_lines(b'{"id": 7}\\n{"id": "8"}') is None
    True
    """
    n_lines = _n_lines(data)
    if not n_lines or not _has_arrow():
        return None
    table = _table(data, most_bytes)
    if table is None or table.num_rows != n_lines or not table.num_columns or {*table.column_names} & OF_PAGES:
        return None
    import pyarrow as pa

    is_event = any(name in table.column_names for name in _EVENTS)
    columns: dict[str, pd.Series] = {}
    inside: dict[str, dict[str, Callable[[], pd.Series]]] = {}
    for name in table.column_names:
        column = table.column(name)
        if not _is_finite(column):
            return None
        if pa.types.is_nested(column.type):
            if not is_event or name not in _OF_EVENTS:
                return None
            is_there = column.is_valid().to_numpy()
            columns[name] = pd.Series(np.where(is_there, np.array([_UNREAD]), None), dtype=object)
            inside[name] = _inside(column) if pa.types.is_struct(column.type) else {}
        elif _is_exact(column):
            columns[name] = _texts(column)
        else:
            return None
    return Lines(pd.DataFrame(columns), inside)


@cache
def _has_arrow() -> bool:
    try:
        import pyarrow.compute
        import pyarrow.json  # noqa: F401
    except ImportError:
        return False
    return True


def _n_lines(data: bytes) -> int:
    """Count the lines; 0 if one of them is not an object from end to end, or may be nested deeply."""
    data = data.rstrip(b" \t\r\n")
    n_ends = data.count(b"\n")
    n_joints = data.count(b"}\n{") + (data.count(b"}\r\n{") if b"\r" in data else 0)
    if not data.startswith(b"{") or not data.endswith(b"}") or n_joints != n_ends:
        return 0
    signs: npt.NDArray[np.uint8] = np.frombuffer(data, dtype=np.uint8)
    n_before = 0  # signs that open something in a line that goes on
    for start in range(0, len(signs), _PART):
        part = signs[start : start + _PART]
        opened = np.flatnonzero((part | _BRACE_OF_BRACKET) == _OPEN)
        ends = np.flatnonzero(part == _NEWLINE)
        per_line = np.bincount(np.searchsorted(ends, opened), minlength=len(ends) + 1)
        per_line[0] += n_before
        if per_line.max() > _MOST_OPENED:
            return 0
        n_before = int(per_line[-1])
    return n_ends + 1


def _table(data: bytes, most_bytes: int) -> Any | None:
    """Parse the lines; texts that look like times stay texts."""
    import pyarrow as pa
    import pyarrow.json

    end = data.find(b"\n", _HEAD)
    try:
        head = _parsed(data[:end] if end > 0 else data, None, most_bytes)
        known = _without_times(head.schema)
        table = head if end <= 0 and known is None else _parsed(data, known, most_bytes)
        known = _without_times(table.schema)
        if known is not None:  # a column that only later rows have
            table = _parsed(data, known, most_bytes)
    except (pa.ArrowException, RecursionError):
        return None
    if _without_times(table.schema) is not None or len({*table.column_names}) < table.num_columns:
        return None
    first = [name for name in head.column_names if name in table.column_names]
    return table.select(first + [name for name in table.column_names if name not in first])


def _parsed(data: bytes, schema: Any, most_bytes: int) -> Any:
    import pyarrow.json

    return pyarrow.json.read_json(
        io.BytesIO(data),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=most_bytes),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="infer", newlines_in_values=False
        ),
    )


def _without_times(schema: Any) -> Any | None:
    """Return the columns of texts and of times as texts; ``None`` if pyarrow has made times of none."""
    import pyarrow as pa

    fields, has_times = [], False
    for one in schema:
        if pa.types.is_timestamp(one.type):
            has_times = True
            fields.append(pa.field(one.name, pa.string()))
        elif pa.types.is_struct(one.type) and (inner := _without_times(one.type)) is not None:
            has_times = True
            fields.append(pa.field(one.name, pa.struct(list(inner))))
        elif pa.types.is_string(one.type):
            fields.append(one)
    return pa.schema(fields) if has_times else None


def _is_finite(column: Any) -> bool:
    """Check that no number in a column is NaN or infinite, as pyarrow also reads forms that JSON has not."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        return pc.all(pc.is_finite(column)).as_py() is not False
    if pa.types.is_struct(column.type):
        return all(_is_finite(one) for one in column.flatten())
    if pa.types.is_list(column.type):
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        return all(_is_finite(chunk.values) for chunk in chunks)
    return True


def _is_exact(column: Any) -> bool:
    """Check that no float may be a rounded whole number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type):
        return True
    largest = pc.max(pc.abs(column)).as_py()
    return largest is None or largest < MOST_EXACT


def _inside(column: Any) -> dict[str, Callable[[], pd.Series]]:
    """List the keys of objects that have plain values, each with what reads it."""
    import pyarrow as pa

    names = [one.name for one in column.type]
    parts = dict(zip(names, column.flatten(), strict=True))
    return {
        name: lambda part=part: _texts(part)
        for name, part in parts.items()
        if not pa.types.is_nested(part.type) and part.null_count < len(part) and _is_exact(part)
    }


def _texts(column: Any) -> pd.Series:
    """Write plain values as `as_text` does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(column.type):
        return pd.Series([None] * len(column), dtype=object)
    if pa.types.is_floating(column.type):
        return as_text(pd.Series(column.to_pylist(), dtype=object))
    if pa.types.is_string(column.type):
        is_blank = pc.match_substring_regex(column, _BLANK)
        if pc.any(is_blank).as_py():
            column = pc.if_else(is_blank, pa.scalar(None, pa.string()), column)
    else:
        column = column.cast(pa.string())
    return pd.Series(column.to_numpy(zero_copy_only=False), dtype=object)
