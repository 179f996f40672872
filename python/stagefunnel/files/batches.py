"""Reading Parquet and CSV files batch by batch, the next one while the one before is worked on."""

from __future__ import annotations

import importlib
import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import IO, Any, ClassVar

from ..errors import ReaderError, advised, counted
from . import (
    RowsRead,
    check_columns,
    csv_header,
    expand,
    first_ragged_line,
    opened,
    place_in_file,
    unclosed_line,
)

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
_PARQUET_ROWS = 250_000
_CSV_BYTES = 4 << 20


class FileBatches(ABC):
    """Columns of several files in record batches, one file after the other.

    Raises
    ------
    FileNotFoundError, ReaderError
        If a file is not there, is damaged or lacks a column, or pyarrow is not installed.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        paths: Paths,
        columns: Mapping[str, str],
        *,
        time_format: str | None,
        drop: bool,
        threads: int,
    ) -> None:
        given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        self._files = expand([os.fspath(path) for path in given])
        self._starts: list[int] = []
        self._columns = columns
        self._names = list(dict.fromkeys(columns.values()))
        self._time_format, self._drop, self._threads = time_format, drop, threads
        try:
            self._pa = importlib.import_module("pyarrow")
        except ImportError as error:
            raise ReaderError(
                f'reading {self.kind} batch by batch needs pyarrow: pip install "stagefunnel[arrow]"'
            ) from error

    def __iter__(self) -> Generator[Any, None, None]:
        """Read the files, a batch ahead of whoever takes them."""
        batches = self._chained()
        with ThreadPoolExecutor(1) as reader:
            coming = reader.submit(next, batches, None)
            while (batch := coming.result()) is not None:
                coming = reader.submit(next, batches, None)
                yield batch

    def _chained(self) -> Iterator[Any]:
        n_rows = 0
        for file in self._files:
            self._starts.append(n_rows)
            for batch in self._batches_of(file):
                n_rows += batch.num_rows
                yield batch

    @abstractmethod
    def _batches_of(self, file: str) -> Iterator[Any]: ...

    def locate(self, row: int) -> str:
        """Say in which file and line a row stands that has been read."""
        at = max(number for number, start in enumerate(self._starts) if start <= row)
        return place_in_file(self._files[at], row - self._starts[at], self.kind)

    @abstractmethod
    def expected(self, n_rows: int) -> int:
        """Say how many rows all files have, or seem to have, after some were taken."""

    def found(self) -> dict[str, int]:
        """Count what was wrong with rows that never became a batch, by check of the quality table."""
        return {}


class ParquetBatches(FileBatches):
    """Columns of Parquet files."""

    kind = "parquet"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._times = _TimeTexts(self._pa, self._columns["time"], self._time_format, integers=False)
        self._pq = importlib.import_module("pyarrow.parquet")
        self._n_rows: int = sum(self._metadata(file).num_rows for file in self._files)

    def expected(self, n_rows: int) -> int:
        """Say how many rows all files have."""
        return self._n_rows

    def _metadata(self, file: str) -> Any:
        try:
            return self._pq.read_metadata(file)
        except (self._pa.ArrowException, OSError) as error:
            raise _unsound(file, error) from error

    def _batches_of(self, file: str) -> Iterator[Any]:
        schema = self._metadata(file).schema.to_arrow_schema()
        check_columns(file, self._names, schema.names)
        # A dictionary's stages are looked up once each, not once a row.
        stage = self._columns["stage"]
        stages = [stage] if _is_text(self._pa, schema, stage) else []
        try:
            with self._pq.ParquetFile(
                file, pre_buffer=False, buffer_size=1 << 20, read_dictionary=stages
            ) as parquet:
                for batch in parquet.iter_batches(
                    _PARQUET_ROWS, columns=self._names, use_threads=self._threads > 1
                ):
                    yield self._times.read(batch)
        except (self._pa.ArrowException, OSError) as error:
            raise _unsound(file, error) from error


def _unsound(file: str, error: Exception) -> ReaderError:
    return ReaderError(f"{file}: not a sound Parquet file: {error}")


class CsvBatches(FileBatches):
    """Columns of CSV files: items and stages stay text, only an empty field is missing.

    Rows that have more or fewer fields than their file's header are an error, or left out and counted.
    """

    kind = "csv"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._times = _TimeTexts(self._pa, self._columns["time"], self._time_format, integers=True)
        self._csv = importlib.import_module("pyarrow.csv")
        self._n_ragged = 0
        self._rows_read = RowsRead(self._files)

    def expected(self, n_rows: int) -> int:
        """Say how many rows all files would have, were all as long as those that were read."""
        return self._rows_read.expected() or n_rows

    def found(self) -> dict[str, int]:
        """Count the rows of too many or too few fields."""
        return {"ragged_rows": self._n_ragged}

    def _skip(self, _: Any) -> str:
        self._n_ragged += 1
        return "skip"

    def _batches_of(self, file: str) -> Iterator[Any]:
        delimiter, known = csv_header(file)
        check_columns(file, self._names, known)
        with opened(file, self._rows_read) as unpacked:
            counted = _QuoteCount(unpacked)
            try:
                with closing(self._reader(counted, delimiter)) as reader:
                    for batch in reader:
                        self._rows_read.add(batch.num_rows)
                        yield self._times.read(batch)
            except self._pa.ArrowException as error:
                raise _unparsed(file, delimiter, len(known), error) from error
        # The parser takes all that follows a quote that is never closed for one field, and says nothing.
        line = unclosed_line(file) if counted.n_quotes % 2 else None
        if line is not None:
            raise ReaderError(f"{file}, line {line:,}: a quoted field is never closed")

    def _reader(self, file: Any, delimiter: str) -> Any:
        pa, csv = self._pa, self._csv
        types = {name: pa.string() for name in self._names}
        if list(self._columns.values()).count(self._columns["stage"]) == 1:
            types[self._columns["stage"]] = pa.dictionary(pa.int32(), pa.string())
        return csv.open_csv(
            file,
            read_options=csv.ReadOptions(block_size=_CSV_BYTES, use_threads=self._threads > 1),
            parse_options=csv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                invalid_row_handler=self._skip if self._drop else None,
            ),
            convert_options=csv.ConvertOptions(
                column_types=types,
                include_columns=self._names,
                null_values=[""],
                strings_can_be_null=True,
            ),
        )


class _QuoteCount:
    """A file on its way to the parser, with the quotes in it counted."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.n_quotes = 0

    def read(self, n_bytes: int = -1) -> bytes:
        data = self._file.read(n_bytes)
        self.n_quotes += data.count(b'"')
        return data


def _unparsed(file: str, delimiter: str, width: int, error: Exception) -> ReaderError:
    ragged = first_ragged_line(file, width)
    if ragged is None:
        return ReaderError(f"{file}: {error}")
    line, n_fields = ragged
    correction = f"put fields that hold {delimiter!r} in quotes" if n_fields > width else "correct the row"
    return ReaderError(
        f"{file}, line {line:,}: {counted(n_fields, 'field')} where the header has "
        f"{counted(width, 'name')}; {correction}, or pass ",
        advised("invalid", "drop"),
        " to leave such rows out",
    )


class _TimeTexts:
    """Reads times that are text with pyarrow where it can, which is many times faster.

    What it reads is a part of what the log itself reads, with the same meaning; a batch that it cannot read
    stays text.
    """

    def __init__(self, pa: Any, name: str, time_format: str | None, *, integers: bool) -> None:
        self._pa, self._name = pa, name
        self._types = []
        if time_format is None:
            self._types = [pa.timestamp("us"), pa.timestamp("us", "UTC")]
            self._types += [pa.int64()] if integers else []

    def read(self, batch: Any) -> Any:
        if not self._types or not _is_text(self._pa, batch.schema, self._name):
            return batch
        at = batch.schema.get_field_index(self._name)
        texts = batch.column(at)
        if texts.null_count == len(texts):
            return batch
        for kind in self._types:
            try:
                times = texts.cast(kind)
            except self._pa.ArrowInvalid:
                continue  # there is no other way to ask whether it can
            self._types = [kind]
            return batch.set_column(at, self._name, times)
        return batch


def _is_text(pa: Any, schema: Any, name: str) -> bool:
    kind = schema.field(name).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
