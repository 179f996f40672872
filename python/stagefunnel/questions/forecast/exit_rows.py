"""The exits of each stage by the steps of age that have any: at most a row for each exit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ... import _core
from ..stats.spells import Codes, Ticks
from .chances import Chances
from .exits import Floats
from .known_exits import KnownExits, Steps
from .within import Grid, SteppedExits

_ENDS: Final = 2  # won, and any other end


@dataclass(frozen=True, eq=False)
class ExitRows:
    """The steps of age in which visits of each stage end, in rising order.

    Attributes
    ----------
    bounds
        Stage `s` has the rows ``[bounds[s], bounds[s + 1])``.
    step
        The step of each row.
    chance
        By row and what follows: the share of all visits that ends in that step.
    left, at_risk
        The share of visits that has not ended by the end of the step, and how many lasted to its first exit.
    """

    bounds: npt.NDArray[np.int64]
    step: Ticks
    chance: Floats
    left: Floats
    at_risk: npt.NDArray[np.int64]

    @classmethod
    def of(cls, exits: KnownExits, grid: Grid) -> ExitRows:
        """Read the exits in the steps of a grid."""
        steps, found = [], []
        for stage in range(exits.n_stages):
            own = np.unique(grid.up(exits.ages(stage)))
            steps.append(own)
            found.append(exits.steps_of(stage, grid.end_of(own)))
        n_next = exits.n_stages + _ENDS
        return cls(
            np.concatenate([[0], np.cumsum([len(own) for own in steps])]).astype(np.int64),
            np.concatenate([np.zeros(0, dtype=np.int64), *steps]),
            np.concatenate([np.zeros((0, n_next)), *(one.chance.reshape(-1, n_next) for one in found)]),
            np.concatenate([np.zeros(0), *(one.left for one in found)]),
            np.concatenate([np.zeros(0, dtype=np.int64), *(one.at_risk for one in found)]),
        )

    @classmethod
    def of_steps(cls, steps: Steps) -> ExitRows:
        """Take the rows with exits of a table that has every step."""
        stage, step = np.nonzero(steps.at_risk > 0)
        n = len(steps.at_risk)
        return cls(
            np.searchsorted(stage, np.arange(n + 1)).astype(np.int64),
            step.astype(np.int64),
            steps.exits.chance[stage, step],
            steps.exits.left[stage, step],
            steps.at_risk[stage, step],
        )

    @property
    def n_stages(self) -> int:
        """Number of stages in progress."""
        return len(self.bounds) - 1

    @property
    def stage(self) -> Codes:
        """The stage of each row."""
        return np.repeat(np.arange(self.n_stages, dtype=np.int32), np.diff(self.bounds))

    def rows(self, stage: int) -> slice:
        """Return the rows of a stage."""
        return slice(self.bounds[stage], self.bounds[stage + 1])

    def following(self, stage: Codes, step: Ticks) -> npt.NDArray[np.intp]:
        """Return the first row of each stage that comes after a step; the end of its rows without one."""
        found = np.zeros(len(stage), dtype=np.intp)
        for one in range(self.n_stages):
            own = np.flatnonzero(stage == one)
            at = np.searchsorted(self.step[self.rows(one)], step[own], side="right")
            found[own] = self.bounds[one] + at
        return found

    def left_after(self, stage: Codes, following: npt.NDArray[np.intp]) -> Floats:
        """Return the share of visits that is left before a row, or before the end of those of its stage."""
        before = np.concatenate([[1.0], self.left])[following]
        return np.where(following > self.bounds[stage], before, 1.0)

    def ahead(self, stage: Codes, following: npt.NDArray[np.intp]) -> Floats:
        """Return the shares that end in a row or in a later one of its stage, by what follows."""
        own = [self.chance[self.rows(one)] for one in range(self.n_stages)]
        # Added up from the end, so that nothing is left after the last one, exactly.
        end = np.zeros((1, self.chance.shape[1]))
        sums = [np.concatenate([each[::-1].cumsum(axis=0)[::-1], end]) for each in own]
        return np.asarray(np.concatenate(sums)[following + stage])

    @property
    def total(self) -> Floats:
        """Share of the visits of each stage that was ever seen to end, by what follows."""
        return self.ahead(np.arange(self.n_stages, dtype=np.int32), self.bounds[:-1])

    def follow(self, worth: Floats, n_steps: int, stage: Codes, step: Ticks, threads: int) -> Floats:
        """Add up what the exits of visits within so many steps are worth.

        `worth` has by steps left and what follows the values that are wanted.
        """
        found = _core.stats.follow_exits(
            bounds=self.bounds,
            row_step=self.step,
            chance=np.ascontiguousarray(self.chance.reshape(-1)),
            worth=np.ascontiguousarray(worth.reshape(-1)),
            n_steps=n_steps,
            stage=np.ascontiguousarray(stage),
            step=np.ascontiguousarray(step),
            threads=threads,
        )
        return np.asarray(found.reshape(len(stage), worth.shape[2]))

    def chances(
        self, new: SteppedExits, oldest: Ticks, stage: Codes, age: Ticks, grid: Grid, threads: int
    ) -> Chances:
        """Return the chances of items to be won within the horizon of a grid.

        `new` are the exits in the steps of the horizon, `oldest` is the age of the last exit of each stage.
        """
        at = Places.of(stage, grid.down(age))
        following = self.following(at.stage, at.step)
        total = self.total.sum(axis=1)
        each = np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0)
        leaving = SteppedExits(new.chance * each[:, np.newaxis, np.newaxis], new.left)
        won = [states_of_new_visits(one, grid.n)[:, :, [len(oldest)]] for one in (new, leaving)]
        win, closing = (self.follow(one, grid.n, at.stage, at.step, threads) for one in won)
        left, later = self.left_after(at.stage, following), self.ahead(at.stage, following).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            win_at = np.where(left > 0, np.minimum(win[:, 0] / left, 1), np.nan)
            closed_at = np.where(later > 0, np.minimum(closing[:, 0] / later, 1), np.nan)
        beyond = np.isnan(win_at)[at.place] | (age > oldest[stage])
        win_of, closed_of = (np.where(beyond, np.nan, values[at.place]) for values in (win_at, closed_at))
        return Chances(win_of, closed_of, beyond)

    def states(self, new: SteppedExits, stage: Codes, age: Ticks, grid: Grid, threads: int) -> Floats:
        """Return the chances of items to be in each state at the end of the horizon of a grid.

        The states are the stages in progress, won, and any other end.
        """
        at = Places.of(stage, grid.down(age))
        found = self.follow(states_of_new_visits(new, grid.n), grid.n, at.stage, at.step, threads)
        # What is still there at the end of the horizon.
        later = self.left_after(at.stage, self.following(at.stage, at.step + grid.n))
        found[np.arange(len(found)), at.stage] += later
        left = self.left_after(at.stage, self.following(at.stage, at.step))[:, np.newaxis]
        return np.asarray(np.divide(found, left, out=np.zeros(found.shape), where=left > 0)[at.place])


class Places(NamedTuple):
    """The distinct stages and steps of some items, and the place of each item among them."""

    stage: Codes
    step: Ticks
    place: npt.NDArray[np.intp]

    @classmethod
    def of(cls, stage: Codes, step: Ticks) -> Places:
        """Take each stage and step once."""
        order = np.lexsort((step, stage))
        is_new = np.ones(len(order), dtype=bool)
        sorted_stage, sorted_step = stage[order], step[order]
        is_new[1:] = (sorted_stage[1:] != sorted_stage[:-1]) | (sorted_step[1:] != sorted_step[:-1])
        place = np.empty(len(order), dtype=np.intp)
        place[order] = is_new.cumsum() - 1
        return cls(sorted_stage[is_new], sorted_step[is_new], place)


def states_of_new_visits(exits: SteppedExits, n_steps: int) -> Floats:
    """Return by step the chances to be in each state of one that has just come to each, step by step."""
    n, n_ages, n_states = exits.chance.shape
    occupied = np.zeros((n_steps + 1, n_states, n_states))
    at_once = exits.chance[:, 0, :n]
    solved = np.linalg.inv(np.eye(n) - at_once) if at_once.any() else np.eye(n)
    for t in range(n_steps + 1):
        occupied[t, n:, n:] = np.eye(_ENDS)
        longest = min(t, n_ages - 1)
        known = np.einsum("sxk,xkj->sj", exits.chance[:, 1 : longest + 1], occupied[t - longest : t][::-1])
        known[:, n:] += exits.chance[:, 0, n:]
        known[np.arange(n), np.arange(n)] += exits.left[:, longest]
        occupied[t, :n] = solved @ known
    return occupied
