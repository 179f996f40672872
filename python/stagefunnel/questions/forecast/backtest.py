"""How well the forecast would have held at past dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, check_option, given, named
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember
from ...tables.options import (
    AmountAtName,
    EveryName,
    ForecastIntervalName,
    ForecastName,
    MissingStages,
    Unlisted,
)
from ...tables.schema import BACKTEST, BACKTEST_AMOUNTS, BACKTEST_CRM
from ...times.every import check_every
from ...times.lengths import LengthLike, ends_of, length_of, length_text
from ...times.periods import FREQUENCIES, Clock, MomentLike, begin_of, moment_of, moments_of
from ...working_hours import WorkingHours
from ..funnel.outcome_money import check_amount_at
from ..scope.breakdown import by_columns
from ..scope.conditions import columns_of_where
from ..scope.groups import ONE_GROUP
from ..scope.money import Rates, amounts_of
from ..scope.today import columns_of_today, refuse_of_today
from ..scope.where import Asked, Where, asked_of
from ..stats.bounds import check_confidence
from .calibration import Calibration
from .crm_chances import crm_chances, is_of_log
from .exits import Floats
from .lines import Lines, check_draws
from .past import Past
from .win_probability import check_seed

_MOST_DATES: Final = 1_000


def backtest(
    log: StageLog,
    pipeline: Pipeline,
    *,
    every: EveryName = "month",
    horizon: LengthLike = "90d",
    dates: Sequence[MomentLike] | None = None,
    fit_by: str | Sequence[str] | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    probability: str | None = None,
    static: str | Sequence[str] | None = None,
    method: ForecastName = "semi_markov",
    interval: ForecastIntervalName = "total",
    confidence: float = 0.9,
    seed: int = 0,
    draws: int = 2000,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Forecast from past dates, knowing what was known then, and compare with what came.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    every
        Forecasts begin at the end of each ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` or ``"year"``.
    horizon
        In which time an item has to be won: ``"90d"``, or a number where the log's times are plain integers.
    dates
        Moments at which forecasts begin, in the place of `every`.
    fit_by
        As for :func:`win_probability`.
    amount, amount_at, currency, rates
        As for :func:`outcomes`, of a column of the log, as it was at each date. The column of an items table
        has the amounts of today; without `static` wins alone are tested then, and the table says so.
    probability
        Column of the CRM's own chances, of the log in an item's last row before each date, to be tested too:
        shares from 0 to 1, or percents from 0 to 100.
    static
        Columns of the items table whose values were the same at each date: who names a column here vouches
        for it. Others are refused in `fit_by`, `where` and `probability`, because a value of today may know
        the outcome.
    method, interval, confidence, seed, draws
        As for :func:`forecast`.
    unlisted, missing, where
        As for :func:`funnel`.
    as_of
        Moment at which the log ends.
    calendar
        Working hours, in which the times in stages are measured.

    Returns
    -------
    DataFrame
        One row per date: ``date``; ``n_open``, the items that were open; ``expected`` wins of these within
        the horizon with ``expected_low`` and ``expected_high``; ``actual``, how many were won as seen at the
        end of the horizon, of items too old to forecast too; ``inside``, whether that is within the bounds;
        ``brier``, the mean squared error of the chances (0.25 is what a coin gets); ``bias``, ``expected`` −
        ``actual``. With the `amount` of a log ``expected_amount`` with its bounds, ``actual_amount`` (as it
        was at the date). With `probability` ``crm_expected``, ``crm_brier`` and ``crm_bias``: the same of the
        CRM's own chances, over the open items that had one.
        Where no open item had a chance, as before the first win, what is expected is missing, and so is
        ``inside``; ``attrs["stagefunnel"]["before_a_win"]`` counts the dates before the first win.
        Dates whose horizon is not over are left out; ``attrs["stagefunnel"]["not_over"]`` counts them, and
        ``["apart"]`` the dates whose horizons do not overlap.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`forecast`; also for columns of the items table that `static` does not name.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [], "stage": [], "time": []}
    >>> for item in range(40):
    ...     rows["item"] += [item, item]
    ...     rows["stage"] += ["Offer", "Won" if item % 2 else "Lost"]
    ...     rows["time"] += [item, item + 5]
    >>> pipeline = sf.Pipeline("Offer", won="Won", lost="Lost")
    >>> table = sf.backtest(sf.StageLog(rows), pipeline, dates=[20, 30], horizon=10)
    >>> table[["date", "n_open", "expected", "actual", "inside", "bias"]].round(2)
       date  n_open  expected  actual  inside  bias
    0    20       5      1.75       3    True -1.25
    1    30       5      1.85       3    True -1.15
    """
    check_option("method", method, get_args(ForecastName))
    check_option("interval", interval, get_args(ForecastIntervalName))
    check_every(every)
    check_amount_at(amount_at)
    sure, start, n_draws = check_confidence(confidence), check_seed(seed), check_draws(draws)
    vouched = [] if static is None else by_columns(static, "static")
    refuse_of_today(log, "fit_by", [] if fit_by is None else by_columns(fit_by, "fit_by"), vouched)
    refuse_of_today(log, "probability", [] if probability is None else [probability], vouched)
    refuse_of_today(log, "where", columns_of_where(where), vouched)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    tested = _tested_amount(asked.log, amount, vouched)
    refuse_of_today(log, "currency", [] if tested is None or currency is None else [currency], vouched)
    begins, not_over, outside = _dates(asked, every, dates, horizon, as_of)
    past = Past(
        *(asked, pipeline, unlisted, method, horizon, fit_by, calendar),
        begins=[begin for begin, _ in begins],
        ends=[end for _, end in begins],
        reads_rows=any(is_of_log(asked.log, name) for name in (tested, currency, probability)),
    )
    rows, fell_back, n_without, n_nothing_won = [], 0, 0, 0
    calibration = Calibration(asked.log.n_items)
    for items, is_won in past.dates():
        fell_back = items.fits.n_fallen_back
        numbers = amounts_of(
            items.selection, tested, amount_at=amount_at, currency=currency, rates=rates
        ).numbers
        crm = crm_chances(items.selection, probability)
        lines = Lines.of(
            *(items, ONE_GROUP, numbers, start, n_draws),
            draws_chances=interval == "total",
            crm=crm,
            if_closed=False,
        )
        n_without += lines.n_without_crm
        n_nothing_won += items.fits.has_no_win
        brier = calibration.add(items.item, lines.win, is_won, beyond=lines.beyond, unwon=lines.unwon)
        rows.append(_row(lines, is_won, brier, sure, exact=interval == "outcome"))
    names = [*BACKTEST[1:], *(BACKTEST_AMOUNTS if tested is not None else ())]
    names += BACKTEST_CRM if probability is not None else ()
    table = pd.DataFrame(rows, columns=names)
    ticks = np.array([begin for begin, _ in begins], dtype=np.int64)
    table.insert(0, "date", asked.log._data.to_times(ticks))
    types = {"n_open": "int64", "actual": "int64", "inside": "boolean"}
    table = table.astype({name: types.get(name, "float64") for name in names})
    remember(
        table,
        "backtest",
        pipeline,
        rows=len(table),
        method=method,
        interval=interval,
        confidence=sure,
        horizon=str(length_text(horizon)),
        **({"fell_back": fell_back} if fell_back else {}),
        not_over=not_over,
        **({"dates_outside": outside} if outside else {}),
        **({"before_a_win": n_nothing_won} if n_nothing_won else {}),
        apart=_apart(begins),
        **calibration.remembered(sure),
        **({} if tested is amount else {"amount_of_today": amount}),
        **({} if probability is None else {"probability_missing": n_without}),
    )
    return asked.remarked(table)


def _tested_amount(log: StageLog, amount: str | None, vouched: Sequence[Any]) -> str | None:
    """Return the amount that may be tested: one of the log, or one that somebody vouches for."""
    return None if amount is None or columns_of_today(log, [amount], vouched) else amount


def _dates(
    asked: Asked,
    every: EveryName,
    dates: Sequence[MomentLike] | None,
    horizon: LengthLike,
    as_of: MomentLike | None,
) -> tuple[list[tuple[int, int]], int, int]:
    """Return the dates with the ends of their horizons, and how many are not over or not within the log."""
    data = asked.log._data
    clock = data.clock
    if data.time_range is None:
        return [], 0, 0
    first, last = data.time_range
    now = data.end_of_observation(moment_of(as_of, clock, "as_of"))
    assert now is not None  # a log with rows ends
    if dates is not None:
        if isinstance(dates, str) or not hasattr(dates, "__iter__"):
            raise SchemaError(given("dates", dates), " is not a list of moments")
        begins = moments_of(list(dates), clock, "dates")
    else:
        if clock.unit is None:
            raise SchemaError(
                "the log's times are plain integers, which have no calendar; give ", named("dates")
            )
        both = np.array([first, max(first, min(last, now))], dtype=np.int64)
        shown = pd.DatetimeIndex(data.to_times(both)).tz_localize(None)
        ends = shown.to_period(FREQUENCIES[every])
        periods = pd.period_range(ends[0], ends[1], freq=FREQUENCIES[every])
        # All but the last two begin before now; of very many not one is worth its reading.
        begins = _begins(periods[-2:], clock)
        _refuse_many(every, len(periods) - sum(begin >= now for begin in begins))
        begins = _begins(periods[:-2], clock) + begins
    n_given = len(begins)
    begins = [begin for begin in begins if first < begin < now]
    outside = n_given - len(begins) if dates is not None else 0  # of an end of a month nobody says so
    _refuse_many(every, len(begins))
    length = length_of(horizon, clock, "horizon")
    if length is None:
        raise SchemaError(given("horizon", horizon), ' is not a length of time; give "90d" for example')
    ends = ends_of(length, np.array(begins, dtype=np.int64), clock).tolist()
    if any(end <= begin for begin, end in zip(begins, ends, strict=True)):
        raise SchemaError(given("horizon", horizon), " is not above 0; give a longer one")
    over = [(begin, int(end)) for begin, end in zip(begins, ends, strict=True) if end <= now]
    return over, len(begins) - len(over), outside


def _begins(periods: pd.PeriodIndex, clock: Clock) -> list[int]:
    """Return the moments at which the periods after these begin."""
    return [int(moment_of(begin_of(one + 1, clock), clock, "dates") or 0) for one in periods]


def _refuse_many(every: str, n: int) -> None:
    if n > _MOST_DATES:
        raise SchemaError(
            given("every", every), f" makes {n:,} forecasts; take longer periods, or name ", named("dates")
        )


def _row(
    lines: Lines, is_won: npt.NDArray[np.bool_], brier: float, confidence: float, *, exact: bool
) -> dict[str, Any]:
    """Set what was expected at one date beside what came."""
    total = lines.total(confidence, exact=exact)
    actual = int(np.count_nonzero(is_won))
    expected, low, high = (total[f"expected_wins{end}"] for end in ("", "_low", "_high"))
    row = {
        "n_open": lines.state.n,
        "expected": expected,
        "expected_low": low,
        "expected_high": high,
        "actual": actual,
        "inside": pd.NA if np.isnan(expected) else low <= actual <= high,
        "brier": brier,
        "bias": expected - actual,
    }
    if lines.amount is not None:
        ends = ("", "_low", "_high")
        row |= {f"expected_amount{end}": total[f"expected_amount{end}"] for end in ends}
        row["actual_amount"] = float(lines.amount[is_won].sum())
    if lines.crm is not None:
        row |= _of_crm(lines.crm, is_won)
    return row


def _of_crm(chances: Floats, is_won: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Set the CRM's own chances beside what came, of the items that have one."""
    is_known = ~np.isnan(chances)
    own, won = chances[is_known], is_won[is_known]
    if not len(own) and len(chances):
        return dict.fromkeys(BACKTEST_CRM, np.nan)
    expected = float(own.sum())
    return {
        "crm_expected": expected,
        "crm_brier": float(((own - won) ** 2).mean()) if len(own) else np.nan,
        "crm_bias": expected - int(won.sum()),
    }


def _apart(dates: Sequence[tuple[int, int]]) -> int:
    """Count the dates whose horizons do not overlap, taken greedily from the first."""
    n, free = 0, None
    for begin, end in dates:
        if free is None or begin >= free:
            n, free = n + 1, end
    return n
