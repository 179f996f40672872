"""Tables from files: CSV, JSON lines and Parquet, several at once, whose rows can be found again."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from ..errors import MissingColumnError, Parts, ReaderError, did_you_mean, named, quoted
from .csv_text import Block, csv_header, opened_csv
from .json_text import refuse_half_letters, unreadable
from .limits import check_number_of_columns, check_parquet
from .opening import kind_of, opened
from .progress import Progress, RowsRead

_BLOCK_ROWS = 500  # so few that Python's garbage collector does not visit their lists again and again
_CHUNK_ROWS = 200 * _BLOCK_ROWS
_JSON_ROWS = 10_000


@dataclass(frozen=True)
class FileTable:
    """Rows of one or several files under each other.

    Attributes
    ----------
    frame
        Rows with the requested columns.
    files
        Names of the files, in order.
    starts
        Place of the first row of each file in `frame`.
    """

    frame: pd.DataFrame
    files: tuple[str, ...]
    starts: tuple[int, ...]

    def locate(self, row: int) -> str:
        """Return the file and the line of a row."""
        at = int(np.searchsorted(self.starts, row, side="right")) - 1
        file = self.files[at]
        return place_in_file(file, row - self.starts[at], kind_of(file))


def place_in_file(file: str, row: int, kind: str) -> str:
    """Return a file with the line of one of its rows, or with the row's number if the file has no lines."""
    if kind in ("parquet", "query"):
        return f"{file}, row {row:,}"
    with closing(_csv_lines(file) if kind == "csv" else _json_lines(file)) as lines:
        line = next(islice(lines, row, None), None)
    return f"{file}, line {line:,}" if line is not None else f"{file}, row {row:,}"


def read_tables(
    files: Sequence[str], columns: Sequence[str] | None, *, progress: Progress | None = None
) -> FileTable:
    """Read columns of several files into one table.

    CSV values stay text, so that keys like ``007`` and ``NA`` survive; only a blank field is missing.

    Parameters
    ----------
    files
        CSV (also ``.gz``), JSON lines (also ``.gz``) and Parquet.
    columns
        Names of the columns to read; ``None`` reads all of them.
    progress
        Function that is called while files are read, with the rows so far and an estimate of all rows.

    Raises
    ------
    ReaderError
        For a file of another kind, a missing column, and rows that do not parse, with file and line.
    """
    frames, starts, rows_read = [], [], RowsRead(files, progress)
    for file in files:
        read = {"csv": _read_csv, "json": _read_json, "parquet": _read_parquet}[kind_of(file)]
        starts.append(rows_read.n_rows)
        frames.append(read(file, columns, rows_read))
        rows_read.end(file, len(frames[-1]))
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return FileTable(frame, tuple(files), tuple(starts))


def read_head(file: str, n_rows: int = 1_000) -> pd.DataFrame:
    """Read the first rows of a file with all its columns; of JSON lines, all rows.

    Raises
    ------
    ReaderError
        As for :func:`read_tables`.
    """
    kind = kind_of(file)
    if kind == "csv":
        with opened_csv(file) as rows:
            places = {name: place for place, name in enumerate(rows.names) if name}
            fields, _ = _fields_of(islice(rows.blocks(n_rows), 1), places)
            return pd.DataFrame({name: _text_column(fields[name]) for name in places})
    if kind == "json":
        return _read_json(file, None, RowsRead([]))
    with _parquet_file(file) as parquet:
        batch = next(parquet.iter_batches(batch_size=n_rows), None)
        if batch is None:
            return read_parquet(file)
        frame: pd.DataFrame = batch.replace_schema_metadata(None).to_pandas()  # as `_read_parquet` does
        return frame


def split_columns(
    names: Sequence[str], item_files: Sequence[str], files: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Split columns into those that files of the table of items have, and those that only the log has.

    Raises
    ------
    ReaderError
        For a column that is in neither.
    """
    of_items = {name for file in item_files for name in column_names(file)}
    wanted = list(dict.fromkeys(names))
    rest = [name for name in wanted if name not in of_items]
    of_log = column_names(files[0]) if rest else []
    for name in rest:
        if name not in of_log:
            known = "; ".join(f"{file} has: {quoted(column_names(file))}" for file in [*item_files, files[0]])
            advice: Parts = () if item_files else ("; a table of items is given with ", named("items"))
            hint = did_you_mean(name, [*of_items, *of_log])
            raise MissingColumnError(f"no column {name!r}: {known}", *advice, hint, column=name)
    return [name for name in wanted if name in of_items], rest


def column_names(file: str) -> list[str]:
    """Return the names of the columns of a file."""
    kind = kind_of(file)
    if kind == "csv":
        return list(filter(None, csv_header(file).names))
    if kind == "json":
        return list(_read_json(file, None, RowsRead([])).columns)
    with _parquet_file(file) as parquet:
        return list(parquet.schema_arrow.names)


def check_columns(file: str, columns: Sequence[str] | None, known: Sequence[str]) -> None:
    """Refuse columns that a file does not have, or has more than once."""
    known = list(filter(None, known))
    times = Counter(known)
    for column in columns or ():
        if column not in times:
            raise MissingColumnError(
                f"{file}: no column {column!r}; it has: {quoted(known)}{did_you_mean(column, known)}",
                column=column,
            )
        if times[column] > 1:
            raise ReaderError(f"{file}: the header names {column!r} more than once")


def _read_csv(file: str, columns: Sequence[str] | None, rows_read: RowsRead) -> pd.DataFrame:
    with opened_csv(file, rows_read) as rows:
        wanted = list(dict.fromkeys(filter(None, rows.names) if columns is None else columns))
        check_columns(file, wanted, rows.names)
        first = {name: place for place, name in reversed([*enumerate(rows.names)])}
        places = {name: first[name] for name in wanted}
        chunks = []
        blocks = rows.blocks(_BLOCK_ROWS)
        while True:
            fields, n_rows = _fields_of(islice(blocks, _CHUNK_ROWS // _BLOCK_ROWS), places)
            chunks.append(pd.DataFrame({name: _text_column(fields[name]) for name in wanted}))
            if not n_rows:
                return pd.concat(chunks, ignore_index=True)
            rows_read.add(n_rows)


def _fields_of(blocks: Iterable[Block], places: Mapping[str, int]) -> tuple[dict[str, list[str | None]], int]:
    """Collect the fields of some columns, and count the rows."""
    fields: dict[str, list[str | None]] = {name: [] for name in places}
    n_rows = 0
    for block in blocks:
        n_rows += len(block.rows)
        for name, place in places.items():
            fields[name].extend(block.column(place))
    return fields, n_rows


def _text_column(fields: list[str | None]) -> pd.Series:
    return pd.Series(np.array(fields, dtype=object), dtype="str")


def _read_json(file: str, columns: Sequence[str] | None, rows_read: RowsRead) -> pd.DataFrame:
    records: list[dict[str, Any]] = []
    with opened(file, rows_read) as unpacked:
        for number, line in enumerate(unpacked, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise ReaderError(f"{file}, line {number:,}: not JSON: {error.msg}") from error
            except UnicodeDecodeError:
                raise
            except (ValueError, RecursionError) as error:
                raise unreadable(f"{file}, line {number:,}", error) from error
            refuse_half_letters(record, line.decode(), f"{file}, line {number:,}")
            if not isinstance(record, dict):
                raise ReaderError(
                    f'{file}, line {number:,}: expected an object like {{"item": 1}}, got '
                    f"{type(record).__name__}"
                )
            records.append(record)
            if len(records) % _JSON_ROWS == 0:
                rows_read.add(_JSON_ROWS)
    known = list(dict.fromkeys(name for record in records for name in record))
    check_number_of_columns(len(known), file)
    if records:
        check_columns(file, columns, known)
    wanted = known if columns is None else list(dict.fromkeys(columns))
    return pd.DataFrame({name: pd.Series([r.get(name) for r in records], dtype=object) for name in wanted})


def _csv_lines(file: str) -> Generator[int, None, None]:
    """List the lines on which rows begin; ragged rows were left out before, or else an error."""
    with opened_csv(file, ragged="drop") as rows:
        for block in rows.blocks(_BLOCK_ROWS):
            yield from block.lines


def _json_lines(file: str) -> Generator[int, None, None]:
    with opened(file) as unpacked:
        for number, line in enumerate(unpacked, start=1):
            if line.strip():
                yield number


def read_parquet(file: str) -> pd.DataFrame:
    """Read one Parquet file, whatever it is called."""
    return _read_parquet(file, None, RowsRead([]))


def _read_parquet(file: str, columns: Sequence[str] | None, rows_read: RowsRead) -> pd.DataFrame:
    with _parquet_file(file, rows_read, columns) as parquet:
        check_columns(file, columns, parquet.schema_arrow.names)
        wanted = None if columns is None else list(dict.fromkeys(columns))
        groups = [parquet.read_row_groups([], columns=wanted)]  # the columns of a file without rows
        for number in range(parquet.num_row_groups):
            groups.append(parquet.read_row_group(number, columns=wanted))
            rows_read.add(groups[-1].num_rows)
    import pyarrow as pa  # installed, because it has read the file

    # pandas' metadata in the file would turn a column that was once an index into an index again, and may be
    # damaged: pyarrow decodes it also where it is to be ignored.
    table = pa.concat_tables(groups).replace_schema_metadata(None)
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    return frame


@contextmanager
def _parquet_file(
    file: str, rows_read: RowsRead | None = None, columns: Sequence[str] | None = None
) -> Iterator[Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ReaderError(
            f'{file}: reading Parquet needs pyarrow: pip install "stagefunnel[arrow]"'
        ) from error
    with opened(file, rows_read) as raw:
        try:
            # The sums of checks that a file has of its pages are held against them.
            parquet = pq.ParquetFile(raw, page_checksum_verification=True)
            check_parquet(parquet.metadata, columns, os.path.getsize(file), file)
            yield parquet
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise ReaderError(f"{file}: not a valid Parquet file: {error}") from error
