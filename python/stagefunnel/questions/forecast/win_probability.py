"""How likely each open item is to be won."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, check_option, given, is_whole_number
from ...log.columns.kept import column_names
from ...log.columns.number import NumberColumn
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import remember, stage_values
from ...tables.options import AmountAtName, ForecastName, MissingStages, Unlisted
from ...tables.schema import WIN_PROBABILITY
from ...times.periods import MomentLike, PeriodLike
from ...times.stamps import NAT, to_lengths
from ...working_hours import WorkingHours
from ..funnel.outcome_money import check_amount_at
from ..scope.breakdown import check_lines
from ..scope.further import further_names, further_values
from ..scope.item_rows import rows_of_items
from ..scope.money import Rates, amounts_of
from ..scope.where import Where, asked_of
from ..stats.bounds import check_confidence
from .asking import HorizonLike, OpenReading, OpenState
from .exits import LEAST_EXITS
from .item_chances import ItemChances
from .standing import WON, Standing

_AMOUNT: Final = "amount"


def win_probability(
    log: StageLog,
    pipeline: Pipeline,
    *,
    columns: str | Sequence[str] | None = (),
    top: int | None = None,
    fit_by: str | Sequence[str] | None = None,
    amount: str | None = None,
    amount_at: AmountAtName = "last",
    currency: str | None = None,
    rates: Rates | None = None,
    horizon: HorizonLike | None = None,
    method: ForecastName = "semi_markov",
    confidence: float = 0.9,
    train: PeriodLike | None = None,
    seed: int = 0,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    where: Where | None = None,
) -> pd.DataFrame:
    """Say of each open item how likely it is to be won.

    An item is compared with the visits of its stage that lasted as long as it has been there: what became of
    them. What was never seen to leave the stage is not won.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    columns
        Columns to add, of the items table, or of the log in the item's last row, such as ``"owner"``.
    top
        Number of rows to show, the likeliest.
    fit_by
        Columns whose groups are each fitted on their own visits; a stage with fewer than 30 exits in a group
        takes the common fit.
    amount, amount_at, currency, rates
        As for :func:`outcomes`: each item's amount.
    horizon
        In which time an item has to be won: ``"90d"``, or a period or date, which counts to its end. By
        default at any time.
    method
        ``"semi_markov"``: the time in the stage counts. ``"markov"``: the stage alone.
    confidence
        How sure the bounds of a chance are, for the visits that it is read off are not many.
    train
        A period: only visits of items created in it are fitted.
    seed
        Where the random numbers of the bounds begin; the same seed gives the same bounds.
    unlisted, missing, where
        As for :func:`funnel`; with `where` the fit too is of the items that it chooses.
    as_of
        The moment that is taken for now; nothing that happened later is known.
    calendar
        Working hours, in which the times in stages are measured.

    Returns
    -------
    DataFrame
        One row per open item, the likeliest first: ``item`` (its key), ``stage``, ``entered``, ``in_stage``
        and ``age`` as of :func:`open_items`; ``win``, ``win_low``, ``win_high``; ``win_if_closed``, the
        chance if it is closed at all, which is the upper end; ``beyond_support``, whether it is longer in
        its stage than every visit that ever ended, so that `win` is missing; with `amount` its ``amount``;
        then the `columns`. `win` is missing too where the start of its stage is not known, where nothing was
        won yet, and in a stage that fewer than 30 visits have left and none of them was won in the end:
        ``attrs["stagefunnel"]["never_won"]`` names these stages, and ``["without_win"]`` counts their items.
        Where no visit that lasted as long led to a win, `win` is 0 and `win_high` what the number of these
        visits allows; where all of them did it is 1, and the same holds of `win_low`.
        ``attrs["stagefunnel"]["none_won"]`` counts the items with a chance of 0.

    Raises
    ------
    UnknownStageError, SchemaError
        As for :func:`funnel`; also for a pipeline without a won stage, and a horizon that is over.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
    ...         "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
    ...         "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0]}
    >>> log = sf.StageLog(rows, observed_until=50)
    >>> table = sf.win_probability(log, sf.Pipeline("Offer", won="Won", lost="Lost"))
    >>> table[["item", "in_stage", "win", "win_if_closed", "beyond_support"]].round(3)
       item  in_stage   win  win_if_closed  beyond_support
    0     5        15  0.25          0.333           False
    1     6        50   NaN            NaN            True
    """
    check_option("method", method, get_args(ForecastName))
    check_amount_at(amount_at)
    sure = check_confidence(confidence)
    start = check_seed(seed)
    check_lines(top)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    names = columns_beside(asked.log, columns, amount)
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
    amounts = amounts_of(state.selection, amount, amount_at=amount_at, currency=currency, rates=rates).numbers
    values = ItemChances.of(state, sure, start)
    order = np.lexsort((np.where(np.isnan(values.win), np.inf, -values.win),))
    order = order[:top]
    table = open_table(state, values, order, amounts, names)
    remember(
        table,
        "win_probability",
        pipeline,
        counted={
            "listed": len(order),
            "open": state.n,
            "with_chance": int((~np.isnan(values.win)).sum()),
            "beyond_support": int(values.beyond.sum()),
            "never_left": int((values.beyond & np.isin(state.stage, state.never_left)).sum()),
        },
        expected=float(np.nansum(values.win)),
        **({"none_won": values.n_none_won} if values.n_none_won else {}),
        **remembered_of(state, method, sure, values.unwon, values.beyond),
    )
    return asked.remarked(state.selection.remarked(table))


def columns_beside(log: StageLog, columns: Any, amount: str | None) -> list[str]:
    """Return the columns to add; the amount that the table has anyway is there once."""
    names = column_names(columns)
    if amount == _AMOUNT:
        names = [name for name in names if name != _AMOUNT]
    return further_names(log, names, (*WIN_PROBABILITY, _AMOUNT))


def open_table(
    read: OpenState | OpenReading,
    values: ItemChances,
    order: npt.NDArray[np.intp],
    amounts: NumberColumn | None,
    names: Sequence[str],
) -> pd.DataFrame:
    """Make the rows of open items with their chances, those of some places in the order of these."""
    now, selection = read.now, read.selection
    data, stage, is_known = selection.data, read.stage, read.is_known
    entered = np.where(is_known, data.journeys.time[read.stays.first_row[now.visit]], NAT)
    table = pd.DataFrame(
        {
            "item": data.keys_at(selection.journeys.first_row[now.item[order]]).reset_index(drop=True),
            "stage": stage_values(selection.pipeline, stage[order]),
            "entered": data.times_or_missing(entered[order])
            if not is_known.all()
            else data.to_times(entered[order]),
            "in_stage": to_lengths(now.in_stage[order], read.lengths.unit),
            "age": to_lengths(now.age[order], read.lengths.unit),
            "win": values.win[order],
            "win_low": values.low[order],
            "win_high": values.high[order],
            "win_if_closed": values.win_if_closed[order],
            "beyond_support": values.beyond[order],
        }
    )
    if amounts is not None:
        table[_AMOUNT] = amounts.values[now.item[order]] / 10**amounts.scale
    rows = rows_of_items(selection, "last")[now.item[order]]
    for name, column in further_values(selection.log, names, now.item[order], rows).items():
        table[name] = column
    return table


def check_seed(seed: Any) -> int:
    """Refuse a seed that is not a whole number of 64 bits."""
    if isinstance(seed, bool) or not is_whole_number(seed) or not 0 <= int(seed) < 2**64:
        raise SchemaError(given("seed", seed), " is not a whole number from 0 on")
    return int(seed)


def remembered_of(
    state: OpenState,
    method: str,
    confidence: float,
    unwon: npt.NDArray[np.bool_],
    beyond: npt.NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """Return what a table remembers of a fit.

    `unwon` flags the open items of stages from which nothing was won yet, `beyond` those too old to forecast.
    """
    horizon, unknown = state.horizon, int((~state.is_known).sum())
    labels = state.selection.pipeline.labels
    never_left = [str(labels[row]) for row in state.never_left]
    never_won = [str(labels[row]) for row in np.unique(state.stage[unwon])]
    grid = state.fits.fits[0].grid
    data = state.selection.data
    return {
        "method": method,
        "confidence": confidence,
        **({} if horizon is None else {"until": str(data.to_times(np.array([horizon.end])).iloc[0])}),
        **({} if grid is None or method != "semi_markov" else {"steps": grid.n}),
        **({"start_unknown": unknown} if unknown else {}),
        **({"never_left": never_left} if never_left else {}),
        **({"young_log": True} if beyond is not None and _is_young(state, beyond) else {}),
        **(_without_a_win(state) if state.fits.has_no_win else {}),
        **({"never_won": never_won, "without_win": int(unwon.sum())} if never_won else {}),
        **({"fitted_apart": True} if len(state.fits.fits) > 1 else {}),
        **({"trained": True} if state.training is not state.selection else {}),
        **({"fell_back": state.fits.n_fallen_back} if state.fits.n_fallen_back else {}),
        **state.lengths.remembered_with_pauses(state.selection.pipeline),
    }


def _without_a_win(state: OpenState) -> dict[str, Any]:
    """Say that no visit led to a win, and how many items were won without one."""
    items = np.arange(len(state.training.journeys.first_row))
    standing = Standing(state.training)
    n_won = int(np.count_nonzero(standing.outcome(items) == WON)) if len(items) else 0
    return {"nothing_won": True, **({"won_at_once": n_won} if n_won else {})}


def _is_young(state: OpenState, beyond: npt.NDArray[np.bool_]) -> bool:
    """Whether few visits could have been seen to last longer than those that ended, where items are too old.

    Either fewer than 30 began early enough, or the longest that ended took more than half of the log.
    """
    if not beyond.any():
        return False
    oldest = np.max([fit.exits.oldest for fit in state.fits.fits], axis=0)
    stages = [stage for stage in np.unique(state.stage[beyond]).tolist() if oldest[stage] >= 0]
    stays, lengths = state.stays, state.lengths
    began = state.selection.data.journeys.time[stays.first_row]
    times, (end,) = (
        ticks if lengths.calendar is None else lengths.times(ticks)
        for ticks in (began, np.array([state.watch.end], dtype=np.int64))
    )
    for stage in stages:
        could = times[stays.stage == stage] < end - oldest[stage]
        if np.count_nonzero(could) < LEAST_EXITS or 2 * oldest[stage] > end - times.min():
            return True
    return False
