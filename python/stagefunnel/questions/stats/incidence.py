"""How often each of several causes has ended a spell by each time, on plain arrays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, check_option, given, is_whole_number
from ...tables.options import ErrorName
from .bounds import check_confidence, incidence_bounds, without_rounding
from .spell_arrays import read_spells, wanted_times
from .spell_cells import SpellCells
from .spells import Spells, Wanted


def cumulative_incidence(
    time: Any,
    event: Any,
    *,
    entry: Any = None,
    group: Any = None,
    times: Any = None,
    confidence: float = 0.95,
    se: ErrorName = "greenwood",
    min_at_risk: int | None = None,
) -> pd.DataFrame:
    """Estimate how many have ended in each way by each time, though some are still open.

    It is Aalen's and Johansen's estimate. An open spell counts for as long as it was watched, and not as one
    that never ends.

    Parameters
    ----------
    time
        How long each spell lasted, or was watched: numbers, or lengths of time.
    event
        What ended it: a label; missing where it was still open (censored). 0 is a label like any other, and
        True and False are refused.
    entry
        From when on each was watched, on the same clock, where that was not from its beginning; missing: from
        the beginning. A spell is at risk at the times after its entry, up to its own.
    group
        A label for each spell; each group has curves of its own.
    times
        The times of the rows; by default each group has those of its events. Lengths of time may be written
        as text, such as ``"36h"``.
    confidence
        How sure the bounds are.
    se
        ``"greenwood"``, or ``"robust"``: the infinitesimal jackknife.
    min_at_risk
        Events at a time at which fewer are at risk are passed over. Without it one event among few early
        entries can end a curve for good.

    Returns
    -------
    DataFrame
        One row per group, cause and time: ``group`` (where there are groups), ``cause``, ``time``,
        ``at_risk`` (just before it), ``events`` (since the row before), ``incidence``, ``se``, ``low``,
        ``high`` and ``open``, the share that nothing has happened to. What is not estimable is NaN: a time
        after the last spell, the high bound of an incidence of 0.

    Raises
    ------
    SchemaError
        If the arrays differ in length, or a time is missing or negative.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> event = ["won", "lost", None, "won"]
    >>> table = sf.stats.cumulative_incidence([2, 4, 5, 8], event, times=[5, 8])
    >>> table[["cause", "time", "at_risk", "events", "incidence", "open"]]
      cause  time  at_risk  events  incidence  open
    0  lost     5        2       1       0.25   0.5
    1  lost     8        1       0       0.25   0.0
    2   won     5        2       1       0.25   0.5
    3   won     8        1       1       0.75   0.0
    """
    check_option("se", se, get_args(ErrorName))
    share = check_confidence(confidence)
    spells = read_spells(time, event, entry, group)
    least = least_at_risk(min_at_risk)
    wanted = None if times is None else wanted_times(spells, times)
    curves = spells.curves(wanted, least)
    variance = spells.robust_variances(wanted, least) if se == "robust" else curves.variance
    known = known_rows(spells, curves, wanted)
    order, cause = rows_by_cause(curves.bounds, len(spells.causes))
    cells = order * max(len(spells.causes), 1) + cause
    incidence = without_rounding(np.where(known[order], curves.incidence[cells], np.nan))
    error = np.sqrt(np.where(known[order], np.maximum(variance[cells], 0), np.nan))
    low, high = incidence_bounds(incidence, error, share)
    columns = {
        "cause": spells.causes.take(cause),
        "time": row_times(spells, curves, wanted)[order],
        "at_risk": curves.at_risk[order],
        "events": curves.events[cells],
        "incidence": incidence,
        "se": error,
        "low": low,
        "high": high,
        "open": np.where(known, curves.survival, np.nan)[order],
    }
    return with_groups(columns, spells, row_groups(curves.bounds)[order])


def least_at_risk(min_at_risk: Any) -> int:
    """Read how many have to be at risk for an event to count."""
    if min_at_risk is None:
        return 0
    if not is_whole_number(min_at_risk) or min_at_risk < 0:
        raise SchemaError(given("min_at_risk", min_at_risk), " is not a whole number, such as 5")
    return min(int(min_at_risk), np.iinfo(np.int64).max)


def rows_by_cause(
    bounds: npt.NDArray[np.int64], n_causes: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Put the rows of each group once for each cause; return the row and the cause of each place."""
    sizes = np.diff(bounds)
    rows = [np.tile(np.arange(begin, end), n_causes) for begin, end in itertools.pairwise(bounds)]
    causes = [np.repeat(np.arange(n_causes), size) for size in sizes]
    empty = np.zeros(0, dtype=np.int64)
    return np.concatenate([empty, *rows]), np.concatenate([empty, *causes])


def row_groups(bounds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the group of each row of curves."""
    return np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))


def row_times(
    spells: Spells | SpellCells, curves: _core.stats.IncidenceCurves, wanted: Wanted | None
) -> npt.NDArray[Any]:
    """Return the times of the rows of curves, as people read them."""
    return spells.scale.times(curves.time) if wanted is None else wanted.times[curves.time]


def known_rows(
    spells: Spells | SpellCells, curves: _core.stats.IncidenceCurves, wanted: Wanted | None
) -> npt.NDArray[np.bool_]:
    """Flag the rows that are estimable: nobody knows what happens after the last spell of a group."""
    if wanted is None:
        return np.ones(len(curves.time), dtype=bool)
    last = spells.last_exit[row_groups(curves.bounds)]
    return (wanted.above[curves.time] <= last) | (curves.survival <= 0)


def with_groups(
    columns: dict[str, Any], spells: Spells | SpellCells, group: npt.NDArray[np.int64] | Sequence[int]
) -> pd.DataFrame:
    """Make a table, with the label of each row's group before its columns where there are groups."""
    if spells.groups is None:
        return pd.DataFrame(columns, copy=False)  # they are of nobody else
    if not len(spells.groups):  # no spell has a group, and what is known of none is said of no group
        columns, group = {name: values[:0] for name, values in columns.items()}, []
    return pd.DataFrame({"group": spells.groups.take(np.asarray(group, dtype=np.intp)), **columns})
