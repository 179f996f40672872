"""The tables of sequences, made from the matches that the core finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...tables.build import share
from ...tables.schema import SEQUENCE, SEQUENCE_ITEMS, STOPS
from ...times.stamps import NAT, to_durations
from ..scope.groups import Groups
from .matches import LEFT_OUT, Matches
from .question import Question

Numbers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StepCounts:
    """How many items did each step, a row per group, and how long they took.

    Attributes
    ----------
    items, left_out
        Items, or entries, of each group, and how many of them an exclusion drops.
    reached, dropped, immature
        Counts with a column per step.
    from_previous, from_first
        Times to each step, group by group; ``None`` where times are not known.
    excess
        Amount by which these times are too large, in the unit of the log.
    """

    items: Numbers
    left_out: Numbers
    reached: Numbers
    dropped: Numbers
    immature: Numbers
    from_previous: Sequence[_core.sequence.StepTime | None]
    from_first: Sequence[_core.sequence.StepTime | None]
    excess: int = 0


def step_counts(counts: _core.sequence.Counts) -> StepCounts:
    """Read the counts of the core."""
    return StepCounts(
        items=counts.items,
        left_out=counts.left_out,
        reached=counts.reached,
        dropped=counts.dropped,
        immature=counts.immature,
        from_previous=counts.from_previous,
        from_first=counts.from_first,
        excess=counts.excess,
    )


def step_counts_of_levels(
    level: npt.NDArray[np.uint8], n_steps: int, group: npt.NDArray[np.int32] | None, n_groups: int
) -> StepCounts:
    """Count items by their levels, without times."""
    n_levels = n_steps + 1
    cell = level if group is None else group.astype(np.int64) * n_levels + level
    by_level = np.bincount(cell, minlength=n_groups * n_levels).reshape(n_groups, n_levels).astype(np.int64)
    reached = by_level[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    dropped = by_level[:, 1:].copy()
    dropped[:, -1] = 0
    no_times = [None] * (n_groups * n_steps)
    return StepCounts(
        items=by_level.sum(axis=1),
        left_out=np.zeros(n_groups, dtype=np.int64),
        reached=reached,
        dropped=dropped,
        immature=np.zeros_like(reached),
        from_previous=no_times,
        from_first=no_times,
    )


def sequence_table(
    question: Question, counts: StepCounts, groups: Groups | None, quantiles: Sequence[str] | None
) -> pd.DataFrame:
    """Build the table of :func:`sequence_funnel`: one row per step, per group that has an item.

    Without quantiles the table has no columns of times.
    """
    labels, unit = question.steps.labels, question.log.unit
    n = len(labels)
    kept = np.arange(1) if groups is None else np.flatnonzero(counts.items)
    base = (counts.items - counts.left_out)[kept, np.newaxis]
    reached = counts.reached[kept]
    columns: dict[str, Any] = {
        "step": np.tile(np.arange(1, n + 1), len(kept)),
        "label": pd.Series(list(labels) * len(kept), dtype=object).astype("str"),
        "reached": reached.ravel(),
        "dropped": counts.dropped[kept].ravel(),
        "immature": counts.immature[kept].ravel(),
        "conversion_from_first": share(reached, reached[:, :1]).ravel(),
        "conversion_from_previous": share(reached, _one_before(reached)).ravel(),
        "conversion_from_all": share(reached, base).ravel(),
    }
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE})
    cells = [group * n + step for group in kept.tolist() for step in range(n)]
    starts = () if quantiles is None else (("previous", counts.from_previous), ("first", counts.from_first))
    for start, times in starts:
        exact = [_exact(times[cell], len(quantiles or ()), counts.excess) for cell in cells]
        for place, statistic in enumerate(("mean", *(quantiles or ()))):
            column = to_durations([summary[place] for summary in exact], unit)
            table[f"{statistic}_from_{start}"] = column
    if groups is not None:
        values = groups.values.iloc[np.repeat(kept, n)].reset_index(drop=True)
        table = pd.concat([values, table], axis="columns")
    return table


def _exact(time: _core.sequence.StepTime | None, n_quantiles: int, excess: int) -> list[Fraction | None]:
    """Read the mean and the quantiles as fractions, in the unit of the log."""
    if time is None or not time.count:
        return [None] * (1 + n_quantiles)
    return [whole - excess + Fraction(rest, of) for whole, rest, of in (time.mean, *time.quantiles)]


def item_rows(log: StageLog, n_steps: int, matches: Matches) -> pd.DataFrame:
    """Build the table of :func:`sequence_items`: one row per match, by the item's first row in the input."""
    first_row = log._data.journeys.first_row[matches.item]
    order = np.argsort(first_row, kind="stable")
    stop = matches.stop[order].astype(np.int64)
    stop[stop == LEFT_OUT] = STOPS.index("excluded")
    stop[stop >= len(STOPS)] = -1
    times = [_nullable_times(log, matches.time[order, step]) for step in range(n_steps)]
    columns = {
        "item": log._data.keys_at(first_row[order]).reset_index(drop=True),
        "level": matches.level[order].astype(np.int64),
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


def _one_before(reached: Numbers) -> Numbers:
    before = np.zeros_like(reached)
    before[:, 1:] = reached[:, :-1]
    return before
