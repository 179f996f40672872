"""The largest groups of a trend: those of the funnel of all its periods together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...times.periods import Period, begin_of
from ..scope.groups import Groups
from ..scope.scope import Scope
from ..scope.selection import selection_of
from .count import largest_groups
from .kinds import Rule


def largest_of_trend(
    log: StageLog,
    pipeline: Pipeline,
    periods: pd.PeriodIndex,
    groups: Groups,
    rules: Sequence[Rule],
    top: int | None,
    **options: Any,
) -> Groups:
    """Fold all but the largest groups of the funnel of the whole stretch into one.

    So the groups of all periods are the same. The options are those of :func:`selection_of`.
    """
    if top is None or not len(periods):
        return groups
    clock = log._data.clock
    stretch = Period(begin_of(periods[0], clock), begin_of(periods[-1] + 1, clock))
    flips = [rule.lost_then_won for rule in rules]
    selection = selection_of(log, pipeline, period=stretch, flips=flips, **options)
    return largest_groups(Scope(selection, groups), rules, top)
