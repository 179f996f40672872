"""JSON lines parsed by pyarrow, column by column; ``None`` where the other parser might read otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from .cells import MOST_EXACT, as_text
from .json_bytes import has_ever_other_keys, keys_of_first_line, number_of_lines
from .json_records import OF_PAGES

FEWEST_BYTES: Final = 1 << 18  # a smaller file is read before pyarrow is loaded
_BLOCK: Final = 4 << 20
_MOST_KEYS: Final = 2_000
_EVENTS: Final = ("event", "event_name", "event_type")
# Objects beside an event of which its reader takes single keys, if any.
_OF_EVENTS: Final = {
    *("properties", "event_properties", "user_properties", "group_properties", "groups", "context", "traits"),
    *("integrations", "event_params", "device", "geo", "app_info", "traffic_source", "ecommerce", "user_ltv"),
    *("privacy_info", "collected_traffic_source", "session_traffic_source_last_click", "person", "elements"),
}
# Stands for every object of a column that nobody has unpacked.
_UNREAD: Final = np.array([{}], dtype=object)


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
    r"""Read JSON lines as the parser of single records does; ``None`` if that is not certain.

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
    >>> lines = arrow_lines(b'{"id": 7, "stage": "New"}\n{"id": 8, "stage": " "}')
    >>> lines.frame.to_dict("list")
    {'id': ['7', '8'], 'stage': ['New', None]}
    >>> arrow_lines(b'{"id": 7}\n{"id": "8"}') is None
    True
    """
    n_lines = number_of_lines(data)
    # pyarrow takes a minute for a line of 100,000 keys.
    is_wide = keys_of_first_line(data) > _MOST_KEYS
    if not n_lines or is_wide or not _has_arrow() or has_ever_other_keys(data):
        return None
    columns: dict[str, _Column] = {}
    n_rows, times = 0, None
    for part in _parts(data, most_bytes):
        table, times = _table(part, times)
        if table is None or table.num_columns > _MOST_KEYS or {*table.column_names} & OF_PAGES:
            return None
        is_event = any(name in columns or name in table.column_names for name in _EVENTS)
        for name, column in zip(table.column_names, table.columns, strict=True):
            if not _is_sure(name, column, is_event):
                return None
            columns.setdefault(name, _Column()).add(n_rows, column)
        n_rows += table.num_rows
    if n_rows != n_lines or not columns:
        return None
    frame = pd.DataFrame({name: column.texts(n_rows) for name, column in columns.items()})
    inside = {name: column.inside(n_rows) for name, column in columns.items() if column.is_nested}
    return Lines(frame, inside)


class _Column:
    """A column whose parts lie in some of the blocks."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, Any]] = []
        self.is_nested = False

    def add(self, start: int, part: Any) -> None:
        self._parts.append((start, part))
        self.is_nested |= _is_nested(part)

    def texts(self, n_rows: int) -> pd.Series:
        if self.is_nested:
            values = np.full(n_rows, None, dtype=object)
            for start, part in self._parts:
                texts = _unread(part) if _is_nested(part) else _objects(_texts(part))
                values[start : start + len(part)] = texts
        else:
            values = _objects(_spread(self._parts, n_rows))
        return pd.Series(values, dtype=object)

    def inside(self, n_rows: int) -> dict[str, Callable[[], pd.Series]]:
        """List the keys of objects that have plain values, each with what reads it."""
        keys: dict[str, list[tuple[int, Any]]] = {}
        for start, part in self._parts:
            for name, one in _keys_of(part):
                keys.setdefault(name, []).append((start, one))
        return {
            name: partial(_arrow_backed, parts, n_rows)
            for name, parts in keys.items()
            if all(not _is_nested(one) and _is_exact(one) for _, one in parts)
            and any(one.null_count < len(one) for _, one in parts)
        }


def _spread(parts: Sequence[tuple[int, Any]], n_rows: int) -> Any:
    """Put the texts of parts together; between the parts there are none."""
    import pyarrow as pa

    chunks: list[Any] = []
    end = 0
    for start, part in [*parts, (n_rows, None)]:
        if start > end:
            chunks.append(pa.nulls(start - end, pa.string()))
        if part is not None:
            texts = _texts(part)
            chunks += texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
            end = start + len(part)
    return pa.chunked_array(chunks, pa.string())


def _objects(texts: Any) -> npt.NDArray[np.object_]:
    values: npt.NDArray[np.object_] = texts.to_numpy(zero_copy_only=False)
    return values


def _arrow_backed(parts: Sequence[tuple[int, Any]], n_rows: int) -> pd.Series:
    """Take texts as they lie in memory, which is twenty times as fast as to make objects of them."""
    texts: Any = pd.StringDtype(storage="pyarrow", na_value=np.nan)
    return pd.Series(texts.__from_arrow__(_spread(parts, n_rows)))


@cache
def _has_arrow() -> bool:
    try:
        import pyarrow.compute
        import pyarrow.json  # noqa: F401 - loaded to see whether it is there
    except ImportError:
        return False
    return True


def _parts(data: bytes, most_bytes: int) -> Iterator[Any]:
    """Cut lines into parts that are parsed one by one, without a copy.

    pyarrow ends the process where a column is a list in one of its blocks and something else in another.
    """
    import pyarrow as pa

    whole = pa.py_buffer(data)
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + most_bytes) + 1 or len(data)
        yield whole.slice(start, end - start)
        start = end


def _table(data: Any, times: Any) -> tuple[Any | None, Any]:
    """Parse lines; texts that look like times stay texts, by the schema that is returned for what follows."""
    import pyarrow as pa

    try:
        table = _parsed(data, times)
        names = table.column_names
        found = _without_times(table.schema)
        if found is not None:
            table, times = _parsed(data, found), found
    except (pa.ArrowException, RecursionError):
        return None, times
    is_sure = _without_times(table.schema) is None and len({*names}) == table.num_columns
    return (table.select(names) if is_sure else None), times


def _parsed(data: Any, schema: Any) -> Any:
    import pyarrow as pa
    import pyarrow.json

    return pyarrow.json.read_json(
        pa.BufferReader(data),
        read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=data.size + 1),
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


def _is_sure(name: str, column: Any, is_event: bool) -> bool:
    """Check that a column is read as record by record, or has objects that nobody reads."""
    if not _is_finite(column):
        return False
    return is_event and name in _OF_EVENTS if _is_nested(column) else _is_exact(column)


def _is_nested(column: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(column.type))


def _keys_of(column: Any) -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    if pa.types.is_struct(column.type):
        yield from zip([one.name for one in column.type], column.flatten(), strict=True)


def _unread(column: Any) -> npt.NDArray[np.object_]:
    """Let one empty object stand for every object."""
    values = np.full(len(column), None, dtype=object)
    values[column.is_valid().to_numpy()] = _UNREAD[0]
    return values


def _texts(column: Any) -> Any:
    """Write plain values as `as_text` does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(column.type):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_floating(column.type):
        return pa.array(as_text(pd.Series(column.to_pylist(), dtype=object)).tolist(), pa.string())
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    is_blank = pc.or_(pc.utf8_is_space(column), pc.equal(pc.binary_length(column), 0))
    return pc.if_else(is_blank, pa.scalar(None, pa.string()), column) if pc.any(is_blank).as_py() else column
