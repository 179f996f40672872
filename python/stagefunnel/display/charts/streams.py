"""Where the streams of a Sankey chart lie: stages left on one side, stages entered on the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..numbers import brief

_GAP = 0.04  # between two stages of a side, as a share of all moves
_LEAST = 0.035  # room for a name, as a share of all moves
_THICK = 0.012
_STEPS = 24  # pieces of a curve


class Bands(NamedTuple):
    """The outline of every stream, the place of every stage, and the height of all."""

    points: list[dict[str, Any]]
    nodes: list[dict[str, Any]]
    height: float


def bands_of(records: Sequence[dict[str, Any]], stages: Sequence[str]) -> Bands:
    """Lay moves out: on either side the stages in their order, in each the streams in that of the other side.

    A stage with few moves takes the room of its name nevertheless; its streams lie in the middle of it.
    """
    place = {stage: at for at, stage in enumerate(stages)}
    ordered = sorted(records, key=lambda record: (place[record["from"]], place[record["to"]]))
    total = sum(record["n"] for record in records)
    nodes, heights, tops = [], [], {}
    for side, x in (("from", 0.0), ("to", 1.0)):
        at = 0.0
        for stage in stages:
            own = sum(record["n"] for record in records if record[side] == stage)
            if not own:
                continue
            room = max(own, _LEAST * total)
            top = at + (room - own) / 2
            tops[side, stage] = top
            edge = x if side == "from" else x + _THICK
            nodes.append(
                {
                    "side": side,
                    "x": x,
                    "x2": x + _THICK,
                    "edge": edge,
                    "y": top,
                    "y2": top + own,
                    "middle": top + own / 2,
                    "label": f"{stage} {brief(own)}",
                }
            )
            at += room + _GAP * total
        heights.append(at - _GAP * total)
    points: list[dict[str, Any]] = []
    by_arrival = sorted(ordered, key=lambda record: (place[record["to"]], place[record["from"]]))
    starts = _stacked(ordered, "from", tops)
    ends = _stacked(by_arrival, "to", tops)
    for number, record in enumerate(ordered):
        pair = (record["from"], record["to"])
        points += _curve(number, record, starts[pair], ends[pair])
    return Bands(points, nodes, max(heights))


def _stacked(
    records: Sequence[dict[str, Any]], side: str, tops: dict[tuple[str, str], float]
) -> dict[tuple[str, str], float]:
    free = dict(tops)
    found = {}
    for record in records:
        found[record["from"], record["to"]] = free[side, record[side]]
        free[side, record[side]] += record["n"]
    return found


def _curve(number: int, record: dict[str, Any], start: float, end: float) -> list[dict[str, Any]]:
    told = {key: record[key] for key in record if key not in ("n", "share")}
    points = []
    for step in range(_STEPS + 1):
        t = step / _STEPS
        bend = t * t * (3 - 2 * t)
        y = start + (end - start) * bend
        x = _THICK + (1 - _THICK) * t
        points.append({"stream": number, "x": x, "y": y, "y2": y + record["n"], **told})
    return points
