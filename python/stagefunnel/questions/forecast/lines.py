"""The open items added up by group and stage, with the bounds of the sums."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given, is_whole_number, named
from ...log.columns.number import NumberColumn
from ...tables.build import label_rows, share, stage_values
from ...tables.schema import FORECAST, FORECAST_AMOUNTS, FORECAST_CRM, FORECAST_CRM_AMOUNTS
from ..scope.groups import Groups, PlacesByCode
from ..stats.poisson_binomial import quantiles_of_wins
from ..stats.spells import Codes, Ticks
from .asking import OpenItems
from .exits import Floats
from .fit import Fit
from .new_items import NewItems
from .target import Target
from .unseen import is_sure, n_none_won

_MOST_DRAWN: Final = 5_000  # of the items of a row each is drawn
_MOST_DRAWS: Final = 1_000_000
_MOST_CELLS: Final = 50_000_000  # draws times rows
Places: TypeAlias = npt.NDArray[np.intp] | slice
_ORDER: Final = (
    *FORECAST[: FORECAST.index("n_beyond_support")],
    *FORECAST_AMOUNTS[:3],
    *FORECAST_CRM,
    *FORECAST_CRM_AMOUNTS,
    "n_beyond_support",
    *FORECAST_AMOUNTS[3:],
)


def check_draws(draws: Any) -> int:
    """Refuse a number of draws that is too small to say anything, or too large."""
    if isinstance(draws, bool) or not is_whole_number(draws) or not 100 <= int(draws) <= _MOST_DRAWS:
        raise SchemaError(given("draws", draws), f" is not a whole number from 100 to {_MOST_DRAWS:,}")
    return int(draws)


class Lines:
    """The open items added up by group and stage, with what was drawn of them."""

    def __init__(
        self, state: OpenItems, groups: Groups, amounts: NumberColumn | None, crm: Floats | None
    ) -> None:
        self.state, self.groups = state, groups
        self.n_stages = len(state.selection.pipeline.stages)
        self.row = state.stage.astype(np.int64)
        if groups.n_groups > 1:
            code = groups.codes(state.selection.log.n_items)[state.item].astype(np.int64)
            self.row += code * self.n_stages
        self.n_rows = groups.n_groups * self.n_stages
        self._of_row = PlacesByCode(self.row, self.n_rows)
        self.win, self.win_if = np.full(state.n, np.nan), np.full(state.n, np.nan)
        # Items too old to forecast, and those of stages from which nothing was won yet.
        self.beyond: npt.NDArray[np.bool_] = np.zeros(state.n, dtype=bool)
        self.unwon: npt.NDArray[np.bool_] = np.zeros(state.n, dtype=bool)
        self.amount: Floats | None = None
        self.n_without_amount = 0
        self.has_amount: npt.NDArray[np.bool_] = np.zeros(state.n, dtype=bool)
        if amounts is not None:
            own = amounts.values[state.item] / 10**amounts.scale
            self.n_without_amount = int(np.isnan(own).sum())
            self.has_amount = ~np.isnan(own)
            self.amount = np.nan_to_num(own)
        # The CRM's own chance of each open item.
        self.crm: Floats | None = None if crm is None else crm[state.item]
        # Wins, wins if closed, and amounts by draw and row.
        self.drawn: list[Floats] = []
        self.draws_chances, self.n_draws, self.seed = True, 0, 0

    @classmethod
    def of(
        cls,
        state: OpenItems,
        groups: Groups,
        amounts: NumberColumn | None,
        seed: int,
        n_draws: int,
        *,
        draws_chances: bool,
        crm: Floats | None = None,
        if_closed: bool = True,
    ) -> Lines:
        """Read the chances of the open items, and draw what becomes of them.

        `crm` are the CRM's own chances of all items of the log; `if_closed`: the upper end is wanted too.
        """
        lines = cls(state, groups, amounts, crm)
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
            own = slice(None) if len(places) == state.n else places
            stage, age, known = state.stage[own], state.age[own], state.is_known[own]
            chances = fit.chances(stage, age, if_closed=if_closed)
            lines.win[own] = np.where(known, chances.win, np.nan)
            if if_closed:
                lines.win_if[own] = np.where(known, chances.win_if_closed, np.nan)
            lines.beyond[own] = chances.beyond & known
            if fit.never_won.any():
                lines.unwon[own] = fit.never_won[stage] & known & ~chances.beyond
            if np.isnan(lines.win[own]).all():
                continue
            win_if = lines.win_if[own] if if_closed else None
            behind, behind_if = _behind(fit, stage, age, lines.win[own], win_if)
            bins, at = fit.bins.seen_from(fit.bins.place(stage, age))
            found = _core.stats.draw_wins(
                **bins.of_core,
                bin=at,
                row=np.ascontiguousarray(lines.row[own]),
                win=np.ascontiguousarray(lines.win[own]),
                win_if=None if win_if is None else np.nan_to_num(win_if),
                amount=None if lines.amount is None else np.ascontiguousarray(lines.amount[own]),
                number=places.astype(np.int64),
                behind=behind,
                behind_if=behind_if,
                n_rows=lines.n_rows,
                n_draws=n_draws,
                seed=seed,
                draws_chances=draws_chances,
                most_items=_MOST_DRAWN,
                threads=state.selection.data.threads,
            )
            for total, values in zip(lines.drawn, (found.wins, found.wins_if, found.amount), strict=False):
                if len(values):
                    total += values.reshape(n_draws, lines.n_rows)
        return lines

    @property
    def n_none_won(self) -> int:
        """Number of open items with a chance of 0, because nothing like them was ever won."""
        return n_none_won(self.win)

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
        if self.crm is not None:
            names += [*FORECAST_CRM, *(FORECAST_CRM_AMOUNTS if self.amount is not None else ())]
        order = [name for name in _ORDER if name in names]
        table = (
            pd.concat(blocks, ignore_index=True)
            if blocks
            else self._block(0, confidence, new, exact=exact)[:0]
        )
        n_lines = self.n_stages + 1 + (new is not None)
        return label_rows(table[order], self.groups.values, np.repeat(shown, n_lines))

    def _block(self, group: int, confidence: float, new: NewItems | None, *, exact: bool) -> pd.DataFrame:
        pipeline = self.state.selection.pipeline
        own = [self._of_row.of(group * self.n_stages + stage) for stage in range(self.n_stages)]
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
        rows.append(self._total(everything, [values.sum(axis=1) for values in drawn], tails, exact))
        table = pd.DataFrame(rows)
        table["line"] = pd.Categorical([*lines, "total"], categories=["stage", "new_items", "total"])
        table["stage"] = stage_values(pipeline, np.array([*stages, -1], dtype=np.int32))
        for name in ("n_open", "n_beyond_support"):
            table[name] = table[name].astype("int64")
        return table

    def total(self, confidence: float, *, exact: bool) -> dict[str, float]:
        """Add up all open items, with their bounds."""
        tails = ((1 - confidence) / 2, (1 + confidence) / 2)
        drawn = [values.sum(axis=1) for values in self.drawn]
        return self._total(slice(None), drawn, tails, exact)

    def _total(
        self, places: Places, drawn: list[Floats], tails: tuple[float, float], exact: bool
    ) -> dict[str, float]:
        row = self._sums(places)
        self._put_bounds(row, drawn, tails, places, exact)
        return row

    def _sums(self, places: Places) -> dict[str, float]:
        win, win_if, beyond = self.win[places], self.win_if[places], self.beyond[places]
        chances, closing = win[~np.isnan(win)], win_if[~np.isnan(win_if)]
        n, expected, if_closed = len(chances), float(chances.sum()), float(closing.sum())
        # Where no open item has a chance nothing is expected, which is not the same as no wins.
        nothing = np.nan if len(win) and not n else 0.0
        none_closes = np.nan if len(win) and not len(closing) else 0.0
        row = {
            "n_open": len(win),
            "win": float(share(expected, n)),
            "win_if_closed": float(share(if_closed, len(closing))),
            "expected_wins": expected + nothing,
            "expected_wins_if_closed": if_closed + none_closes,
            "n_beyond_support": int(np.count_nonzero(beyond)),
        }
        if self.amount is not None:
            own = self.amount[places]
            # Of amounts that nobody knows there is no sum either.
            unknown = np.nan if len(win) and not self.has_amount[places].any() else 0.0
            row["expected_amount"] = float((own * np.nan_to_num(win)).sum()) + nothing + unknown
            row["amount_beyond_support"] = float(own[beyond].sum()) + unknown
        if self.crm is not None:
            row |= self._of_crm(self.crm[places], places)
        return row

    def _of_crm(self, chances: Floats, places: Places) -> dict[str, float]:
        """Add up the CRM's own chances; of items none of which has one nothing is known."""
        is_known = ~np.isnan(chances)
        nothing = np.nan if len(chances) and not is_known.any() else 0.0
        row = {"crm_wins": float(chances[is_known].sum()) + nothing}
        if self.amount is not None:
            row["crm_amount"] = float((self.amount[places] * chances)[is_known].sum()) + nothing
        return row

    @property
    def n_without_crm(self) -> int:
        """Number of open items without a chance of the CRM's own."""
        return 0 if self.crm is None else int(np.isnan(self.crm).sum())

    def _put_bounds(
        self,
        row: dict[str, float],
        drawn: list[Floats],
        tails: tuple[float, float],
        places: Places,
        exact: bool,
    ) -> None:
        names = ("expected_wins", "expected_wins_if_closed", "expected_amount")
        known = (self.win[places], self.win_if[places], None)
        for name, values, chances in zip(names, drawn, known, strict=False):
            if np.isnan(row[name]):
                low = high = np.nan
            elif exact and chances is not None:
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
        if self.crm is not None:
            row |= dict.fromkeys((*FORECAST_CRM, *FORECAST_CRM_AMOUNTS), np.nan)
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
        if self.state.n and np.isnan(self.win).all():
            expected = np.nan  # of what is open nothing is known
        if new is not None:
            whole = new.of_all()
            wins, amounts = self.draws_of_new(whole, 0)
            drawn = drawn + (amounts if is_amount else wins)
            expected += whole.expected(0) * (whole.mean_amount if is_amount else 1.0)
        open_now = float(self.amount.sum()) if self.amount is not None else float(self.state.n)
        return plan.reached(self.state, drawn, expected, open_now)


def _behind(
    fit: Fit, stage: Codes, age: Ticks, win: Floats, win_if: Floats | None
) -> tuple[Floats | None, Floats | None]:
    """Return how many visits the chances of 0 and 1 stand on; 0 for any other."""
    sure = is_sure(win)
    sure_if = sure if win_if is None else is_sure(win_if)
    wanted = np.flatnonzero(sure | sure_if)
    if not len(wanted):
        return None, None
    found = fit.visits_behind(stage[wanted], age[wanted])
    behind, behind_if = np.zeros(len(win)), np.zeros(len(win))
    behind[wanted], behind_if[wanted] = found.all_visits, found.closed
    closed = None if win_if is None else np.where(sure_if, behind_if, 0)
    return np.where(sure, behind, 0), closed
