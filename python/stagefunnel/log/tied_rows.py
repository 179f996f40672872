"""Rows of an item with equal times, where the input has no order of its own that would order them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import _core
from ..pipeline import Pipeline
from ..times.stamps import NAT
from .columns.kept import RowColumns
from .data import LogData

Places = npt.NDArray[np.int64]


def with_ties_ordered(data: LogData, pipeline: Pipeline | None, order: str | None = None) -> LogData:
    """Put the rows of an item with equal times in an order that does not depend on how they arrived.

    They are ordered by a column, if one is named, then by their stages in the order of the pipeline, then by
    the labels of stages that it does not list, and last by their marks and further columns.

    Parameters
    ----------
    data
        The inside of a log.
    pipeline
        The stages; ``None`` where a question has none, so that labels alone decide.
    order
        A further column of the log, which is left out of what comes back.
    """
    parts = _core.journeys.parts_of(data.journeys)
    rows, run = _tied(parts["offsets"].astype(np.int64), parts["time"])
    permuted = _permutation(data, parts["stage"], rows, run, pipeline, order) if len(rows) else None
    if permuted is None:
        return data if order is None else replace(data, columns=_without(data.columns, order))
    stage = np.ascontiguousarray(parts["stage"][permuted])
    marks, columns = data.marks, data.columns
    if marks is not None:
        marks = replace(
            marks,
            ended=None if marks.ended is None else marks.ended[permuted],
            start_unknown=None if marks.start_unknown is None else marks.start_unknown[permuted],
        )
    if columns is not None:
        columns = columns.at_rows(permuted.astype(np.uint32), data.threads)
    journeys = _core.journeys.journeys_of_parts(**{**parts, "stage": stage})
    return replace(data, journeys=journeys, marks=marks, columns=_without(columns, order))


def _tied(offsets: Places, time: Places) -> tuple[Places, Places]:
    """Find the rows that share their time with another row of their item, and number the moments."""
    begins = np.zeros(len(time) + 1, dtype=bool)
    begins[offsets] = True
    is_repeat = np.zeros(len(time) + 1, dtype=bool)
    is_repeat[1:-1] = time[1:] == time[:-1]
    is_repeat &= ~begins
    rows = np.flatnonzero(is_repeat[:-1] | is_repeat[1:])
    return rows, np.cumsum(~is_repeat[rows])


def _permutation(
    data: LogData,
    stage: npt.NDArray[Any],
    rows: Places,
    run: Places,
    pipeline: Pipeline | None,
    order: str | None,
) -> Places | None:
    """Return the row that goes to each place; ``None`` where all stand right already."""
    keys: list[npt.NDArray[Any]] = [run]
    if order is not None:
        assert data.columns is not None  # it keeps this one
        keys.append(_ranks(data.columns.values_at(order, rows)))
    keys.append(_order_of_labels(data.labels, pipeline)[stage[rows]])
    if data.marks is not None:
        keys += [
            _missing_last(of[rows], NAT)
            for of in (data.marks.ended, data.marks.start_unknown)
            if of is not None
        ]
    parts = {} if data.columns is None else data.columns.parts
    for name in sorted(parts):
        values = parts[name]["values"] if "dtype" in parts[name] else _missing_last(parts[name]["code"], -1)
        keys.append(values[rows])
    found = rows[np.lexsort(keys[::-1])]
    if np.array_equal(found, rows):
        return None
    permuted = np.arange(len(stage), dtype=np.int64)
    permuted[rows] = found
    return permuted


def _order_of_labels(labels: list[Any], pipeline: Pipeline | None) -> Places:
    """Return the place of each stage code among all; rows without a stage come last."""
    listed: dict[Any, int] = {}
    aliases: Mapping[Any, Any] = {}
    if pipeline is not None:
        listed = {label: place for place, label in enumerate(pipeline.labels)}
        aliases = pipeline.rules.aliases
    place = [
        (listed.get(aliases.get(label, label), len(listed)), type(label).__name__, label) for label in labels
    ]
    order = sorted(range(len(labels)), key=place.__getitem__)
    found = np.full(len(labels) + 1, len(labels), dtype=np.int64)
    found[order] = np.arange(len(labels))
    return found


def _ranks(values: pd.Series) -> npt.NDArray[Any]:
    """Return the places of values in rising order, missing ones last; texts of digits sort as numbers."""
    known = values.dropna()
    if len(known) and known.map(lambda one: isinstance(one, str) and one.isdecimal()).all():
        values = values.map(lambda one: int(one) if isinstance(one, str) else one).astype(object)
    code, found = pd.factorize(values, sort=True)
    return np.where(code < 0, len(found), code)


def _missing_last(values: npt.NDArray[Any], missing: int) -> npt.NDArray[Any]:
    """Let what stands for a missing value sort behind all others, as NaN does."""
    return np.where(values == missing, np.iinfo(values.dtype).max, values)


def _without(columns: RowColumns | None, name: str | None) -> RowColumns | None:
    if columns is None or name is None:
        return columns
    rest = {other: part for other, part in columns.parts.items() if other != name}
    return RowColumns.of_parts(rest) if rest else None
