"""A log that comes in batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import InvalidRowError, SchemaError, core_errors
from ...files import Progress, iterating
from ..columns.arrow import speaks_arrow
from ..columns.kept import with_columns
from ..columns.records import as_table, is_lazy, is_table, path_advice
from ..data import Empty, Invalid, Keys, LogData
from .checks import (
    Rows,
    check_columns,
    hash_of_key,
    look_over,
    refuse_empty,
    refuse_nothing_left,
    refuse_the_missing_number,
    stages_to_keep,
)
from .frame import gather, with_flags
from .stream_columns import StreamColumns
from .stream_marks import StreamMarks, rows_kept
from .times import encode


def read_batches(
    batches: Iterable[Any],
    columns: Mapping[str, str],
    *,
    time_format: str | None,
    invalid: Invalid,
    empty: Empty,
    keys: Keys,
    hash_key: bytes | None,
    threads: int,
    encoders: int,
    progress: Progress | None,
    expected: Callable[[int], int] | None = None,
    zone: str | None = None,
    stages: Any = None,
    kept: Sequence[str] = (),
) -> LogData:
    """Read a log out of batches, each of which is anything that a frame may be.

    Parameters
    ----------
    kept
        Further columns to keep.
    encoders
        Number of threads to use while the batches come.
    progress
        Function that is called after each batch with the rows so far and an estimate of all rows.
    expected
        Function that estimates the number of all rows from the rows so far; ``None`` without an estimate.
    """
    refuse_no_batches(batches)
    stream = Stream(
        columns, time_format, zone, invalid, keys, hash_key, encoders, stages_to_keep(stages), kept
    )
    feed(stream, batches, progress, expected)
    return stream.data(empty, threads)


def refuse_no_batches(batches: Any) -> None:
    """Refuse what is one table, or the path of a file, in the place of batches."""
    if isinstance(batches, str | os.PathLike):
        raise SchemaError(f"batches is not an iterable of tables: {path_advice(batches)}")
    # A reader of Arrow is one stream of batches; a table of polars would give its columns one by one.
    if is_lazy(batches) or (is_table(batches) and not hasattr(batches, "read_next_batch")):
        raise SchemaError(
            f"batches is a {type(batches).__name__}, not an iterable of tables; pass one table to StageLog()"
        )


def feed(
    stream: Stream,
    batches: Iterable[Any],
    progress: Progress | None,
    expected: Callable[[int], int] | None,
) -> None:
    """Give a stream all batches, each of which is anything that a frame may be."""
    with iterating(batches) as rows:
        for batch in rows:
            stream.append(batch)
            if progress is not None:
                progress(stream.n_rows, expected(stream.n_rows) if expected else None)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | bytes) or not (hasattr(value, "__len__") or speaks_arrow(value))


class Stream:
    """The rows so far and their types, which all batches must share."""

    def __init__(
        self,
        columns: Mapping[str, str],
        time_format: str | None,
        zone: str | None,
        invalid: Invalid,
        keys: Keys,
        hash_key: bytes | None,
        encoders: int,
        stages: frozenset[Hashable] | None,
        kept: Sequence[str],
    ) -> None:
        self.n_rows = 0
        self._stages = stages
        self._other_labels: dict[Hashable, None] = {}  # in order of appearance
        self._columns, self._given_zone = dict(columns), zone
        self._time_format, self._invalid, self._encoders = time_format, invalid, encoders
        # Hashes whose texts are not kept have a key, so that others can go on with it.
        needs_key = keys == "auto" and hash_key is None
        self._hash = _core.columns.TextHash.of_streams() if needs_key else hash_of_key(hash_key)
        self._rows = _core.journeys.RowStream(self._hash)
        self._texts = None if keys == "auto" else _core.journeys.KeyTexts(keys == "exact")
        self._marks = StreamMarks(has_ends="exited" in columns, has_flags="start_unknown" in columns)
        self._kept = StreamColumns(kept)
        self._kinds: dict[str, str] = {}
        self._unit: str | None = None
        self._zone: str | None = None
        self._found: dict[str, int] = {}

    def append(self, batch: Any) -> None:
        """Take the rows of a batch, which may be anything that a frame may be."""
        try:
            self._append(batch)
        except InvalidRowError:
            raise
        except SchemaError as error:
            # The row numbers of such a text count from the start of the batch.
            where = f"in the batch that begins at row {self.n_rows:,}: " if self.n_rows else ""
            raise error.within(where) from error

    def _append(self, batch: Any) -> None:
        if isinstance(batch, Mapping) and batch and all(map(_is_scalar, batch.values())):
            raise SchemaError(
                "a batch is a record, not a table; pass a list of all records to StageLog(), or lists of "
                "them here"
            )
        batch = as_table(batch, [*self._columns.values(), *self._kept.names])
        batch, kept = with_columns(batch, self._kept.names)
        batch, flags = with_flags(batch, self._columns.get("start_unknown"))
        inputs = gather(batch, self._columns)
        check_columns(inputs, {**kept, **flags})
        if not len(inputs["item"]):
            return  # the columns of an empty frame often have no particular type
        if inputs["stage"].labels is not None:
            raise SchemaError(
                f"column {inputs['stage'].name!r} holds enum members, whose codes differ from batch to "
                f"batch; make them text or integers"
            )
        rows = look_over(
            inputs,
            time_format=self._time_format,
            invalid=self._invalid,
            threads=self._encoders,
            text_hash=self._hash,
            pack=self._texts is None and self._rows.packs,
            first_row=self.n_rows,
            unit=self._unit if "time" in self._kinds else None,
            zone=self._given_zone,
            stages=self._stages,
        )
        refuse_the_missing_number(rows, self.n_rows)
        self._agree_on_unit(rows)
        self._check_kinds(rows)
        self._hold(batch, rows, kept, flags)
        self._found = {check: self._found.get(check, 0) + count for check, count in rows.found.items()}
        self._other_labels |= dict.fromkeys(rows.other_labels)
        self.n_rows += len(rows)

    def _hold(
        self, batch: Any, rows: Rows, kept: Mapping[str, pd.Series], flags: Mapping[str, pd.Series]
    ) -> None:
        """Take the rows of a batch that was looked over."""
        if self._texts is not None:
            encode(self._texts.add, rows.inputs["item"], rows.keys)
        if kept or not self._marks.is_empty:
            is_kept = rows_kept(rows)
            self._kept.append(kept, is_kept)
            self._marks.append(rows, flags, is_kept)
        with core_errors():
            self._rows.append(rows.keys, rows.codes, rows.stamps, rows.dropped)

    def _agree_on_unit(self, rows: Rows) -> None:
        """Refine the times so far where the batch has the first text with nanoseconds."""
        if not rows.inputs["time"].column.holds_bytes or (self._unit, rows.times.time_unit) != ("us", "ns"):
            return
        try:
            self._rows.refine_times(1_000)
        except ValueError as error:
            raise SchemaError(
                f"column {rows.inputs['time'].name!r} has times with nanoseconds, and the batches before "
                f"have a time beyond the years 1677 to 2262, to which these reach; correct the year, or "
                f"round the times to microseconds"
            ) from error
        if "time" in self._kinds:
            self._kinds["time"] = _kind_of_times("ns", self._zone)

    def _check_kinds(self, rows: Rows) -> None:
        """Refuse a batch of other types than the ones before; a column without a value has none."""
        present = {
            "item": rows.found["missing_item"] < len(rows),
            "stage": rows.found["missing_stage"] < len(rows),
            "time": rows.found["missing_time"] + rows.found["unparsed_time"] < len(rows),
        }
        for role, kind in _kinds(rows).items():
            before = self._kinds.get(role, kind)
            if present[role] and kind != before:
                raise SchemaError(
                    f"column {rows.inputs[role].name!r} has {kind}, the batches before have {before}; make "
                    f"them one type"
                )
            if present[role]:
                self._kinds[role] = kind
        if present["time"] or "time" not in self._kinds:
            self._unit, self._zone = rows.times.time_unit, rows.times.zone

    @property
    def checks(self) -> list[str]:
        """Checks of the quality table that count what was found in the rows."""
        checks = ["missing_item", "missing_stage", "missing_time", "unparsed_time", "dropped"]
        if self._marks.has_ends:
            checks += ["unparsed_end", "ended_before_start"]
        if self._given_zone is not None:
            checks.append("doubtful_local_times")
        if self._stages is not None:
            checks.append("other_stages")
        return checks

    def data(self, empty: Empty, threads: int) -> LogData:
        """Make the inside of a log of all rows."""
        if not self.n_rows:
            refuse_empty(0, empty)
        refuse_nothing_left(self.n_rows, self._found, self._other_labels, empty)
        self._unit = self._marks.refine(self._rows, self._unit)
        marks, kept = None, None
        if self._marks.is_empty and not self._kept.names:
            journeys = self._rows.build(threads)
        else:
            journeys, numbers = self._rows.build_with_rows(threads)
            if not self._marks.is_empty:
                marks = self._marks.of_rows(numbers, self._unit, threads)
            if self._kept.names:
                kept = self._kept.of_rows(numbers, threads)
        return LogData(
            journeys=journeys,
            n_input_rows=self.n_rows,
            found={check: self._found.get(check, 0) for check in self.checks},
            unit=self._unit,
            zone=self._zone,
            labels=list(self._rows.labels),
            label_rows=self._rows.rows.astype(np.int64),
            label_first_row=self._rows.first_row.astype(np.int64),
            keys_of=self._keys_of(journeys),
            threads=threads,
            other_labels=list(self._other_labels),
            columns=kept,
            marks=marks,
            read_as=dict(self._columns),
        )

    def _keys_of(
        self, journeys: _core.journeys.Journeys
    ) -> Callable[[npt.NDArray[np.uint32]], pd.Series] | None:
        kind, texts = self._kinds.get("item", _INTEGERS), self._texts
        if journeys.hashed and texts is None:
            return None

        def keys_of(rows: npt.NDArray[np.uint32]) -> pd.Series:
            first_row = journeys.first_row
            order = np.argsort(first_row)
            items = order[np.searchsorted(first_row, rows, sorter=order)]
            if kind in (_INTEGERS, _UNSIGNED):
                key = journeys.common_keys[0][items]
                return pd.Series(key if kind == _UNSIGNED else key.view(np.int64))
            if texts is None:
                keys = _core.journeys.packed_texts(journeys, items.astype(np.uint32))
            else:
                keys = texts.texts_of(*(half[items] for half in journeys.common_keys))
            if kind == _BYTES:
                return pd.Series(keys, dtype=object)
            return pd.Series([key.decode() for key in keys], dtype=None if len(rows) else "str")

        return keys_of


_TEXT, _BYTES, _INTEGERS, _UNSIGNED = "text", "bytes", "integers", "unsigned integers of 64 bits"


def _kinds(rows: Rows) -> dict[str, str]:
    """Describe the type of each column, as far as batches must agree in it."""
    item, times = rows.inputs["item"], rows.times
    if item.column.holds_bytes:
        keys = _TEXT if item.holds_text else _BYTES
    else:
        keys = _UNSIGNED if item.column.value_format == "L" else _INTEGERS
    labels = _TEXT if rows.inputs["stage"].column.holds_bytes else _INTEGERS
    return {"item": keys, "stage": labels, "time": _kind_of_times(times.time_unit, times.zone)}


def _kind_of_times(unit: str | None, zone: str | None) -> str:
    if unit is None:
        return "plain integers"
    return f"times of unit {unit!r} " + (f"in {zone}" if zone else "without a zone")
