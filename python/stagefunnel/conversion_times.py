"""How long it takes from one step of a sequence to another, as a histogram."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any, Unpack

import numpy as np
import pandas as pd

from .errors import SchemaError
from .log import StageLog
from .schema import CONVERSION_TIMES, share
from .sequence_chains import chains_of
from .sequence_question import SequenceRules, question_of, remember_rules, steps_between
from .times import to_durations

_MOST_BINS, _USUAL_BINS = 10_000, 60


def time_to_convert(
    log: StageLog,
    steps: Any,
    *,
    from_step: int | None = None,
    to_step: int | None = None,
    bins: int | None = None,
    as_of: Any = None,
    **rules: Unpack[SequenceRules],
) -> pd.DataFrame:
    """Count how long chains take from one step to another.

    Parameters
    ----------
    log, steps
        The stage history and the steps.
    from_step, to_step
        Step numbers, by default the first and the last one.
    bins
        The number of bins; by default the cube root of the number of chains, rounded up, 60 at most.
    as_of
        As for :func:`sequence_funnel`.
    **rules
        What makes a chain, as for :func:`sequence_funnel`: ``window=``, ``mode=`` and so on.

    Returns
    -------
    DataFrame
        One row per bin: ``start`` and ``end`` (timedeltas, or floats where the log's times are plain
        integers), ``count`` of the chains that did both steps in a time from ``start`` to before ``end``, in
        the last bin its end included; ``share`` of these chains, ``share_to_date`` of this bin and those
        before. Bins are equally wide: the distance of the longest and the shortest time, over the number of
        bins, rounded up to the unit of the log's times. Without such chains there are no bins.

    Raises
    ------
    SchemaError
        As for :func:`sequence_funnel`; also for a number of bins that is none.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 3], "stage": ["visit", "order"] * 3, "time": [0, 2, 0, 3, 0, 9]}
    >>> sf.time_to_convert(sf.StageLog(rows), ["visit", "order"])
       start  end  count     share  share_to_date
    0    2.0  6.0      2  0.666667       0.666667
    1    6.0  9.0      1  0.333333       1.000000
    """
    if bins is not None and (
        isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= _MOST_BINS
    ):
        raise SchemaError(f"bins={bins!r} is not a whole number from 1 to {_MOST_BINS:,}")
    question = question_of(log, steps, as_of, rules)
    start, end = steps_between(question, from_step, to_step)
    chains = chains_of(log, question.plan, question.as_of)
    both = chains.done[:, start - 1] & chains.done[:, end - 1]
    lengths = np.sort(chains.time[both, end - 1] - chains.time[both, start - 1])
    edges = _edges(lengths, bins)
    counts = np.histogram(lengths, edges)[0].astype(np.int64) if len(edges) else np.zeros(0, dtype=np.int64)
    columns = {
        "start": to_durations(edges[:-1].tolist(), log.unit),
        "end": to_durations(edges[1:].tolist(), log.unit),
        "count": counts,
        "share": share(counts, counts.sum()),
        "share_to_date": share(counts.cumsum(), counts.sum()),
    }
    table = pd.DataFrame({name: columns[name] for name in CONVERSION_TIMES})
    median = to_durations([_median(lengths)], log.unit).iloc[0] if len(lengths) else None
    told: dict[str, Any] = {"from_step": start, "to_step": end}
    told["median"] = median if median is None or log.unit is None else str(median)
    remember_rules(table, "time_to_convert", question, **told)
    return table


def _median(lengths: Any) -> Fraction:
    n = len(lengths)
    return Fraction(int(lengths[(n - 1) // 2]) + int(lengths[n // 2]), 2)


def _edges(lengths: Any, bins: int | None) -> Any:
    """Cut the times into bins; the last one ends with the longest of them."""
    if not len(lengths):
        return np.zeros(0, dtype=np.int64)
    shortest, longest = int(lengths[0]), int(lengths[-1])
    n = bins or min(ceil(round(len(lengths) ** (1 / 3), 9)), _USUAL_BINS)
    width = max(1, -(-(longest - shortest) // n))
    starts = np.arange(shortest, max(longest, shortest + 1), width, dtype=np.int64)
    return np.append(starts, longest)
