"""Confidence bounds of the shares of sequences: those that are proportions of items."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..stats.share_bounds import NO_BASE, Base, with_bounds
from .about import SequenceAbout

_OF_STEPS = ("conversion_from_first", "conversion_from_previous", "conversion_from_all")


def with_step_bounds(
    table: pd.DataFrame,
    confidence: float | None,
    about: SequenceAbout,
    attribution: str,
    base: npt.NDArray[np.int64],
) -> pd.DataFrame:
    """Put bounds on the shares of the steps; `base` has the items of each group that the table shows."""
    if confidence is None:
        return table
    if not _counts_items_once(about, attribution):
        return with_bounds(table, confidence, {share: Base("reached", NO_BASE) for share in _OF_STEPS})
    steps = about.steps
    n_steps = len(steps.labels)
    reached = table["reached"].to_numpy(dtype=np.float64).reshape(-1, n_steps)
    before = np.full(reached.shape, np.nan)
    before[:, 1:] = reached[:, :-1]
    # Whoever did a step need not have done an optional one before it.
    before[:, [number for number in sorted(steps.optional) if number < n_steps]] = np.nan
    nobs = (np.repeat(reached[:, :1], n_steps, axis=1), before, np.repeat(base, n_steps))
    bases = {share: Base("reached", of.reshape(-1)) for share, of in zip(_OF_STEPS, nobs, strict=True)}
    return with_bounds(table, confidence, bases)


def with_trend_bounds(
    table: pd.DataFrame, confidence: float | None, about: SequenceAbout, attribution: str, n_in_several: int
) -> pd.DataFrame:
    """Put bounds on the conversions of a trend; where items enter in several periods there are none."""
    if confidence is None:
        return table
    are_items = _counts_items_once(about, attribution) and not n_in_several
    bases = {
        "conversion": Base("converted", table["entered"] if are_items else NO_BASE),
        "conversion_mature": Base("converted_mature", table["mature"] if are_items else NO_BASE),
    }
    return with_bounds(table, confidence, bases)


def _counts_items_once(about: SequenceAbout, attribution: str) -> bool:
    """Check that no item counts in two lines of a group, or in two groups."""
    return about.steps.entries != "all" and attribution != "all_events"
