"""The chances of single open items with their bounds."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..stats.proportions import wilson_bounds_of
from ..stats.spells import Codes, Ticks
from .asking import OpenItems
from .exits import Floats
from .fit import Fit
from .unseen import far_end, is_sure, n_none_won

_DRAWS: Final = 2000
_AT_ONCE: Final = 512


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
        threads = state.selection.data.threads
        return cls.of_fits(
            state.by_fit(), state.stage, state.age, state.is_known, confidence, seed, threads=threads
        )

    @classmethod
    def of_fits(
        cls,
        by_fit: list[tuple[Fit, npt.NDArray[np.intp]]],
        stage: Codes,
        age: Ticks,
        is_known: npt.NDArray[np.bool_],
        confidence: float,
        seed: int,
        *,
        threads: int,
    ) -> ItemChances:
        """Read the chances of items off some fits, each of which comes with the places of its items.

        What is read of an item depends on the fit, and its stage and age, not on how often they are there.
        """
        values = cls(len(stage))
        for fit, places in by_fit:
            if not len(places):
                continue
            own_stage, own_age, known = stage[places], age[places], is_known[places]
            chances = fit.chances(own_stage, own_age)
            win = np.where(known, chances.win, np.nan)
            values.win[places] = win
            values.win_if_closed[places] = np.where(known, chances.win_if_closed, np.nan)
            values.beyond[places] = chances.beyond & known
            values.unwon[places] = fit.never_won[own_stage] & known & ~chances.beyond
            values.low[places], values.high[places] = bounds_of(
                fit, own_stage, own_age, win, confidence, seed, threads
            )
        return values

    def at(self, places: npt.NDArray[np.intp]) -> ItemChances:
        """Return the chances at some places."""
        found = ItemChances(0)
        for name, values in vars(self).items():
            setattr(found, name, values[places])
        return found

    @property
    def n_none_won(self) -> int:
        """Number of items with a chance of 0, because nothing like them was ever won."""
        return n_none_won(self.win)


def bounds_of(
    fit: Fit, stage: Codes, age: Ticks, win: Floats, confidence: float, seed: int, threads: int
) -> tuple[Floats, Floats]:
    """Return the bounds of chances that a fit has of items by their stage and age."""
    bins = fit.bins_of_items
    at = bins.place(stage, age)
    seen, own = bins.seen_from(at)
    shifts = _bounds(seen.won, seen.drawn(_DRAWS, seed, threads), confidence)
    low, high = (
        np.where(at >= 0, _moved(win, shift[own]), np.nan) if len(shift) else np.full(len(win), np.nan)
        for shift in shifts
    )
    certain, has_bin = is_sure(win), ~np.isnan(win) & (at >= 0)
    # Few bins have no room for a win over several stages: then the visits alone say how sure it is.
    blind = np.flatnonzero(has_bin & ~certain)
    if len(blind):
        blind = blind[bins.is_sure[at[blind]]]
    if len(blind):
        behind = fit.visits_behind(stage[blind], age[blind]).all_visits
        low[blind], high[blind] = wilson_bounds_of(win[blind], behind, confidence)
    sure = np.flatnonzero(certain)
    if len(sure):
        # Of 0 and 1 the draws say nothing: their bounds are what the visits behind them allow.
        by = far_end(fit.visits_behind(stage[sure], age[sure]).all_visits, confidence)
        is_zero = win[sure] < 0.5
        low[sure], high[sure] = np.where(is_zero, 0, 1 - by), np.where(is_zero, by, 1)
    return low, high


def _bounds(known: Floats, draws: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return by bin how far the log-odds of its chance may lie below and above the estimate."""
    tail = (1 - confidence) / 2
    if not draws.size:
        return np.zeros(0), np.zeros(0)
    # A few bins at a time, so that the numbers are not there several times over.
    low, high = np.empty(len(known)), np.empty(len(known))
    for first in range(0, len(known), _AT_ONCE):
        own = slice(first, first + _AT_ONCE)
        moved = _log_odds(draws[:, own]) - _log_odds(known[own])
        low[own], high[own] = np.quantile(moved, [tail, 1 - tail], axis=0)
    return low, high


def _log_odds(chance: Floats) -> Floats:
    inside = np.clip(chance, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def _moved(chance: Floats, shift: Floats) -> Floats:
    """Move chances on the scale of log-odds; 0 and 1 stay what they are."""
    with np.errstate(over="ignore", invalid="ignore"):
        moved = chance / (chance + (1 - chance) * np.exp(-shift))
    return np.where((chance <= 0) | (chance >= 1), chance, moved)
