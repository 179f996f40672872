"""How many of the open items will be won, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd

from ...errors import SchemaError, check_option, given
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember
from ...tables.options import AmountAtName, ForecastIntervalName, ForecastName, MissingStages, Unlisted
from ...tables.schema import FORECAST, FORECAST_AMOUNTS, FORECAST_CRM, FORECAST_CRM_AMOUNTS
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..funnel.outcome_money import check_amount_at
from ..scope.breakdown import by_columns, check_top, groups_of
from ..scope.groups import Groups, largest
from ..scope.money import Rates, amounts_of
from ..scope.where import Where, asked_of
from ..stats.bounds import check_confidence
from .asking import HorizonLike, OpenReading, OpenState
from .crm_chances import crm_chances
from .lines import Lines, check_draws
from .new_items import NewItems
from .target import Target
from .win_probability import check_seed, remembered_of


def forecast(
    log: StageLog,
    pipeline: Pipeline,
    *,
    by: str | Sequence[str] | None = None,
    top: int | None = None,
    fit_by: str | Sequence[str] | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    probability: str | None = None,
    horizon: HorizonLike | None = None,
    target: float | None = None,
    method: ForecastName = "semi_markov",
    interval: ForecastIntervalName = "total",
    confidence: float = 0.9,
    train: PeriodLike | None = None,
    seed: int = 0,
    draws: int = 2000,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Forecast how many of the open items will be won.

    The chance of each item is that of :func:`win_probability`: what became of the visits of its stage that
    lasted as long. Items that are longer in their stage than every visit that ever ended are in no sum, and
    are counted apart.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    by
        Columns of the items table, or of the log at the item's first row: the result is split, the fit is
        common.
    top
        Number of groups with the most open items; the others become one group.
    fit_by
        Columns whose groups are each fitted on their own visits, as for :func:`win_probability`.
    amount, amount_at, currency, rates
        As for :func:`outcomes`: each item's amount.
    probability
        Column of the CRM's own chances, of the items table or of the log in an item's last row: shares from 0
        to 1, or percents from 0 to 100.
    horizon
        In which time an item has to be won: ``"90d"``, or a period or date, which counts to its end. By
        default at any time. With a horizon, items that will be created within it have a row of their own; in
        a log that is shorter than the horizon as many a day come as were created after its first row.
    target
        A number of wins, or with `amount` an amount, that is to be reached in a horizon that is a period.
    method
        ``"semi_markov"``: the time in the stage counts. ``"markov"``: the stage alone.
    interval
        Bounds that allow for estimated chances and for the luck of each item (``"total"``), or for luck alone
        (``"outcome"``).
    confidence
        How sure the bounds are.
    train
        A period: only visits of items created in it are fitted.
    seed, draws
        Where the random numbers of the bounds begin, and how often they are drawn.
    unlisted, missing, where
        As for :func:`funnel`; with `where` the fit too is of the items that it chooses.
    as_of
        The moment that is taken for now; nothing that happened later is known.
    calendar
        Working hours, in which the times in stages are measured.

    Returns
    -------
    DataFrame
        Per group of `by` one row per stage in progress, and one of all: ``line`` (``stage``, with a horizon
        ``new_items``, ``total``), ``stage`` (missing where the row is not of one), ``n_open``; ``win`` and
        ``win_if_closed``, the mean chances; ``expected_wins`` with ``expected_wins_low`` and
        ``expected_wins_high``; ``expected_wins_if_closed`` with its bounds, the upper end; with `amount`
        ``expected_amount`` with its bounds; with `probability` ``crm_wins`` and with both ``crm_amount``,
        what the CRM's own chances make of all open items that have one; ``n_beyond_support`` and with
        `amount` ``amount_beyond_support``, of items too old to forecast. New items are in no total.
        What is expected is missing where no open item of the row has a chance, as before the first win:
        ``attrs["stagefunnel"]["never_won"]`` names the stages that fewer than 30 visits have left, none of
        them won in the end, and ``["without_win"]`` counts their open items.
        The bounds allow for wins, and for losses, that were never seen, as far as few visits say so, and for
        new items where none came lately;
        ``attrs["stagefunnel"]["none_won"]`` counts the open items with a chance of 0.
        ``attrs["stagefunnel"]["target"]`` says how far the target is, and how likely it is reached.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a pipeline without a won stage, a horizon that is over, and a target
        without a horizon that is a period.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
    ...         "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
    ...         "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0]}
    >>> log = sf.StageLog(rows, observed_until=50)
    >>> table = sf.forecast(log, sf.Pipeline("Offer", won="Won", lost="Lost"))
    >>> table[["line", "stage", "n_open", "win", "expected_wins", "n_beyond_support"]]
        line  stage  n_open   win  expected_wins  n_beyond_support
    0  stage  Offer       2  0.25           0.25                 1
    1  total    NaN       2  0.25           0.25                 1
    """
    check_option("method", method, get_args(ForecastName))
    check_option("interval", interval, get_args(ForecastIntervalName))
    check_amount_at(amount_at)
    check_top(top, by)
    sure, start, n_draws = check_confidence(confidence), check_seed(seed), check_draws(draws)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    state = OpenState.of(
        OpenReading.of(
            asked,
            pipeline,
            horizon=horizon,
            fit_by=fit_by,
            train=train,
            unlisted=unlisted,
            as_of=as_of,
            calendar=calendar,
        ),
        method,
    )
    numbers = amounts_of(state.selection, amount, amount_at=amount_at, currency=currency, rates=rates).numbers
    plan = Target.of(target, state, numbers)
    groups = _groups(state, by, top)
    crm = crm_chances(state.selection, probability)
    lines = Lines.of(state, groups, numbers, start, n_draws, draws_chances=interval == "total", crm=crm)
    new = None
    if state.horizon is not None:
        code = groups.codes(state.selection.log.n_items)
        new = NewItems.of(state, code, groups.n_groups, as_of, numbers)
    table = lines.table(sure, new, exact=interval == "outcome")
    remember(
        table,
        "forecast",
        pipeline,
        **groups.remembered,
        interval=interval,
        fit_by=[] if fit_by is None else [str(name) for name in by_columns(fit_by, "fit_by")],
        rows=len(table),
        **({} if new is None else new.remembered(state.selection.data.unit)),
        **({} if plan is None else {"target": lines.reached(plan, new)}),
        **({} if method == "semi_markov" else _by_age(lines)),
        **({} if amount is None else {"amount": amount}),
        **({} if numbers is None else {"amount_missing": lines.n_without_amount}),
        **({} if crm is None else {"probability_missing": lines.n_without_crm}),
        **({"none_won": lines.n_none_won} if lines.n_none_won else {}),
        **remembered_of(state, method, sure, lines.unwon, lines.beyond),
    )
    return asked.remarked(state.selection.remarked(table))


def _groups(state: OpenState, by: str | Sequence[str] | None, top: int | None) -> Groups:
    reserved = (*FORECAST, *FORECAST_AMOUNTS, *FORECAST_CRM, *FORECAST_CRM_AMOUNTS)
    groups = groups_of(state.selection, by, reserved=reserved)
    if groups.later:
        raise SchemaError(
            given("by", by),
            " is of what came later, and every item here is open; name a column that is known before",
            option="by",
        )
    return largest(groups, groups.codes(state.selection.log.n_items)[state.now.item], top)


def _by_age(lines: Lines) -> dict[str, float]:
    """Return what the same visits say by age too, if that differs by more than the spread of the draws."""
    state = lines.state
    expected = np.nansum(lines.win)
    by_age = 0.0
    for fit, places in state.by_fit():
        known = places[state.is_known[places]]
        other = replace(fit, method="semi_markov")
        by_age += float(np.nansum(other.chances(state.stage[known], state.age[known]).win))
    spread = float(lines.drawn[0].sum(axis=1).std())
    return {"by_age": by_age} if abs(by_age - expected) > spread else {}
