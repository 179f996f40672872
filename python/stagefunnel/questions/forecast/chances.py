"""The chance that an item is won, by its stage and how long it has been there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ... import _core
from ..stats.spells import Codes, Ticks
from .exits import Exits, Floats


def ends_of(chances: Floats) -> tuple[Floats, Floats]:
    """Return the chance of being won, and of ending otherwise, of one that has just come to each stage.

    `chances` are those of what follows a stage, as the columns of :class:`Exits`; what is missing from 1
    never leaves it.
    """
    n = len(chances)
    if not n:
        return np.zeros(0), np.zeros(0)
    found = _core.stats.solve_chain(
        probability=np.ascontiguousarray(np.minimum(chances, 1).reshape(-1)), n_transient=n, n_absorbing=2
    )
    absorbed = found.absorbed.reshape(n, 3)
    return absorbed[:, 0], absorbed[:, 1]


def normalised(total: Floats) -> Floats:
    """Return the chances of what follows a stage, of visits that end at all."""
    sums = total.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(total, sums, out=np.zeros(total.shape), where=sums > 0))


@dataclass(frozen=True, eq=False)
class Chances:
    """The chances of some open items.

    Attributes
    ----------
    win, win_if_closed
        The chance to be won, and that of being won if the item is closed at all; NaN beyond support and
        where nothing was won from the stage yet, and the latter where nobody left later.
    beyond
        Flags of those that are longer in their stage than every visit that ended, or for whom all visits
        were over by then.
    """

    win: Floats
    win_if_closed: Floats
    beyond: npt.NDArray[np.bool_]

    def without(self, unknown: npt.NDArray[np.bool_]) -> Chances:
        """Copy the chances with those of some items missing."""
        win, closed = (np.where(unknown, np.nan, values) for values in (self.win, self.win_if_closed))
        return Chances(win, closed, self.beyond)


def chances_by_age(exits: Exits, stage: Codes, age: Ticks) -> Chances:
    """Read the chances of items off how the visits of their stage went on that lasted longer."""
    by_row = _chances_of_rows(exits)
    row = exits.rows_at(stage, age)
    # The last entries are those of the stages before their first exit.
    place = np.where(row >= 0, row, len(exits.age) + stage)
    win, closed = by_row.win[place], by_row.win_if_closed[place]
    beyond = by_row.beyond[place] | (age > exits.oldest[stage])
    return Chances(np.where(beyond, np.nan, win), np.where(beyond, np.nan, closed), beyond)


def _chances_of_rows(exits: Exits) -> Chances:
    """Return the chances of one who is still there after each row of the exits, then after none."""
    n = exits.n_stages
    stage = np.concatenate([np.repeat(np.arange(n), np.diff(exits.bounds)), np.arange(n)])
    gone = np.concatenate([exits.gone, np.zeros((n, n + 2))])
    left = np.concatenate([exits.left, np.ones(n)])
    ahead = np.maximum(exits.total[stage] - gone, 0)
    won, _ = ends_of(exits.total)
    won_if, lost_if = ends_of(normalised(exits.total))
    with np.errstate(divide="ignore", invalid="ignore"):
        win = ahead @ np.concatenate([won, [1.0, 0.0]]) / left
        win_if = ahead @ np.concatenate([won_if, [1.0, 0.0]])
        closed = win_if / (win_if + ahead @ np.concatenate([lost_if, [0.0, 1.0]]))
    return Chances(np.minimum(win, 1), closed, left <= 0)


def chances_of_chain(exits: Exits, stage: Codes, age: Ticks) -> Chances:
    """Take the chances of items from the chain of moves, whatever their age."""
    won, lost = ends_of(normalised(exits.moves))
    beyond = age > exits.oldest[stage]
    with np.errstate(invalid="ignore"):
        closed = (won / (won + lost))[stage]
    return Chances(np.where(beyond, np.nan, won[stage]), np.where(beyond, np.nan, closed), beyond)
