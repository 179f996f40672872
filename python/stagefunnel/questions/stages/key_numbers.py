"""The key numbers of a period, and by how much those of two periods differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.options import BasisName
from ...times.periods import PeriodLike, moment_of, period_of
from ...times.stamps import NAT, to_lengths
from ...working_hours import WorkingHours
from ..funnel.funnel import outcomes
from ..scope.selection import Selection, selection_of
from ..scope.within import partly_covered
from ..scope.working import Lengths
from ..stats.bounds import normal_quantile
from ..stats.comparisons import differences, score_tests
from ..stats.proportions import wilson_bounds
from .velocity import cycle_times

_SCOPE: Final = ("unlisted", "missing", "as_of")
_COUNTS: Final = ("created", "won", "lost")
_HALF: Final = 0.5
_TESTED: Final = 4  # created, won, the win rate and the median: five tiles have four tests


def key_numbers(
    log: StageLog,
    pipeline: Pipeline,
    periods: Sequence[PeriodLike | None],
    *,
    basis: BasisName,
    confidence: float,
    money: Mapping[str, Any],
    calendar: WorkingHours | None,
    scope: Mapping[str, Any],
) -> pd.DataFrame:
    """Count what is created, won, lost and open in each of some periods, and how long it takes to win.

    Parameters
    ----------
    log, pipeline
        The stage history, as conditions leave it, and the stages.
    periods
        The periods; ``None``: the whole log.
    basis
        ``"active"``: each number has its own date, and counts what was created in the period, won or lost in
        it, and open at its end. Of another basis all numbers are about the same items.
    confidence
        How sure the bounds are.
    money, calendar, scope
        Options about amounts; the working hours; ``unlisted``, ``missing`` and ``as_of``.

    Returns
    -------
    DataFrame
        One row per period: ``created``, ``won``, ``lost``, ``open``; ``closed``, the won and the lost, and
        ``win_rate`` of them with its bounds; ``median``, the time from the first row to the end of the won
        items, with its bounds; ``amount_won`` with an amount; ``is_partial``, whether the log covers the
        period only in part.
    """
    options = {name: scope[name] for name in _SCOPE}
    rows = []
    for period in periods:
        one = {**options, "period": period}
        now = outcomes(log, pipeline, basis=basis, **money, **one).iloc[0]
        created = now["base"]
        if basis == "active" and period is not None:
            created = outcomes(log, pipeline, basis="created", **one)["base"].iloc[0]
        numbers = {"created": created, **{name: now[name] for name in ("won", "lost", "open")}}
        if "amount_won" in now:
            numbers["amount_won"] = now["amount_won"]
        times = _median(selection_of(log, pipeline, basis=basis, **one), calendar, confidence)
        rows.append({**numbers, **times, "is_partial": is_partial(log, period, scope["as_of"])})
    return with_win_rates(pd.DataFrame(rows), confidence)


def with_win_rates(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Add the closed items of each row, and the share of them that is won, with its bounds."""
    table["closed"] = table["won"] + table["lost"]
    won, closed = (table[name].to_numpy(dtype=np.float64) for name in ("won", "closed"))
    table["win_rate"] = np.divide(won, closed, out=np.full(len(won), np.nan), where=closed > 0)
    table["win_rate_low"], table["win_rate_high"] = wilson_bounds(won, closed, confidence)
    return table


def changes(table: pd.DataFrame, confidence: float, n_choices: int = 1) -> pd.DataFrame:
    """Compare the key numbers of the first of two periods with those of the second.

    Parameters
    ----------
    table
        Two rows of :func:`key_numbers`, or of a group in two periods.
    confidence
        How sure the bounds are, and what is clear.
    n_choices
        How many such pairs a reader can look at: so much stricter are the tests.

    Returns
    -------
    DataFrame
        One row per number: ``now``, ``before``; ``change`` with its bounds: a difference of win rates, and of
        counts the ratio less 1; ``clear``: chance alone does not make it, tested at a level for all numbers
        together (Bonferroni's). The bounds of a ratio are those of the share of one of two Poisson counts.
        Items that are open may be in both periods, so that their change has no bounds. Two medians differ
        clearly where their own bounds do not meet.
    """
    a, b = table.iloc[0], table.iloc[1]
    strict = 1 - (1 - confidence) / (_TESTED * n_choices)
    found = {name: _change_of_counts(a[name], b[name], confidence, strict) for name in _COUNTS}
    nothing = {"low": np.nan, "high": np.nan, "clear": False}
    found["open"] = {"change": _ratio(a["open"], b["open"]), **nothing}
    if "amount_won" in table:
        found["amount_won"] = {"change": _ratio(a["amount_won"], b["amount_won"]), **nothing}
    found["win_rate"] = _change_of_rates(a, b, confidence, strict)
    apart = a["median_low"] > b["median_high"] or a["median_high"] < b["median_low"]
    found["median"] = {"change": a["median"] - b["median"], **nothing, "clear": bool(apart)}
    return pd.DataFrame(
        [{"number": name, "now": a[name], "before": b[name], **values} for name, values in found.items()]
    ).set_index("number")


def _change_of_counts(now: float, before: float, confidence: float, strict: float) -> dict[str, Any]:
    """Compare two counts: of both together, the share of one says how many times the other it is.

    Of several tests each has to be surer, `strict`, so that all of them together are as sure as one.
    """
    low, high = (float(one[0]) for one in wilson_bounds([now], [now + before], confidence))
    bounds = [np.inf if share == 1 else share / (1 - share) - 1 for share in (low, high)]
    strictly = wilson_bounds([now], [now + before], strict)
    is_clear = bool(strictly[0][0] > _HALF or strictly[1][0] < _HALF)
    return {"change": _ratio(now, before), "low": bounds[0], "high": bounds[1], "clear": is_clear}


def _change_of_rates(a: pd.Series, b: pd.Series, confidence: float, strict: float) -> dict[str, Any]:
    won, closed, won_before, closed_before = (
        np.array([float(one[name])]) for one in (a, b) for name in ("won", "closed")
    )
    found = differences(won, closed, won_before, closed_before, confidence)
    change, low, high = (float(values[0]) for values in found)
    p_value = float(score_tests(won, closed, won_before, closed_before)[0])
    return {"change": change, "low": low, "high": high, "clear": p_value < 1 - strict}


def _ratio(now: float, before: float) -> float:
    return now / before - 1 if before else float("nan")


def _median(selection: Selection, calendar: WorkingHours | None, confidence: float) -> dict[str, Any]:
    """Find the median of how long the won items took, with its bounds; missing where none is won."""
    _, took, unit = times_to_win(selection, calendar)
    return {name: values[0] for name, values in medians([took], unit, confidence).items()}


def times_to_win(
    selection: Selection, calendar: WorkingHours | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], str | None]:
    """Return the won items whose start is known, how long each took, and the unit of these lengths."""
    lengths = Lengths.of(selection.data, calendar)
    outcome = _core.funnel.outcomes_of_items(
        journeys=selection.journeys,
        pipeline=selection.lookup,
        lost_then_won=_core.funnel.LostThenWon.include,
        threads=selection.data.threads,
    )
    return (*cycle_times(selection, outcome, lengths), lengths.unit)


def medians(times: Sequence[npt.NDArray[np.int64]], unit: str | None, confidence: float) -> dict[str, Any]:
    """Return the median of each of some lists of times, with its bounds, as lengths of time."""
    numbers = np.array([median_bounds(took, confidence) for took in times]).reshape(len(times), 3).T
    names = ("median", "median_low", "median_high")
    if unit is None:
        return dict(zip(names, numbers.tolist(), strict=True))
    ticks = np.where(np.isnan(numbers), NAT, np.nan_to_num(numbers).round()).astype(np.int64)
    return {name: to_lengths(of_name, unit) for name, of_name in zip(names, ticks, strict=True)}


def median_bounds(times: npt.NDArray[np.int64], confidence: float) -> tuple[float, float, float]:
    """Return the median of some times and its bounds, two of the times; NaN where there are too few."""
    n = len(times)
    if not n:
        return float("nan"), float("nan"), float("nan")
    ordered = np.sort(times)
    below, above = median_ranks(n, confidence)
    is_known = below >= 1 and above <= n
    low, high = (float(ordered[at - 1]) if is_known else float("nan") for at in (below, above))
    return float(np.median(ordered)), low, high


def median_ranks(n: int, confidence: float) -> tuple[int, int]:
    """Return the ranks, from 1 on, of the two of n times that are the bounds of their median.

    Half of the times is below the median, give or take z √n / 2 of them: W. J. Conover, "Practical
    Nonparametric Statistics", 1999, section 3.2. A rank below 1 or above n is not there.
    """
    away = normal_quantile(confidence) * math.sqrt(n) / 2
    return math.floor(n / 2 - away), math.ceil(n / 2 + away + 1)


def is_partial(log: StageLog, period: PeriodLike | None, as_of: Any) -> bool:
    """Check whether the log covers a period only in part, or not at all."""
    if period is None:
        return False
    clock = log._data.clock
    start, end = period_of(period, clock).ticks(clock)
    if start is None or end is None:
        return False
    seen_at = moment_of(as_of, clock, "as_of")
    times, observed = log._data.time_range, log._data.end_of_observation(seen_at)
    if times is None or observed is None or observed <= start or end <= times[0]:
        return True  # the log covers nothing of it
    return bool(partly_covered(log._data, seen_at, np.array([start, end]), [""]))
