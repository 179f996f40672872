"""What a log holds, and how its stages and items are looked up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import _core
from ..cached import cached_property
from ..errors import SchemaError, UnknownItemError, advised, check_option, given, named, quoted
from ..pipeline import Pipeline
from ..tables.options import MissingStages
from ..times.periods import Clock, MomentLike, moment_of
from ..times.stamps import NAT, to_times
from .columns.inputs import read_input
from .columns.items import ItemsTable
from .columns.kept import RowColumns
from .columns.marks import RowMarks
from .first_rows import FirstRows
from .fit import Fit
from .stage_dates import core_rules

Invalid: TypeAlias = Literal["error", "drop", "keep_stage"]
Empty: TypeAlias = Literal["error", "allow"]
Keys: TypeAlias = Literal["auto", "keep", "exact"]
# What a reader did and could not know: counts by check, level and note.
ReaderLines: TypeAlias = Mapping[tuple[str, str, str], int]


@dataclass(frozen=True, eq=False)
class LogData:
    """The inside of a log: the only thing of it that other rooms read beside its public face.

    Attributes
    ----------
    journeys
        The rows, grouped by item and ordered by time.
    n_input_rows
        Number of rows of the input, those that were left out included.
    found
        Number of rows by check of the quality table.
    unit, zone
        Unit and zone of the times; ``None`` for plain integers and for times without a zone.
    labels
        Label of each stage code.
    label_rows, label_first_row
        Number of rows of each label, and the first of them.
    keys_of
        Function that returns the items' keys for the `first_row` of some journeys; ``None`` where a stream
        keeps no keys.
    threads
        Number of threads to use.
    other_labels
        Labels whose rows were left out, as ``stages=`` does.
    columns
        Further columns of the rows; ``None`` if the log keeps none.
    marks
        When items left, and where their start is not known; ``None`` if the log has no such column.
    items_table
        The table of items; ``None`` if the log has none.
    locate
        Function that returns the file and the line of a row; ``None`` if the rows did not come from files.
    has_pipelines
        Whether the labels hold the pipeline too, because it has a column of its own.
    observed_until
        Until when the items were observed, if that was given.
    whole_end
        End of observation of the whole log, where this one has some of its items; ``None`` for a whole log.
        Unlike `observed_until` it cuts no end of a visit.
    reader_lines
        Lines of the quality table that the reader of an export adds.
    read_as
        The name of the column that the log took as its item, stage, time and so on, where it has one.
    first_rows
        Where the items begin in the whole input, if this log has a partition of it; ``None`` for other logs.
    """

    journeys: _core.journeys.Journeys
    n_input_rows: int
    found: dict[str, int]
    unit: str | None
    zone: str | None
    labels: list[Any]
    label_rows: npt.NDArray[np.int64]
    label_first_row: npt.NDArray[np.int64]
    keys_of: Callable[[npt.NDArray[np.uint32]], pd.Series] | None
    threads: int
    other_labels: Collection[Hashable] = ()
    columns: RowColumns | None = None
    marks: RowMarks | None = None
    items_table: ItemsTable | None = None
    locate: Callable[[int], str] | None = None
    has_pipelines: bool = False
    observed_until: int | None = None
    whole_end: int | None = None
    reader_lines: ReaderLines = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    first_rows: FirstRows | None = None

    def with_items(self, table: Any, key: str, invalid: Invalid) -> LogData:
        """Add the table of items, if there is one."""
        if table is None:
            return self
        return replace(self, items_table=ItemsTable(table, key, self.journeys, invalid, self.threads))

    def with_observed_until(self, until: MomentLike | None) -> LogData:
        """Take the moment until which the items were observed; one before the last row is refused."""
        moment = end_given(until, self.clock, self.time_range)
        return replace(self, observed_until=moment)

    def end_of_observation(self, as_of: int | None = None) -> int | None:
        """Return the moment until which a question sees the items; ``None`` for a log without rows.

        Maturity and open times are measured to it, and it is the same for all groups.
        """
        if as_of is not None:
            return as_of
        if self.noted_end is not None:
            return self.noted_end
        return None if self.time_range is None else self.time_range[1]

    @property
    def noted_end(self) -> int | None:
        """End of observation where it is not just the last row: as given, or that of the whole log."""
        return self.whole_end if self.observed_until is None else self.observed_until

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.journeys.n_items)

    @property
    def stage_labels(self) -> list[Hashable]:
        """The stages that rows have, in order of first appearance."""
        return [self.labels[code] for code in np.flatnonzero(self.label_rows)]

    @property
    def stages(self) -> pd.DataFrame:
        """Stages in order of first appearance: ``stage``, ``rows``, ``first_row``."""
        seen = np.flatnonzero(self.label_rows)
        return pd.DataFrame(
            {
                "stage": pd.Series(self.stage_labels, dtype=object),
                "rows": self.label_rows[seen],
                "first_row": self.label_first_row[seen],
            }
        )

    @cached_property
    def clock(self) -> Clock:
        """Unit and zone of the times."""
        return Clock(self.unit, self.zone)

    @cached_property
    def time_range(self) -> tuple[int, int] | None:
        """The earliest and the latest time, which takes a look at all of them; ``None`` without rows."""
        return _core.journeys.time_range(self.journeys, self.threads)

    @cached_property
    def log_quality(self) -> _core.stages.LogQuality:
        """What is odd in the rows before any pipeline reads them; all rows are read for it once."""
        return _core.stages.log_quality(self.journeys, self.threads)

    def to_times(self, values: npt.NDArray[np.int64]) -> pd.Series:
        """Turn the core's times into timestamps, or leave them plain integers."""
        return to_times(values, self.unit, self.zone)

    def times_or_missing(self, values: npt.NDArray[np.int64]) -> pd.Series:
        """Do the same where the lowest integer stands for a missing time, which plain integers have not."""
        if self.unit is None:
            return pd.Series(pd.arrays.IntegerArray(values, values == NAT), dtype="Int64")
        return self.to_times(values)

    def keys_at(self, rows: npt.NDArray[np.uint32]) -> pd.Series:
        """Return the keys of the items whose journeys have these `first_row`."""
        if self.keys_of is None:
            raise SchemaError(
                "the texts of a stream's items are not kept; read it with ", advised("keys", "keep")
            )
        return self.keys_of(rows)

    def journey_of(self, item: Hashable) -> _core.journeys.Journeys:
        """Return the journey of one item.

        Raises
        ------
        UnknownItemError
            If the log does not have the item.
        """
        with suppress(ValueError):  # the item is of a type that no key has
            column = read_input([item], "item")
            keys = _core.columns.encode_items(column.column, 1, self.journeys.text_hash)
            if keys.holds_text == self.journeys.holds_text and not len(keys.missing_rows):
                journey = _core.journeys.journey_of(self.journeys, keys)
                if journey is not None:
                    return journey
        like = ""
        if self.keys_of is not None and self.journeys.n_items:
            example = self.keys_of(self.journeys.first_row[:1].copy())
            like = f"; its keys look like {example.tolist()[0]!r}"
        raise UnknownItemError(f"the log has no item {item!r}{like}", option="item")

    def fit(self, pipeline: Pipeline) -> Fit:
        """Put a pipeline beside the stages of the log."""
        rows, first_row = self._rows_by_label
        return Fit(pipeline, rows, first_row, self.other_labels, self.has_pipelines, self.locate)

    @cached_property
    def _rows_by_label(self) -> tuple[Mapping[Hashable, int], dict[Hashable, int]]:
        """The number of rows and the first row of each stage."""
        seen = np.flatnonzero(self.label_rows)
        labels = [self.labels[code] for code in seen]
        numbers = (self.label_rows[seen].tolist(), self.label_first_row[seen].tolist())
        rows, first_row = (dict(zip(labels, values, strict=True)) for values in numbers)
        return rows, first_row

    def lookup(
        self, pipeline: Pipeline, unlisted: str = "error", missing: str = "near"
    ) -> _core.scan.Pipeline:
        """Map each stage code to its row of a pipeline.

        Raises
        ------
        UnknownStageError
            If the log has a stage that the pipeline does not list, unless `unlisted` is ``"ignore"``, or one
            near a stage of the pipeline that has no rows, unless `missing` is ``"ignore"``.
        SchemaError
            If `pipeline` is not a pipeline, the log was read without some of its stages, some have no rows
            and `missing` is ``"error"``, or the dates of a stage do not fit the log's times.
        """
        check_option("unlisted", unlisted, ("error", "ignore"))
        check_option("missing", missing, get_args(MissingStages))
        if not isinstance(pipeline, Pipeline):
            raise SchemaError(f"expected a Pipeline, got {type(pipeline).__name__}")
        read = {*pipeline.labels, *pipeline.rules.aliases}
        left_out = [label for label in self.other_labels if label in read]
        if left_out:
            raise SchemaError(
                f"the log was read without stages of the pipeline: {quoted(left_out)}; name them in ",
                named("stages"),
                " too",
            )
        fit = self.fit(pipeline)
        if unlisted == "error":
            fit.refuse_unlisted()
        fit.refuse_without_rows(missing)
        row_of = {label: row for row, label in enumerate(pipeline.labels)}
        aliases = pipeline.rules.aliases
        rows = [row_of.get(aliases.get(label, label), -1) for label in self.labels]
        rules = core_rules(pipeline, self.clock) or ()
        return _core.scan.Pipeline(len(pipeline.stages), len(pipeline.won), len(pipeline.lost), rows, *rules)


def end_given(until: MomentLike | None, clock: Clock, ends: tuple[int, int] | None) -> int | None:
    """Read a moment until which items were observed; one before the last of the log's `ends` is refused."""
    if isinstance(until, str) and clock.unit is None and until.lstrip("-").isdecimal():
        until = int(until)  # a command line and a file have text only
    moment = moment_of(until, clock, "observed_until")
    if moment is not None and ends is not None and moment < ends[1]:
        last = to_times(np.array([ends[1]]), clock.unit, clock.zone).iloc[0]
        raise SchemaError(
            given("observed_until", until),
            f" is before the log's last row, at {last}; give a moment that is not before it (text is the "
            "begin of its day, month or year)",
        )
    return moment
