"""Confidence bounds of a funnel's shares: which of them are proportions of items, and of how many."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...pipeline import Pipeline
from ...tables.build import rows_before
from ..scope.groups import ONE_GROUP, Groups
from ..stats.share_bounds import NO_BASE, Base, with_bounds
from .counts import FunnelCounts

#: The kinds in which all items of a bar are in the bar before it.
NESTED = ("furthest", "strict")


def with_funnel_bounds(
    table: pd.DataFrame,
    pipeline: Pipeline,
    counted: Mapping[str, FunnelCounts],
    confidence: float | None,
    groups: Groups = ONE_GROUP,
    *,
    share_items: bool = False,
) -> pd.DataFrame:
    """Put bounds on the shares of a table that was built of these counts.

    Where groups `share_items`, or are read at the stages, no share has bounds: side by side they would be
    taken for those of sets that have nothing in common.
    """
    if confidence is None:
        return table
    if share_items or groups.each == "row":
        return with_bounds(table, confidence, {share: Base(of, NO_BASE) for share, of in _SHARES.items()})
    nobs = [_bases(pipeline, kind, counts, groups) for kind, counts in counted.items()]
    return with_bounds(
        table,
        confidence,
        {
            share: Base(of, np.concatenate([one[share] for one in nobs]) if nobs else NO_BASE)
            for share, of in _SHARES.items()
        },
    )


_SHARES = {
    "conversion_from_all": "reached",
    "conversion_from_previous": "reached",
    "skip_rate": "skipped",
    "loss_rate": "lost_from",
}


def _bases(
    pipeline: Pipeline, kind: str, counts: FunnelCounts, groups: Groups
) -> dict[str, npt.NDArray[np.float64]]:
    """Count what the shares of one kind are of, row by row."""
    shown = groups.shown(counts.counts_something(groups.each))
    reached = (counts.passed + counts.assumed)[shown].astype(np.float64)
    base = np.broadcast_to(counts.base[shown][:, np.newaxis], reached.shape)
    nobs = {
        "conversion_from_all": base,
        "conversion_from_previous": _before(pipeline, reached, base) if kind in NESTED else reached * np.nan,
        "skip_rate": (counts.skipped + counts.beyond)[shown],
        "loss_rate": counts.visited[shown],
    }
    return {share: np.asarray(of, dtype=np.float64).reshape(-1) for share, of in nobs.items()}


def _before(
    pipeline: Pipeline, reached: npt.NDArray[np.float64], base: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the bar that each bar is compared with."""
    above = np.array(rows_before(pipeline), dtype=np.intp)
    before = np.full(reached.shape, np.nan)
    has_one = np.flatnonzero(above >= 0)
    before[:, has_one] = reached[:, above[has_one]]
    before[:, len(above) :] = base[:, len(above) :]
    return before
