"""The exits of each stage in few bins of age, which are drawn often for the bounds of a forecast."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ... import _core
from ...cached import cached_property
from ..stats.spells import Codes, Ticks
from .exits import Floats
from .known_exits import KnownExits, Steps
from .within import Grid, rates_of

_MOST_BINS: Final = 96
_STEPS: Final = 32  # of a horizon
_MOST_AGES: Final = 512
# Bins of all stages together, where a horizon is short beside the visits: for sums of items, which must not
# move together as those of one bin do, and for the bounds of single items.
MOST_OF_SUMS: Final = 8_192
MOST_OF_ITEMS: Final = 1_024


@dataclass(frozen=True, eq=False)
class Bins:
    """Exits in bins, as the core draws them.

    Attributes
    ----------
    bounds, chance, weight
        Stage `s` has the bins ``[bounds[s], bounds[s + 1])``; the chances that a visit that lasts to the
        beginning of a bin ends inside, by what follows; and how many visits these are as sure as.
    n_steps
        Number of bins up to a horizon; 0 without one.
    begins
        The bin of an age: that of the last of these ages, stage by stage, which is not above it.
    grid
        The steps of age that the bins are, in the place of `begins`.
    number
        What tells bins apart in the draws, where they are some of more.
    """

    bounds: npt.NDArray[np.int64]
    chance: Floats
    weight: Floats
    n_steps: int
    begins: Floats | Ticks
    grid: Grid | None = None
    number: npt.NDArray[np.int64] | None = None

    @property
    def of_core(self) -> dict[str, Any]:
        """The arguments of the core."""
        return {
            "bounds": self.bounds,
            "chance": np.ascontiguousarray(self.chance.reshape(-1)),
            "weight": self.weight,
            "n_steps": self.n_steps,
            "bin_number": self.number,
        }

    @cached_property
    def won(self) -> Floats:
        """The chance of winning of one who is at the beginning of each bin."""
        known = {**self.of_core, "weight": np.zeros(len(self.weight))}
        return np.asarray(_core.stats.draw_chances(**known, n_draws=1, seed=0, threads=1))

    @property
    def is_sure(self) -> npt.NDArray[np.bool_]:
        """Flag the bins at whose beginning a win is impossible or certain, so that draws say nothing."""
        return np.asarray((self.won <= 0) | (self.won >= 1))

    def drawn(self, n_draws: int, seed: int, threads: int) -> Floats:
        """Return the chance of winning at the beginning of each bin, by draw."""
        drawn = _core.stats.draw_chances(**self.of_core, n_draws=n_draws, seed=seed, threads=threads)
        return np.asarray(drawn.reshape(n_draws, -1))

    def seen_from(self, at: npt.NDArray[np.int64]) -> tuple[Bins, npt.NDArray[np.int64]]:
        """Keep the bins that decide what becomes of those who are in some bins, and place them among these.

        Before a horizon of one step ends one leaves the bin of one's age, if any, and goes on in what ends at
        once: the first bin of each stage.
        """
        if self.n_steps != 1:
            return self, at
        first = self.bounds[:-1][np.diff(self.bounds) > 0]
        is_kept = np.zeros(len(self.weight), dtype=bool)
        is_kept[first] = is_kept[at[at >= 0]] = True
        kept = np.flatnonzero(is_kept)
        seen = Bins(
            np.searchsorted(kept, self.bounds),
            *(self.chance[kept], self.weight[kept]),
            *(1, np.zeros(0)),
            number=kept,
        )
        return seen, np.where(at >= 0, np.searchsorted(kept, at), -1)

    def place(self, stage: Codes, age: Ticks) -> npt.NDArray[np.int64]:
        """Return the bin of each item; a stage without bins has none, and gives -1."""
        at = self._bin_of(stage, age)
        if not self.n_steps or not len(self.weight):
            return at
        # The horizon of an item ends later than that of the beginning of its bin, by less than a bin. Where
        # that makes all the difference, the next bin knows how sure it is.
        following = np.minimum(at + 1, self.bounds[1:][stage] - 1)
        is_sure = self.is_sure
        return np.where((at >= 0) & is_sure[at] & ~is_sure[following], following, at)

    def _bin_of(self, stage: Codes, age: Ticks) -> npt.NDArray[np.int64]:
        if self.grid is not None:
            # A bin ends with its step, and the first one is that of age 0.
            n_bins = np.diff(self.bounds)
            at = np.minimum(self.grid.down(age) + 1, n_bins.take(stage) - 1)
            at += np.where(n_bins > 0, self.bounds[:-1], 0).take(stage)
            return np.asarray(at)
        found = np.full(len(stage), -1, dtype=np.int64)
        for one in range(len(self.bounds) - 1):
            first, last = self.bounds[one], self.bounds[one + 1]
            if first == last:
                continue
            own = np.flatnonzero(stage == one)
            at = np.searchsorted(self.begins[first:last], age[own], side="right") - 1
            found[own] = first + np.maximum(at, 0)
        return found

    @classmethod
    def of_exits(cls, exits: KnownExits) -> Bins:
        """Cut the exits of each stage into at most 96 bins with about as many exits each."""
        n_next = exits.n_stages + 2
        bounds, chances, weights, begins = [0], [], [], []
        for stage in range(exits.n_stages):
            runs = exits.cut(stage, _MOST_BINS)
            left_before, gone_before, begun = 1.0, np.zeros(n_next), 0.0
            for at, left in enumerate(runs.left.tolist()):
                chances.append(np.maximum(runs.gone[at] - gone_before, 0) / left_before)
                spread, n_risk = float(runs.spread[at]), float(runs.at_risk[at])
                weights.append(_weight(left / left_before, spread, n_risk))
                begins.append(begun)
                left_before, gone_before, begun = left, runs.gone[at], float(runs.age[at])
                if left <= 0:
                    break
            bounds.append(len(weights))
        return cls._of(bounds, chances, weights, begins, n_next, 0)

    @classmethod
    def of_horizon(cls, exits: KnownExits, steps: Steps, grid: Grid) -> Bins:
        """Make bins of the steps of a grid."""
        last = np.where(exits.oldest >= 0, grid.up(np.maximum(exits.oldest, 0)), -1)
        own = [
            _Run.of(
                *(steps.exits.chance[stage, :n], steps.exits.left[stage, :n]),
                *(steps.spread[stage, :n], steps.at_risk[stage, :n]),
            )
            for stage, n in enumerate((last + 1).tolist())
        ]
        return cls._of_runs(own, exits.n_stages + 2, grid.n, np.zeros(0), grid)

    @classmethod
    def of_short_horizon(cls, exits: KnownExits, horizon: Fraction, most: int) -> Bins:
        """Make bins of a horizon each, of those in which visits end, however long visits are.

        More than `most` of them are joined to their neighbours, and are as sure as one of these alone.
        """
        grid, n_next = Grid(horizon, 1), exits.n_stages + 2
        most = max(most // max(exits.n_stages, 1), _MOST_BINS)
        own, begins = [], []
        for stage in range(exits.n_stages):
            steps = np.unique(grid.up(exits.ages(stage)))
            if not len(steps):
                own.append(_Run.of(np.zeros((0, n_next)), *(np.zeros(0) for _ in range(3))))
                continue
            kept = steps if len(steps) <= most else grid.up(exits.ages(stage, most))
            # What has just come to a stage is in the first two.
            kept = np.unique(np.concatenate([[0, 1], kept]))
            joined = np.diff(np.searchsorted(steps, kept, side="right"), prepend=0)
            ends = grid.end_of(kept)
            found = exits.steps_of(stage, ends)
            run = _Run.of(found.chance.reshape(-1, n_next), found.left, found.spread, found.at_risk)
            n = len(run.weight)
            # The chance of one of them on average: the odds of that of all would move much further.
            own.append(_Run(run.chance / np.maximum(joined[:n, np.newaxis], 1), run.weight))
            begins.append(np.concatenate([[-1], ends[: n - 1]]))
        return cls._of_runs(own, n_next, 1, np.concatenate([np.zeros(0, dtype=np.int64), *begins]))

    @classmethod
    def of_chain(cls, counts: Floats) -> Bins:
        """Make one bin of each stage that was ever left, whatever the age."""
        n = counts.sum(axis=1)
        some = np.flatnonzero(n > 0)
        bounds = [0, *np.cumsum(n > 0).tolist()]
        chances = [counts[one] / n[one] for one in some]
        return cls._of(bounds, chances, n[some].tolist(), [0.0] * len(some), counts.shape[1], 0)

    @classmethod
    def of_rates(cls, counts: Floats, exposure: Floats, horizon: float) -> Bins:
        """Cut a horizon into steps in which the chances are the same."""
        n_next = counts.shape[1]
        rates = rates_of(counts, exposure)
        bounds, chances, weights, begins = [0], [], [], []
        for stage in range(len(counts)):
            fastest = -rates[stage, stage]
            if fastest > 0:
                ended = -np.expm1(-fastest * horizon / _STEPS)
                split = rates[stage].copy()
                split[stage] = 0
                # So that the log of what is left after all steps spreads as a rate of so many moves does.
                weight = counts[stage].sum() / (fastest * horizon)
                for at in range(_STEPS + 1):
                    chances.append(split / fastest * ended if at else np.zeros(n_next))
                    weights.append(weight if at else 0.0)
                    begins.append(0.0 if at == 1 else -1.0 if at == 0 else np.inf)
            bounds.append(len(weights))
        return cls._of(bounds, chances, weights, begins, n_next, _STEPS)

    @classmethod
    def _of_runs(
        cls, runs: list[_Run], n_next: int, n_steps: int, begins: Floats | Ticks, grid: Grid | None = None
    ) -> Bins:
        bounds = np.concatenate([[0], np.cumsum([len(run.weight) for run in runs])]).astype(np.int64)
        chance = np.concatenate([np.zeros((0, n_next)), *(run.chance for run in runs)])
        weight = np.concatenate([np.zeros(0), *(run.weight for run in runs)])
        return cls(bounds, _shares(chance), weight, n_steps, begins, grid)

    @classmethod
    def _of(
        cls,
        bounds: list[int],
        chances: list[Floats],
        weights: list[float],
        begins: list[float],
        n_next: int,
        n_steps: int,
    ) -> Bins:
        chance = np.array(chances, dtype=np.float64).reshape(-1, n_next)
        return cls(
            np.array(bounds, dtype=np.int64),
            _shares(chance),
            np.array(weights, dtype=np.float64),
            n_steps,
            np.array(begins),
        )


class _Run(NamedTuple):
    """The chances and weights of the bins of a stage."""

    chance: Floats
    weight: Floats

    @classmethod
    def of(cls, gone: Floats, left: Floats, spread: Floats, at_risk: Floats | npt.NDArray[np.int64]) -> _Run:
        """Take the steps up to the one after which no visit is left; what they have is as in `Steps`."""
        none_left = np.flatnonzero(left <= 0)
        n = none_left[0] + 1 if len(none_left) else len(left)
        before = np.concatenate([[1.0], left[:n]])[:-1]
        kept, weight = left[:n] / before, at_risk[:n].astype(np.float64)
        has_spread = (kept > 0) & (spread[:n] > 0)
        np.divide(1 - kept, kept * spread[:n], out=weight, where=has_spread)
        return cls(np.maximum(gone[:n], 0) / before[:, np.newaxis], weight)


def _shares(chance: Floats) -> Floats:
    """Scale rows that rounding has made add up to a little more than 1."""
    return np.asarray(chance / np.maximum(chance.sum(axis=1, keepdims=True), 1))


def grid_of_bins(exits: KnownExits, horizon: Fraction) -> Grid | None:
    """Cut a horizon into few steps, so that exits have not too many bins; none if visits are very long."""
    oldest = max(int(exits.oldest.max(initial=0)), 1)
    n = min(_STEPS, int(_MOST_AGES * horizon / oldest))
    return Grid(horizon / n, n) if n else None


def _weight(kept: float, spread: float, at_risk: float) -> float:
    """Return how many visits a share that is kept is as sure as; of one row it is its visits at risk."""
    return (1 - kept) / (kept * spread) if kept > 0 and spread > 0 else at_risk
