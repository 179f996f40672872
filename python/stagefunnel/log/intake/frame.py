"""Rows that come as one table or as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _core
from ...errors import SchemaError, quoted
from ..columns.inputs import Input, read_input, read_inputs
from ..columns.kept import RowColumns, with_columns
from ..columns.stage_labels import joined
from ..data import Empty, Invalid, Keys, LogData
from .checks import check_columns, encode, look_over, refuse_empty, refuse_nothing_left, stages_to_keep


def read_frame(
    frame: Any,
    columns: dict[str, Any],
    *,
    time_format: str | None,
    invalid: Invalid,
    empty: Empty,
    keys: Keys,
    threads: int,
    zone: str | None = None,
    stages: Any = None,
    kept: Any = (),
) -> LogData:
    """Read a log out of one table, or arrays, and keep some more of its columns."""
    frame, more = with_columns(frame, kept)
    inputs = gather(frame, columns)
    if "pipeline" in inputs:
        inputs["stage"] = joined(inputs["stage"], inputs.pop("pipeline"))
    check_columns(inputs, more)
    if not len(inputs["item"]):
        refuse_empty(0, empty)
    wanted = stages_to_keep(stages)
    rows = look_over(
        inputs, time_format=time_format, invalid=invalid, threads=threads, zone=zone, stages=wanted
    )
    refuse_nothing_left(len(rows), rows.found, rows.other_labels, empty)
    if keys == "exact":
        encode(_core.journeys.KeyTexts(True).add, inputs["item"], rows.keys)
    given = inputs.get("order")
    order = _core.columns.RowOrder() if given is None else encode(_core.columns.encode_order, given)
    members = inputs["stage"].labels  # of an enum, whose places are what the core saw
    labels: list[Any] = list(rows.codes.labels)
    encoded = (rows.keys, rows.codes, rows.stamps, order, rows.dropped, threads)
    kept_columns = None
    if more:
        journeys, numbers = _core.journeys.build_journeys_with_rows(*encoded)
        kept_columns = RowColumns(more, numbers, threads)
    else:
        journeys = _core.journeys.build_journeys(*encoded)
    return LogData(
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
        has_pipelines=columns.get("pipeline") is not None,
    )


def gather(frame: Any, columns: dict[str, Any]) -> dict[str, Input]:
    """Read the columns of a log, given by name or as arrays."""
    given = {role: value for role, value in columns.items() if value is not None}
    names = {role: value for role, value in given.items() if isinstance(value, str)}
    if frame is None:
        if names:
            raise SchemaError(
                f"without a frame, item, stage and time are arrays; {quoted(names)} named a column"
            )
        return {role: read_input(value, role) for role, value in given.items()}
    if len(names) < len(given):
        arrays = [role for role in given if role not in names]
        raise SchemaError(f"with a frame, {quoted(arrays)} must be the name of a column")
    return read_inputs(frame, names)
