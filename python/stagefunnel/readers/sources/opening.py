"""Opening the input of a reader: files, answers of a REST client, tables in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ...errors import ReaderError
from ...files import Progress, RowsRead, check_number_of_columns, expand, opened, read_parquet
from ...forking import refuse_polars
from ...log.columns.frame_types import Frame
from .cells import as_text
from .content import decoded, parse_csv, refuse_twice
from .json_bytes import are_plain
from .json_lines import FEWEST_BYTES, Lines, arrow_lines
from .json_records import records_in
from .json_text import parse_json
from .kinds import is_workbook, refuse_markup
from .places import Place
from .short_ids import with_long_ids
from .source import Note, Source
from .tidy import tidied, tidy
from .workbooks import sheets
from .xes import HEAD, is_xes, xes_source

# A path, a table, or a dict as a REST client returns it; or several of these, nested in any way.
Inputs: TypeAlias = str | os.PathLike[str] | bytes | Frame | Mapping[str, Any] | Iterable[Any]
# Columns whose lists and dicts readers unpack.
_NESTED = {
    *("EXTRA", "properties", "propertiesWithHistory", "stages", "metadata", "data", "owner_id", "user_id"),
    *("value_before", "value_after", "_embedded", "associations"),
    *(
        "event_params",
        "event_properties",
        "user_properties",
        "group_properties",
        "groups",
        "context",
        "traits",
    ),
    *(
        "integrations",
        "person",
        "elements",
        "device",
        "geo",
        "app_info",
        "traffic_source",
        "items",
        "ecommerce",
    ),
    *("changelog", "fields", "changeHistories", "statusCategory", "timelineItems", "changes", "content"),
    *(
        "projects_v2_item",
        "repository",
        "project",
        "user_ltv",
        "privacy_info",
        "collected_traffic_source",
        "session_traffic_source_last_click",
    ),
}


def sources_of(
    inputs: Any,
    *,
    encoding: str | None,
    progress: Progress | None,
    drop: bool = False,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> list[Source]:
    """Open paths, globs, answers of a REST client and tables, alone or in a list.

    Parameters
    ----------
    inputs
        Paths and objects, nested in any way.
    encoding
        Encoding of text files; by default their bytes decide.
    progress
        Function that is called while files are read.
    drop
        Whether rows of CSV files with more or fewer fields than the header are left out; by default they are
        an error.
    tables
        Further tables by their names in messages, such as the rows of queries.

    Raises
    ------
    ReaderError
        If an input cannot be read, or if there are no records.
    """
    parts = list(_parts(inputs, "the input"))
    # Two globs may name the same file, which is read once.
    unread = {os.path.realpath(part): part for _, part in reversed(parts) if isinstance(part, str)}
    rows_read = RowsRead(list(unread.values()), progress)
    sources: list[Source] = []
    for name, part in parts:
        if not isinstance(part, str):
            sources += _in_memory(part, name)
        elif unread.pop(os.path.realpath(part), None) is not None:
            sources += _file(part, encoding, rows_read, drop)
    sources += [_table(frame, name) for name, frame in (tables or {}).items()]
    if not sources:
        raise ReaderError(f"there are no records in {repr(inputs)[:200]}")
    return with_long_ids([tidied(source) for source in sources])


def with_objects(sources: Sequence[Source]) -> list[Source]:
    """Read those files record by record whose objects were left unread."""
    parts = [source.whole() if source.inside and source.whole else None for source in sources]
    read = [
        [source] if part is None else [tidied(one) for one in part]
        for source, part in zip(sources, parts, strict=True)
    ]
    return with_long_ids(list(chain.from_iterable(read)))


def _parts(inputs: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Walk the inputs: names of files, and objects with records, each with its name in messages."""
    if hasattr(inputs, "collect_schema") and hasattr(inputs, "collect"):
        refuse_polars()
        inputs = inputs.collect()  # a lazy frame of polars, of which any column may matter
    if isinstance(inputs, str | os.PathLike):
        for file in expand([os.fspath(inputs)]):
            yield file, file
        return
    is_whole = isinstance(inputs, bytes | Mapping | pd.DataFrame) or hasattr(inputs, "__arrow_c_stream__")
    if is_whole or not isinstance(inputs, Iterable):
        yield name, inputs
        return
    parts = list(inputs)
    if all(isinstance(part, Mapping) for part in parts):
        yield name, parts
        return
    for number, part in enumerate(parts, start=1):
        yield from _parts(part, f"input {number}")


def _in_memory(part: Any, name: str) -> Iterator[Source]:
    if isinstance(part, pd.DataFrame):
        yield _table(part, name)
    elif hasattr(part, "__arrow_c_stream__"):
        yield _table(pandas_frame(part), name)
    elif isinstance(part, Mapping) and _holds_columns(part):
        yield _table(pd.DataFrame(dict(part)), name)
    elif isinstance(part, Mapping):
        yield from _json(dict(part), name)
    elif isinstance(part, list):
        yield from _json([dict(record) for record in part], name)
    else:
        raise ReaderError(
            f"cannot read {type(part).__name__}: pass a path, a table, a dict or a list of dicts as a REST "
            f"client returns them, or several of these in a list"
        )


def pandas_frame(table: Any) -> pd.DataFrame:
    """Turn a polars frame, an Arrow table or a DuckDB relation into a pandas frame."""
    names = getattr(table, "column_names", ())
    refuse_twice([str(name) for name in names if isinstance(name, str)], "the table")
    if hasattr(table, "to_pydict"):
        return pd.DataFrame(table.to_pydict())
    if hasattr(table, "get_columns"):  # to_pandas() of polars would need pyarrow
        return pd.DataFrame({column.name: column.to_list() for column in table.get_columns()})
    if hasattr(table, "df"):
        return pd.DataFrame(table.df())
    raise ReaderError(
        f"cannot read {type(table).__name__}: turn it into a pandas or polars frame or an Arrow table"
    )


def _holds_columns(mapping: Mapping[Any, Any]) -> bool:
    """Check whether a mapping is a table: several arrays of one length."""
    arrays = [value for value in mapping.values() if isinstance(value, list | tuple | np.ndarray | pd.Series)]
    return len(mapping) > 1 and len(arrays) == len(mapping) and len({len(array) for array in arrays}) == 1


def _file(file: str, encoding: str | None, rows_read: RowsRead, drop: bool) -> Iterator[Source]:
    rows_read.begin()
    with opened(file) as unpacked:
        is_log = is_xes(unpacked.read(HEAD))
    if is_log:
        with opened(file, rows_read) as unpacked:
            log = xes_source(unpacked, file, encoding, rows_read.add)
        rows_read.end(file, len(log.frame))
        yield log
        return
    n_rows = 0
    for source in _file_sources(file, _content(file), encoding, rows_read, drop):
        n_rows += len(source.frame)
        yield source
    rows_read.end(file, n_rows)


def _content(file: str) -> bytes:
    """Read the bytes of a file, unpacked."""
    with opened(file) as unpacked:
        if unpacked.seekable():  # what was looked at already is read again, not copied together with the rest
            unpacked.seek(0, os.SEEK_END)
            unpacked.seek(0)
        data = unpacked.read()
    if not data or data.isspace():
        raise ReaderError(f"{file}: the file is empty; export it again")
    return data


def _file_sources(
    file: str, data: bytes, encoding: str | None, rows_read: RowsRead, drop: bool
) -> Iterable[Source]:
    """Recognise a file by its content; only a damaged workbook needs its name as well."""
    if data.startswith(b"PAR1"):
        return [_table(read_parquet(file), file)]
    if is_workbook(data, file):
        return sheets(file, data)
    # A text of plain letters is not decoded before it has to be, nor kept beside its bytes.
    is_plain = encoding is None and data.startswith(b"{") and are_plain(data)
    text, codec = ("", "utf-8") if is_plain else decoded(data, file, encoding)
    if codec == "utf-8" and len(data) >= FEWEST_BYTES and (lines := arrow_lines(data)) is not None:
        return [_of_lines(lines, file, data, rows_read, drop)]
    if is_plain:
        text, codec = decoded(data, file, encoding)
    return _text_file(file, text, codec, rows_read, drop)


def _of_lines(lines: Lines, file: str, data: bytes, rows_read: RowsRead, drop: bool) -> Source:
    """Make a source of columns; who unpacks objects beside events reads the records one by one."""
    check_number_of_columns(len(lines.frame.columns), file)
    return Source(
        file,
        lines.frame,
        lambda row: f"{file}, record {row + 1:,}",
        inside=lines.inside,
        whole=lambda: list(_text_file(file, data.decode(), "utf-8", rows_read, drop)),
    )


def _text_file(file: str, text: str, encoding: str, rows_read: RowsRead, drop: bool) -> Iterator[Source]:
    notes: list[Note] = []
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append((f"read_as_{encoding.replace('-', '_')}", 1, f"files that are not UTF-8 but {encoding}"))
    refuse_markup(text, file)
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        for source in _json(parse_json(text.removeprefix("\ufeff"), file), file):
            yield replace(source, notes=(*source.notes, *notes))
        return
    table = parse_csv(text, file, rows_read, drop=drop)
    if table.n_ragged:
        notes.append(
            ("ragged_rows", table.n_ragged, "rows with more or fewer fields than the header, left out")
        )
    lines = table.lines
    yield Source(file, table.frame, lambda row: f"{file}, line {lines[row]:,}", tuple(notes))


def _table(frame: pd.DataFrame, name: str) -> Source:
    names = [str(column).strip() for column in frame.columns]
    refuse_twice(names, name)
    frame = frame.reset_index(drop=True)
    columns = {
        column: as_text(frame.iloc[:, number], nested=column in _NESTED)
        for number, column in enumerate(names)
    }
    nested = _nested_in(frame.set_axis(names, axis=1))
    return Source(name, pd.DataFrame(columns), lambda row: f"{name}, row {row + 1:,}", nested=nested)


def _nested_in(frame: pd.DataFrame) -> dict[str, int]:
    """Find the columns that hold lists or objects where none are unpacked, and the first row of each."""
    found = {}
    for name, column in frame.items():
        if name in _NESTED or column.dtype != object:
            continue
        rows = (
            row
            for row, one in enumerate(column.tolist())
            if isinstance(one, list | dict | tuple | np.ndarray)
        )
        row = next(rows, None)
        if row is not None:
            found[tidy(str(name))] = row
    return found


def _json(value: Any, name: str) -> Iterator[Source]:
    for group in records_in(value, name):
        keys = dict.fromkeys(chain.from_iterable(group.records))
        check_number_of_columns(len(keys), name)
        columns = {
            key: as_text(
                pd.Series([record.get(key) for record in group.records], dtype=object), nested=key in _NESTED
            )
            for key in keys
        }
        place = _place_of_record(name, group.places)
        yield Source(
            name,
            pd.DataFrame(columns),
            place,
            total=group.total,
            goes_on=group.goes_on,
            made_at=group.made_at,
            nested=_nested_in(pd.DataFrame({key: [r.get(key) for r in group.records] for key in keys})),
        )


def _place_of_record(name: str, places: list[str]) -> Place:
    return lambda row: f"{name}, {places[row]}"
