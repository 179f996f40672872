"""The chances of items at any time, by their stage and their exact age."""

from __future__ import annotations

import numpy as np

from ..stats.spells import Codes, Ticks
from .chances import Chances, ends_of, normalised
from .known_exits import KnownExits


def chances_by_age(exits: KnownExits, stage: Codes, age: Ticks) -> Chances:
    """Read the chances of items off how the visits of their stage went on that lasted longer."""
    total = exits.total
    by_row = exits.by_age(stage, age)
    ahead = np.maximum(total[by_row.stage] - by_row.gone, 0)
    won, _ = ends_of(total)
    won_if, lost_if = ends_of(normalised(total))
    with np.errstate(divide="ignore", invalid="ignore"):
        win = np.minimum(ahead @ np.concatenate([won, [1.0, 0.0]]) / by_row.left, 1)
        win_if = ahead @ np.concatenate([won_if, [1.0, 0.0]])
        closed = win_if / (win_if + ahead @ np.concatenate([lost_if, [0.0, 1.0]]))
    place = by_row.place
    beyond = (by_row.left <= 0)[place] | (age > exits.oldest[stage])
    return Chances(np.where(beyond, np.nan, win[place]), np.where(beyond, np.nan, closed[place]), beyond)


def chances_of_chain(exits: KnownExits, stage: Codes, age: Ticks) -> Chances:
    """Take the chances of items from the chain of moves, whatever their age."""
    won, lost = ends_of(normalised(exits.moves))
    beyond = age > exits.oldest[stage]
    with np.errstate(invalid="ignore"):
        closed = (won / (won + lost))[stage]
    return Chances(np.where(beyond, np.nan, won[stage]), np.where(beyond, np.nan, closed), beyond)
