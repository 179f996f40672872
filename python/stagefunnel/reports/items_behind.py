"""The first items behind each number of the page's funnels."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ..display.cells import cell_writer
from ..display.funnel_grid import columns_of_grid
from ..display.numbers import count, counted
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.scope.further import further_values
from ..questions.scope.item_rows import rows_of_items
from ..questions.scope.selection import Selection, selection_of
from ..questions.stages.cells_of_items import FirstItems, first_items_in_cells
from ..words import Words, mark, tr, trc
from .page import CellItems, StageItems

MOST: Final = 20  # items of a number
_MOST_OF_PAGE: Final = 8_000
_MOST_COLUMNS: Final = 3
_LONGEST: Final = 40  # characters of a value beside a key
_CALLED: Final = Words(
    {
        "reached": mark("reached"),
        "assumed": mark("assumed"),
        "skipped": mark("skipped"),
        "began_beyond": mark("began beyond"),
        "lost_from": mark("lost here"),
        "open_at": mark("open here"),
    }
)


@dataclass(frozen=True)
class ItemsBehind:
    """The lists of a funnel, stage by stage, and the list of each number of its grid, by row and column."""

    stages: list[StageItems]
    anchors: dict[tuple[int, int], str]


def items_behind(
    table: pd.DataFrame,
    log: StageLog,
    pipeline: Pipeline,
    by: Sequence[str],
    *,
    further: bool = True,
    **scope: Any,
) -> ItemsBehind:
    """Find the first items behind the numbers of a funnel of all items.

    Parameters
    ----------
    table
        The funnel of both kinds.
    log, pipeline, scope
        What the funnel is about.
    by
        Columns that are shown beside the key before others of the items table.
    further
        Whether others are shown at all.
    """
    selection = selection_of(log, pipeline, **scope)
    columns = [
        (place, kind, name)
        for place, (kind, name) in enumerate(columns_of_grid(table, table.attrs["stagefunnel"]))
        if name in _CALLED
    ]
    most = max(1, min(MOST, _MOST_OF_PAGE // (len(columns) * len(pipeline.labels))))
    found = {
        kind: first_items_in_cells(selection, kind, [name for _, own, name in columns if own == kind], most)
        for kind in dict.fromkeys(kind for _, kind, _ in columns)
    }
    every = [first for of_kind in found.values() for first in of_kind.values()]
    text_of = _written(selection, _shown_columns(log, by, further=further), every)
    stages: list[StageItems] = []
    anchors: dict[tuple[int, int], str] = {}
    for row, label in enumerate(pipeline.labels):
        cells = []
        for place, kind, name in columns:
            first = found[kind][name, row]
            if first.total:
                anchors[row, place] = f"items-{row}-{place}"
                cells.append(_cell(anchors[row, place], label, kind, name, first, text_of))
        if cells:
            stages.append(StageItems(str(pipeline.names[label]), cells))
    return ItemsBehind(stages, anchors)


def _cell(
    anchor: str, label: Any, kind: str, name: str, first: FirstItems, text_of: Mapping[int, tuple[str, str]]
) -> CellItems:
    of_kind = "" if kind == "classic" else tr("with {kind}: ", kind=trc("kind", kind))
    n = len(first.places)
    some = f"{counted(first.total, 'item')}" + (tr(", the first {n}", n=count(n)) if n < first.total else "")
    options = f"{name}={label!r}" + ("" if kind == "classic" else f", kind={kind!r}")
    words = f"--{name.replace('_', '-')} {shlex.quote(str(label))}"
    words += "" if kind == "classic" else f" --kind {kind}"
    return CellItems(
        anchor,
        f"{of_kind}{_CALLED[name]}",
        some,
        [text_of[place] for place in first.places.tolist()],
        f"item_table(log, pipeline, {options})",
        f"stagefunnel item-table … {words}",
    )


def _written(
    selection: Selection, names: Sequence[str], cells: Sequence[FirstItems]
) -> dict[int, tuple[str, str]]:
    """Write each item that is listed somewhere: its key, and what else is shown of it."""
    places = np.unique(np.concatenate([cell.places for cell in cells])).astype(np.int64)
    keys = selection.data.keys_at(selection.journeys.first_row[places]).tolist()
    rows = rows_of_items(selection, "last")[places]
    columns = further_values(selection.log, names, places, rows)
    texts = _as_people_read(pd.DataFrame(columns, index=range(len(places))), names)
    return {
        place: (str(key), ", ".join(text for text in more if text))
        for place, key, *more in zip(places.tolist(), keys, *texts, strict=True)
    }


def _as_people_read(table: pd.DataFrame, names: Sequence[str]) -> list[list[str]]:
    """Write the columns beside the key as tables are written; what is missing is left out."""
    writers = [cell_writer(name, table[name], str, None) for name in names]
    return [
        ["" if pd.isna(value) else _shortened(write(value)) for value in table[name].tolist()]
        for name, write in zip(names, writers, strict=True)
    ]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _shown_columns(log: StageLog, by: Sequence[str], *, further: bool) -> list[str]:
    """Choose what stands beside a key: columns of a breakdown, then the first of the items table."""
    table, rows = log._data.items_table, log._data.columns
    of_log = [] if rows is None else rows.names
    of_items = [] if table is None else [*table.frame.columns]
    # A breakdown by no column is refused where the page breaks down.
    names = [name for name in by if name in of_log or name in of_items]
    if table is not None and further:
        taken = [table.parts["key"], *names, *of_log]
        names += [name for name in of_items if name not in taken]
    return [name for name in names if isinstance(name, str)][:_MOST_COLUMNS]
