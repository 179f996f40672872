"""Rows that a saved log has already, which an export brings again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...times.stamps import NAT
from ..chosen_data import rows_of_items
from ..columns.keys import StoredKeys
from ..columns.marks import RowMarks
from ..data import LogData
from .item_ids import places_in

Rows = npt.NDArray[np.int64]


def without_known_rows(later: LogData, saved: LogData) -> LogData:
    """Leave out the rows that a saved log has: equal in item, stage, time, end and every further column."""
    if not later.journeys.n_rows or not saved.journeys.n_rows:
        return later
    places = places_in(saved, later)
    items = np.flatnonzero(places >= 0)
    if not len(items):
        return later
    mine, theirs = rows_of_items(later.journeys, items), rows_of_items(saved.journeys, places[items])
    lengths = [np.diff(_offsets(data))[at] for data, at in ((later, items), (saved, places[items]))]
    of_item = [np.repeat(np.arange(len(items)), length) for length in lengths]
    columns = [pd.Series(np.concatenate(of_item)), *_columns_of(later, mine, saved, theirs)]
    codes = pd.DataFrame({n: pd.factorize(column)[0] for n, column in enumerate(columns)})
    rows = pd.MultiIndex.from_frame(codes)
    is_known = rows[: len(mine)].isin(rows[len(mine) :])
    if not is_known.any():
        return later
    kept = np.ones(int(later.journeys.n_rows), dtype=bool)
    kept[mine[is_known]] = False
    return with_rows(later, kept)


def _columns_of(later: LogData, mine: Rows, saved: LogData, theirs: Rows) -> list[pd.Series]:
    """Give all that rows are compared by, those of the later log before those of the saved one."""
    both = ((later, mine), (saved, theirs))
    parts = [(_core.journeys.parts_of(data.journeys), rows) for data, rows in both]
    labels: dict[Any, int] = {}
    code_of = [
        np.array([*(labels.setdefault(label, len(labels)) for label in data.labels), -1]) for data, _ in both
    ]
    stages = [of[part["stage"][rows]] for of, (part, rows) in zip(code_of, parts, strict=True)]
    columns = [pd.Series(np.concatenate(stages))]
    columns.append(pd.Series(np.concatenate([part["time"][rows] for part, rows in parts])))
    for name, missing in (("ended", NAT), ("start_unknown", 0)):
        values = [None if data.marks is None else getattr(data.marks, name) for data, _ in both]
        filled = [
            np.full(len(rows), missing, dtype=np.int64) if of is None else of[rows]
            for of, (_, rows) in zip(values, both, strict=True)
        ]
        columns.append(pd.Series(np.concatenate(filled)))
    names = [] if later.columns is None else later.columns.names
    for name in names:
        of_both = [
            data.columns.values_at(name, rows).astype(object)
            for data, rows in both
            if data.columns is not None
        ]
        columns.append(pd.concat(of_both, ignore_index=True))
    return columns


def with_rows(data: LogData, kept: npt.NDArray[np.bool_]) -> LogData:
    """Return what a log would be that was read without some rows; items without any other are gone."""
    parts = _core.journeys.parts_of(data.journeys)
    offsets = _offsets(data)
    lengths = np.add.reduceat(kept.astype(np.int64), offsets[:-1])
    items = np.flatnonzero(lengths)
    rows = np.flatnonzero(kept)
    journeys = _core.journeys.journeys_of_parts(
        offsets=np.concatenate([[0], np.cumsum(lengths[items])]).astype(np.uint64),
        stage=parts["stage"][rows],
        time=parts["time"][rows],
        first_row=parts["first_row"][items],
        key=parts["key"][items],
        high=parts["high"][items] if len(parts["high"]) else parts["high"],
        **{name: parts[name] for name in ("prefix", "hash_key", "is_unsigned", "n_labels")},
    )
    keys = None
    if data.keys_of is not None:
        keys = StoredKeys.of(data.keys_of, data.journeys).at(items, journeys)
    of_labels = np.bincount(parts["stage"][rows], minlength=len(data.labels) + 1).astype(np.int64)
    marks, found, numbers = data.marks, dict(data.found), data.first_rows
    if "missing_stage" in found:
        found["missing_stage"] -= int((parts["stage"][~kept] == len(data.labels)).sum())
    return replace(
        data,
        journeys=journeys,
        n_input_rows=data.n_input_rows - int(len(kept) - len(rows)),
        found=found,
        label_rows=of_labels[:-1],
        keys_of=keys,
        columns=None if data.columns is None else data.columns.at_rows(rows.astype(np.uint32), data.threads),
        marks=None if marks is None else _marks_at(marks, rows, data.threads),
        items_table=None if data.items_table is None else data.items_table.at_items(items),
        first_rows=None if numbers is None else numbers.at(items),
    )


def _marks_at(marks: RowMarks, rows: Rows, threads: int) -> RowMarks:
    return RowMarks.of_rows(marks.ended, marks.start_unknown, rows.astype(np.uint32), threads)


def _offsets(data: LogData) -> Rows:
    offsets: Rows = _core.journeys.parts_of(data.journeys)["offsets"].view(np.int64)
    return offsets
