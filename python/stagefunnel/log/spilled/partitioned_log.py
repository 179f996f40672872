"""A log in partitions, each of which is read when a question needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final, NoReturn, Self, cast

import numpy as np
import pandas as pd

from ...errors import SchemaError, Way, counted, named
from ...naming import public
from ...pipeline import Pipeline
from ...tables.frames import as_chosen
from ...times.periods import Clock, MomentLike
from ...times.stamps import to_times
from ..chosen import ItemKeys
from ..data import Empty, LogData, end_given
from ..described import Described, described, marks_text
from ..fit import Fit
from ..intake.checks import thread_count
from ..saved.folder import checked_path
from ..saved.joined_data import JoinedData
from ..saved.part_reading import PartData
from ..stage_log import StageLog, log_of_data
from .all_partitions import AllPartitions
from .copying import copy_log
from .one_table import text_of_table
from .quality import quality_of_parts
from .some_items import data_of_items

#: What to ask in place of a log in partitions.
IN_MEMORY: Final = Way(
    "a log in memory, which is read without spill=",
    "the files of rows, or of a log that is saved without --memory (stagefunnel save FILE --to FOLDER)",
)
#: The same, where some of the items will do.
SOME_IN_MEMORY: Final = Way(
    f"some of the items (log.filter(items=[...])), or of {IN_MEMORY.python}", IN_MEMORY.shell
)


@public
class PartitionedLog(StageLog):
    """A log that is too large for memory: its rows lie in a folder, in partitions by their item.

    ``StageLog.from_parquet``, ``from_csv``, ``from_sql`` and ``from_batches`` make one with `spill`, and
    :meth:`StageLog.load` opens it again. It is asked as any other log is: a question reads one partition
    after the other, and merges what it counted, so that memory holds one of them at a time. All rows of an
    item are in one partition. A question whose counts do not add up is refused, and so is each option that
    :func:`partial` refuses. With `unit` the partitions are read several times, for the items of a unit are
    in several of them.

    Examples
    --------
    >>> import tempfile
    >>> import stagefunnel as sf
    >>> days = [{"item": ["a", "b"], "stage": ["New", "New"], "time": [0, 3]}]
    >>> days += [{"item": ["a"], "stage": ["Won"], "time": [5]}]
    >>> path = tempfile.mkdtemp() + "/log.sf"
    >>> log = sf.StageLog.from_batches(days, spill=path)
    >>> log
    PartitionedLog: 3 rows, 2 items, 1 partition
      time    0 … 5 (plain integers)
      stages  New 2, Won 1
    >>> sf.funnel(log, sf.Pipeline("New", won="Won"))["reached"].tolist()
    [2, 1]
    """

    is_partitioned = True

    def __init__(self, *args: object, **options: object) -> None:
        raise SchemaError(
            "a PartitionedLog is made by StageLog.from_parquet, from_csv, from_sql or from_batches with ",
            named("spill"),
            ", and opened by StageLog.load",
        )

    _path: str
    _threads: int
    _whole: AllPartitions
    _until: int | None

    def __getattr__(self, name: str) -> NoReturn:
        """Say what to do, where something needs all rows at once."""
        if name != "_data":
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self
            )
        raise SchemaError(
            "this needs all rows of the log at once, and the log is in partitions; ask it of ", SOME_IN_MEMORY
        )

    @property
    def n_partitions(self) -> int:
        """Number of partitions."""
        return len(self._whole.places)

    def partitions(self) -> Iterator[StageLog]:
        """Give each partition as a log of its items, observed as long as the whole.

        Returns
        -------
        Iterator of StageLog
            One after the other, so that memory holds one of them at a time.
        """
        for number, parts in enumerate(self._whole.parts):
            try:
                yield log_of_data(self.data_of(number))
            finally:
                for part in parts:
                    part.release()

    def data_of(self, number: int) -> LogData:
        """Take a partition, of which nothing is read yet."""
        whole = self._whole
        parts = [PartData.of(part, threads=self._threads) for part in whole.parts[number]]
        data: LogData = parts[0]
        if len(parts) > 1:
            data = JoinedData.of(parts, lambda parts: whole.later.of(number, parts))
        # Each partition is observed as long as the whole log, and has all columns of the table of items.
        clock = {name: whole.about[name] for name in ("unit", "zone", "has_pipelines")}
        vars(data).update(
            clock,
            table_as=whole.table_as,
            columns_as=whole.columns_as,
            observed_until=self._until,
            whole_end=whole.end,
        )
        return data

    @property
    def has_numbers(self) -> bool:
        """Whether the order of the items of all partitions is known."""
        return all(about.get("rows_end") is not None for about in self._whole.abouts)

    @property
    def n_rows(self) -> int:
        """Rows of the log, without dropped ones."""
        return sum(about["n_rows"] for about in self._whole.abouts)

    @property
    def n_items(self) -> int:
        """Distinct items."""
        return sum(self.data_of(number).n_items for number in range(self.n_partitions))

    @property
    def unit(self) -> str | None:
        """Unit of the times, as of any log."""
        unit: str | None = self._whole.about["unit"]
        return unit

    @property
    def zone(self) -> str | None:
        """Zone of the times, as of any log."""
        zone: str | None = self._whole.about["zone"]
        return zone

    @property
    def hash_key(self) -> bytes | None:
        """Key of the hashes of the items' texts, as of any log."""
        journeys = self.data_of(self._whole.about["partition"]).journeys
        return journeys.text_hash.key or None if journeys.holds_text else None

    @property
    def observed_until(self) -> pd.Timestamp | np.int64 | None:
        """End of observation: as given, else the time of the last row; ``None`` without rows."""
        end = self._whole.end if self._until is None else self._until
        return None if end is None else self._times([end]).iloc[0]

    def with_observed_until(self, until: MomentLike) -> Self:
        """Return the same log with another end of observation, as of any log."""
        other = self.__copy__()
        other._until = end_given(until, self.clock, self._whole.ends)
        return other

    @property
    def stages(self) -> pd.DataFrame:
        """Stages of the log in order of first appearance: ``stage``, ``rows``, ``first_row``."""
        rows, first_row = self._whole.rows_of_labels()
        labels = sorted(rows, key=lambda label: first_row[label])
        return pd.DataFrame(
            {
                "stage": pd.Series(labels, dtype=object),
                "rows": np.array([rows[label] for label in labels], dtype=np.int64),
                "first_row": np.array([first_row[label] for label in labels], dtype=np.int64),
            }
        )

    @property
    def items(self) -> pd.DataFrame | None:
        """The items table the log was given, one partition after the other."""
        tables = [self.data_of(number).items_table for number in range(self.n_partitions)]
        frames = [table.frame for table in tables if table is not None]
        return pd.concat(frames, ignore_index=True) if frames else None

    # Another filter needs all rows: this one takes keys of items alone.
    def filter(self, *, items: ItemKeys, empty: Empty = "error") -> StageLog:  # type: ignore[override]
        """Return a log of some of the items, observed as long as this one, as of any log.

        It is one in memory, which takes every question.
        """
        data = data_of_items(self.data_of, self._whole.places, items, empty)
        return log_of_data(data)

    def quality(self, pipeline: Pipeline | None = None) -> pd.DataFrame:
        """Count what is unusual in the rows, as of any log; each partition is read for it."""
        fit = None if pipeline is None else self.fit_of_all(pipeline)
        return cast(pd.DataFrame, as_chosen(quality_of_parts(self, pipeline, fit)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Copy the folder of the log, as :meth:`StageLog.save` saves one."""
        copy_log(self._path, path)

    def fit_of_all(self, pipeline: Pipeline) -> Fit:
        """Put a pipeline beside the stages of all partitions."""
        rows, first_row = self._whole.rows_of_labels()
        about = self._whole.about
        data = PartData.of(self._whole.parts[0][0], threads=1)
        return Fit(pipeline, rows, first_row, data.other_labels, about["has_pipelines"], data.locate)

    @property
    def clock(self) -> Clock:
        """Unit and zone of the times."""
        return Clock(self.unit, self.zone)

    def _times(self, ticks: Sequence[int]) -> pd.Series:
        return to_times(np.array(ticks, dtype=np.int64), self.unit, self.zone)

    def __getstate__(self) -> dict[str, Any]:
        return {"path": os.path.abspath(self._path), "threads": self._threads, "until": self._until}

    def __setstate__(self, state: Any) -> None:
        opened = opened_log(state["path"], state["threads"])
        self.__dict__.update(vars(opened), _until=state["until"])

    def __copy__(self) -> Self:
        other = type(self).__new__(type(self))
        other.__dict__.update(vars(self))
        return other

    def __repr__(self) -> str:
        about, ends, end = self._whole.about, self._whole.ends, self._whole.end
        noted = self._until if self._until is not None or ends is None or ends[1] == end else end
        counts = (counted(self.n_rows, "row"), counted(self.n_items, "item"))
        return described(
            f"PartitionedLog: {', '.join(counts)}, {counted(self.n_partitions, 'partition')}",
            Described(
                self.clock,
                ends,
                noted,
                self.stages,
                marks_text(marks) if (marks := self._whole.sums_of("marks")) else None,
                [column["name"] for column in about["columns"]] or None,
                text_of_table(self._whole.parts, self._whole.table),
                self._whole.sums_of("found"),
                len(about["other_labels"]),
            ),
        )


def opened_log(path: str | os.PathLike[str], threads: int | None = None) -> PartitionedLog:
    """Open the folder of a log in partitions."""
    log = PartitionedLog.__new__(PartitionedLog)
    log._path, log._threads = checked_path(path), thread_count(threads)
    log._whole = AllPartitions.of(log._path)
    until, ends = log._whole.abouts[0]["observed_until"], log._whole.ends
    # An end of observation gives way to rows that came later.
    log._until = None if until is None or (ends is not None and ends[1] > until) else until
    return log
