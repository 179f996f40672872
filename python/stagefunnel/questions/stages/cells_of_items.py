"""From a number to its items: which items a cell of a funnel counts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, did_you_mean, given, is_named, may_be_label, quoted
from ...pipeline import Pipeline
from ..funnel.count import count
from ..funnel.counts import FunnelCounts
from ..funnel.kinds import Rule, rules_of
from ..scope.groups import Groups
from ..scope.scope import Scope
from ..scope.selection import Selection

Flags: TypeAlias = npt.NDArray[np.bool_]
_MOST_CELLS: Final = 1 << 20  # that the core counts at once, to bound its memory


def items_in_cells(
    selection: Selection,
    cells: Mapping[str, Hashable | None],
    kind: str,
    fill: str = "won",
    lost_then_won: str | None = None,
) -> Flags | None:
    """Flag the items of a log that cells of a funnel count, all of them.

    Parameters
    ----------
    selection
        The rows that the question reads.
    cells
        Stages by the names of the funnel's columns; ``None`` for a column that is not asked about.
    kind, fill, lost_then_won
        Kind of the funnel and its rules. Without a stage the items are those of its base.

    Returns
    -------
    ndarray or None
        One flag per item of the log; ``None`` where all items of the selection are meant.

    Raises
    ------
    SchemaError
        If a label is not a stage, or the kind is not one kind.
    """
    if is_named(kind, "both"):
        raise SchemaError(
            given("kind", kind), " is two funnels with a base each; name 'classic' or 'conversions'"
        )
    (rule,) = rules_of(kind, fill, lost_then_won)
    rows = {
        name: _row_of(selection.pipeline, name, label) for name, label in cells.items() if label is not None
    }
    if not rows and rule.lost_then_won == _core.funnel.LostThenWon.include:
        return None
    code, examples = _alike(selection)
    of_example = np.concatenate(
        [_counted(selection, rule, part, rows) for part in _parts(examples, len(selection.pipeline.labels))]
    )
    # The last flag is that of items without a row.
    return np.append(of_example, False)[code]


def _alike(selection: Selection) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Put items together that every cell counts alike; return their numbers, and an example of each.

    Items without a row have the number -1.
    """
    rules = selection.pipeline.rules
    if rules.since or rules.until:
        has_rows = np.diff(selection.journeys.offsets.view(np.int64)) > 0
        examples = np.flatnonzero(has_rows)
        code = np.full(len(has_rows), -1, dtype=np.int64)
        code[examples] = np.arange(len(examples))
        return code, examples
    variants = _core.stages.find_variants(
        journeys=selection.journeys, pipeline=selection.lookup, threads=selection.data.threads
    )
    number = variants.of_item.astype(np.int64)
    is_listed = number < len(variants.example)
    if selection.moved is not None:
        number = 2 * number + selection.moved
    _, first, own = np.unique(number[is_listed], return_index=True, return_inverse=True)
    code = np.full(len(number), -1, dtype=np.int64)
    code[is_listed] = own
    return code, np.flatnonzero(is_listed)[first]


def _parts(examples: npt.NDArray[np.int64], n_stages: int) -> list[npt.NDArray[np.int64]]:
    n = max(_MOST_CELLS // n_stages, 1)
    return [examples[at : at + n] for at in range(0, max(len(examples), 1), n)]


def _counts_of_each(selection: Selection, rule: Rule, items: npt.NDArray[np.int64]) -> FunnelCounts:
    """Count some items in a group of their own each; the last group has all others."""
    n = len(items)
    code = np.full(selection.log.n_items, n, dtype=np.int32)
    code[items] = np.arange(n, dtype=np.int32)
    groups = Groups(code, pd.DataFrame({"item": np.arange(n + 1)}))
    return count(Scope(selection, groups), rule)


def _counted(
    selection: Selection, rule: Rule, items: npt.NDArray[np.int64], rows: Mapping[str, int]
) -> Flags:
    """Flag those of some items that are in all cells."""
    n = len(items)
    counts = _counts_of_each(selection, rule, items)
    flags = counts.base[:n] > 0
    for name, row in rows.items():
        flags &= getattr(counts, name)[:n, row] > 0
    return flags


@dataclass(frozen=True)
class FirstItems:
    """The first items behind a cell: their places in the journeys, and how many there are in all."""

    places: npt.NDArray[np.int64]
    total: int


def first_items_in_cells(
    selection: Selection, kind: str, names: Sequence[str], most: int
) -> dict[tuple[str, int], FirstItems]:
    """Find the first items behind every cell of a funnel of one kind, in the order of the table of items.

    Parameters
    ----------
    selection
        The rows that the question reads.
    kind
        Kind of the funnel, with its usual rules.
    names
        The columns whose cells are wanted.
    most
        Items of each cell.

    Returns
    -------
    dict
        The items by column and row of the pipeline.
    """
    (rule,) = rules_of(kind, "won", None)
    code, examples = _alike(selection)
    n_stages = len(selection.pipeline.labels)
    flags_of: dict[str, list[npt.NDArray[np.bool_]]] = {name: [] for name in names}
    for part in _parts(examples, n_stages):
        counts = _counts_of_each(selection, rule, part)
        for name in names:
            flags_of[name].append(getattr(counts, name)[: len(part)] > 0)
    order = np.argsort(selection.journeys.first_row, kind="stable")
    in_order = code[order]
    sizes = np.bincount(in_order[in_order >= 0], minlength=len(examples))
    found = {}
    for name in names:
        flags = np.concatenate(flags_of[name])
        for row in range(n_stages):
            of_cell = np.append(flags[:, row], False)  # the last flag is that of items without a row
            total = int(sizes[of_cell[:-1]].sum())
            places = _first(of_cell, in_order, min(most, total))
            found[name, row] = FirstItems(order[places], total)
    return found


def _first(of_cell: Flags, in_order: npt.NDArray[np.int64], wanted: int) -> npt.NDArray[np.intp]:
    """Find the first items whose number is flagged, without a look at more items than it takes."""
    end = 1 << 12
    while True:
        places = np.flatnonzero(of_cell[in_order[:end]])
        if len(places) >= wanted or end >= len(in_order):
            return places[:wanted]
        end *= 8


def _row_of(pipeline: Pipeline, option: str, label: Any) -> int:
    for row, known in enumerate(pipeline.labels):
        if may_be_label(label) and label == known:
            return row
    hint = did_you_mean(label, pipeline.labels)
    raise SchemaError(
        given(option, label),
        f" is not a stage of the pipeline{hint}; it has: {quoted(pipeline.labels)}",
    )


def remembered_cells(
    cells: Mapping[str, Hashable | None], kind: str, fill: str, lost_then_won: str | None
) -> dict[str, Any]:
    """Return what a table remembers of the cells that its items are behind."""
    of_cells = {name: str(label) for name, label in cells.items() if label is not None}
    rules = {"fill": None if fill == "won" else fill, "lost_then_won": lost_then_won}
    given_rules = {name: value for name, value in rules.items() if value is not None}
    if not of_cells and kind == "classic" and not given_rules:
        return {}
    return {"cells": of_cells, "kind": kind, **given_rules}
