"""The tables of sequences, out of the chains that the core finds."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import _core
from .factors import Groups
from .log import StageLog
from .schema import SEQUENCE, SEQUENCE_ITEMS, STOPS, share
from .sequence_chains import LEFT_OUT, Chains
from .sequence_options import Plan
from .times import NAT, to_durations

Counts = npt.NDArray[np.int64]


def sequence_table(
    log: StageLog,
    plan: Plan,
    chains: Chains,
    groups: Groups | None,
    quantiles: Mapping[str, _core.Quantile],
) -> pd.DataFrame:
    """Build the table of :func:`sequence_funnel`: one row per step, per group that has an item."""
    group = np.zeros(len(chains.level), dtype=np.int32) if groups is None else groups.code
    n_groups = 1 if groups is None else len(groups.values)
    n = len(plan.steps)
    items = _per_group(group[chains.is_there], n_groups)
    kept = np.arange(1) if groups is None else np.flatnonzero(items)
    left_out = _per_group(group[chains.stop == LEFT_OUT], n_groups)
    base = (items - left_out)[kept, np.newaxis]
    done = chains.done
    steps = range(1, n + 1)
    reached = _by_step([group[done[:, step - 1]] for step in steps], n_groups)[kept]
    ended = [chains.level == step for step in steps]
    waits = chains.stop == STOPS.index("immature")
    completed = chains.stop == STOPS.index("completed")
    immature = _by_step([group[one & waits] for one in ended], n_groups)[kept]
    dropped = _by_step([group[one & ~waits & ~completed] for one in ended], n_groups)[kept]
    columns: dict[str, Any] = {
        "step": np.tile(np.arange(1, n + 1), len(kept)),
        "label": pd.Series([step.label for step in plan.steps] * len(kept), dtype=object).astype("str"),
        "reached": reached.ravel(),
        "dropped": dropped.ravel(),
        "immature": immature.ravel(),
        "conversion_from_first": share(reached, reached[:, :1]).ravel(),
        "conversion_from_previous": share(reached, _one_before(reached)).ravel(),
        "conversion_from_all": share(reached, base).ravel(),
    }
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE})
    for name, column in _times(log, chains, group, kept, n, quantiles).items():
        table[name] = column
    if groups is not None:
        values = groups.values.iloc[np.repeat(kept, n)].reset_index(drop=True)
        table = pd.concat([values, table], axis="columns")
    return table


def item_rows(log: StageLog, plan: Plan, chains: Chains) -> pd.DataFrame:
    """Build the table of :func:`sequence_items`: one row per item, by first row in the input."""
    first_row = log._journeys.first_row
    order = np.argsort(first_row, kind="stable")
    order = order[chains.is_there[order]]
    stop = chains.stop[order].astype(np.int64)
    stop[stop == LEFT_OUT] = STOPS.index("excluded")
    stop[stop >= len(STOPS)] = -1
    times = [_nullable_times(log, chains.time[order, step]) for step in range(len(plan.steps))]
    columns = {
        "item": log._keys_at(first_row[order]).reset_index(drop=True),
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
    return log._to_times(times)


def _per_group(group: npt.NDArray[np.int32], n_groups: int) -> Counts:
    return np.bincount(group, minlength=n_groups).astype(np.int64)


def _by_step(groups: list[npt.NDArray[np.int32]], n_groups: int) -> Counts:
    return np.column_stack([_per_group(group, n_groups) for group in groups])


def _one_before(reached: Counts) -> Counts:
    before = np.zeros_like(reached)
    before[:, 1:] = reached[:, :-1]
    return before


def _times(
    log: StageLog,
    chains: Chains,
    group: npt.NDArray[np.int32],
    kept: npt.NDArray[np.intp],
    n: int,
    quantiles: Mapping[str, _core.Quantile],
) -> dict[str, pd.Series]:
    """Summarise the times from the previous step and from the first, a row for each group and step."""
    columns = {}
    for name in ("previous", "first"):
        lengths = []
        for one in kept:
            of_group = chains.time[group == one]
            for step in range(n):
                start = 0 if name == "first" else step - 1
                ends = of_group[:, [max(start, 0), step]]
                known = (ends != NAT).all(axis=1) & (start not in (-1, step))
                lengths.append(ends[known, 1] - ends[known, 0])
        summaries = [summarised(one, list(quantiles.values())) for one in lengths]
        for place, statistic in enumerate(("mean", *quantiles)):
            column = to_durations([summary[place] for summary in summaries], log.unit)
            columns[f"{statistic}_from_{name}"] = column
    return columns


def summarised(lengths: npt.NDArray[np.int64], quantiles: list[_core.Quantile]) -> list[Fraction | None]:
    """Return the exact mean and quantiles of lengths of time, which may be negative."""
    if not len(lengths):
        return [None] * (1 + len(quantiles))
    # The core summarises what is not negative; a shift moves all its answers alike.
    least = int(lengths.min())
    sample = (lengths - least).astype(np.uint64)
    n = len(sample)
    found = _core.summarise_durations(_core.VisitCounts(n, n, 0, n), [sample], quantiles)
    return [least + one.whole + Fraction(one.rest, one.of) for one in (found.mean, *found.quantiles)]
