"""The chances of single open items with their bounds."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from .asking import OpenItems
from .exits import Floats
from .unseen import far_end, is_sure, n_none_won

_DRAWS: Final = 2000


class ItemChances:
    """The chances of all open items with their bounds."""

    def __init__(self, n: int) -> None:
        nothing = np.full(n, np.nan)
        self.win, self.low, self.high, self.win_if_closed = (nothing.copy() for _ in range(4))
        self.beyond: npt.NDArray[np.bool_] = np.zeros(n, dtype=bool)
        self.unwon: npt.NDArray[np.bool_] = np.zeros(n, dtype=bool)

    @classmethod
    def of(cls, state: OpenItems, confidence: float, seed: int) -> ItemChances:
        """Read the chances of the open items."""
        values = cls(state.n)
        threads = state.selection.data.threads
        for fit, places in state.by_fit():
            if not len(places):
                continue
            stage, age, known = state.stage[places], state.age[places], state.is_known[places]
            chances = fit.chances(stage, age)
            win = np.where(known, chances.win, np.nan)
            values.win[places] = win
            values.win_if_closed[places] = np.where(known, chances.win_if_closed, np.nan)
            values.beyond[places] = chances.beyond & known
            values.unwon[places] = fit.never_won[stage] & known & ~chances.beyond
            low, high = _bounds(fit.drawn_chances(_DRAWS, seed, threads), confidence)
            at = fit.bins.place(stage, age)
            has_bin = at >= 0
            values.low[places] = np.where(has_bin, _moved(win, low[at]), np.nan) if len(low) else np.nan
            values.high[places] = np.where(has_bin, _moved(win, high[at]), np.nan) if len(high) else np.nan
            sure = np.flatnonzero(is_sure(win))
            if len(sure):
                behind = fit.visits_behind(stage[sure], age[sure]).all_visits
                values._loosen(places[sure], far_end(behind, confidence))
        return values

    @property
    def n_none_won(self) -> int:
        """Number of items with a chance of 0, because nothing like them was ever won."""
        return n_none_won(self.win)

    def _loosen(self, places: npt.NDArray[np.intp], by: Floats) -> None:
        """Give chances of 0 and 1 the bounds that the visits behind them allow."""
        win = self.win[places]
        self.low[places] = np.where(win < 0.5, 0, 1 - by)
        self.high[places] = np.where(win < 0.5, by, 1)


def _bounds(drawn: tuple[Floats, Floats], confidence: float) -> tuple[Floats, Floats]:
    """Return by bin how far the log-odds of its chance may lie below and above the estimate."""
    known, draws = drawn
    tail = (1 - confidence) / 2
    if not draws.size:
        return np.zeros(0), np.zeros(0)
    moved = _log_odds(draws) - _log_odds(known)
    low, high = np.quantile(moved, [tail, 1 - tail], axis=0)
    return low, high


def _log_odds(chance: Floats) -> Floats:
    inside = np.clip(chance, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _moved(chance: Floats, shift: Floats) -> Floats:
    """Move chances on the scale of log-odds; 0 and 1 stay what they are."""
    with np.errstate(over="ignore", invalid="ignore"):
        moved = chance / (chance + (1 - chance) * np.exp(-shift))
    return np.where((chance <= 0) | (chance >= 1), chance, moved)
