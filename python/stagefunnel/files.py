"""Reading tables from files: CSV, JSON lines and Parquet, several at once, with where each row stood."""

from __future__ import annotations

import csv
import glob
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Any, BinaryIO

import numpy as np
import pandas as pd

from .errors import ReaderError, did_you_mean, quoted

Watch = Callable[[BinaryIO, str, int], BinaryIO]
_CSV, _JSON, _PARQUET = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson"), (".parquet", ".pq")
_CHUNK_ROWS = 500_000
csv.field_size_limit(2**31 - 1)  # a CRM's notes may be longer than the 128 KB that are allowed by default


@dataclass(frozen=True)
class FileTable:
    """Rows of one or several files under each other.

    Attributes
    ----------
    frame
        The columns asked for.
    files
        The files, in order.
    starts
        The first row of each file in `frame`.
    """

    frame: pd.DataFrame
    files: tuple[str, ...]
    starts: tuple[int, ...]

    def locate(self, row: int) -> str:
        """Say in which file and line a row stands."""
        at = int(np.searchsorted(self.starts, row, side="right")) - 1
        file = self.files[at]
        return place_in_file(file, row - self.starts[at], kind_of(file))


def place_in_file(file: str, row: int, kind: str) -> str:
    """Say in which line of a file one of its rows stands, or which row it is where there are no lines."""
    if kind == "parquet":
        return f"{file}, row {row:,}"
    lines = (line for line, _ in _csv_rows(file)) if kind == "csv" else _json_lines(file)
    line = next(islice(lines, row, None), None)
    return f"{file}, line {line:,}" if line is not None else f"{file}, row {row:,}"


def expand(patterns: Iterable[str]) -> list[str]:
    """Turn names and globs into files, each once, a glob's files in order of name.

    Raises
    ------
    FileNotFoundError
        If a name or a glob matches no file.
    """
    files: dict[str, str] = {}
    for pattern in patterns:
        found = [pattern] if os.path.exists(pattern) else sorted(glob.glob(pattern, recursive=True))
        found = [file for file in found if not os.path.isdir(file)]
        if not found:
            raise FileNotFoundError(f"no file {pattern!r}")
        for file in found:
            files.setdefault(os.path.realpath(file), file)
    return list(files.values())


def read_tables(
    files: Sequence[str], columns: Sequence[str] | None, *, watch: Watch | None = None
) -> FileTable:
    """Read columns of several files into one table.

    CSV values stay text, so that keys like ``007`` and ``NA`` survive; only an empty field is missing.

    Parameters
    ----------
    files
        CSV (also ``.gz``), JSON lines (also ``.gz``) and Parquet.
    columns
        The columns to read; all of them if it is ``None``.
    watch
        Wraps each file while it is read, to show progress: ``watch(file, name, size)``.

    Raises
    ------
    ReaderError
        For a file of another kind, a missing column, and rows that do not parse, with file and line.
    """
    frames, starts, total = [], [], 0
    for file in files:
        read = {"csv": _read_csv, "json": _read_json, "parquet": read_parquet}[kind_of(file)]
        frame = read(file, columns, watch)
        starts.append(total)
        total += len(frame)
        frames.append(frame)
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
    return FileTable(frame, tuple(files), tuple(starts))


def split_columns(
    names: Sequence[str], item_files: Sequence[str], files: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Say which columns are in the files of the table of items, and which only in those of the log.

    Raises
    ------
    ReaderError
        For a column that is in neither.
    """
    of_items = {name for file in item_files for name in _column_names(file)}
    wanted = list(dict.fromkeys(names))
    rest = [name for name in wanted if name not in of_items]
    of_log = _column_names(files[0]) if rest else []
    for name in rest:
        if name not in of_log:
            known = [f"{file} has: {quoted(_column_names(file))}" for file in [*item_files, files[0]]]
            known += [] if item_files else ["a table of items is given with --items"]
            hint = did_you_mean(name, [*of_items, *of_log])
            raise ReaderError(f"no column {name!r}: {'; '.join(known)}{hint}")
    return [name for name in wanted if name in of_items], rest


def _column_names(file: str) -> list[str]:
    kind = kind_of(file)
    if kind == "csv":
        return csv_header(file)[1]
    if kind == "json":
        return list(_read_json(file, None, None).columns)
    with _parquet_file(file, None) as parquet:
        return list(parquet.schema_arrow.names)


def kind_of(file: str) -> str:
    """Tell the kind of a file by its ending: ``csv``, ``json`` or ``parquet``."""
    name = file.lower()
    unpacked = name.removesuffix(".gz")
    for kind, ending, endings in (
        ("csv", unpacked, _CSV),
        ("json", unpacked, _JSON),
        ("parquet", name, _PARQUET),
    ):
        if ending.endswith(endings):
            return kind
    raise ReaderError(
        f"{file}: cannot tell what kind of file this is; known endings are "
        f"{quoted([*_CSV, *_JSON, *_PARQUET])} (the text formats also with .gz)"
    )


@contextmanager
def opened(file: str, watch: Watch | None = None) -> Iterator[IO[bytes]]:
    """Open a file for its bytes, unpacked; damage is said with the file's name."""
    size = os.path.getsize(file)
    with open(file, "rb") as raw:
        seen = watch(raw, file, size) if watch is not None else raw
        packed: AbstractContextManager[Any] = (
            gzip.GzipFile(fileobj=seen) if file.lower().endswith(".gz") else nullcontext(seen)
        )
        try:
            with packed as unpacked:
                yield unpacked
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ReaderError(f"{file}: the file is damaged or cut short: {error}") from error
        except UnicodeDecodeError as error:
            bad = error.object[error.start]
            raise ReaderError(f"{file}: byte {bad:#04x} is not UTF-8; save the file as UTF-8") from error


def csv_header(file: str) -> tuple[str, list[str]]:
    """Read the separator and the names of a CSV file's columns."""
    with opened(file) as unpacked:
        text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="")
        first = text.readline()
        if not first.strip():
            raise ReaderError(f"{file}, line 1: there is no header")
        delimiter = delimiter_of(first)
        return delimiter, next(csv.reader(chain([first], text), delimiter=delimiter))


def delimiter_of(first_line: str) -> str:
    """Take the separator that splits the header into the most names; those inside quotes do not count."""
    return max(",;\t|", key=re.sub('"[^"]*("|$)', "", first_line).count)


def check_columns(file: str, columns: Sequence[str] | None, known: Sequence[str]) -> None:
    """Refuse columns that a file does not have, or has more than once."""
    for column in columns or ():
        if column not in known:
            raise ReaderError(
                f"{file}: no column {column!r}; it has: {quoted(known)}{did_you_mean(column, known)}"
            )
        if list(known).count(column) > 1:
            raise ReaderError(f"{file}: there are several columns named {column!r}")


def _read_csv(file: str, columns: Sequence[str] | None, watch: Watch | None) -> pd.DataFrame:
    delimiter, names = csv_header(file)
    wanted = list(dict.fromkeys(names if columns is None else columns))
    check_columns(file, wanted, names)
    _check_widths(file, delimiter, len(names))
    places = [names.index(name) for name in wanted]
    with opened(file, watch) as unpacked:
        try:
            chunks = pd.read_csv(
                unpacked,
                sep=delimiter,
                header=0,
                names=list(range(len(names))),
                usecols=places,
                dtype=str,
                keep_default_na=False,
                na_values=[""],
                encoding="utf-8-sig",
                chunksize=_CHUNK_ROWS,
            )
            frame = pd.concat(list(chunks), ignore_index=True)
        except pd.errors.ParserError as error:
            raise _unparsed(file, str(error)) from error
    return frame[places].set_axis(wanted, axis="columns")


def _check_widths(file: str, delimiter: str, width: int) -> None:
    """Refuse rows that are longer than the header, which pandas cuts without a word."""
    with opened(file) as unpacked:
        rows = csv.reader(io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline=""), delimiter=delimiter)
        if max(map(len, rows), default=0) <= width:
            return
    line = next(line for line, row in _csv_rows(file) if len(row) > width)
    raise ReaderError(
        f"{file}, line {line:,}: more fields than the header's {width} names; put fields that hold "
        f"{delimiter!r} in quotes"
    )


def first_ragged_line(file: str, width: int) -> tuple[int, int] | None:
    """Find the first row of a CSV file that has more or fewer fields than a number: its line, its fields."""
    return next(((line, len(row)) for line, row in _csv_rows(file) if len(row) != width), None)


def unclosed_line(file: str) -> int | None:
    """Find the line on which a quoted field begins that goes on to the end of a CSV file."""
    delimiter, _ = csv_header(file)
    with opened(file) as unpacked:
        text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="")
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        start = 1
        try:
            for _ in reader:
                start = reader.line_num + 1
        except csv.Error as error:
            return start if "unexpected end of data" in str(error) else None
    return None


def _unparsed(file: str, message: str) -> ReaderError:
    unclosed = re.search(r"EOF inside string starting at row (\d+)", message)
    if unclosed is None:
        return ReaderError(f"{file}: {message.removeprefix('Error tokenizing data. C error: ').strip()}")
    # The parser counts the header as row 0.
    where = FileTable(pd.DataFrame(), (file,), (0,)).locate(int(unclosed[1]) - 1)
    return ReaderError(f"{where}: a quoted field is never closed")


def _csv_rows(file: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV file with the line each starts on; fields may hold line breaks."""
    delimiter, _ = csv_header(file)
    with opened(file) as unpacked:
        reader = csv.reader(io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline=""), delimiter=delimiter)
        next(reader)
        start = reader.line_num + 1
        for row in reader:
            # Lines of nothing but blanks are no rows to pandas either.
            if len(row) > 1 or (row and (not row[0] or row[0].strip(" \t"))):
                yield start, row
            start = reader.line_num + 1


def _json_lines(file: str) -> Iterator[int]:
    with opened(file) as unpacked:
        for number, line in enumerate(unpacked, start=1):
            if line.strip():
                yield number


def _read_json(file: str, columns: Sequence[str] | None, watch: Watch | None) -> pd.DataFrame:
    records = []
    with opened(file, watch) as unpacked:
        for number, line in enumerate(unpacked, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise ReaderError(f"{file}, line {number:,}: not JSON: {error.msg}") from error
            except UnicodeDecodeError:
                raise
            except (ValueError, RecursionError) as error:  # a number of thousands of digits, deep nesting
                raise ReaderError(f"{file}, line {number:,}: cannot read this JSON: {error}") from error
            if not isinstance(record, dict):
                raise ReaderError(
                    f'{file}, line {number:,}: expected an object like {{"item": 1}}, got '
                    f"{type(record).__name__}"
                )
            records.append(record)
    known = list(dict.fromkeys(name for record in records for name in record))
    if records:
        check_columns(file, columns, known)
    wanted = known if columns is None else list(dict.fromkeys(columns))
    return pd.DataFrame({name: pd.Series([r.get(name) for r in records], dtype=object) for name in wanted})


def read_parquet(file: str, columns: Sequence[str] | None = None, watch: Watch | None = None) -> pd.DataFrame:
    """Read columns of one Parquet file, whatever it is called; all of them by default."""
    with _parquet_file(file, watch) as parquet:
        check_columns(file, columns, parquet.schema_arrow.names)
        table = parquet.read(columns=None if columns is None else list(dict.fromkeys(columns)))
    # What pandas notes in the file would take a column that was once an index away from the others.
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    return frame


@contextmanager
def _parquet_file(file: str, watch: Watch | None) -> Iterator[Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ReaderError(
            f'{file}: reading Parquet needs pyarrow: pip install "stagefunnel[arrow]"'
        ) from error
    with opened(file, watch) as raw:
        try:
            yield pq.ParquetFile(raw)
        except (pa.ArrowException, OSError) as error:
            raise ReaderError(f"{file}: not a sound Parquet file: {error}") from error
