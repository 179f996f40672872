"""The tables of funnels and outcomes, out of the counts of a core's scan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...pipeline import Pipeline
from ...tables.build import frame, outcome_values, remember, row_outcomes, share, stage_values
from ...tables.labels import value_labels
from ...tables.options import KindName
from ...tables.schema import AMOUNTS, BOTH, FUNNEL, MOVED_OUT, OUTCOME_TABLE, OUTCOMES
from ..scope.groups import Groups
from .counts import Counts, FunnelCounts

_MOST_RECORDED = 10_000


def funnel_table(
    pipeline: Pipeline,
    kind: KindName,
    counted: Mapping[str, Counts],
    groups: Groups | None = None,
    *,
    scale: int | None = None,
) -> pd.DataFrame:
    """Build the table of :func:`funnel` from the counts of its kinds.

    Parameters
    ----------
    scale
        Of the amounts, as :class:`NumberColumn` has it; ``None`` without amounts.
    """
    tables = [_table_of_kind(pipeline, counts, groups, scale) for counts in counted.values()]
    # Read at the stages, groups have no items of their own, only entries of items.
    by_entry = groups is not None and groups.each == "row"
    n_groups = 1 if groups is None else len(groups.values)
    recorded = {} if by_entry or n_groups > _MOST_RECORDED else counted
    told = {one: _outcome_rows(counts, groups) for one, counts in recorded.items()}
    labels = _labels_of(groups) if recorded else []
    table = tables[0]
    if kind == "both":
        table = pd.concat(tables, ignore_index=True)
        names = np.repeat(np.arange(len(BOTH)), [len(one) for one in tables])
        kinds_column = pd.Series(pd.Categorical.from_codes(names, categories=pd.Index(BOTH)))
        table.insert(0, "kind", kinds_column)
    by_columns = [] if groups is None else list(groups.values.columns)
    remember(
        table,
        "funnel",
        pipeline,
        kind=kind,
        by=by_columns,
        # As text: pandas copies what a table remembers at every step, and a list value by value.
        outcomes=json.dumps({one: _as_lists(rows.drop(columns=by_columns)) for one, rows in told.items()}),
        groups=json.dumps(
            {one: [labels[group] for group in _kept(counts, groups)] for one, counts in recorded.items()}
        ),
    )
    return table


def outcome_table(pipeline: Pipeline, counts: Counts, groups: Groups | None = None) -> pd.DataFrame:
    """Build the table of :func:`outcomes` from the counts of a funnel."""
    table = _outcome_rows(counts, groups)
    remember(table, "outcomes", pipeline)
    return table


def _as_lists(table: pd.DataFrame) -> dict[Any, list[Any]]:
    return {name: table[name].tolist() for name in table.columns}


def _labels_of(groups: Groups | None) -> list[list[str]]:
    """Write every group as text: a value may be of a type that JSON has not."""
    if groups is None:
        return [[]]
    columns = [value_labels(groups.values[name]) for name in groups.values.columns]
    return [list(labels) for labels in zip(*columns, strict=True)]


def _kept(counts: Counts, groups: Groups | None) -> npt.NDArray[np.intp]:
    """Choose the groups to show: those with an item, and the one group of a funnel without `by`."""
    if groups is None:
        return np.zeros(1, dtype=np.intp)
    if groups.keeps_empty:
        return np.arange(len(groups.values))
    if groups.each == "row":
        entries = counts.visited + counts.assumed + counts.skipped + counts.beyond
        return np.flatnonzero(entries.sum(axis=1))
    return np.flatnonzero(_base(counts) + counts.left_out)


def _base(counts: Counts) -> npt.NDArray[np.int64]:
    moved = _moved_out(counts)
    here = counts.won + counts.lost + counts.open
    return here if moved is None else here + moved


def _of_report(items: npt.NDArray[np.int64], groups: Groups | None) -> npt.NDArray[np.int64]:
    """Count items group by group; where groups are read at the stages, those of the whole report."""
    if groups is None or groups.each == "item":
        return items
    return np.full_like(items, items.sum())


def _moved_out(counts: Counts) -> npt.NDArray[np.int64] | None:
    return counts.moved_out if isinstance(counts, FunnelCounts) else None


def _with_groups(
    table: pd.DataFrame, groups: Groups | None, kept: npt.NDArray[np.intp], times: int
) -> pd.DataFrame:
    if groups is None:
        return table
    values = groups.values.iloc[np.repeat(kept, times)].reset_index(drop=True)
    return pd.concat([values, table], axis="columns")


def _table_of_kind(
    pipeline: Pipeline, counts: Counts, groups: Groups | None, scale: int | None
) -> pd.DataFrame:
    kept = _kept(counts, groups)
    n_stages = len(pipeline.labels)
    n_open, n_won = len(pipeline.stages), len(pipeline.won)
    passed, assumed, visited = (matrix[kept] for matrix in (counts.passed, counts.assumed, counts.visited))
    skipped, beyond = counts.skipped[kept], counts.beyond[kept]
    lost_from = counts.lost_from[kept]
    reached = passed + assumed
    base = _of_report(_base(counts), groups)[kept][:, np.newaxis]
    left_out = _of_report(counts.left_out, groups)[kept][:, np.newaxis]
    previous = np.empty_like(reached)
    previous[:, 0] = 0
    previous[:, 1:n_open] = reached[:, : n_open - 1]
    previous[:, n_open : n_open + n_won] = reached[:, n_open - 1 : n_open]
    previous[:, n_open + n_won :] = base
    per_stage = {
        "reached": reached,
        "passed": passed,
        "assumed": assumed,
        "skipped": skipped,
        "lost_from": lost_from,
        "open_at": counts.open_at[kept],
        "conversion_from_all": share(reached, base),
        "conversion_from_previous": share(reached, previous),
        "skip_rate": share(skipped, skipped + beyond),
        "loss_rate": share(lost_from, visited),
        "base": np.broadcast_to(base, reached.shape),
        "left_out": np.broadcast_to(left_out, reached.shape),
    }
    order = list(FUNNEL)
    if scale is not None:
        # A log without items has no matrix of sums.
        per_stage["amount"] = _rows_of(counts.amount, kept, reached.astype(float)) / 10.0**scale
        per_stage["amount_missing"] = _rows_of(counts.amount_missing, kept, reached)
        at = order.index("base")
        order[at:at] = AMOUNTS
    moved = _moved_out(counts)
    if moved is not None:
        per_stage[MOVED_OUT] = np.broadcast_to(_of_report(moved, groups)[kept][:, np.newaxis], reached.shape)
        order.append(MOVED_OUT)
    columns: dict[str, Any] = {name: matrix.reshape(-1) for name, matrix in per_stage.items()}
    columns["stage"] = stage_values(pipeline, np.tile(np.arange(n_stages), len(kept)))
    columns["outcome"] = outcome_values(np.tile(row_outcomes(pipeline), len(kept)))
    return _with_groups(frame(columns, order), groups, kept, n_stages)


def _outcome_rows(counts: Counts, groups: Groups | None) -> pd.DataFrame:
    kept = _kept(counts, groups)
    columns = {name: getattr(counts, name)[kept] for name in (*OUTCOMES, "left_out", "reopened_won")}
    columns["base"] = _base(counts)[kept]
    columns["win_rate"] = share(columns["won"], columns["won"] + columns["lost"])
    moved = _moved_out(counts)
    order = list(OUTCOME_TABLE)
    if moved is not None:
        columns[MOVED_OUT] = moved[kept]
        order.append(MOVED_OUT)
    return _with_groups(frame(columns, order), groups, kept, 1)


def _rows_of(matrix: npt.NDArray[Any] | None, kept: npt.NDArray[np.intp], like: npt.NDArray[Any]) -> Any:
    return np.zeros_like(like) if matrix is None or not matrix.size else matrix[kept]
