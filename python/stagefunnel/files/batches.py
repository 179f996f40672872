"""Parquet and CSV files in batches; the next batch is read while the one before is in use."""

from __future__ import annotations

import importlib
import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any, ClassVar

from ..errors import ReaderError
from .csv_text import BLANKS, Block, CsvRows, QuoteCheck, Ragged, csv_header, is_blank, opened_csv
from .limits import check_parquet
from .opening import expand, opened
from .places import FilePlaces
from .progress import RowsRead
from .read_ahead import Gate, reading_ahead
from .tables import check_columns

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
_CSV_BYTES = 4 << 20
_CSV_ROWS = 100_000


class FileBatches(ABC):
    """Columns of several files in record batches, one file after the other.

    Raises
    ------
    FileNotFoundError, ReaderError
        If a file is not there, is damaged or lacks a column, or pyarrow is not installed.
    """

    kind: ClassVar[str]
    #: How many rows a batch has at most, where the format lets them be counted.
    rows_at_once = 250_000

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
        """Read the files, one batch ahead of the caller; who stops before the end closes the generator."""
        with closing(self._chained()) as batches, ThreadPoolExecutor(1) as reader:
            try:
                coming = reader.submit(next, batches, None)
            except RuntimeError:  # no thread can be started: it is read when it is needed
                yield from batches
                return
            while (batch := coming.result()) is not None:
                coming = reader.submit(next, batches, None)
                yield batch

    def _chained(self) -> Generator[Any, None, None]:
        n_rows = 0
        for file in self._files:
            self._starts.append(n_rows)
            with closing(self._batches_of(file)) as batches:
                for batch in batches:
                    n_rows += batch.num_rows
                    yield batch

    @abstractmethod
    def _batches_of(self, file: str) -> Generator[Any, None, None]: ...

    @property
    def files(self) -> list[str]:
        """The files that are read, in order."""
        return list(self._files)

    def locate(self, row: int) -> str:
        """Return the file and the line of a row that has been read."""
        return self.places()(row)

    def places(self) -> FilePlaces:
        """Return what finds the rows that have been read, also without these batches."""
        return FilePlaces(tuple(self._files[: len(self._starts)]), tuple(self._starts), self.kind)

    @abstractmethod
    def expected(self, n_rows: int) -> int:
        """Return or estimate the number of rows of all files, after `n_rows` were read."""

    def found(self) -> dict[str, int]:
        """Return the number of rows that never became part of a batch, by check of the quality table."""
        return {}


class ParquetBatches(FileBatches):
    """Columns of Parquet files."""

    kind = "parquet"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._times = _TimeTexts(self._pa, self._columns, self._time_format, integers=False)
        self._pq = importlib.import_module("pyarrow.parquet")
        self._n_rows: int = sum(self._metadata(file).num_rows for file in self._files)

    def expected(self, n_rows: int) -> int:
        """Return the number of rows of all files."""
        return self._n_rows

    def _metadata(self, file: str) -> Any:
        try:
            return self._pq.read_metadata(file)
        except (self._pa.ArrowException, OSError) as error:
            raise _unsound(file, error) from error

    def _batches_of(self, file: str) -> Generator[Any, None, None]:
        metadata = self._metadata(file)
        check_parquet(metadata, self._names, os.path.getsize(file), file)
        schema = metadata.schema.to_arrow_schema()
        check_columns(file, self._names, schema.names)
        # The stages of a dictionary are looked up once each, not once for each row.
        stage = self._columns["stage"]
        stages = [stage] if _is_text(self._pa, schema, stage) else []
        try:
            with self._pq.ParquetFile(
                file,
                pre_buffer=False,
                buffer_size=1 << 20,
                read_dictionary=stages,
                page_checksum_verification=True,
            ) as parquet:
                for batch in parquet.iter_batches(
                    self.rows_at_once, columns=self._names, use_threads=self._threads > 1
                ):
                    yield self._times.read(batch)
        except (self._pa.ArrowException, OSError) as error:
            raise _unsound(file, error) from error


def _unsound(file: str, error: Exception) -> ReaderError:
    return ReaderError(f"{file}: not a valid Parquet file: {error}")


class CsvBatches(FileBatches):
    """Columns of CSV files: items and stages stay text, only a blank field is missing.

    pyarrow parses the files, many times faster than Python does. From the first row on that it cannot
    read, Python's parser takes over, which follows the rules of `csv_text`; it also checks a file whose
    quotes pyarrow may read in another way.
    """

    kind = "csv"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._times = _TimeTexts(self._pa, self._columns, self._time_format, integers=True)
        self._csv = importlib.import_module("pyarrow.csv")
        self._compute = importlib.import_module("pyarrow.compute")
        self._n_ragged = 0
        self._rows_read = RowsRead(self._files)

    def expected(self, n_rows: int) -> int:
        """Estimate the number of rows of all files, as if all rows were as long as those that were read."""
        return self._rows_read.expected() or n_rows

    def found(self) -> dict[str, int]:
        """Count the rows of too many or too few fields."""
        return {"ragged_rows": self._n_ragged}

    def _batches_of(self, file: str) -> Generator[Any, None, None]:
        header = csv_header(file)
        check_columns(file, self._names, header.names)
        n_rows, n_ragged, is_well_formed = 0, self._n_ragged, False
        with opened(file, self._rows_read) as unpacked:
            checked = QuoteCheck(unpacked, header.delimiter)
            try:
                with reading_ahead(partial(self._reader, header), checked) as batches:
                    for batch in batches:
                        n_rows += batch.num_rows
                        self._rows_read.add(batch.num_rows)
                        yield self._read(batch.columns)
                is_well_formed = checked.passes()
            except self._pa.ArrowException:
                pass  # Python's parser finds what is wrong, if anything is
        if not is_well_formed:
            self._n_ragged = n_ragged
            yield from self._rest_of(file, n_rows)

    def _reader(self, header: CsvRows, file: Gate) -> Any:
        csv = self._csv
        # Columns are taken by their places, because names may repeat or have blanks around them.
        places = {name: str(header.names.index(name)) for name in self._names}
        types = {places[name]: self._type_of(name) for name in self._names}
        return csv.open_csv(
            file.lend_file(),
            read_options=csv.ReadOptions(
                block_size=_CSV_BYTES,
                use_threads=self._threads > 1,
                skip_rows=header.header_lines,
                column_names=list(map(str, range(len(header.names)))),
            ),
            parse_options=csv.ParseOptions(
                delimiter=header.delimiter,
                newlines_in_values=True,
                invalid_row_handler=file.lend(self._skip) if self._drop else None,
            ),
            convert_options=csv.ConvertOptions(
                column_types=types,
                include_columns=list(places.values()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )

    def _type_of(self, name: str) -> Any:
        # The stages of a dictionary are looked up once each, not once for each row.
        roles = [role for role, column in self._columns.items() if column == name]
        text = self._pa.string()
        return self._pa.dictionary(self._pa.int32(), text) if roles == ["stage"] else text

    def _skip(self, row: Any) -> str:
        if row.text is None or is_blank(row.text):
            return "error"  # a line of blanks is not a row; Python's parser takes over
        self._n_ragged += 1
        return "skip"

    def _read(self, columns: Sequence[Any]) -> Any:
        columns = [self._missing_where_blank(column) for column in columns]
        return self._times.read(self._pa.RecordBatch.from_arrays(columns, names=self._names))

    def _missing_where_blank(self, column: Any) -> Any:
        pa, pc = self._pa, self._compute
        is_coded = pa.types.is_dictionary(column.type)
        texts = column.dictionary if is_coded else column
        # Looking at the first characters costs least, and few texts begin with a blank.
        if not any(pc.any(pc.starts_with(texts, blank)).as_py() for blank in BLANKS):
            return column
        texts = column.cast(pa.string())
        is_missing = pc.equal(pc.binary_length(pc.ascii_trim(texts, BLANKS)), 0)
        texts = pc.if_else(is_missing, pa.scalar(None, pa.string()), texts)
        return texts.dictionary_encode() if is_coded else texts

    def _rest_of(self, file: str, n_rows: int) -> Generator[Any, None, None]:
        """Read a file by Python's parser, from some row on."""
        n_ragged = self._n_ragged
        ragged: Ragged = "drop" if self._drop else "error or drop"
        with opened_csv(file, self._rows_read, ragged=ragged) as rows:
            places = [rows.names.index(name) for name in self._names]
            for block in rows.blocks(_CSV_ROWS):
                rest = Block(block.lines[n_rows:], block.rows[n_rows:])
                n_rows -= len(block.rows) - len(rest.rows)
                if rest.rows:
                    self._rows_read.add(len(rest.rows))
                    yield self._read(
                        [
                            self._pa.array(rest.column(place), self._type_of(name))
                            for name, place in zip(self._names, places, strict=True)
                        ]
                    )
            self._n_ragged = n_ragged + rows.n_ragged


class _TimeTexts:
    """Reader of times that are text by pyarrow, which is many times faster than the log's own reader.

    pyarrow reads some of the texts that the log reads, with the same meaning; a batch with any other text
    stays text.
    """

    def __init__(
        self, pa: Any, columns: Mapping[str, str], time_format: str | None, *, integers: bool
    ) -> None:
        types = []
        if time_format is None:
            types = [pa.timestamp("us"), pa.timestamp("us", "UTC")]
            types += [pa.int64()] if integers else []
        self._pa = pa
        # What the first texts of a column are is tried first for those that follow.
        self._types = {columns[role]: types for role in ("time", "exited") if role in columns}

    def read(self, batch: Any) -> Any:
        for name, types in self._types.items():
            if types and _is_text(self._pa, batch.schema, name):
                batch = self._read(batch, name, types)
        return batch

    def _read(self, batch: Any, name: str, types: Sequence[Any]) -> Any:
        at = batch.schema.get_field_index(name)
        texts = batch.column(at)
        if texts.null_count == len(texts):
            return batch
        for kind in types:
            try:
                times = texts.cast(kind)
            except self._pa.ArrowInvalid:
                continue  # pyarrow has no other way to find out
            self._types[name] = [kind]
            return batch.set_column(at, name, times)
        return batch


def _is_text(pa: Any, schema: Any, name: str) -> bool:
    kind = schema.field(name).type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
