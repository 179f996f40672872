"""The tables of funnels and outcomes, made from counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...pipeline import Pipeline
from ...tables.build import frame, kind_values, label_rows, remember, rows_before, share, stage_columns
from ...tables.labels import value_labels
from ...tables.options import KindName
from ...tables.schema import AMOUNTS, FUNNEL, MOVED_OUT, OUTCOME_AMOUNTS, OUTCOME_TABLE, OUTCOMES, TOO_RECENT
from ..scope.groups import ONE_GROUP, Groups
from ..stats.standouts import Standouts, find_standouts
from .counts import FunnelCounts, Integers

MOST_RECORDED = 10_000


def funnel_table(
    pipeline: Pipeline,
    kind: KindName,
    counted: Mapping[str, FunnelCounts],
    groups: Groups = ONE_GROUP,
) -> pd.DataFrame:
    """Build the table of :func:`funnel` from the counts of its kinds.

    Parameters
    ----------
    pipeline
        The stages.
    kind
        The kind of the funnel; ``"both"`` has two kinds of counts.
    counted
        Counts by the name of their kind.
    groups
        The groups that were counted.
    """
    shown = [_shown(counts, groups) for counts in counted.values()]
    of_kinds = [
        _columns_of_kind(pipeline, counts, groups, of_kind)
        for counts, of_kind in zip(counted.values(), shown, strict=True)
    ]
    # To put finished tables under one another takes longer than to make them.
    columns = {name: np.concatenate([one[name].reshape(-1) for one in of_kinds]) for name in of_kinds[0]}
    order = [*FUNNEL[:2], *columns]
    columns |= stage_columns(pipeline, sum(map(len, shown)))
    n_stages = len(pipeline.labels)
    table = label_rows(frame(columns, order), groups.values, np.repeat(np.concatenate(shown), n_stages))
    if kind == "both":
        table.insert(0, "kind", kind_values([len(one) * n_stages for one in shown]))
    remember(
        table,
        "funnel",
        pipeline,
        kind=kind,
        **groups.remembered,
        **_recorded_outcomes(counted, groups),
        **absent_stages(pipeline, counted.values()),
    )
    return table


def outcome_table(
    pipeline: Pipeline,
    counts: FunnelCounts,
    groups: Groups = ONE_GROUP,
    standouts: Standouts | None = None,
    money: Mapping[str, npt.NDArray[Any]] | None = None,
) -> pd.DataFrame:
    """Build the table of :func:`outcomes` from the counts of a funnel; `money` has the amounts by group."""
    shown = _shown(counts, groups)
    columns = _outcome_columns(counts, shown, money or {})
    table = label_rows(frame(columns, [*columns]), groups.values, shown)
    found = {} if standouts is None else {"standouts": json.dumps(standouts.as_plain())}
    remember(table, "outcomes", pipeline, **groups.remembered, **found)
    return table


def win_rate_standouts(counts: FunnelCounts, groups: Groups) -> Standouts | None:
    """Find the groups of a breakdown whose win rate stands out; ``None`` without a breakdown."""
    if groups.is_one:
        return None
    return find_standouts(labels_of(groups), counts.won, counts.won + counts.lost, counts.open, counts.base)


def _recorded_outcomes(counted: Mapping[str, FunnelCounts], groups: Groups) -> dict[str, str]:
    """Return the outcomes and the labels of the groups of each kind, which a table remembers.

    They are text, because pandas copies at every step what a table remembers, and a list value by value.
    """
    # Read at the stages, groups have no items of their own, only entries of items.
    if groups.each == "row" or len(groups.values) > MOST_RECORDED:
        counted = {}
    shown = {kind: _shown(counts, groups) for kind, counts in counted.items()}
    columns = {kind: _outcome_columns(counts, shown[kind]) for kind, counts in counted.items()}
    outcomes = {
        kind: {name: values.tolist() for name, values in by_name.items()} for kind, by_name in columns.items()
    }
    labels = labels_of(groups) if counted else []
    return {
        "outcomes": json.dumps(outcomes),
        "groups": json.dumps({kind: [labels[group] for group in shown[kind]] for kind in counted}),
    }


def labels_of(groups: Groups) -> list[list[str]]:
    """Write every group as text: a value may be of a type that JSON does not have."""
    columns = [value_labels(groups.values[name]) for name in groups.names]
    return [[column[group] for column in columns] for group in range(len(groups.values))]


def _shown(counts: FunnelCounts, groups: Groups) -> npt.NDArray[np.intp]:
    """Choose the groups in which something is counted."""
    return groups.shown(counts.counts_something(groups.each))


def _of_report(items: Integers, groups: Groups) -> Integers:
    """Return the items of each group; where groups are read at the stages, those of the whole report."""
    return items if groups.each == "item" else np.full_like(items, items.sum())


def _columns_of_kind(
    pipeline: Pipeline, counts: FunnelCounts, groups: Groups, shown: npt.NDArray[np.intp]
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns behind the stages in their order, each with a row for a group that is shown."""
    passed, assumed, visited = (matrix[shown] for matrix in (counts.passed, counts.assumed, counts.visited))
    skipped, beyond = counts.skipped[shown], counts.beyond[shown]
    lost_from = counts.lost_from[shown]
    absent = counts.beyond_absent[shown] if counts.beyond_absent.size else counts.beyond_absent
    reached = passed + assumed
    base = _of_report(counts.base, groups)[shown][:, np.newaxis]
    left_out = _of_report(counts.left_out, groups)[shown][:, np.newaxis]
    columns = {
        "reached": reached,
        "passed": passed,
        "assumed": assumed,
        "skipped": skipped,
        "began_beyond": counts.began_beyond[shown],
        "lost_from": lost_from,
        "open_at": counts.open_at[shown],
        "conversion_from_all": share(reached, base),
        "conversion_from_previous": _from_previous(pipeline, reached, base, absent),
        "skip_rate": share(skipped, skipped + beyond),
        "loss_rate": share(lost_from, visited),
    }
    if counts.amount is not None and counts.amount_missing is not None:
        columns |= zip(AMOUNTS, (counts.amount[shown], counts.amount_missing[shown]), strict=True)
    columns |= {"base": base, "left_out": left_out}
    if counts.moved_out is not None:
        columns[MOVED_OUT] = _of_report(counts.moved_out, groups)[shown][:, np.newaxis]
    if counts.too_recent is not None:
        columns[TOO_RECENT] = counts.too_recent[shown][:, np.newaxis]
    return {name: np.broadcast_to(values, reached.shape) for name, values in columns.items()}


def _from_previous(
    pipeline: Pipeline, reached: Integers, base: Integers, absent: Integers
) -> npt.NDArray[np.float64]:
    """Divide by the stage before, for a lost stage by all items.

    A stage that items got past while it was not there is compared with no other.
    """
    above = rows_before(pipeline)
    n_kept = len(above)
    n_first = above.count(-1)  # stages with none before them, which stand first
    before = np.empty_like(reached)
    before[:, :n_first] = 0
    before[:, n_first:n_kept] = reached[:, above[n_first:]]
    before[:, n_kept:] = base
    shares = share(reached, before)
    if absent.shape[1]:
        is_mixed = absent > 0
        mixed = is_mixed[:, :n_kept].copy()
        mixed[:, n_first:] |= is_mixed[:, above[n_first:]]
        shares[:, :n_kept] = np.where(mixed, np.nan, shares[:, :n_kept])
    return shares


def absent_stages(pipeline: Pipeline, counted: Iterable[FunnelCounts]) -> dict[str, dict[str, str]]:
    """Note for a display the stages that items got past while they were not there, with their dates."""
    counted = [counts for counts in counted if counts.beyond_absent.shape[1]]
    if not counted:
        return {}
    passed = np.any([counts.beyond_absent.any(axis=0) for counts in counted], axis=0)
    dates = {
        str(label): pipeline.rules.dates_of(label)
        for label, is_passed in zip(pipeline.labels, passed, strict=False)
        if is_passed
    }
    return {"absent": dates} if dates else {}


def _outcome_columns(
    counts: FunnelCounts, shown: npt.NDArray[np.intp], money: Mapping[str, npt.NDArray[Any]] | None = None
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of the outcomes of some groups, in their order."""
    columns = {name: getattr(counts, name)[shown] for name in (*OUTCOMES, "left_out", "reopened_won")}
    columns["base"] = counts.base[shown]
    columns["win_rate"] = share(columns["won"], columns["won"] + columns["lost"])
    order = list(OUTCOME_TABLE)
    if money:
        columns |= {name: values[shown] for name, values in money.items()}
        order += OUTCOME_AMOUNTS
    if counts.moved_out is not None:
        columns[MOVED_OUT] = counts.moved_out[shown]
        order.append(MOVED_OUT)
    if counts.too_recent is not None:
        columns[TOO_RECENT] = counts.too_recent[shown]
        order.append(TOO_RECENT)
    return {name: columns[name] for name in order}
