"""The tables of sequences, made from the matches that the core finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...log.stage_log import StageLog
from ...tables.build import share
from ...tables.labels import value_labels
from ...tables.options import AttributionName
from ...tables.schema import SEQUENCE, SEQUENCE_ITEMS, STOPS
from ...times.stamps import NAT, to_durations
from ..counted.folding import largest
from ..scope.groups import Groups
from ..stages.durations import QUANTILES, quantiles_of
from ..stats.share_bounds import read_confidence
from ..stats.standouts import find_standouts
from .bounds import with_step_bounds
from .counts import SequenceCounted, StepCounts
from .matches import LEFT_OUT, Matches

Numbers: TypeAlias = npt.NDArray[np.int64]


def sequence_table(
    counted: SequenceCounted,
    *,
    top: int | None = None,
    attribution: AttributionName = "first_touch",
    quantiles: Sequence[float] | None = QUANTILES,
    confidence: float | None = None,
) -> pd.DataFrame:
    """Build the table of :func:`sequence_funnel`: one row per step, per group that has an item."""
    sure = read_confidence(confidence)
    if counted.sizes is not None:
        counted = largest(counted, counted.groups, counted.sizes, top)
    groups, about, counts = counted.groups, counted.about, counted.counts
    kept = groups.shown(counts.items > 0)
    base = (counts.items - counts.left_out)[kept]
    table = _columns(counted, kept, base, quantiles)
    if not groups.is_one:
        values = groups.values.iloc[np.repeat(kept, len(about.steps.labels))].reset_index(drop=True)
        table = pd.concat([values, table], axis="columns")
    about.remember(
        table,
        "sequence_funnel",
        items=int(counts.items.sum()),
        left_out=int(counts.left_out.sum()),
        by=groups.names,
        **_standouts(counts, groups, attribution),
    )
    return with_step_bounds(table, sure, about, attribution, base)


def _columns(
    counted: SequenceCounted, kept: npt.NDArray[np.intp], base: Numbers, quantiles: Sequence[float] | None
) -> pd.DataFrame:
    """Build the columns of some groups; without quantiles there are none of times."""
    counts, labels, unit = counted.counts, counted.about.steps.labels, counted.about.unit
    n = len(labels)
    reached = counts.reached[kept]
    columns: dict[str, Any] = {
        "step": np.tile(np.arange(1, n + 1), len(kept)),
        "label": pd.Series(list(labels) * len(kept), dtype=object).astype("str"),
        "reached": reached.ravel(),
        "dropped": counts.dropped[kept].ravel(),
        "immature": counts.immature[kept].ravel(),
        "conversion_from_first": share(reached, reached[:, :1]).ravel(),
        "conversion_from_previous": share(reached, _one_before(reached)).ravel(),
        "conversion_from_all": share(reached, base[:, np.newaxis]).ravel(),
    }
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE})
    if quantiles is None:
        return table
    shares = quantiles_of(quantiles)
    cells = [group * n + step for group in kept.tolist() for step in range(n)]
    for start, times in zip(("previous", "first"), counted.both_times(), strict=True):
        exact = times.exact(list(shares.values()), cells)
        for place, statistic in enumerate(("mean", *shares)):
            table[f"{statistic}_from_{start}"] = to_durations([one[place] for one in exact], unit)
    return table


def _standouts(counts: StepCounts, groups: Groups, attribution: AttributionName) -> dict[str, str]:
    """Record the groups whose conversion from the first to the last step stands out."""
    # With all events an item may be in several groups, which cannot be compared with the rest.
    if groups.is_one or attribution == "all_events":
        return {}
    entered, pending = counts.reached[:, 0], counts.immature.sum(axis=1)
    columns = [value_labels(groups.values[name]) for name in groups.names]
    labels = list(zip(*columns, strict=True))
    found = find_standouts(labels, counts.reached[:, -1], entered, pending, entered)
    return {"standouts": json.dumps(found.as_plain())}


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
