"""A fit of the visits of a log, and what it says of items by their stage and age."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ... import _core
from ..stats.spells import LEFT_OUT, Codes, Ticks
from .bins import Bins
from .chances import Chances, chances_by_age, chances_of_chain
from .exits import LEAST_EXITS, Exits, Floats, VisitEnds
from .within import Grid, chances_of_rates, chances_within

MARKOV = "markov"


@dataclass(frozen=True, eq=False)
class Fit:
    """How the visits of one group of items end.

    Attributes
    ----------
    exits
        The exits by stage and age.
    exposure
        Time that was spent in each stage.
    method
        ``"semi_markov"`` or ``"markov"``.
    horizon
        Time in which an item has to be won, in the measure of the lengths; ``None``: at any time.
    grid
        The steps of the horizon.
    """

    exits: Exits
    exposure: Floats
    method: str
    horizon: Fraction | None
    grid: Grid | None

    def chances(self, stage: Codes, age: Ticks) -> Chances:
        """Return the chances of items that are in a stage for so long."""
        if self.horizon is None:
            by_age = chances_of_chain if self.method == MARKOV else chances_by_age
            return by_age(self.exits, stage, age)
        if self.method == MARKOV:
            return chances_of_rates(self.exits, self.exposure, stage, age, float(self.horizon))
        assert self.grid is not None  # a horizon has steps
        return chances_within(self.exits, stage, age, self.grid)

    @cached_property
    def bins(self) -> Bins:
        """The exits as they are drawn."""
        if self.method == MARKOV:
            if self.horizon is None:
                return Bins.of_chain(self.exits.moves)
            return Bins.of_rates(self.exits.moves, self.exposure, float(self.horizon))
        return (
            Bins.of_exits(self.exits) if self.horizon is None else Bins.of_horizon(self.exits, self.horizon)
        )

    def drawn_chances(self, n_draws: int, seed: int, threads: int) -> tuple[Floats, Floats]:
        """Return the chance of winning at the beginning of each bin: as estimated, and by draw."""
        bins = self.bins
        known = {**bins.of_core, "weight": np.zeros(len(bins.weight))}
        one = _core.stats.draw_chances(**known, n_draws=1, seed=seed, threads=1)
        drawn = _core.stats.draw_chances(**bins.of_core, n_draws=n_draws, seed=seed, threads=threads)
        return one, drawn.reshape(n_draws, -1)


@dataclass(frozen=True, eq=False)
class Fits:
    """The fits of groups of items, and how often a stage fell back to the common one."""

    fits: list[Fit]
    n_fallen_back: int

    @classmethod
    def of(
        cls,
        ends: VisitEnds,
        ages: Ticks,
        *,
        method: str,
        horizon: Fraction | None,
        group: Codes | None,
        n_groups: int,
        threads: int,
    ) -> Fits:
        """Fit the visits of each group; `ages` are those of the items that are asked about."""
        counted = ends.cause != LEFT_OUT
        code = None if group is None else group[ends.item].astype(np.int32)
        (common,) = ends.curves(threads)
        exits, exposure, n_fallen_back = [common], _exposure(ends, None, 1, counted), 0
        if code is not None:
            own = ends.curves(threads, code, n_groups)
            few = np.array([one.n_exits < LEAST_EXITS for one in own])
            exits = [one.with_stages_of(common, flags) for one, flags in zip(own, few, strict=True)]
            exposure = np.where(few, exposure, _exposure(ends, code, n_groups, counted))
            n_fallen_back = int(few.sum())
        grid = None
        if horizon is not None:
            grid = Grid.of(horizon, np.concatenate([ends.exit[counted], ages]))
        fits = [Fit(one, exposure[place], method, horizon, grid) for place, one in enumerate(exits)]
        return cls(fits, n_fallen_back)


def _exposure(ends: VisitEnds, code: Codes | None, n_groups: int, counted: npt.NDArray[np.bool_]) -> Floats:
    """Add up the time that was spent in each stage, at least half a tick."""
    n = ends.n_stages
    cell = ends.stage[counted].astype(np.int64)
    if code is not None:
        cell = cell + code[counted].astype(np.int64) * n
    spent = np.bincount(cell, weights=ends.exit[counted], minlength=n_groups * n)
    return np.maximum(spent, 0.5).reshape(n_groups, n)
