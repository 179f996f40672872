"""The tables of sequences, out of the chains that the core finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...tables.build import share
from ...tables.schema import SEQUENCE, SEQUENCE_ITEMS, STOPS
from ...times.stamps import NAT, to_durations
from ..scope.groups import Groups
from .matches import LEFT_OUT, Chains
from .rules import Plan

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """How many came to each step, a row per group, and how long it took them.

    Attributes
    ----------
    items, left_out
        Of each group: its items, or entries, and those of them that exclusions drop.
    reached, dropped, immature
        A column per step.
    from_previous, from_first
        Times group by group, step by step; ``excess`` is what they are too large by. Nothing where times are
        not known.
    """

    items: Counts
    left_out: Counts
    reached: Counts
    dropped: Counts
    immature: Counts
    from_previous: Sequence[_core.sequence.StepTime | None]
    from_first: Sequence[_core.sequence.StepTime | None]
    excess: int = 0


def steps_of(counts: _core.sequence.Counts) -> Steps:
    """Read the counts of the core."""
    return Steps(
        counts.items,
        counts.left_out,
        counts.reached,
        counts.dropped,
        counts.immature,
        counts.from_previous,
        counts.from_first,
        counts.excess,
    )


def steps_of_levels(
    level: npt.NDArray[np.uint8], n_steps: int, group: npt.NDArray[np.int32] | None, n_groups: int
) -> Steps:
    """Count levels, of which nothing is known but how deep they are."""
    n_levels = n_steps + 1
    cell = level if group is None else group.astype(np.int64) * n_levels + level
    by_level = np.bincount(cell, minlength=n_groups * n_levels).reshape(n_groups, n_levels).astype(np.int64)
    reached = by_level[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    dropped = by_level[:, 1:].copy()
    dropped[:, -1] = 0
    nothing = [None] * (n_groups * n_steps)
    none_left_out = np.zeros(n_groups, dtype=np.int64)
    items = by_level.sum(axis=1)
    return Steps(items, none_left_out, reached, dropped, np.zeros_like(reached), nothing, nothing)


def sequence_table(
    log: StageLog, plan: Plan, steps: Steps, groups: Groups | None, quantiles: Sequence[str] | None
) -> pd.DataFrame:
    """Build the table of :func:`sequence_funnel`: one row per step, per group that has an item.

    Without quantiles it says nothing of times.
    """
    n = len(plan.steps)
    kept = np.arange(1) if groups is None else np.flatnonzero(steps.items)
    base = (steps.items - steps.left_out)[kept, np.newaxis]
    reached = steps.reached[kept]
    columns: dict[str, Any] = {
        "step": np.tile(np.arange(1, n + 1), len(kept)),
        "label": pd.Series([step.label for step in plan.steps] * len(kept), dtype=object).astype("str"),
        "reached": reached.ravel(),
        "dropped": steps.dropped[kept].ravel(),
        "immature": steps.immature[kept].ravel(),
        "conversion_from_first": share(reached, reached[:, :1]).ravel(),
        "conversion_from_previous": share(reached, _one_before(reached)).ravel(),
        "conversion_from_all": share(reached, base).ravel(),
    }
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE})
    cells = [group * n + step for group in kept.tolist() for step in range(n)]
    starts = () if quantiles is None else (("previous", steps.from_previous), ("first", steps.from_first))
    for start, times in starts:
        exact = [_exact(times[cell], len(quantiles or ()), steps.excess) for cell in cells]
        for place, statistic in enumerate(("mean", *(quantiles or ()))):
            column = to_durations([summary[place] for summary in exact], log.unit)
            table[f"{statistic}_from_{start}"] = column
    if groups is not None:
        values = groups.values.iloc[np.repeat(kept, n)].reset_index(drop=True)
        table = pd.concat([values, table], axis="columns")
    return table


def _exact(time: _core.sequence.StepTime | None, n_quantiles: int, excess: int) -> list[Fraction | None]:
    """Read the mean and the quantiles, which are fractions."""
    if time is None or not time.count:
        return [None] * (1 + n_quantiles)
    return [whole - excess + Fraction(rest, of) for whole, rest, of in (time.mean, *time.quantiles)]


def item_rows(log: StageLog, plan: Plan, chains: Chains) -> pd.DataFrame:
    """Build the table of :func:`sequence_items`: one row per chain, by the item's first row in the input."""
    first_row = log._data.journeys.first_row[chains.item]
    order = np.argsort(first_row, kind="stable")
    stop = chains.stop[order].astype(np.int64)
    stop[stop == LEFT_OUT] = STOPS.index("excluded")
    stop[stop >= len(STOPS)] = -1
    times = [_nullable_times(log, chains.time[order, step]) for step in range(len(plan.steps))]
    columns = {
        "item": log._data.keys_at(first_row[order]).reset_index(drop=True),
        "level": chains.level[order].astype(np.int64),
        "entry_time": times[0],
    }
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE_ITEMS})
    for number, column in enumerate(times, start=1):
        table[f"time_{number}"] = column
    table["stop"] = pd.Categorical.from_codes(stop, categories=pd.Index(STOPS))
    return table


def _nullable_times(log: StageLog, times: npt.NDArray[np.int64]) -> pd.Series:
    if log.unit is None:
        # Plain integers have no missing value of their own.
        return pd.Series(pd.arrays.IntegerArray(times, times == NAT), dtype="Int64")
    return log._data.to_times(times)


def _one_before(reached: Counts) -> Counts:
    before = np.zeros_like(reached)
    before[:, 1:] = reached[:, :-1]
    return before
