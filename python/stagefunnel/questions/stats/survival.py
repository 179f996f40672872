"""How long it takes until one thing happens, on plain arrays of which some are still open."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given
from .bounds import Floats, check_confidence, survival_bounds
from .incidence import known_rows, row_groups, row_times, with_groups
from .spell_arrays import read_spells, wanted_times
from .spell_cells import SpellCells
from .spells import CurveSpells, Spells

QUARTILES: Final = (0.25, 0.5, 0.75)
_TOLERANCE: Final = 1e-8  # a curve that is as near to a share is flat at it


def kaplan_meier(
    time: Any,
    event: Any,
    *,
    entry: Any = None,
    group: Any = None,
    times: Any = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate the share that is still there at each time, though some are watched for less.

    It is Kaplan's and Meier's estimate, with Greenwood's error and log-log bounds.

    Parameters
    ----------
    time
        How long each spell lasted, or was watched: numbers, or lengths of time.
    event
        Whether it ended: booleans, or 1 and 0; missing is no.
    entry, group, times, confidence
        As for :func:`cumulative_incidence`.

    Returns
    -------
    DataFrame
        One row per group and time: ``group`` (where there are groups), ``time``, ``at_risk`` (just before
        it), ``events`` (since the row before), ``survival``, ``se``, ``low``, ``high``. A survival of 1 or 0
        has no bounds.

    Raises
    ------
    SchemaError
        As for :func:`cumulative_incidence`; also if an event is neither yes nor no.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> table = sf.stats.kaplan_meier([2, 4, 5, 8], [True, True, False, True])
    >>> table[["time", "at_risk", "events", "survival"]]
       time  at_risk  events  survival
    0     2        4       1      0.75
    1     4        3       1      0.50
    2     8        1       1      0.00
    """
    share = check_confidence(confidence)
    spells = read_spells(time, event, entry, group, one_event=True)
    wanted = None if times is None else wanted_times(spells, times)
    curves = spells.curves(wanted)
    known = known_rows(spells, curves, wanted)
    survival = np.where(known, curves.survival, np.nan)
    error = np.sqrt(np.where(known, np.maximum(curves.survival_variance, 0), np.nan))
    low, high = survival_bounds(survival, error, share)
    columns = {
        "time": row_times(spells, curves, wanted),
        "at_risk": curves.at_risk,
        "events": curves.events,
        "survival": survival,
        "se": error,
        "low": low,
        "high": high,
    }
    return with_groups(columns, spells, row_groups(curves.bounds))


def survival_quantiles(
    time: Any,
    event: Any,
    *,
    entry: Any = None,
    group: Any = None,
    quantiles: Sequence[float] = QUARTILES,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate by when a share has ended: the median and other quantiles of times of which some are open.

    Parameters
    ----------
    time, event, entry, group, confidence
        As for :func:`kaplan_meier`.
    quantiles
        Shares between 0 and 1.

    Returns
    -------
    DataFrame
        One row per group and quantile: ``group`` (where there are groups), ``quantile``, ``value`` (the first
        time by which that share has ended; the middle where the curve is flat at it), ``low``, ``high``
        (where the bounds of the curve get there: Brookmeyer and Crowley). Missing where the curve does not
        get there.

    Raises
    ------
    SchemaError
        As for :func:`kaplan_meier`; also if a quantile is not between 0 and 1.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.survival_quantiles([2, 4, 6, 8], [1, 1, 1, 0], quantiles=[0.5, 0.9])[["quantile", "value"]]
       quantile  value
    0       0.5    5.0
    1       0.9    NaN
    """
    share = check_confidence(confidence)
    shares = _shares(quantiles)
    spells = read_spells(time, event, entry, group, one_event=True)
    curves = spells.curves()
    found = curve_quantiles(spells, curves, shares, share)
    columns = {
        "quantile": np.tile(shares, spells.n_groups),
        **{name: times_of_numbers(values.ravel(), spells) for name, values in found.items()},
    }
    return with_groups(columns, spells, np.repeat(np.arange(spells.n_groups), len(shares)))


def restricted_mean(time: Any, event: Any, *, tau: Any, entry: Any = None, group: Any = None) -> pd.DataFrame:
    """Estimate the mean time up to a limit, of times of which some are open: the area below the curve.

    Parameters
    ----------
    time, event, entry, group
        As for :func:`kaplan_meier`.
    tau
        The limit: longer times count as this long.

    Returns
    -------
    DataFrame
        One row per group: ``group`` (where there are groups), ``tau``, ``mean``, ``se``; missing where nobody
        was watched until `tau` and some were still there.

    Raises
    ------
    SchemaError
        As for :func:`kaplan_meier`; also if `tau` is not a positive number or length of time.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.restricted_mean([2, 4, 5, 8], [1, 1, 0, 1], tau=6).round(3)
       tau  mean     se
    0    6   4.5  0.829
    """
    spells = read_spells(time, event, entry, group, one_event=True)
    limit = wanted_times(spells, [tau], "tau")
    wanted_tau = numbers_of_times(limit.times)[0]
    if not wanted_tau > 0:
        raise SchemaError(given("tau", tau), " is not after the beginning; give a positive length")
    curves = spells.curves()
    mean, error = restricted_means(spells, curves, np.full(spells.n_groups, wanted_tau))
    columns = {
        "tau": np.repeat(limit.times, spells.n_groups),
        "mean": times_of_numbers(mean, spells),
        "se": times_of_numbers(error, spells),
    }
    return with_groups(columns, spells, np.arange(spells.n_groups))


def curve_quantiles(
    spells: Spells | SpellCells | CurveSpells,
    curves: _core.stats.IncidenceCurves,
    shares: Floats,
    confidence: float | None,
) -> dict[str, Floats]:
    """Read quantiles off the curves of groups at their events: a row per group, a column per share.

    Without a confidence there are values alone, and no bounds.
    """
    times = numbers_of_times(spells.scale.times(curves.time))
    last = numbers_of_times(spells.scale.times(spells.last_exit))
    ended = {"value": 1 - curves.survival}
    if confidence is not None:
        error = np.sqrt(np.maximum(curves.survival_variance, 0))
        low, high = survival_bounds(curves.survival, error, confidence)
        ended |= {"low": 1 - low, "high": 1 - high}
    bounds = curves.bounds
    return {
        name: np.stack([crossings(times, one, bounds, share, last) for share in shares.tolist()], axis=1)
        if len(shares)
        else np.zeros((spells.n_groups, 0))
        for name, one in ended.items()
    }


def crossings(
    times: Floats, ended: Floats, bounds: npt.NDArray[np.int64], share: float, last: Floats
) -> Floats:
    """Return where each rising curve gets to a share: the middle of the flat stretch that is exactly there.

    Curve i has the rows from ``bounds[i]`` to ``bounds[i + 1]``, and is watched until ``last[i]``.
    """
    found = np.full(len(bounds) - 1, np.nan)
    some = np.flatnonzero(np.diff(bounds) > 0)
    if share == 0 or not len(some):
        found[some] = 0.0
        return found
    begins, ends, n = bounds[some], bounds[some + 1], len(times)
    place = np.arange(n)
    # What is not known is at no share.
    first = np.minimum.reduceat(np.where(ended >= share - _TOLERANCE, place, n), begins)
    beyond = np.minimum.reduceat(np.where(ended >= share + _TOLERANCE, place, n), begins)
    # A curve that ends at the share is known to stay there until the last spell is over, if it is known.
    stays = np.where(np.isnan(ended[ends - 1]), np.nan, last[some])
    until = np.where(beyond < n, times[np.minimum(beyond, n - 1)], stays)
    found[some] = np.where(first < n, (times[np.minimum(first, n - 1)] + until) / 2, np.nan)
    return found


def crossing(times: Floats, ended: Floats, share: float, last: float) -> float:
    """Return where one rising curve gets to a share."""
    return float(crossings(times, ended, np.array([0, len(times)]), share, np.array([last]))[0])


def restricted_means(
    spells: Spells | SpellCells | CurveSpells, curves: _core.stats.IncidenceCurves, tau: Floats
) -> tuple[Floats, Floats]:
    """Return the restricted mean of each group up to its `tau`, and its error."""
    times = numbers_of_times(spells.scale.times(curves.time))
    last = numbers_of_times(spells.scale.times(spells.last_exit))
    mean, error = np.full(spells.n_groups, np.nan), np.full(spells.n_groups, np.nan)
    for group, (begin, end) in enumerate(itertools.pairwise(curves.bounds)):
        inside = slice(begin, begin + int(np.searchsorted(times[begin:end], tau[group], side="right")))
        survival = curves.survival[inside]
        left = survival[-1] if len(survival) else 1.0
        # Where there is no spell, the last moment is no number, which nothing is before.
        if np.isnan(tau[group]) or (left > 0 and not tau[group] <= last[group]):
            continue
        steps = np.diff(np.concatenate([[0.0], times[inside], tau[group : group + 1]]))
        areas = steps * np.concatenate([[1.0], survival])
        at_risk, events = curves.at_risk[inside], curves.events[inside]
        rest = at_risk * (at_risk - events)
        after = np.cumsum(areas[::-1])[::-1][1:]  # the area behind each event
        shares = np.divide(events, rest, out=np.zeros(len(rest)), where=rest > 0)
        mean[group], error[group] = areas.sum(), np.sqrt(np.sum(after**2 * shares))
    return mean, error


def numbers_of_times(times: npt.NDArray[Any]) -> Floats:
    """Write times as numbers, lengths of time in nanoseconds."""
    return (times.view(np.int64) if times.dtype.kind == "m" else times).astype(np.float64)


def times_of_numbers(numbers: Floats, spells: Spells | SpellCells) -> Any:
    """Turn such numbers back into lengths of time, where these are the times of the spells."""
    if spells.scale.kind != "timedelta":
        return numbers
    return pd.to_timedelta(pd.Series(numbers).round(), unit="ns").to_numpy()


def _shares(quantiles: Any) -> Floats:
    if isinstance(quantiles, str) or not isinstance(quantiles, Iterable):
        raise SchemaError(given("quantiles", quantiles), " is not a list of shares, such as [0.25, 0.5]")
    try:
        shares = np.array([float(share) for share in quantiles])
    except (TypeError, ValueError):
        raise SchemaError(
            given("quantiles", quantiles), " is not a list of shares, such as [0.25, 0.5]"
        ) from None
    wrong = shares[~((shares >= 0) & (shares <= 1))]
    if len(wrong):
        raise SchemaError(given("quantiles", float(wrong[0])), " is not between 0 and 1")
    return shares
