"""A fit of the visits of a log, and what it says of items by their stage and age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ...cached import cached_property
from ..stats.spells import Codes, Ticks
from .bins import MOST_OF_ITEMS, MOST_OF_SUMS, Bins, grid_of_bins
from .by_age import chances_by_age, chances_of_chain
from .chances import Chances
from .exit_rows import ExitRows
from .exits import LEAST_EXITS, Floats, VisitEnds
from .known_exits import History, KnownExits, Steps, common_length
from .unseen import VisitsBehind, behind_by_age, behind_chain, behind_within
from .within import Grid, SteppedExits, chances_of_rates, chances_within, rates_of

MARKOV = "markov"
_MOST_NUMBERS: Final = 2**23  # of a table that has every step of age
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fit:
    """How the visits of one group of items end.

    Attributes
    ----------
    exits
        The exits of each stage.
    method
        ``"semi_markov"`` or ``"markov"``.
    horizon
        Time in which an item has to be won, in the measure of the lengths; ``None``: at any time.
    grid
        The steps of the horizon.
    """

    exits: KnownExits
    method: str
    horizon: Fraction | None = None
    grid: Grid | None = None

    @cached_property
    def leads_to_win(self) -> Flags:
        """Flags of the stages from which a way to a win was seen, over whatever stages."""
        n = self.exits.n_stages
        moved = self.exits.moves > 0
        leads = moved[:, n]
        for _ in range(n):  # the longest way passes each stage once
            leads = leads | moved[:, :n][:, leads].any(axis=1)
        return np.asarray(leads)

    @cached_property
    def never_won(self) -> Flags:
        """Flags of the stages of which nothing is known about wins, because none was seen yet."""
        is_few = self.exits.n_exits < LEAST_EXITS
        return ~self.leads_to_win & (is_few if self.leads_to_win.any() else True)

    def chances(self, stage: Codes, age: Ticks, *, if_closed: bool = True) -> Chances:
        """Return the chances of items that are in a stage for so long.

        With a horizon those `if_closed` take as long again, and may be left.
        """
        chances = self._read(stage, age, if_closed=if_closed)
        return chances.without(self.never_won[stage]) if self.never_won.any() else chances

    def _read(self, stage: Codes, age: Ticks, *, if_closed: bool) -> Chances:
        if self.horizon is None:
            by_age = chances_of_chain if self.method == MARKOV else chances_by_age
            return by_age(self.exits, stage, age)
        assert self.grid is not None  # a horizon has steps
        oldest = self.exits.oldest
        if self.method == MARKOV:
            return chances_of_rates(self.rates, oldest, stage, age, float(self.horizon))
        threads = self.exits.threads
        if self._has_every_step:
            stepped = self._steps[0].exits
            return chances_within(stepped, oldest, stage, age, self.grid, threads, if_closed=if_closed)
        return self._rows.chances(self._new_visits, oldest, stage, age, self.grid, threads)

    def states(self, stage: Codes, age: Ticks) -> Floats:
        """Return the chances of items to be in each state at the end of the horizon."""
        assert self.grid is not None  # there is a horizon
        return self._rows.states(self._new_visits, stage, age, self.grid, self.exits.threads)

    def visits_behind(self, stage: Codes, age: Ticks) -> VisitsBehind:
        """Return how many visits say it where the chance of an item is 0 or 1."""
        if self.method == MARKOV:
            return behind_chain(self.exits.moves, stage)
        if self.horizon is None:
            return behind_by_age(self.exits, stage, age)
        assert self.grid is not None  # a horizon has steps
        return behind_within(self._rows, self.exits.oldest, stage, age, self.grid, self.horizon)

    @property
    def _has_every_step(self) -> bool:
        """Whether a table has every step of age, which very long visits would make too many."""
        assert self.grid is not None  # there is a horizon
        n = self.exits.n_stages
        return (self.exits.last_step(self.grid) + 1) * n * (n + 2) <= _MOST_NUMBERS

    @cached_property
    def _steps(self) -> list[Steps]:
        """The exits in all steps of age, and in those of the bins."""
        assert self.grid is not None  # there is a horizon
        ends = [self.grid.ends(self.exits.last_step(self.grid))] if self._has_every_step else []
        grid = self._grid_of_bins
        return self.exits.by_step(*ends, *([] if grid is None else [grid.ends(self.exits.last_step(grid))]))

    @property
    def _grid_of_bins(self) -> Grid | None:
        assert self.horizon is not None  # there is one
        return grid_of_bins(self.exits, self.horizon)

    @cached_property
    def _rows(self) -> ExitRows:
        """The steps of age that have exits."""
        assert self.grid is not None  # there is a horizon
        if self._has_every_step:
            return ExitRows.of_steps(self._steps[0])
        return ExitRows.of(self.exits, self.grid)

    @cached_property
    def _new_visits(self) -> SteppedExits:
        """The exits in the steps of the horizon."""
        assert self.grid is not None  # there is one
        return self.exits.by_step(self.grid.ends(self.grid.n))[0].exits

    @property
    def rates(self) -> Floats:
        """The rates of moves between the stages."""
        return rates_of(self.exits.moves, self.exits.exposure)

    @cached_property
    def bins(self) -> Bins:
        """The exits as they are drawn."""
        if self.horizon is None:
            return Bins.of_chain(self.exits.moves) if self.method == MARKOV else Bins.of_exits(self.exits)
        if self.method == MARKOV:
            return Bins.of_rates(self.exits.moves, self.exits.exposure, float(self.horizon))
        grid = self._grid_of_bins
        if grid is None:
            return Bins.of_short_horizon(self.exits, self.horizon, MOST_OF_SUMS)
        return Bins.of_horizon(self.exits, self._steps[-1], grid)

    @cached_property
    def bins_of_items(self) -> Bins:
        """The exits as they are drawn for the bounds of single items."""
        if self.horizon is None or self.method == MARKOV or self._grid_of_bins is not None:
            return self.bins
        return Bins.of_short_horizon(self.exits, self.horizon, MOST_OF_ITEMS)


@dataclass(frozen=True, eq=False)
class Fits:
    """The fits of groups of items, and how often a stage fell back to the common one."""

    fits: list[Fit]
    n_fallen_back: int

    @property
    def has_no_win(self) -> bool:
        """Whether no win was seen in any of the fits."""
        return not any(fit.leads_to_win.any() for fit in self.fits)

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
        code = None if group is None else group[ends.item].astype(np.int32)
        ((known,),) = History.of_ends(ends, threads).known()
        own_known = [] if code is None else History.of_ends(ends, threads, code, n_groups).known()[0]
        return cls.of_known(known, own_known, ages, method=method, horizon=horizon)

    @classmethod
    def of_known(
        cls,
        common: KnownExits,
        own: list[KnownExits],
        ages: Ticks,
        *,
        method: str,
        horizon: Fraction | None,
    ) -> Fits:
        """Fit what is known of the visits of each group; without groups there is one common fit."""
        few = _are_few(own)
        exits = [one.with_stages_of(common, flags) for one, flags in zip(own, few, strict=True)]
        grid = None if horizon is None else Grid.of(horizon, common_length(common, ages))
        fits = [Fit(one, method, horizon, grid) for one in (exits if own else [common])]
        return cls(fits, int(few.sum()))


def _are_few(own: Sequence[KnownExits]) -> npt.NDArray[np.bool_]:
    """Flag the stages of each group that have too few exits for a fit of their own."""
    return np.array([one.n_exits < LEAST_EXITS for one in own], dtype=bool)
