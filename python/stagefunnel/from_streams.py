"""The constructors of a log that read it batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self, TypedDict, Unpack

from .batches import CsvBatches, FileBatches, ParquetBatches, Paths
from .errors import InvalidRowError, SchemaError, quoted
from .files import Progress
from .intake import Content, Empty, Invalid, Keys, check_options, thread_count
from .items_table import ItemsTable
from .row_columns import column_names
from .streams import read_batches


class StreamOptions(TypedDict, total=False):
    """The options of :meth:`FromStreams.from_batches`."""

    item: str
    stage: str
    time: str
    stages: Any
    columns: Any
    time_format: str | None
    items: Any
    items_key: str | None
    invalid: Invalid
    empty: Empty
    keys: Keys
    threads: int | None
    progress: Progress | None


class FromStreams:
    """What a log holds, and how it comes to it from batches and files."""

    @classmethod
    def from_batches(
        cls,
        batches: Iterable[Any],
        *,
        item: str = "item",
        stage: str = "stage",
        time: str = "time",
        stages: Any = None,
        columns: Any = (),
        time_format: str | None = None,
        items: Any = None,
        items_key: str | None = None,
        invalid: Invalid = "error",
        empty: Empty = "error",
        keys: Keys = "auto",
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Read a log that comes in batches: more rows than fit in memory as a table.

        Until all rows are there, each takes 18 bytes (26 where items are long texts). The log is the same as
        that of one table of all rows, however they are cut.

        Parameters
        ----------
        batches
            Record batches, tables or frames: an iterable, for example an Arrow or DuckDB reader. All must
            have the same types; empty ones may have any.
        item, stage, time, stages, time_format, items, items_key, invalid, empty, threads
            As for :class:`StageLog`. A stream has no `order`: rows of equal time keep its own.
        columns
            Refused: a stream keeps no further columns.
        keys
            What to do with the texts of items. Short ones that begin alike, such as ``D-1234567``, are keys
            as they are; of others a stream keeps only hashes of 128 bits. Two of a million items share one
            with a chance of 1e-27, two of a billion with 1e-21. ``"keep"`` keeps each distinct text once, for
            :func:`item_table`; ``"exact"`` also compares the text of every row with the one kept, and refuses
            two that share a hash.
        progress
            Called after each batch with the rows so far and the rows of all: ``None`` where nobody knows, and
            of CSV files what their sizes let expect.

        Raises
        ------
        SchemaError, InvalidRowError
            As for :class:`StageLog`, rows counted over the whole stream; also where batches differ in type.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> january = {"item": ["a", "b"], "stage": ["New", "New"], "time": [0, 3]}
        >>> february = {"item": ["a"], "stage": ["Won"], "time": [5]}
        >>> sf.StageLog.from_batches([january, february])
        StageLog: 3 rows, 2 items
          time    0 … 5 (plain integers)
          stages  New 2, Won 1
        """
        check_options(invalid, empty, keys)
        wanted = column_names(columns)
        if wanted:
            raise SchemaError(
                f"a stream keeps no columns ({quoted(wanted)}); read it as one table, with StageLog()"
            )
        threads = thread_count(threads)
        roles = {"item": item, "stage": stage, "time": time}
        files = batches if isinstance(batches, FileBatches) else None
        content = read_batches(
            batches,
            roles,
            time_format=time_format,
            invalid=invalid,
            empty=empty,
            keys=keys,
            threads=threads,
            # Reading a file keeps the other half busy.
            encoders=max(threads // 2, 1) if files else threads,
            progress=progress,
            expected=files.expected if files else None,
            stages=stages,
        )
        log = cls.__new__(cls)
        log._hold(content, threads, items, items_key or item, invalid)
        return log

    @classmethod
    def from_parquet(cls, paths: Paths, **options: Unpack[StreamOptions]) -> Self:
        """Read a log out of Parquet files, a batch at a time.

        Parameters
        ----------
        paths
            A file, a glob, or several; their rows follow each other in this order.
        **options
            As for :meth:`from_batches`.

        Raises
        ------
        FileNotFoundError, ReaderError
            If a file is not there, is damaged or lacks a column, or pyarrow is not installed.
        SchemaError, InvalidRowError
            As for :meth:`from_batches`; an invalid row is named with its file.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> log = sf.StageLog.from_parquet("export/*.parquet", item="deal")  # doctest: +SKIP
        """
        return cls._from_files(ParquetBatches, paths, options)

    @classmethod
    def from_csv(cls, paths: Paths, **options: Unpack[StreamOptions]) -> Self:
        """Read a log out of CSV files (also ``.gz``), a block at a time.

        Items and stages stay text, so that keys like ``007`` and ``NA`` survive; only an empty field is
        missing. Times that are whole numbers, every one, are plain integers.

        Parameters
        ----------
        paths
            A file, a glob, or several; their rows follow each other in this order.
        **options
            As for :meth:`from_batches`. With ``invalid="drop"`` rows of more or fewer fields than the header
            are left out too; :meth:`quality` counts them as ``ragged_rows``.

        Raises
        ------
        FileNotFoundError, ReaderError
            If a file is not there, is damaged, lacks a column or has a row of more or fewer fields, or
            pyarrow is not installed.
        SchemaError, InvalidRowError
            As for :meth:`from_batches`; an invalid row is named with its file and line.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> log = sf.StageLog.from_csv(["2025.csv", "2026.csv.gz"], keys="keep")  # doctest: +SKIP
        """
        return cls._from_files(CsvBatches, paths, options)

    @classmethod
    def _from_files(cls, reader: type[FileBatches], paths: Paths, options: StreamOptions) -> Self:
        source = reader(
            paths,
            {role: str(options.get(role, role)) for role in ("item", "stage", "time")},
            time_format=options.get("time_format"),
            drop=options.get("invalid") == "drop",
            threads=thread_count(options.get("threads")),
        )
        try:
            log = cls.from_batches(source, **options)
        except InvalidRowError as error:
            raise InvalidRowError(f"{source.locate(error.row)}: {error}", row=error.row) from error
        log._found |= source.found()
        log._locate = source.locate
        return log

    def _hold(self, content: Content, threads: int, items: Any, items_key: str, invalid: Invalid) -> None:
        self._threads = threads
        self._journeys = content.journeys
        self._n_input_rows, self._found = content.n_input_rows, content.found
        self._unit, self._zone = content.unit, content.zone
        self._labels = content.labels
        self._label_rows, self._label_first = content.rows_of, content.first_row_of
        self._keys_of = content.keys_of
        self._other_labels = content.other_labels
        self._columns = content.columns
        self._items_table = None
        self._locate: Callable[[int], str] | None = None  # in which file and line a row stands
        self._has_pipelines = False  # in a column of their own
        if items is not None:
            self._items_table = ItemsTable(items, items_key, self._journeys, invalid, threads)
