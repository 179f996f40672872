"""The layout of a Sankey chart: stages that items leave on one side, stages that they enter on the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..numbers import brief

_GAP = 0.04  # between two stages of a side, as a share of all moves
_LEAST = 0.035  # height of a name, as a share of all moves
_THICK = 0.012  # width of a stage, as a share of the chart
_STEPS = 24  # pieces of a curve


class Bands(NamedTuple):
    """The layout: points on the outline of each stream, the rectangle of each stage, and the whole height."""

    points: list[dict[str, Any]]
    nodes: list[dict[str, Any]]
    height: float


def bands_of(records: Sequence[dict[str, Any]], stages: Sequence[str]) -> Bands:
    """Lay out moves: each side has the stages in order, and each stage its streams.

    The streams of a stage follow the order of the stages on the other side. A stage with few moves is as high
    as its name; its streams lie in the middle.
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
    """Return where each stream begins on one side, by its two stages: the streams of a stage lie together."""
    free = dict(tops)
    top_of = {}
    for record in records:
        top_of[record["from"], record["to"]] = free[side, record[side]]
        free[side, record[side]] += record["n"]
    return top_of


def _curve(number: int, record: dict[str, Any], start: float, end: float) -> list[dict[str, Any]]:
    """Return the points of a stream, which bends as the cubic 3t² - 2t³ (smoothstep)."""
    others = {key: record[key] for key in record if key not in ("n", "share")}
    points = []
    for step in range(_STEPS + 1):
        t = step / _STEPS
        bend = t * t * (3 - 2 * t)
        y = start + (end - start) * bend
        x = _THICK + (1 - _THICK) * t
        points.append({"stream": number, "x": x, "y": y, "y2": y + record["n"], **others})
    return points
