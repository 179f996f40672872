"""How many visits say that something never happens: what chances of 0 and 1 stand on."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ... import _core
from ..stats.spells import Codes, Ticks
from .chances import normalised
from .exit_rows import ExitRows, Places
from .exits import Floats
from .known_exits import KnownExits
from .within import Grid

_ROUNDING: Final = 1e-12  # a chance that is as near to 0 or 1 is that


class VisitsBehind(NamedTuple):
    """By item the number of visits behind its chances.

    `all_visits` of them would have to be at risk at its age, had no others gone than those that ended;
    `closed` are those that ended later.
    """

    all_visits: Floats
    closed: Floats


def is_sure(chance: Floats | float) -> npt.NDArray[np.bool_]:
    """Flag the chances of 0 and of 1; a missing one is neither."""
    return np.asarray((chance <= _ROUNDING) | (chance >= 1 - _ROUNDING))


def n_none_won(chance: Floats) -> int:
    """Count the chances of 0."""
    return int(np.count_nonzero(is_sure(chance) & (chance < 0.5)))


def far_end(n: Floats, confidence: float) -> Floats:
    """Return how far from 0 or 1 a chance may be that so many visits say."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(np.log1p(-confidence) / n))


def behind_by_age(exits: KnownExits, stage: Codes, age: Ticks) -> VisitsBehind:
    """Count the visits behind the chances of items at any time."""
    by_row = exits.by_age(stage, age)
    total = exits.total
    ahead = _shares(np.maximum(total[by_row.stage] - by_row.gone, 0), by_row.left)
    at_end = np.array([exits.visits_at_end(one) for one in range(exits.n_stages)])
    own = by_row.left * at_end[by_row.stage]
    found = _least(own, ahead, total, np.where(exits.oldest >= 0, at_end, 1))
    return VisitsBehind(found.all_visits[by_row.place], found.closed[by_row.place])


def behind_within(
    rows: ExitRows, oldest: Ticks, stage: Codes, age: Ticks, grid: Grid, horizon: Fraction
) -> VisitsBehind:
    """Count the visits behind the chances of items within a horizon that a grid has steps of."""
    n = rows.n_stages
    every = np.arange(n, dtype=np.int32)
    begins = rows.left_after(rows.stage, np.arange(len(rows.step)))
    at_end = np.divide(rows.at_risk, begins, out=np.zeros(len(begins)), where=begins > 0)
    at_end = np.concatenate([at_end, [0.0]])
    n_steps = math.ceil(horizon / grid.step)

    def of_end(stages: Codes, step: Ticks) -> Floats:
        # The first step in which a visit ended that is not before the horizon, or the last one.
        last = np.maximum(rows.bounds[stages + 1] - 1, rows.bounds[stages])
        found = at_end[np.minimum(rows.following(stages, step + n_steps - 1), last)]
        return np.where(oldest[stages] >= 0, found, 0)

    # Each stage and step is looked at once, so that nothing depends on how many items are there.
    at = Places.of(stage, grid.down(age))
    following = rows.following(at.stage, at.step)
    left = rows.left_after(at.stage, following)
    ahead = _shares(rows.ahead(at.stage, following), left)
    of_new = of_end(every, np.zeros(n, dtype=np.int64))
    found = _least(left * of_end(at.stage, at.step), ahead, rows.total, np.where(oldest >= 0, of_new, 1))
    return VisitsBehind(found.all_visits[at.place], found.closed[at.place])


def behind_chain(moves: Floats, stage: Codes) -> VisitsBehind:
    """Count the visits behind the chances of a chain: the moves from the stages that an item comes to."""
    n = np.maximum(moves.sum(axis=1), 1)
    chances = normalised(moves)
    found = _least(n, chances, chances, n)
    return VisitsBehind(found.all_visits[stage], found.all_visits[stage])


def _least(own: Floats, ahead: Floats, total: Floats, of_new: Floats) -> VisitsBehind:
    """Take the least of the numbers of the own stage and of those that follow, by how often one comes there.

    `ahead` has by row the shares that go on to what follows, `total` those of new visits by stage.
    """
    n = len(total)
    found = _core.stats.solve_chain(
        probability=np.ascontiguousarray(np.minimum(total, 1).reshape(-1)), n_transient=n, n_absorbing=2
    )
    come = ahead[:, :n] @ found.visits.reshape(n, n)
    with np.errstate(divide="ignore"):
        each = 1 / np.concatenate([own[:, np.newaxis], of_new / come], axis=1)
        least = 1 / each.max(axis=1)
    return VisitsBehind(least, least * ahead.sum(axis=1))


def _shares(ahead: Floats, left: Floats) -> Floats:
    whole = np.broadcast_to(left[:, np.newaxis], ahead.shape)
    return np.divide(ahead, whole, out=np.zeros(ahead.shape), where=whole > 0)
