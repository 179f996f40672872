"""The chance that an item is won, by its stage and how long it has been there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ... import _core
from .exits import Floats


def ends_of(chances: Floats) -> tuple[Floats, Floats]:
    """Return the chance of being won, and of ending otherwise, of one that has just come to each stage.

    `chances` are those of what follows a stage, as the columns of :class:`KnownExits`; what is missing from 1
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
