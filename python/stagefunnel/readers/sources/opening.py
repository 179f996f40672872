"""Opening whatever a reader can be given: files, answers of a REST client, tables."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from ...errors import ReaderError
from ...files import Progress, RowsRead, expand, read_parquet
from .cells import as_text
from .content import decoded, parse_csv, parse_json, refuse_page, refuse_twice
from .json_records import records_in
from .places import Place
from .source import Note, Source
from .workbooks import sheets

# Where answers keep more than a value, and readers look into it.
_NESTED = {
    *("EXTRA", "properties", "propertiesWithHistory", "stages", "metadata", "data", "owner_id", "user_id"),
    *("value_before", "value_after", "_embedded"),
}


def sources_of(given: Any, *, encoding: str | None, progress: Progress | None) -> list[Source]:
    """Turn paths, globs, answers of a REST client and tables, alone or in a list, into sources."""
    parts = list(_parts(given, "the input"))
    # Each file once, which two globs may both name.
    files = {os.path.realpath(part): part for _, part in reversed(parts) if isinstance(part, str)}
    rows_read = RowsRead(list(files.values()), progress)
    found: list[Source] = []
    for name, part in parts:
        if not isinstance(part, str):
            found += _in_memory(part, name)
        elif files.pop(os.path.realpath(part), None) is not None:
            found += _file(part, encoding, rows_read)
    if not found:
        raise ReaderError(f"there are no records in {repr(given)[:200]}")
    return found


def _parts(given: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Walk what was given: the names of files, and what holds records, with what it is called."""
    if isinstance(given, str | os.PathLike):
        for file in expand([os.fspath(given)]):
            yield file, file
        return
    whole = isinstance(given, bytes | Mapping | pd.DataFrame) or hasattr(given, "__arrow_c_stream__")
    if whole or not isinstance(given, Iterable):
        yield name, given
        return
    parts = list(given)
    if all(isinstance(part, Mapping) for part in parts):
        yield name, parts
        return
    for number, part in enumerate(parts, start=1):
        yield from _parts(part, f"input {number}")


def _in_memory(given: Any, name: str) -> Iterator[Source]:
    if isinstance(given, pd.DataFrame):
        yield _table(given, name)
    elif hasattr(given, "__arrow_c_stream__"):
        yield _table(_pandas_frame(given), name)
    elif isinstance(given, Mapping) and _holds_columns(given):
        yield _table(pd.DataFrame(dict(given)), name)
    elif isinstance(given, Mapping):
        yield from _json(dict(given), name)
    elif isinstance(given, list):
        yield from _json([dict(part) for part in given], name)
    else:
        raise ReaderError(
            f"cannot read {type(given).__name__}: pass a path, a table, a dict or a list of dicts as a REST "
            f"client returns them, or several of these in a list"
        )


def _pandas_frame(table: Any) -> pd.DataFrame:
    """Turn a polars frame, an Arrow table or a DuckDB relation into a pandas frame."""
    if hasattr(table, "to_pydict"):
        return pd.DataFrame(table.to_pydict())
    if hasattr(table, "get_columns"):  # polars' own way to pandas would need pyarrow
        return pd.DataFrame({column.name: column.to_list() for column in table.get_columns()})
    if hasattr(table, "df"):
        return pd.DataFrame(table.df())
    raise ReaderError(
        f"cannot read {type(table).__name__}: turn it into a pandas or polars frame or an Arrow table"
    )


def _holds_columns(given: Mapping[Any, Any]) -> bool:
    """Say whether a mapping is a table: arrays of one length."""
    arrays = [part for part in given.values() if isinstance(part, list | tuple | np.ndarray | pd.Series)]
    return len(given) > 1 and len(arrays) == len(given) and len({len(part) for part in arrays}) == 1


def _file(file: str, encoding: str | None, rows_read: RowsRead) -> Iterator[Source]:
    rows_read.begin()
    with open(file, "rb") as opened:
        data = opened.read()
    if data.startswith(b"\x1f\x8b"):
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise ReaderError(f"{file}: the file is damaged or cut short: {error}") from error
    if not data.strip():
        raise ReaderError(f"{file}: the file is empty; export it again")
    if data.startswith(b"PAR1"):
        found: Iterable[Source] = [_table(read_parquet(file), file)]
    elif data.startswith(b"PK\x03\x04") and file.lower().endswith((".xlsx", ".xlsm")):
        found = sheets(file, data)
    else:
        found = _text_file(file, *decoded(data, file, encoding), rows_read)
    n_rows = 0
    for source in found:
        n_rows += len(source.frame)
        yield source
    rows_read.end(file, n_rows)


def _text_file(file: str, text: str, encoding: str, rows_read: RowsRead) -> Iterator[Source]:
    notes: list[Note] = []
    if encoding not in ("utf-8", "utf-8-sig"):
        notes.append((f"read_as_{encoding.replace('-', '_')}", 1, f"files that are not UTF-8 but {encoding}"))
    refuse_page(text, file)
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        for source in _json(parse_json(text.removeprefix("\ufeff"), file), file):
            yield replace(source, notes=(*source.notes, *notes))
        return
    table = parse_csv(text, file, rows_read)
    if table.short_rows:
        notes.append(
            ("short_rows", table.short_rows, "rows with fewer fields than the header; the rest is missing")
        )
    lines = table.lines
    yield Source(file, table.frame, lambda row: f"{file}, line {lines[row]:,}", tuple(notes))


def _table(frame: pd.DataFrame, name: str) -> Source:
    names = [str(column).strip() for column in frame.columns]
    refuse_twice(names, name)
    frame = frame.reset_index(drop=True)
    columns = {
        column: as_text(frame.iloc[:, at], nested=column in _NESTED) for at, column in enumerate(names)
    }
    return Source(name, pd.DataFrame(columns), lambda row: f"{name}, row {row + 1:,}")


def _json(value: Any, name: str) -> Iterator[Source]:
    for records, places, total, goes_on in records_in(value, name):
        keys = list(dict.fromkeys(chain.from_iterable(records)))
        frame = pd.DataFrame(
            {
                key: as_text(
                    pd.Series([record.get(key) for record in records], dtype=object), nested=key in _NESTED
                )
                for key in keys
            }
        )
        yield Source(name, frame, _placed(name, places), total=total, goes_on=goes_on)


def _placed(name: str, places: list[str]) -> Place:
    return lambda row: f"{name}, {places[row]}"
