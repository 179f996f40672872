"""Rows that come as one table or as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ... import _core
from ...errors import SchemaError, core_errors, quoted
from ...times.stamps import NAT
from ..columns.arrow import series_of
from ..columns.inputs import Input, read_input, read_inputs
from ..columns.kept import RowColumns, column_names, with_columns
from ..columns.marks import RowMarks, flags_of
from ..columns.records import as_table
from ..columns.stage_labels import joined
from ..data import Empty, Invalid, Keys, LogData
from .checks import (
    check_columns,
    hash_of_key,
    look_over,
    refuse_empty,
    refuse_nothing_left,
    refuse_the_missing_number,
    stages_to_keep,
)
from .times import encode


def read_frame(
    frame: Any,
    columns: dict[str, Any],
    *,
    time_format: str | None,
    invalid: Invalid,
    empty: Empty,
    keys: Keys,
    hash_key: bytes | None,
    threads: int,
    zone: str | None = None,
    stages: Any = None,
    kept: Any = (),
) -> LogData:
    """Read a log out of one table, or arrays, and keep some more of its columns."""
    if frame is not None:
        frame = as_table(frame, [*filter(_is_text, columns.values()), *column_names(kept)])
    frame, more = with_columns(frame, kept)
    frame, flags = with_flags(frame, columns.get("start_unknown"))
    inputs = gather(frame, columns)
    if "pipeline" in inputs:
        inputs["stage"] = joined(inputs["stage"], inputs.pop("pipeline"))
    check_columns(inputs, {**more, **flags})
    if not len(inputs["item"]):
        refuse_empty(0, empty)
    wanted = stages_to_keep(stages)
    rows = look_over(
        inputs,
        time_format=time_format,
        invalid=invalid,
        threads=threads,
        text_hash=hash_of_key(hash_key),
        zone=zone,
        stages=wanted,
    )
    refuse_nothing_left(len(rows), rows.found, rows.other_labels, empty)
    if rows.ends is not None:
        rows = rows.in_unit(rows.ends.unit_beside(rows.times.time_unit), threads)
    unknown = next((flags_of(column, name) for name, column in flags.items()), None)
    if keys == "exact":
        encode(_core.journeys.KeyTexts(True).add, inputs["item"], rows.keys)
    given = inputs.get("order")
    order = _core.columns.RowOrder() if given is None else encode(_core.columns.encode_order, given)
    members = inputs["stage"].labels  # of an enum, whose places are what the core saw
    with core_errors():  # a damaged label is not UTF-8
        labels: list[Any] = list(rows.codes.labels)
    encoded = (rows.keys, rows.codes, rows.stamps, order, rows.dropped, threads)
    kept_columns, marks = None, None
    has_marks = unknown is not None or rows.ends is not None
    if more or has_marks:
        with core_errors():
            journeys, numbers = _core.journeys.build_journeys_with_rows(*encoded)
        kept_columns = RowColumns(more, numbers, threads) if more else None
        if has_marks:
            unit = rows.times.time_unit
            ended = None if rows.ends is None else rows.ends.in_unit(unit, inputs["exited"].name)
            marks = RowMarks.of_rows(ended, unknown, numbers, threads)
    else:
        with core_errors():
            journeys = _core.journeys.build_journeys(*encoded)
    data = LogData(
        journeys=journeys,
        n_input_rows=len(rows),
        found=rows.found,
        unit=rows.times.time_unit,
        zone=rows.times.zone,
        labels=labels if members is None else [members[code] for code in labels],
        label_rows=rows.codes.rows.astype(np.int64),
        label_first_row=rows.codes.first_row.astype(np.int64),
        keys_of=inputs["item"].take,
        threads=threads,
        other_labels=rows.other_labels,
        columns=kept_columns,
        marks=marks,
        has_pipelines=columns.get("pipeline") is not None,
        read_as={} if frame is None else {role: name for role, name in columns.items() if _is_text(name)},
    )
    # The log needs its first time anyway, and to look for such a number in all rows would take longer.
    if data.unit is None and data.time_range is not None and data.time_range[0] == NAT:
        refuse_the_missing_number(rows)
    return data


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def with_flags(frame: Any, column: Any) -> tuple[Any, dict[str, pd.Series]]:
    """Take the column of unknown starts out of a frame, by its name; return a frame for the other columns."""
    if column is None:
        return frame, {}
    if isinstance(column, str) == (frame is None):
        what = "an array" if frame is None else "the name of a column"
        raise SchemaError(f"{'without' if frame is None else 'with'} a frame, start_unknown must be {what}")
    return (frame, {"start_unknown": series_of(column)}) if frame is None else with_columns(frame, column)


def gather(frame: Any, columns: Mapping[str, Any]) -> dict[str, Input]:
    """Read the columns of a log that the core reads, given by name or as arrays."""
    given = {role: value for role, value in columns.items() if value is not None and role != "start_unknown"}
    names = {role: value for role, value in given.items() if isinstance(value, str)}
    if frame is None:
        if names:
            raise SchemaError(
                f"without a frame, item, stage and time are arrays; {quoted(names)} named a column"
            )
        return {role: read_input(value, role) for role, value in given.items()}
    if len(names) < len(given):
        arrays = [role for role in given if role not in names]
        labels = [given[role] for role in arrays if isinstance(given[role], int | tuple)]
        why = f", not {quoted(labels)}; make text of its names with frame.columns.map(str)" if labels else ""
        raise SchemaError(f"with a frame, {quoted(arrays)} must be the name of a column{why}")
    return read_inputs(frame, names)
