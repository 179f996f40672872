"""How many of the open items will be won, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, check_option, given, is_whole_number, named
from ...log.columns.number import NumberColumn
from ...log.stage_log import StageLog
from ...pipeline import Pipeline
from ...tables.build import label_rows, remember, share, stage_values
from ...tables.options import AmountAtName, ForecastIntervalName, ForecastName, MissingStages, Unlisted
from ...tables.schema import FORECAST, FORECAST_AMOUNTS
from ...times.periods import MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..funnel.outcome_money import check_amount_at
from ..scope.breakdown import check_top, groups_of
from ..scope.groups import Groups, folded
from ..scope.money import Rates, amounts_of
from ..scope.where import Where, asked_of
from ..stats.bounds import check_confidence
from ..stats.poisson_binomial import quantiles_of_wins
from .asking import HorizonLike, OpenState
from .exits import Floats
from .new_items import NewItems
from .target import Target
from .win_probability import check_seed, remembered_of

_MOST_DRAWN: Final = 5_000  # of the items of a row each is drawn
_MOST_DRAWS: Final = 1_000_000
_MOST_CELLS: Final = 50_000_000  # draws times rows


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
    horizon
        In which time an item has to be won: ``"90d"``, or a period or date, which counts to its end. By
        default at any time. With a horizon, items that will be created within it have a row of their own.
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
        ``expected_amount`` with its bounds; ``n_beyond_support`` and with `amount`
        ``amount_beyond_support``, of items too old to forecast. New items are in no total.
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
    sure, start, n_draws = check_confidence(confidence), check_seed(seed), _check_draws(draws)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    state = OpenState.of(
        asked,
        pipeline,
        method=method,
        horizon=horizon,
        fit_by=fit_by,
        train=train,
        unlisted=unlisted,
        as_of=as_of,
        calendar=calendar,
    )
    numbers = amounts_of(state.selection, amount, amount_at=amount_at, currency=currency, rates=rates).numbers
    plan = Target.of(target, state, numbers)
    groups = _groups(state, by, top)
    lines = _Lines.of(state, groups, numbers, start, n_draws, interval == "total")
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
        **({} if plan is None else {"target": lines.reached(plan, new)}),
        **({} if amount is None else {"amount": amount}),
        **({} if numbers is None else {"amount_missing": lines.n_without_amount}),
        **remembered_of(state, method, sure),
    )
    return asked.remarked(state.selection.remarked(table))


def _check_draws(draws: Any) -> int:
    if isinstance(draws, bool) or not is_whole_number(draws) or not 100 <= int(draws) <= _MOST_DRAWS:
        raise SchemaError(given("draws", draws), f" is not a whole number from 100 to {_MOST_DRAWS:,}")
    return int(draws)


def _groups(state: OpenState, by: str | Sequence[str] | None, top: int | None) -> Groups:
    groups = groups_of(state.selection, by, reserved=(*FORECAST, *FORECAST_AMOUNTS))
    if groups.later:
        raise SchemaError(
            given("by", by),
            " is of what came later, and every item here is open; name a column that is known before",
            option="by",
        )
    if top is None:
        return groups
    n_items = state.selection.log.n_items
    sizes = np.bincount(groups.codes(n_items)[state.now.item], minlength=groups.n_groups).astype(np.int64)
    return folded(groups, sizes, sizes > 0, top)


class _Lines:
    """The open items added up by group and stage, with what was drawn of them."""

    def __init__(self, state: OpenState, groups: Groups, amounts: NumberColumn | None) -> None:
        self.state, self.groups = state, groups
        self.n_stages = len(state.selection.pipeline.stages)
        code = groups.codes(state.selection.log.n_items)[state.now.item].astype(np.int64)
        self.row = code * self.n_stages + state.stage
        self.n_rows = groups.n_groups * self.n_stages
        self.win, self.win_if = np.full(state.n, np.nan), np.full(state.n, np.nan)
        self.beyond: npt.NDArray[np.bool_] = np.zeros(state.n, dtype=bool)
        self.amount: Floats | None = None
        self.n_without_amount = 0
        if amounts is not None:
            own = amounts.values[state.now.item] / 10**amounts.scale
            self.n_without_amount = int(np.isnan(own).sum())
            self.amount = np.nan_to_num(own)
        # Wins, wins if closed, and amounts by draw and row.
        self.drawn: list[Floats] = []
        self.draws_chances, self.n_draws, self.seed = True, 0, 0

    @classmethod
    def of(
        cls,
        state: OpenState,
        groups: Groups,
        amounts: NumberColumn | None,
        seed: int,
        n_draws: int,
        draws_chances: bool,
    ) -> _Lines:
        lines = cls(state, groups, amounts)
        if n_draws * lines.n_rows > _MOST_CELLS:
            raise SchemaError(
                given("draws", n_draws),
                f" times {lines.n_rows:,} rows are more than {_MOST_CELLS:,} numbers; draw less, or pass ",
                named("top"),
            )
        lines.draws_chances, lines.n_draws, lines.seed = draws_chances, n_draws, seed
        lines.drawn = [np.zeros((n_draws, lines.n_rows)) for _ in range(2 if amounts is None else 3)]
        for fit, places in state.by_fit():
            if not len(places):
                continue
            stage, age, known = state.stage[places], state.age[places], state.is_known[places]
            chances = fit.chances(stage, age)
            lines.win[places] = np.where(known, chances.win, np.nan)
            lines.win_if[places] = np.where(known, chances.win_if_closed, np.nan)
            lines.beyond[places] = chances.beyond & known
            inside = places[~np.isnan(lines.win[places])]
            if not len(inside):
                continue
            found = _core.stats.draw_wins(
                **fit.bins.of_core,
                bin=fit.bins.place(state.stage[inside], state.age[inside]),
                row=np.ascontiguousarray(lines.row[inside]),
                win=np.ascontiguousarray(lines.win[inside]),
                win_if=np.nan_to_num(lines.win_if[inside]),
                amount=None if lines.amount is None else np.ascontiguousarray(lines.amount[inside]),
                number=state.now.item[inside].astype(np.int64),
                n_rows=lines.n_rows,
                n_draws=n_draws,
                seed=seed,
                draws_chances=draws_chances,
                most_items=_MOST_DRAWN,
                threads=state.selection.data.threads,
            )
            for total, values in zip(lines.drawn, (found.wins, found.wins_if, found.amount), strict=False):
                total += values.reshape(n_draws, lines.n_rows)
        return lines

    def of_group(self, group: int) -> slice:
        """Return the rows of a group."""
        return slice(group * self.n_stages, (group + 1) * self.n_stages)

    def table(self, confidence: float, new: NewItems | None, *, exact: bool) -> pd.DataFrame:
        """Make the table, groups first."""
        shown = self.groups.shown(
            np.bincount(self.row // max(self.n_stages, 1), minlength=self.groups.n_groups) > 0
        )
        blocks = [self._block(int(group), confidence, new, exact=exact) for group in shown]
        names = [*FORECAST, *(FORECAST_AMOUNTS if self.amount is not None else ())]
        order = [name for name in _ORDER if name in names]
        table = (
            pd.concat(blocks, ignore_index=True)
            if blocks
            else self._block(-1, confidence, new, exact=exact)[:0]
        )
        n_lines = self.n_stages + 1 + (new is not None)
        return label_rows(table[order], self.groups.values, np.repeat(shown, n_lines))

    def _block(self, group: int, confidence: float, new: NewItems | None, *, exact: bool) -> pd.DataFrame:
        pipeline = self.state.selection.pipeline
        own = [np.flatnonzero(self.row == group * self.n_stages + stage) for stage in range(self.n_stages)]
        rows = [self._sums(places) for places in own]
        drawn = [values[:, self.of_group(group)] for values in self.drawn]
        tails = ((1 - confidence) / 2, (1 + confidence) / 2)
        for stage, row in enumerate(rows):
            self._put_bounds(row, [values[:, stage] for values in drawn], tails, own[stage], exact)
        lines = ["stage"] * self.n_stages
        stages = list(range(self.n_stages))
        if new is not None:
            rows.append(self._new(new, group, tails))
            lines, stages = [*lines, "new_items"], [*stages, -1]
        everything = np.concatenate(own) if own else np.zeros(0, dtype=np.int64)
        total = self._sums(everything)
        self._put_bounds(total, [values.sum(axis=1) for values in drawn], tails, everything, exact)
        rows.append(total)
        table = pd.DataFrame(rows)
        table["line"] = pd.Categorical([*lines, "total"], categories=["stage", "new_items", "total"])
        table["stage"] = stage_values(pipeline, np.array([*stages, -1], dtype=np.int32))
        for name in ("n_open", "n_beyond_support"):
            table[name] = table[name].astype("int64")
        return table

    def _sums(self, places: npt.NDArray[np.intp]) -> dict[str, float]:
        win, win_if, beyond = self.win[places], self.win_if[places], self.beyond[places]
        has_chance = ~np.isnan(win)
        closes = ~np.isnan(win_if)
        n = int(has_chance.sum())
        row = {
            "n_open": len(places),
            "win": float(share(win[has_chance].sum(), n)),
            "win_if_closed": float(share(win_if[closes].sum(), int(closes.sum()))),
            "expected_wins": float(win[has_chance].sum()),
            "expected_wins_if_closed": float(win_if[closes].sum()),
            "n_beyond_support": int(beyond.sum()),
        }
        if self.amount is not None:
            own = self.amount[places]
            row["expected_amount"] = float((own * np.nan_to_num(win)).sum())
            row["amount_beyond_support"] = float(own[beyond].sum())
        return row

    def _put_bounds(
        self,
        row: dict[str, float],
        drawn: list[Floats],
        tails: tuple[float, float],
        places: npt.NDArray[np.intp],
        exact: bool,
    ) -> None:
        names = ("expected_wins", "expected_wins_if_closed", "expected_amount")
        known = (self.win[places], self.win_if[places], None)
        for name, values, chances in zip(names, drawn, known, strict=False):
            if exact and chances is not None:
                low, high = quantiles_of_wins(chances[~np.isnan(chances)], tails, _MOST_DRAWN)
            else:
                low, high = np.quantile(values, tails, method="inverted_cdf").tolist()
            row[f"{name}_low"], row[f"{name}_high"] = low, high

    def _new(self, new: NewItems, group: int, tails: tuple[float, float]) -> dict[str, float]:
        wins, amounts = self.draws_of_new(new, group)
        expected = new.expected(group)
        low, high = np.quantile(wins, tails, method="inverted_cdf").tolist()
        row = {"n_open": 0, "n_beyond_support": 0, "win": new.rate, "win_if_closed": np.nan}
        row |= {"expected_wins": expected, "expected_wins_low": low, "expected_wins_high": high}
        row |= {f"expected_wins_if_closed{end}": np.nan for end in ("", "_low", "_high")}
        if self.amount is not None:
            low, high = np.quantile(amounts, tails).tolist()
            row |= {"expected_amount": expected * new.mean_amount, "amount_beyond_support": 0.0}
            row |= {"expected_amount_low": low, "expected_amount_high": high}
        return row

    def draws_of_new(self, new: NewItems, group: int) -> tuple[Floats, Floats]:
        """Draw the wins and the amounts of items that are not there yet."""
        wins = new.draw(group, self.n_draws, self.seed, draws_chances=self.draws_chances)
        return wins, new.draw_amounts(wins, group, self.seed)

    def reached(self, plan: Target, new: NewItems | None) -> dict[str, Any]:
        """Say how far a target is with all groups together, and how likely it is reached."""
        is_amount = self.amount is not None
        drawn = self.drawn[2 if is_amount else 0].sum(axis=1)
        expected = float((np.nan_to_num(self.win) * (self.amount if is_amount else 1.0)).sum())
        for group in range(self.groups.n_groups if new is not None else 0):
            assert new is not None  # the loop is empty without them
            wins, amounts = self.draws_of_new(new, group)
            drawn = drawn + (amounts if is_amount else wins)
            expected += new.expected(group) * (new.mean_amount if is_amount else 1.0)
        open_now = float(self.amount.sum()) if self.amount is not None else float(self.state.n)
        return plan.reached(self.state, drawn, expected, open_now)


_ORDER: Final = (
    *FORECAST[: FORECAST.index("n_beyond_support")],
    *FORECAST_AMOUNTS[:3],
    "n_beyond_support",
    *FORECAST_AMOUNTS[3:],
)
