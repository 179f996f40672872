"""Groups of what the log itself knows of its items: when they were created, what became of them, bands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, given, quoted
from ...log.columns.category import CategoryColumn
from ...log.columns.items import ItemsTable
from ...log.columns.kept import RowColumns
from ...log.columns.number import NumberColumn
from ...log.data import LogData
from ...log.stage_log import StageLog
from ...tables.build import row_outcomes
from ...tables.group_names import BANDS, CREATED, LATER
from ...tables.schema import MOVED_OUT, OUTCOMES
from ...times.periods import FREQUENCIES
from .columns import source_of
from .item_rows import rows_of_items
from .selection import Selection
from .unknown_starts import born_unknown


@dataclass(frozen=True)
class Known:
    """A group that the log itself knows.

    Attributes
    ----------
    name
        Name of the column of the result.
    what
        ``"created"``, ``"outcome"``, ``"last_stage"`` or ``"band"``.
    of
        The span of time, or the column of the bands.
    edges
        Edges of the bands, in rising order.
    """

    name: str
    what: Literal["created", "outcome", "last_stage", "band"]
    of: str = ""
    edges: tuple[float, ...] = ()


def known_group(log: StageLog, text: Any, option: str = "by") -> Known | None:
    """Read the name of a group that the log itself knows; ``None`` for the name of a column.

    A column of that name in the items table, or in the log, goes first.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.questions.scope.known import known_group
    >>> log = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]})
    >>> known_group(log, "amount:[0, 1000]")
    Known(name='by_amount', what='band', of='amount', edges=(0.0, 1000.0))
    """
    if not isinstance(text, str) or _has_column(log, text):
        return None
    if text in LATER:
        return Known(f"by_{text}", "outcome" if text == "outcome" else "last_stage")
    created = CREATED.fullmatch(text)
    if created:
        if created[1] not in FREQUENCIES:
            raise SchemaError(given(option, text), f" names no span; there are: {quoted(list(FREQUENCIES))}")
        return Known("by_created", "created", created[1])
    bands = BANDS.fullmatch(text)
    return (
        None if bands is None else Known(f"by_{bands[1]}", "band", bands[1], _edges(text, bands[2], option))
    )


def known_category(
    selection: Selection, known: Known, at: Literal["first", "last"], option: str
) -> CategoryColumn:
    """Find the group of each item; `at` says where a column of the log is read that has bands."""
    if known.what == "band":
        return _bands(selection, known, at, option)
    if known.what == "created":
        return _created(selection, known.of, option)
    return _at_the_end(selection, known.what)


def known_source(log: StageLog, known: Known, option: str) -> ItemsTable | RowColumns | None:
    """Find what has the column of bands; ``None`` for what the log itself knows."""
    return source_of(log, known.of, option) if known.what == "band" else None


def _has_column(log: StageLog, name: str) -> bool:
    table, rows = log._data.items_table, log._data.columns
    return (table is not None and name in table) or (rows is not None and name in rows)


def _edges(text: str, edges: str, option: str) -> tuple[float, ...]:
    try:
        found = json.loads(edges)
        numbers = tuple(float(edge) for edge in found)
    except (ValueError, TypeError):
        numbers = ()
    if not numbers or not np.isfinite(numbers).all() or not (np.diff(numbers) > 0).all():
        raise SchemaError(given(option, text), " does not list edges that rise, such as [0, 1000, 10000]")
    return numbers


def _created(selection: Selection, span: str, option: str) -> CategoryColumn:
    rows = rows_of_items(selection, "first")
    is_known = rows >= 0
    unborn = born_unknown(selection.data, selection.lookup, selection.journeys)
    if unborn is not None:
        is_known &= ~unborn
    return spans_of_rows(selection.data, np.where(is_known, rows, -1), span, option)


def spans_of_rows(
    data: LogData, rows: npt.NDArray[np.int64], span: str, option: str = "by"
) -> CategoryColumn:
    """Find the span of time of one row of each item, which is -1 where none is known."""
    if data.clock.unit is None:
        raise SchemaError(
            given(option, f"created:{span}"), " needs times of a calendar; the log's are plain integers"
        )
    is_known = rows >= 0
    times = data.to_times(data.journeys.time[rows[is_known]])
    shown = times if times.dt.tz is None else times.dt.tz_localize(None)
    found, values = pd.factorize(shown.dt.to_period(FREQUENCIES[span]), sort=True)
    code = np.full(len(rows), -1, dtype=np.int32)
    code[is_known] = found
    return CategoryColumn(code, pd.Series(values))


def _at_the_end(selection: Selection, what: str) -> CategoryColumn:
    pipeline, data = selection.pipeline, selection.data
    rows = rows_of_items(selection, "last")
    stage_of_code = np.asarray(selection.lookup.rows, dtype=np.int64)
    stage = stage_of_code[data.journeys.stage[np.maximum(rows, 0)]]
    stage[rows < 0] = -1
    if what == "last_stage":
        values = pd.Categorical(pipeline.labels, categories=pd.Index(pipeline.labels), ordered=True)
        return CategoryColumn(stage.astype(np.int32), pd.Series(values))
    code = np.where(stage < 0, -1, row_outcomes(pipeline)[stage])
    names = [*OUTCOMES]
    if selection.moved is not None:
        code[selection.moved & (code >= 0)] = len(names)
        names.append(MOVED_OUT)
    return CategoryColumn(
        code.astype(np.int32), pd.Series(pd.Categorical(names, categories=names, ordered=True))
    )


def _bands(selection: Selection, known: Known, at: Literal["first", "last"], option: str) -> CategoryColumn:
    source = source_of(selection.log, known.of, option)
    numbers = source.numbers(known.of)
    if not isinstance(source, ItemsTable):
        numbers = numbers.at(rows_of_items(selection, at))
    return bands_of(numbers, known.edges)


def bands_of(numbers: NumberColumn, edges: Sequence[float]) -> CategoryColumn:
    """Find the band of each number, which holds its lower edge."""
    values: npt.NDArray[np.float64] = numbers.values / 10.0**numbers.scale
    code = np.searchsorted(edges, values, side="right").astype(np.int32)
    code[np.isnan(values)] = -1
    names = _band_names(edges)
    return CategoryColumn(code, pd.Series(pd.Categorical(names, categories=names, ordered=True)))


def _band_names(edges: Sequence[float]) -> list[str]:
    """Name the bands.

    Examples
    --------
    >>> _band_names([0, 1000, 2500.5])
    ['below 0', '0 to 1,000', '1,000 to 2,500.5', '2,500.5 and more']
    """
    written = [f"{edge:,.12g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(written)]
    return [f"below {written[0]}", *between, f"{written[-1]} and more"]
