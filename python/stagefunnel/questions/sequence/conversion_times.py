"""How long it takes from one step of a sequence to another, as a histogram."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import Any, Unpack

import numpy as np
import pandas as pd

from ...errors import check_whole
from ...log.stage_log import StageLog
from ...tables.build import share
from ...tables.options import AttributionName
from ...tables.schema import CONVERSION_TIMES
from ...times.periods import MomentLike
from ...times.stamps import to_durations
from ...working_hours import WorkingHours
from ..counted.folding import largest
from ..scope.where import Where
from .conversion_counts import ConversionsCounted, count_conversions
from .rules import SequenceRules, lists_rules
from .spans import spans_of
from .steps import StepsLike

_MOST_BINS, _USUAL_BINS = 10_000, 60


@lists_rules
def time_to_convert(
    log: StageLog,
    steps: StepsLike,
    *,
    from_step: int | None = None,
    to_step: int | None = None,
    bins: int | None = None,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
    **rules: Unpack[SequenceRules],
) -> pd.DataFrame:
    """Count how long matches take from one step to another, in bins of equal width.

    Parameters
    ----------
    log, steps
        Stage history, and the steps or :class:`Steps`.
    from_step, to_step
        Step numbers, by default those of the first and the last step.
    bins
        Number of bins; by default the cube root of the number of matches, rounded up, 60 at most.
    by, top, attribution, attribution_step, as_of
        As for :func:`sequence_funnel`.
    calendar
        Working hours, as for :func:`time_in_stage`; the rules of a match stay in plain time.
    where
        As for :func:`funnel`.
    **rules
        Rules that decide what a match is, as for :class:`Steps`: ``window=``, ``mode=`` and so on.

    Returns
    -------
    DataFrame
        One row per bin, and per group of `by` that has matches of both steps: ``start`` and ``end``
        (timedeltas, or floats where the log's times are plain integers), ``count`` of the matches that took
        a time from ``start`` to before ``end`` between the two steps (the last bin includes its end),
        ``share`` of all matches of both steps, ``share_to_date`` of this bin and the bins before it. Bins
        are equally wide and the same for all groups: the difference of the longest and the shortest time,
        divided by the number of bins, rounded up to the unit of the log's times. Without matches of both
        steps there are no bins.

    Raises
    ------
    SchemaError
        As for :func:`sequence_funnel`; also if `bins` is not a number of bins.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 3], "stage": ["visit", "order"] * 3, "time": [0, 2, 0, 3, 0, 9]}
    >>> sf.time_to_convert(sf.StageLog(rows), ["visit", "order"])
       start  end  count     share  share_to_date
    0    2.0  6.0      2  0.666667       0.666667
    1    6.0  9.0      1  0.333333       1.000000
    """
    if bins is not None:
        check_whole("bins", bins, _MOST_BINS)
    counts = count_conversions(
        log,
        steps,
        from_step=from_step,
        to_step=to_step,
        by=by,
        top=top,
        attribution=attribution,
        attribution_step=attribution_step,
        as_of=as_of,
        calendar=calendar,
        where=where,
        rules=rules,
    )
    return conversion_table(counts, bins=bins)


def conversion_table(
    counted: ConversionsCounted, *, bins: int | None = None, top: int | None = None
) -> pd.DataFrame:
    """Make the table of :func:`time_to_convert`."""
    if bins is not None:
        check_whole("bins", bins, _MOST_BINS)
    if counted.sizes is not None:
        counted = largest(counted, counted.groups, counted.sizes, top)
    groups, about, unit = counted.groups, counted.about, counted.unit
    lengths, group = counted.listed()
    edges = _edges(lengths, bins)
    n_bins = max(len(edges) - 1, 0)
    n_groups = groups.n_groups
    place = np.searchsorted(edges[1:-1], lengths, side="right")
    counts = np.bincount(group * n_bins + place, minlength=n_groups * n_bins).reshape(n_groups, n_bins)
    kept = np.flatnonzero(counts.sum(axis=1))
    counts = counts[kept].astype(np.int64)
    columns: dict[str, Any] = {
        "start": to_durations(np.tile(edges[:-1], len(kept)).tolist(), unit),
        "end": to_durations(np.tile(edges[1:], len(kept)).tolist(), unit),
        "count": counts.ravel(),
        "share": share(counts, counts.sum(axis=1, keepdims=True)).ravel(),
        "share_to_date": share(counts.cumsum(axis=1), counts.sum(axis=1, keepdims=True)).ravel(),
    }
    table = pd.DataFrame({name: columns[name] for name in CONVERSION_TIMES})
    if not groups.is_one:
        values = groups.values.iloc[np.repeat(kept, n_bins)].reset_index(drop=True)
        table = pd.concat([values, table], axis="columns")
    median = to_durations([_median(np.sort(lengths))], unit).iloc[0] if len(lengths) else None
    start, end = counted.steps
    about.remember(
        table,
        "time_to_convert",
        from_step=start,
        to_step=end,
        by=list(map(str, groups.names)),
        matches=len(lengths),
        median=median if median is None or about.unit is None else str(median),
        spans=_spans(lengths, unit),
        **counted.noted,
    )
    return table


def _spans(lengths: Any, unit: str | None) -> list[list[Any]]:
    """Return the start, the end and the number of each span that people count in, as a table remembers it."""
    a_second = None if unit is None else float(np.timedelta64(1, "s") / np.timedelta64(1, unit))  # type: ignore[call-overload]  # a unit of the log
    found = spans_of(lengths, a_second)
    ends = [to_durations([Fraction(span[side]) for span in found], unit).tolist() for side in (0, 1)]
    texts = [[end if unit is None else str(end) for end in side] for side in ends]
    return [[start, end, n] for start, end, (_, _, n) in zip(*texts, found, strict=True)]


def _median(lengths: Any) -> Fraction:
    n = len(lengths)
    return Fraction(int(lengths[(n - 1) // 2]) + int(lengths[n // 2]), 2)


def _edges(lengths: Any, bins: int | None) -> Any:
    """Cut the times into bins; the last bin ends with the longest time."""
    if not len(lengths):
        return np.zeros(0, dtype=np.int64)
    shortest, longest = int(lengths.min()), int(lengths.max())
    n = bins or min(ceil(round(len(lengths) ** (1 / 3), 9)), _USUAL_BINS)
    width = max(1, -(-(longest - shortest) // n))
    starts = np.arange(shortest, max(longest, shortest + 1), width, dtype=np.int64)
    return np.append(starts, longest)
