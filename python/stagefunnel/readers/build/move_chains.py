"""Moves of one item at one time, put in the order in which one leads to the next."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

_Ints: TypeAlias = npt.NDArray[np.int64]
_Flags: TypeAlias = npt.NDArray[np.bool_]
_UNKNOWN = -1


def chained(moves: pd.DataFrame) -> tuple[pd.DataFrame, int, int]:
    """Put moves of equal time in the one order in which they lead from one to the next.

    Moves that lead on as they stand stay, and so do moves of which no order leads on.

    Parameters
    ----------
    moves
        Columns ``item``, ``from_stage``, ``to_stage`` and ``time``, in order of time.

    Returns
    -------
    moves, n_moved, n_broken
        The moves, how many of them stand elsewhere than before, and how many begin in another stage than the
        one before led to.
    """
    items = pd.factorize(moves["item"])[0]
    in_items = np.argsort(items, kind="stable")
    codes = pd.factorize(pd.concat([moves["from_stage"], moves["to_stage"]], ignore_index=True))[0]
    starts, ends = codes[: len(moves)][in_items], codes[len(moves) :][in_items]
    items, stamps = items[in_items], pd.DatetimeIndex(moves["time"]).asi8[in_items]
    follows = items[1:] == items[:-1]
    is_tied = follows & (stamps[1:] == stamps[:-1])
    is_broken = _broken(follows, starts, ends)
    # A move from nowhere is the creation of an item, and none stands before it.
    is_suspect = is_broken | (is_tied & (starts[1:] == _UNKNOWN))
    if not _touches(is_suspect, is_tied):
        return moves, 0, int(is_broken.sum())
    order = np.arange(len(moves))
    firsts = np.flatnonzero(np.concatenate([[True], ~is_tied]))
    lasts = np.append(firsts[1:], len(moves)) - 1
    # An order that is found for some moves of an item says where those after them begin.
    is_of_suspect = np.isin(items[firsts], items[1:][is_suspect])
    for number in np.flatnonzero(is_of_suspect & (lasts > firsts)):
        first, last = int(firsts[number]), int(lasts[number])
        members = slice(first, last + 1)
        before = int(ends[order[first - 1]]) if first and follows[first - 1] else None
        behind = None
        if last < len(follows) and follows[last]:
            following = slice(last + 1, int(lasts[number + 1]) + 1)
            behind = _only_start(starts[following], ends[following])
        path = _path(starts[members], ends[members], before, behind)
        if path is not None:
            order[members] = first + np.asarray(path)
    n_moved = int((order != np.arange(len(moves))).sum())
    n_broken = int(_broken(follows, starts[order], ends[order]).sum())
    return moves.iloc[_positions(in_items, order)], n_moved, n_broken


def _broken(follows: _Flags, starts: _Ints, ends: _Ints) -> _Flags:
    """Flag the links between rows where a move begins elsewhere than the one before it ended."""
    is_known = (starts[1:] != _UNKNOWN) & (ends[:-1] != _UNKNOWN)
    return np.asarray(follows & is_known & (starts[1:] != ends[:-1]), dtype=bool)


def _touches(is_suspect: _Flags, is_tied: _Flags) -> bool:
    """Check for such a link inside a group of ties, into one or out of one."""
    is_in_group = np.concatenate([is_tied, [False]]) | np.concatenate([[False], is_tied])
    return bool((is_suspect & (is_in_group[:-1] | is_in_group[1:])).any())


def _positions(in_items: npt.NDArray[np.intp], order: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return where each row comes from, rows of an item changing places among themselves only."""
    positions = np.empty(len(order), dtype=np.intp)
    positions[in_items] = in_items[order]
    return positions


def _only_start(starts: _Ints, ends: _Ints) -> int | None:
    """Return the stage that moves leave more often than they enter it: there a path begins."""
    left = Counter(starts.tolist())
    left.subtract(ends.tolist())
    return next((stage for stage, n in left.items() if n == 1), None)


def _path(starts: _Ints, ends: _Ints, before: int | None, behind: int | None) -> list[int] | None:
    """Find an order of moves that is a path through all of them; ``None`` if there is none.

    This is Hierholzer's algorithm for a trail along every edge of a graph.

    Parameters
    ----------
    starts, ends
        Stages that the moves leave and enter.
    before
        Stage that the item was in before them, and where the path begins if a move leaves it.
    behind
        Stage that the next move leaves.
    """
    from_stage = [int(stage) for stage in starts]
    to_stage = [int(stage) for stage in ends]
    first = _only_start(starts, ends)
    if first is None:  # the moves lead round: into where they came from
        choices = [stage for stage in (before, behind) if stage in from_stage]
        first = choices[0] if choices else from_stage[0]
    leaving: dict[int, list[int]] = {}
    for move in reversed(range(len(from_stage))):
        leaving.setdefault(from_stage[move], []).append(move)
    path: list[int] = []
    trail: list[tuple[int, int | None]] = [(first, None)]
    while trail:
        stage, by = trail[-1]
        if leaving.get(stage):
            move = leaving[stage].pop()
            trail.append((to_stage[move], move))
        else:
            trail.pop()
            if by is not None:
                path.append(by)
    path.reverse()
    leads_on = all(to_stage[a] == from_stage[b] for a, b in pairwise(path))
    return path if len(path) == len(from_stage) and leads_on else None
