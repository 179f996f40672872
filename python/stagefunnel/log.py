"""The stage log: rows of item, stage and time, read once and ready for every question."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import _core
from .columns import read_input
from .errors import (
    SchemaError,
    UnknownItemError,
    UnknownStageError,
    check_option,
    did_you_mean,
    quoted,
)
from .from_streams import FromStreams
from .intake import Empty, Invalid, Keys, check_options, encode, read_frame, thread_count
from .pipeline import Pipeline
from .quality import quality_counts, quality_table
from .times import to_times


class StageLog(FromStreams):
    """The stage history of items: who entered which stage when.

    Rows are grouped by item and ordered by time once; every analysis then takes the log as its first
    argument. Rows of equal time keep the order of the input, or of `order`.

    Parameters
    ----------
    frame
        A pandas or polars DataFrame, an Arrow table, record batch or reader, a DuckDB relation, or a
        mapping of arrays. Columns are read in place where their memory allows it, and the item column
        is held on to: do not write into its array afterwards. Leave it out and pass arrays as `item`,
        `stage` and `time` instead.
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
    items
        A table with one row per item, for breakdowns and amounts. It is held on to: do not write into it
        afterwards.
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
        ``"exact"`` refuses two texts of items that share a hash, as :meth:`from_batches` explains; the
        other values only matter there.
    threads
        Threads to use, also for questions; by default ``STAGEFUNNEL_THREADS`` or all cores. Results
        do not depend on it.

    Raises
    ------
    SchemaError
        For columns that are not there, differ in length or are of a type that is not read, for zoned
        times mixed with naive ones, an items table with a row without a key or two rows of one, and an
        empty log.
    InvalidRowError
        For the first row that misses a value or whose time does not parse; `row` has its number.

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
        frame: Any = None,
        *,
        item: Any = "item",
        stage: Any = "stage",
        time: Any = "time",
        pipeline: Any = None,
        order: Any = None,
        stages: Any = None,
        columns: Any = (),
        time_format: str | None = None,
        items: Any = None,
        items_key: str | None = None,
        invalid: Invalid = "error",
        empty: Empty = "error",
        keys: Keys = "auto",
        threads: int | None = None,
    ) -> None:
        check_options(invalid, empty, keys)
        threads = thread_count(threads)
        roles = {"item": item, "stage": stage, "time": time, "pipeline": pipeline, "order": order}
        content = read_frame(
            frame,
            roles,
            time_format=time_format,
            invalid=invalid,
            empty=empty,
            keys=keys,
            threads=threads,
            stages=stages,
            kept=columns,
        )
        name = item if isinstance(item, str) else "item"
        self._hold(content, threads, items, items_key or name, invalid)
        self._has_pipelines = pipeline is not None

    @property
    def n_rows(self) -> int:
        """Rows of the log, without dropped ones."""
        return int(self._journeys.n_rows)

    @property
    def n_items(self) -> int:
        """Distinct items."""
        return int(self._journeys.n_items)

    @property
    def unit(self) -> str | None:
        """Unit of the times (``"s"``, ``"ms"``, ``"us"``, ``"ns"``, ``"D"``), ``None`` for integers."""
        return self._unit

    @property
    def zone(self) -> str | None:
        """Zone of the times, ``None`` where they have none."""
        return self._zone

    @property
    def stages(self) -> pd.DataFrame:
        """Stages of the log in order of first appearance: ``stage``, ``rows``, ``first_row``."""
        seen = np.flatnonzero(self._label_rows)
        return pd.DataFrame(
            {
                "stage": pd.Series([self._labels[code] for code in seen], dtype=object),
                "rows": self._label_rows[seen],
                "first_row": self._label_first[seen],
            }
        )

    @property
    def items(self) -> pd.DataFrame | None:
        """The items table the log was given."""
        return None if self._items_table is None else self._items_table.frame

    def quality(self, pipeline: Pipeline | None = None) -> pd.DataFrame:
        """Count what is unusual in the rows, and in what a pipeline makes of them.

        Parameters
        ----------
        pipeline
            If given, rows that it does not list are counted, and what leaving them out does.

        Returns
        -------
        DataFrame
            One row per check: ``check``, ``count``, ``note`` (what it means). The checks are always
            the same ones in the same order; with a pipeline its own follow.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> log = sf.StageLog({"item": [1, 1], "stage": ["New", "New"], "time": [0, 0]})
        >>> quality = log.quality().set_index("check")["count"]
        >>> int(quality["exact_duplicates"]), int(quality["ties"])
        (1, 1)
        """
        return quality_table(quality_counts(self, pipeline))

    def _core_pipeline(self, pipeline: Pipeline, unlisted: str = "error") -> _core.Pipeline:
        """Read the log's stage codes as rows of a pipeline."""
        check_option("unlisted", unlisted, ("error", "ignore"))
        if not isinstance(pipeline, Pipeline):
            raise SchemaError(f"expected a Pipeline, got {type(pipeline).__name__}")
        left_out = [label for label in self._other_labels if label in pipeline.labels]
        if left_out:
            raise SchemaError(
                f"the log was read without stages of the pipeline: {quoted(left_out)}; name them in stages= "
                f"too"
            )
        row_of = {label: row for row, label in enumerate(pipeline.labels)}
        rows = [row_of.get(label, -1) for label in self._labels]
        if unlisted == "error":
            self._refuse_unlisted(pipeline, rows)
        return _core.Pipeline(len(pipeline.stages), len(pipeline.won), len(pipeline.lost), rows)

    def _refuse_unlisted(self, pipeline: Pipeline, rows: list[int]) -> None:
        elsewhere = set(pipeline.elsewhere)
        strangers = [
            code
            for code, row in enumerate(rows)
            if row < 0 and self._label_rows[code] and self._labels[code] not in elsewhere
        ]
        if not strangers:
            return
        said = [
            f"{self._labels[code]!r} ({self._label_rows[code]:,} rows, first at row "
            f"{self._label_first[code]:,})"
            for code in strangers[:5]
        ]
        if len(strangers) > 5:
            said.append(f"… ({len(strangers) - 5:,} more)")
        seen = {self._labels[code] for code, row in enumerate(rows) if row >= 0}
        unseen = [label for label in pipeline.labels if label not in seen]
        hint = did_you_mean(self._labels[strangers[0]], unseen)
        types = {type(self._labels[code]).__name__ for code in strangers}
        if len(strangers) == len(rows) and types != {type(pipeline.labels[0]).__name__}:
            hint = f"; the log's labels are {', '.join(types)}, are the pipeline's the same type?"
        first = int(self._label_first[strangers].min())
        where = f"{self._locate(first)}: " if self._locate is not None else ""
        raise UnknownStageError(
            f"{where}unknown stage{'s' if len(strangers) > 1 else ''} {', '.join(said)}; the pipeline has: "
            f'{quoted(pipeline.labels)}{hint}; pass unlisted="ignore" to leave such rows out',
            row=first,
        )

    def _journey_of(self, item: Hashable) -> _core.Journeys:
        """Find the rows of one item."""
        journey = None
        with suppress(SchemaError):  # of a type that no key has
            keys = encode(_core.encode_items, read_input([item], "item"), 1)
            if keys.holds_text == self._journeys.holds_text and not len(keys.missing_rows):
                journey = _core.journey_of(self._journeys, keys)
        if journey is None:
            like = ""
            if self._keys_of is not None and self.n_items:
                example = self._keys_of(self._journeys.first_row[:1].copy())
                like = f"; its keys look like {example.tolist()[0]!r}"
            raise UnknownItemError(f"the log has no item {item!r}{like}")
        return journey

    def _keys_at(self, rows: npt.NDArray[np.uint32]) -> pd.Series:
        if self._keys_of is None:
            raise SchemaError('the texts of a stream\'s items are not kept; read it with keys="keep"')
        return self._keys_of(rows)

    @cached_property
    def _time_range(self) -> tuple[int, int] | None:
        """The earliest and the latest time, which takes a look at all of them."""
        return _core.time_range(self._journeys, self._threads)

    def _to_times(self, values: npt.NDArray[np.int64]) -> pd.Series:
        return to_times(values, self._unit, self._zone)

    def __len__(self) -> int:
        return self.n_rows

    def __repr__(self) -> str:
        lines = [f"StageLog: {self.n_rows:,} rows, {self.n_items:,} items"]
        span = self._time_range
        if span is not None:
            ends = self._to_times(np.array(span, dtype=np.int64))
            what = "plain integers" if self._unit is None else (self._zone or "no zone")
            lines.append(f"  time    {ends.iloc[0]} … {ends.iloc[1]} ({what})")
        stages = self.stages
        if len(stages):
            shown = stages.head(12)
            names = [f"{stage} {rows:,}" for stage, rows in zip(shown["stage"], shown["rows"], strict=True)]
            more = f", … ({len(stages) - 12:,} more)" if len(stages) > 12 else ""
            lines.append("  stages  " + ", ".join(names) + more)
        if self._columns is not None:
            lines.append(f"  columns {', '.join(self._columns.names)}")
        if self._items_table is not None:
            lines.append(f"  items   {self._items_table!r}")
        left_out = self._found.get("other_stages", 0)
        if left_out:
            others = len(self._other_labels)
            lines.append(f"  left    {left_out:,} rows of {others:,} other stage{'s' * (others != 1)} out")
        odd = {name: count for name, count in self._found.items() if count and name != "other_stages"}
        if odd:
            said = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in odd.items())
            lines.append(f"  invalid {said}")
        return "\n".join(lines)


def core_pipeline(log: StageLog, pipeline: Pipeline, unlisted: str) -> _core.Pipeline:
    """Read a log's stage codes as rows of a pipeline; every question starts here."""
    if not isinstance(log, StageLog):
        raise SchemaError(f"expected a StageLog, got {type(log).__name__}; make one with StageLog(...)")
    return log._core_pipeline(pipeline, unlisted)
