"""The order of stages from the moves between them.

An order in which few moves go back is the linear ordering problem, which is hard in general. The stages start
in the order of their places in the journeys; each is then taken out and put in where the fewest moves go
back, until no stage has a better place (local search by insertion, as Becker, and Chanas and Kobylański, do).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int64]


def order_by_moves(moves: _Ints, start: Sequence[int]) -> list[int]:
    """Order stages so that few moves go back.

    Parameters
    ----------
    moves
        Moves from each stage (row) to each other one (column).
    start
        Stages to order, by their numbers, in the order that holds where moves do not decide.

    Examples
    --------
    >>> import numpy as np
    >>> from stagefunnel.suggesting.stage_order import order_by_moves
    >>> order_by_moves(np.array([[0, 0, 9], [8, 0, 1], [2, 0, 0]]), [0, 1, 2])
    [1, 0, 2]
    """
    first = _improved(moves, list(start))
    # Another start may end in a better order: who leaves more than is entered comes early.
    surplus = moves[np.ix_(start, start)].sum(axis=1) - moves[np.ix_(start, start)].sum(axis=0)
    by_surplus = [start[place] for place in np.argsort(-surplus, kind="stable")]
    other = _improved(moves, by_surplus)
    return other if moves_back(moves, other) < moves_back(moves, first) else first


def moves_back(moves: _Ints, order: Sequence[int]) -> int:
    """Count the moves to an earlier stage of an order."""
    return int(np.tril(moves[np.ix_(order, order)], -1).sum())


def _improved(moves: _Ints, order: list[int]) -> list[int]:
    is_better = True
    while is_better:
        is_better = False
        for stage in list(order):
            place = order.index(stage)
            others = order[:place] + order[place + 1 :]
            best = _best_place(moves, stage, others, place)
            if best != place:
                order, is_better = [*others[:best], stage, *others[best:]], True
    return order


def _best_place(moves: _Ints, stage: int, others: Sequence[int], place: int) -> int:
    """Return the place among other stages where the fewest moves go back; the one it has, if that is such."""
    to_earlier = np.concatenate([[0], np.cumsum(moves[stage, others])])
    from_later = np.concatenate([[0], np.cumsum(moves[others, stage])])
    back = to_earlier + from_later[-1] - from_later
    if back[place] == back.min():
        return place
    best = np.flatnonzero(back == back.min())
    return int(best[np.argmin(np.abs(best - place))])
