"""Where the moves of items end, and how each item and each visit changes the answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from reference.journeys import Visit
from reference.stages import Item, Pipeline, Stage, labels, outcome_of

ENDS = ("won", "lost")
_TINY = 1e-40
Weights = Callable[[Item, int], complex]


class Move(NamedTuple):
    """One visit of an item: its stage, what followed, and how long it took or was seen."""

    item: Item
    number: int
    stage: Stage
    to: Stage | None  # the next stage, or an end; None: it goes on
    length: int


class Answer(NamedTuple):
    """What a chain says of each stage, and of all items."""

    win: dict[Stage, complex]
    lost: dict[Stage, complex]
    undetermined: dict[Stage, complex]
    time: dict[Stage, complex]
    visits: dict[Stage, complex]
    overall: complex
    has_way_out: set[Stage]


def moves_of(by_item: Mapping[Item, Sequence[Visit]], pipeline: Pipeline, end: int) -> list[Move]:
    """List the visits of items; an item is over as soon as the visits that close it begin."""
    moves = []
    for item, visits in by_item.items():
        outcomes = [outcome_of(visit.stage, pipeline) for visit in visits]
        n_closing = 0
        while n_closing < len(visits) and outcomes[len(visits) - 1 - n_closing] != "open":
            n_closing += 1
        for number, visit in enumerate(visits):
            is_last = number == len(visits) - 1
            until = end if is_last else visits[number + 1].start
            length = 0 if number >= len(visits) - n_closing else max(until - visit.start, 0)
            to: Any = None if is_last else visits[number + 1].stage
            if is_last and outcomes[number] != "open":
                to = outcomes[number]
            moves.append(Move(item, number, visit.stage, to, length))
    return moves


def absorption(
    moves: Sequence[Move], pipeline: Pipeline, method: str, weight: Weights = lambda *_: complex(1)
) -> Answer:
    """Solve the chain of some moves, each of which counts as much as its weight."""
    stages = list(labels(pipeline))
    row_of = _counted if method == "visits" else _seen
    rows, means = {}, {}
    for stage in stages:
        own = [(move, weight(move.item, move.number)) for move in moves if move.stage == stage]
        rows[stage], means[stage] = row_of(own)
    out = _with_way_out(rows)
    inside = [stage for stage in stages if stage in out]
    size = len(inside)
    stays = np.eye(size, dtype=complex)
    ends = np.zeros((size, len(ENDS) + 2), dtype=complex)
    for i, stage in enumerate(inside):
        for j, other in enumerate(inside):
            stays[i, j] -= rows[stage].get(other, 0)
        for j, end in enumerate(ENDS):
            ends[i, j] = rows[stage].get(end, 0)
        ends[i, 2] = 1 - sum(rows[stage].get(to, 0) for to in [*inside, *ENDS])
        ends[i, 3] = means[stage]
    found = np.linalg.solve(stays, ends) if size else ends
    nothing = {stage: complex(0) for stage in stages}
    win, lost, unknown, time = ({**nothing} for _ in range(4))
    unknown.update(dict.fromkeys(stages, complex(1)))
    for i, stage in enumerate(inside):
        win[stage], lost[stage], unknown[stage], time[stage] = found[i]
    begun = {stage: complex(0) for stage in stages}
    for move in moves:
        if move.number == 0:
            begun[move.stage] += weight(move.item, -1)
    total = sum(begun.values())
    visits = dict(nothing)
    if size and total:
        start = np.array([begun[stage] / total for stage in inside])
        visits.update(zip(inside, np.linalg.solve(stays.T, start), strict=True))
    overall = sum(begun[stage] * win[stage] for stage in stages) / total if total else complex("nan")
    return Answer(win, lost, unknown, time, visits, overall, out)


def _counted(own: Sequence[tuple[Move, complex]]) -> tuple[dict[Any, complex], complex]:
    total = sum((w for move, w in own if move.to is not None), complex(0))
    row: dict[Any, complex] = {}
    for move, w in own:
        if move.to is not None:
            row[move.to] = row.get(move.to, 0) + w / total
    spent = sum((w * move.length for move, w in own), complex(0))
    return row, spent / total if total else complex(0)


def _seen(own: Sequence[tuple[Move, complex]]) -> tuple[dict[Any, complex], complex]:
    left, row, mean = complex(1), dict[Any, complex](), complex(0)
    for time in sorted({move.length for move, _ in own if move.to is not None}):
        at_risk = sum(w for move, w in own if move.length >= time)
        now = [(move, w) for move, w in own if move.length == time and move.to is not None]
        for move, w in now:
            row[move.to] = row.get(move.to, 0) + left * w / at_risk
            mean += left * w / at_risk * time
        left *= 1 - sum(w for _, w in now) / at_risk
    return row, mean


def _with_way_out(rows: Mapping[Stage, Mapping[Any, complex]]) -> set[Stage]:
    out: set[Stage] = set()
    while True:
        more = {
            stage
            for stage, row in rows.items()
            if stage not in out
            and any(chance.real > 0 and (to in ENDS or to in out) for to, chance in row.items())
        }
        if not more:
            return out
        out |= more


def squared_influence(
    moves: Sequence[Move], pipeline: Pipeline, method: str, se: str, value: Callable[[Answer], complex]
) -> float:
    """Add up the squared influences of all items, or of all visits, on a value of the answer.

    The derivative by a weight is taken by a step in the imaginary direction, which is exact. With
    ``se="delta"`` an item weighs in where it began, apart from its visits.
    """
    keys: list[tuple[Item, int | None]]
    if se == "robust":
        keys = sorted({(move.item, None) for move in moves}, key=str)
    else:
        keys = [
            (move.item, number)
            for move in moves
            for number in ({move.number} | ({-1} if not move.number else set()))
        ]

    def influence(key: tuple[Item, int | None]) -> float:
        def weight(item: Item, number: int) -> complex:
            is_it = item == key[0] and key[1] in (None, number)
            return complex(1, _TINY if is_it else 0)

        return value(absorption(moves, pipeline, method, weight)).imag / _TINY

    return sum(influence(key) ** 2 for key in keys)
