"""The stage log: rows of item, stage and time, read once and ready for every question."""

# Most lines are docstrings of the constructors of one class; its code is within LONGEST_FILE.

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self, TypedDict, Unpack, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import _core
from ..databases.connection import Connection
from ..databases.numerics import WideNumeric
from ..databases.opening import open_database
from ..databases.queries import QueryBatches, query_text
from ..errors import InvalidRowError, counted
from ..files import Progress
from ..files.batches import CsvBatches, FileBatches, ParquetBatches, Paths
from ..files.places import FilePlaces
from ..naming import public
from ..pipeline import Pipeline
from ..tables.frames import as_chosen
from ..times.periods import MomentLike
from ..times.zones import checked_zone
from .body import from_body, to_body
from .chosen import ItemKeys, with_items_chosen
from .chosen_data import taken_out, with_places_chosen
from .columns.frame_types import Column, Frame
from .columns.kept import column_names
from .data import Empty, Invalid, Keys, LogData, ReaderLines
from .described import Described, described, marks_text
from .intake.checks import check_options, thread_count
from .intake.frame import read_frame
from .intake.stream import read_batches
from .letters import with_letters_for
from .number_dates import warn_of_dates
from .quality import quality_of
from .saved.methods import SavedLogs
from .short_visits import without_short_visits
from .spilled.opening import spilled


class StreamOptions(TypedDict, total=False):
    """Options of :meth:`StageLog.from_batches`."""

    item: str
    stage: str
    time: str
    exited: str | None
    start_unknown: str | None
    stages: Iterable[Hashable] | None
    columns: str | Iterable[str]
    time_format: str | None
    zone: str | None
    items: Frame | None
    items_key: str | None
    invalid: Invalid
    empty: Empty
    keys: Keys
    hash_key: bytes | None
    observed_until: MomentLike | None
    threads: int | None
    progress: Progress | None
    spill: str | os.PathLike[str] | None
    memory: str | int | None


@public
class StageLog(SavedLogs):
    """The stage history of items: who entered which stage when.

    Rows are grouped by item and ordered by time once; every analysis then takes the log as its first
    argument. Rows of equal time keep the order of the input, or of `order`.

    Parameters
    ----------
    frame
        A pandas or polars DataFrame, a polars LazyFrame, an Arrow table, record batch or reader, a DuckDB
        relation, a list of records (dicts, named tuples or rows of sqlite3) or a mapping of arrays. A lazy
        frame is collected once, by the columns that are named. Columns are read in place where their memory
        allows it, and the item column is held on to: do not write into its array afterwards. Leave it out
        and pass arrays as `item`, `stage` and `time` instead.
    item, stage, time
        Names of the columns. Items are integers, text, bytes or UUIDs; stages are integers, text,
        categories or enum members; times are timestamps (with or without a zone), dates, ISO 8601
        text or plain integers, whose differences then come out as plain numbers.
    pipeline
        Name of a column with the pipeline that each row's stage is of, where several share the log and
        their stages may have the same names. Stages are then labelled ``"pipeline / stage"``;
        :func:`pipelines_of_log` labels pipelines so.
    order
        Name of a column that decides between rows of equal time, for example a CRM's row id. Texts of
        digits sort as numbers.
    exited
        Name of a column with the time at which the item left the stage, read as `time` is. A missing one, or
        a blank text, means that it stayed until its next row. Time in stage then ends there, and what lies
        between two visits is a pause; where an item stands does not change.
    start_unknown
        Name of a column of booleans: true where nobody knows since when the item was in the stage, such as
        the stage that its first recorded move leaves. Such a visit counts, its time in stage does not.
    stages
        The stages to keep, where a question needs no others: rows of all other stages are left out, as if the
        input did not have them, and :meth:`quality` counts them. That saves their memory and time; items that
        have only such rows are not in the log, and it ends with the last row that is kept.
    columns
        Names of further columns to keep, one value per row: for breakdowns by who moved an item, or amounts
        that change from stage to stage. They are copied. Without a frame a mapping of names to arrays.
    time_format
        The format of times that are text but not ISO 8601, as :meth:`datetime.datetime.strptime` has it,
        for example ``"%d/%m/%Y %H:%M"``. It is never guessed: ``03/04/2026`` could be two days.
    zone
        Time zone of times without one and of dates, for example ``"Europe/Berlin"``; times with another zone
        are converted to it. Periods are then cut in its local time. :meth:`quality` counts the local times
        that a change of the clocks has twice (read as winter time) or not at all.
    items
        A table with one row per item, for breakdowns and amounts, of any kind that `frame` may be. It is
        held on to: do not write into it afterwards. A lazy frame is collected whole: select its columns
        first.
    items_key
        Its key column; by default the one named like `item`.
    invalid
        What to do with a row that misses its item, stage or time, or whose time does not parse:
        ``"error"`` (default); ``"drop"`` leaves it out and counts it in :meth:`quality`, likewise a row
        of the items table without a key;
        ``"keep_stage"`` keeps rows that miss only their stage.
    empty
        What to do without any row: ``"error"`` (default) or ``"allow"``.
    keys
        ``"exact"`` compares the texts of items and refuses two that share a hash, as :meth:`from_batches`
        explains; the other values only matter there.
    hash_key
        A secret of 16 to 64 bytes, with which the texts of items are hashed in what leaves the process
        (:func:`partial`). By default their hashes have no key, and are the same everywhere.
    observed_until
        Moment until which the items were observed, where that is later than the last row: when the export was
        made. Text stands for the begin of its day, month or year. Questions measure to it how long items have
        been watched; by default to the last row, of whichever stage.
    threads
        Threads to use, also for questions; by default ``STAGEFUNNEL_THREADS`` or all cores. Results
        do not depend on it.

    Raises
    ------
    SchemaError
        For columns that are not there, differ in length or are of a type that is not read, for zoned
        times mixed with naive ones, a `zone` that is none or that plain integers are given, an items table
        with a row without a key or two rows of one, and an empty log.
    InvalidRowError
        For the first row that misses a value or whose time does not parse; `row` has its number.

    Warns
    -----
    StageFunnelWarning
        For times that are whole numbers and all read as dates, such as 20260331.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 5, 3]}
    >>> sf.StageLog(rows)
    StageLog: 3 rows, 2 items
      time    0 … 5 (plain integers)
      stages  New 2, Won 1
    """

    def __init__(
        self,
        frame: Frame | None = None,
        *,
        item: str | Column = "item",
        stage: str | Column = "stage",
        time: str | Column = "time",
        pipeline: str | Column | None = None,
        order: str | Column | None = None,
        exited: str | Column | None = None,
        start_unknown: str | Column | None = None,
        stages: Iterable[Hashable] | None = None,
        columns: str | Iterable[str] | Mapping[str, Column] | None = (),
        time_format: str | None = None,
        zone: str | None = None,
        items: Frame | None = None,
        items_key: str | None = None,
        invalid: Invalid = "error",
        empty: Empty = "error",
        keys: Keys = "auto",
        hash_key: bytes | None = None,
        observed_until: MomentLike | None = None,
        threads: int | None = None,
    ) -> None:
        check_options(invalid, empty, keys, hash_key)
        threads = thread_count(threads)
        roles = {"item": item, "stage": stage, "time": time, "pipeline": pipeline, "order": order}
        roles |= {"exited": exited, "start_unknown": start_unknown}
        data = read_frame(
            frame,
            roles,
            time_format=time_format,
            invalid=invalid,
            empty=empty,
            keys=keys,
            hash_key=hash_key,
            threads=threads,
            zone=checked_zone(zone),
            stages=stages,
            kept=columns,
        )
        name = item if isinstance(item, str) else "item"
        data = data.with_items(items, items_key or name, invalid)
        self._data = data.with_observed_until(observed_until)
        warn_of_dates(self._data, stacklevel=2)

    @classmethod
    def _from_data(cls, data: LogData) -> Self:
        log = cls.__new__(cls)
        log._data = data
        return log

    @classmethod
    def from_batches(
        cls,
        batches: Iterable[Frame],
        *,
        item: str = "item",
        stage: str = "stage",
        time: str = "time",
        exited: str | None = None,
        start_unknown: str | None = None,
        stages: Iterable[Hashable] | None = None,
        columns: str | Iterable[str] | None = (),
        time_format: str | None = None,
        zone: str | None = None,
        items: Frame | None = None,
        items_key: str | None = None,
        invalid: Invalid = "error",
        empty: Empty = "error",
        keys: Keys = "auto",
        hash_key: bytes | None = None,
        observed_until: MomentLike | None = None,
        threads: int | None = None,
        progress: Progress | None = None,
        spill: str | os.PathLike[str] | None = None,
        memory: str | int | None = None,
    ) -> Self:
        """Read a log that comes in batches: more rows than fit in memory as a table.

        Until all rows are there, each takes 18 bytes (26 where items are long texts), and 8 more for its end.
        The log is the same as that of one table of all rows, however they are cut.

        Parameters
        ----------
        batches
            Record batches, tables, frames or lists of records: an iterable, for example an Arrow or DuckDB
            reader. All must have the same types; empty ones may have any.
        item, stage, time, exited, start_unknown, stages, time_format, zone, items, items_key
            As for :class:`StageLog`. A stream has no `order`: rows of equal time keep its own.
        invalid, empty, observed_until, threads
            As for :class:`StageLog`.
        columns
            Names of further columns to keep, as for :class:`StageLog`: for breakdowns, amounts, and
            conditions of a :class:`Step`. Each takes memory for every row. All batches must have the same
            kind of values in a column; those of a CSV file are text, which counts as numbers where each
            value is one.
        keys
            What to do with the texts of items. Short ones that begin alike, such as ``D-1234567``, are keys
            as they are; of others a stream keeps only hashes of 128 bits. Two of a million items share one
            with a chance of 1e-26, two of a billion with 1e-20, whoever chose them. ``"keep"`` keeps each
            distinct text once, for :func:`item_table`; ``"exact"`` also compares the text of every row with
            the one kept, and refuses two that share a hash.
        hash_key
            A secret of 16 to 64 bytes, with which the texts of items are hashed. Where a stream keeps only
            hashes, each process draws one; :func:`merge` takes parts of other processes that have the same
            one, such as :attr:`hash_key` of the first log.
        progress
            Function that is called after each batch with the rows so far and the number of all rows: an
            estimate for CSV files, and ``None`` where it is not known. Of rows that are spilled it counts
            twice: as they are read, and as partitions are put in order.
        spill
            A folder for rows that are more than fit in memory: a new one, or that of a saved log, which is
            replaced. They are put there in partitions by their item, and what comes back is a
            :class:`PartitionedLog`, which takes the same questions and reads one partition after the other.
            :meth:`load` opens the folder again. It needs pyarrow.
        memory
            With `spill`, the memory that the process may take, such as ``"500MB"``; by default ``"4GB"``.

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
        check_options(invalid, empty, keys, hash_key)
        threads = thread_count(threads)
        roles = {"item": item, "stage": stage, "time": time}
        more = {"exited": exited, "start_unknown": start_unknown}
        roles |= {role: name for role, name in more.items() if name is not None}
        files = batches if isinstance(batches, FileBatches) else None
        options: dict[str, Any] = {
            "time_format": time_format,
            "invalid": invalid,
            "empty": empty,
            "keys": keys,
            "hash_key": hash_key,
            "threads": threads,
            # Reading a file keeps the other half busy.
            "encoders": max(threads // 2, 1) if files else threads,
            "progress": progress,
            "zone": checked_zone(zone),
            "stages": stages,
            "kept": column_names(columns),
        }
        if spill is not None or memory is not None:
            of_items = {"items": items, "items_key": items_key or item, "observed_until": observed_until}
            return cast(Self, spilled(batches, roles, spill, memory, **of_items, **options))
        data = read_batches(batches, roles, expected=files.expected if files else None, **options)
        warn_of_dates(data, stacklevel=2)
        data = data.with_items(items, items_key or item, invalid)
        return cls._from_data(data.with_observed_until(observed_until))

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

        Items and stages stay text, so that keys like ``007`` and ``NA`` survive; only a blank field is
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
    def from_sql(
        cls, query: str | os.PathLike[str], connection: Connection, **options: Unpack[StreamOptions]
    ) -> Self:
        """Read a log out of a database, a batch at a time.

        Rows of equal time keep the order in which the query gives them, so it has an ``ORDER BY`` where that
        matters. Keys are whole numbers or text: a numeric is a whole number if each of the column is one of
        64 bits, else its digits are text, and a UUID is text. A ``timestamptz`` is a moment in UTC, whatever
        the zone of the session; a ``timestamp`` has no zone. An infinite one is missing.

        Parameters
        ----------
        query
            A ``SELECT``, or the path of a file with one. Nothing that it changes is committed.
        connection
            A URI, such as ``"postgresql://user@host/database"``, ``"sqlite:///file.db"``,
            ``"duckdb:///file.duckdb"`` or one of SQLAlchemy; the path of a file of SQLite or DuckDB; or an
            open connection of ADBC, DuckDB, SQLAlchemy or any driver that keeps to Python's interface for
            databases (DB-API), which stays open. No message shows its password.
        **options
            As for :meth:`from_batches`.

        Raises
        ------
        ReaderError
            If the database cannot be opened, refuses the query or lacks a column; if the connection breaks
            while rows come, with their number.
        SchemaError, InvalidRowError
            As for :meth:`from_batches`; also for columns of intervals.

        Examples
        --------
        >>> import sqlite3
        >>> import stagefunnel as sf
        >>> shop = sqlite3.connect(":memory:")
        >>> _ = shop.execute("CREATE TABLE moves (deal INTEGER, stage TEXT, at TEXT)")
        >>> rows = [(1, "New", "2026-03-02"), (1, "Won", "2026-03-09"), (2, "New", "2026-03-04")]
        >>> _ = shop.executemany("INSERT INTO moves VALUES (?, ?, ?)", rows)
        >>> sf.StageLog.from_sql("SELECT * FROM moves", shop, item="deal", time="at")
        StageLog: 3 rows, 2 items
          time    2026-03-02 00:00:00 … 2026-03-09 00:00:00 (no zone)
          stages  New 2, Won 1
        >>> shop.close()
        """
        text, as_text = query_text(query), set[str]()
        places = FilePlaces(("the query",), (0,), "query")
        with open_database(connection) as database:
            while True:
                batches = QueryBatches(database, text, _columns_of(options), as_text)
                try:
                    log = cls.from_batches(batches, **options)
                except WideNumeric as error:
                    as_text.add(error.column)  # all keys are of one type, so the query runs anew
                except InvalidRowError as error:
                    raise error.within(f"{places(error.row)}: ") from error
                else:
                    is_spilled = options.get("spill") is not None
                    return log if is_spilled else cls._from_data(replace(log._data, locate=places))

    @classmethod
    def _from_files(cls, reader: type[FileBatches], paths: Paths, options: StreamOptions) -> Self:
        source = reader(
            paths,
            _columns_of(options),
            time_format=options.get("time_format"),
            drop=options.get("invalid") == "drop",
            threads=thread_count(options.get("threads")),
        )
        try:
            log = cls.from_batches(source, **options)
        except InvalidRowError as error:
            raise error.within(f"{source.locate(error.row)}: ") from error
        if options.get("spill") is not None:
            return log
        data = replace(log._data, found=log._data.found | source.found(), locate=source.places())
        return cls._from_data(data)

    @property
    def n_rows(self) -> int:
        """Rows of the log, without dropped ones."""
        return int(self._data.journeys.n_rows)

    @property
    def n_items(self) -> int:
        """Distinct items."""
        return self._data.n_items

    @property
    def unit(self) -> str | None:
        """Unit of the times (``"s"``, ``"ms"``, ``"us"``, ``"ns"``, ``"D"``), ``None`` for integers."""
        return self._data.unit

    @property
    def zone(self) -> str | None:
        """Zone of the times, ``None`` where they have none."""
        return self._data.zone

    @property
    def hash_key(self) -> bytes | None:
        """Key of the hashes of the items' texts, as given or drawn; ``None`` where they have none."""
        journeys = self._data.journeys
        return journeys.text_hash.key or None if journeys.holds_text else None

    @property
    def observed_until(self) -> pd.Timestamp | np.int64 | None:
        """End of observation: as given, else the time of the last row; ``None`` without rows."""
        end = self._data.end_of_observation()
        return None if end is None else self._data.to_times(np.array([end], dtype=np.int64)).iloc[0]

    def with_observed_until(self, until: MomentLike) -> Self:
        """Return the same log with another end of observation, for example when an export was made.

        Parameters
        ----------
        until
            Moment that is not before the last row; text stands for the begin of its day, month or year.

        Raises
        ------
        SchemaError
            If it is before the last row, or does not fit the log's times.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 5]})
        >>> log.observed_until, log.with_observed_until(9).observed_until
        (np.int64(5), np.int64(9))
        """
        return self._from_data(self._data.with_observed_until(until))

    def filter(self, *, items: ItemKeys, empty: Empty = "error") -> Self:
        """Return a log of some of the items, observed as long as this one.

        Each item keeps all its rows, and what the log was given beside them: further columns, the table of
        items, the end of observation. Answers are those of a log that was made of these rows alone. Rows that
        were left out when the log was made belong to none of the items, so :meth:`quality` does not count
        them. `first_row` of the stages, and rows that an error names, are of the whole log's input.

        Parameters
        ----------
        items
            The keys of the items: a list, an array, a Series or an Index, in any order. A key may come twice.
        empty
            What to do without any key: ``"error"`` (default) or ``"allow"``.

        Raises
        ------
        UnknownItemError
            If the log does not have one of the items.
        SchemaError
            If these are not keys: a mask of booleans, a function, a single key, or keys of another type.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 5, 9]}
        >>> sf.StageLog(rows).filter(items=[1])
        StageLog: 2 rows, 1 item
          time    0 … 5 (plain integers)
          until   9 (end of observation)
          stages  New 1, Won 1
        """
        return self._from_data(with_items_chosen(self._data, items, empty))

    @property
    def stages(self) -> pd.DataFrame:
        """Stages of the log in order of first appearance: ``stage``, ``rows``, ``first_row``."""
        return self._data.stages

    @property
    def items(self) -> pd.DataFrame | None:
        """The items table the log was given."""
        table = self._data.items_table
        return None if table is None else table.frame

    def quality(self, pipeline: Pipeline | None = None) -> pd.DataFrame:
        """Count what is unusual in the rows, and in what a pipeline makes of them.

        Parameters
        ----------
        pipeline
            If given, rows that it does not list are counted, and what leaving them out does.

        Returns
        -------
        DataFrame
            One row per check: ``check``; ``count``; ``level``: ``"fact"``, ``"note"`` (unusual, and read as
            the note says), ``"guess"`` (a reader assumed it) or ``"warning"`` (numbers may not mean what they
            say); ``note`` (what it means). The checks are always the same ones in the same order; with a
            pipeline its own follow, then the lines of the reader that made the log of an export. Checks of
            stages that look as if they came, went or stand aside are there only where there are such.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> log = sf.StageLog({"item": [1, 1], "stage": ["New", "New"], "time": [0, 0]})
        >>> quality = log.quality().set_index("check")["count"]
        >>> int(quality["exact_duplicates"]), int(quality["ties"])
        (1, 1)
        """
        return cast(pd.DataFrame, as_chosen(quality_of(self._data, pipeline)))

    def __len__(self) -> int:
        return self.n_rows

    def __getstate__(self) -> dict[str, Any]:
        return to_body(self._data)

    def __setstate__(self, body: Any) -> None:
        self._data = from_body(body)

    def __copy__(self) -> Self:
        return self._from_data(self._data)  # which never changes

    def __repr__(self) -> str:
        data = self._data
        columns = None if data.columns is None else data.columns.names
        return described(
            f"StageLog: {counted(self.n_rows, 'row')}, {counted(self.n_items, 'item')}",
            Described(
                data.clock,
                data.time_range,
                data.noted_end,
                self.stages,
                None if data.marks is None else marks_text(data.marks.counts),
                columns,
                None if data.items_table is None else repr(data.items_table),
                data.found,
                len(data.other_labels),
            ),
        )


def _columns_of(options: StreamOptions) -> dict[str, str]:
    """Name the columns of files that a log is made of."""
    columns = {role: str(options.get(role, role)) for role in ("item", "stage", "time")}
    more = {"exited": options.get("exited"), "start_unknown": options.get("start_unknown")}
    kept = {f"column {name}": name for name in column_names(options.get("columns", ()))}
    return columns | {role: name for role, name in more.items() if name is not None} | kept


def as_read(log: StageLog, pipeline: Pipeline, lookup: _core.scan.Pipeline) -> StageLog:
    """Return a log without the visits that a pipeline reads as if they had not been, mostly the same log."""
    without = without_short_visits(log._data, pipeline, lookup).data
    return log if without is None else log._from_data(without)


def with_items_at(log: StageLog, places: npt.NDArray[np.int64]) -> StageLog:
    """Return a log of the items at some places of the journeys, in rising order, observed as long."""
    return StageLog._from_data(with_places_chosen(log._data, places))


def log_of_data(data: LogData) -> StageLog:
    """Return a log with something inside."""
    return StageLog._from_data(data)


def with_data(log: StageLog, data: LogData) -> StageLog:
    """Return a log of the same kind with another inside."""
    return log._from_data(data)


def with_letters(log: StageLog, columns: Sequence[str]) -> StageLog:
    """Return the same log with letters for the values of some of its columns, and of its items table."""
    return log._from_data(with_letters_for(taken_out(log._data), columns))


def with_reader_lines(log: StageLog, lines: ReaderLines) -> StageLog:
    """Return a log whose quality table has these lines of a reader below its own."""
    return log._from_data(replace(log._data, reader_lines={**log._data.reader_lines, **lines}))
