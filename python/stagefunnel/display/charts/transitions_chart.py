"""The chart of moves between stages: streams between the stages in order, or a matrix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

import pandas as pd

from ...errors import SchemaError, check_option
from ...tables.schema import TRANSITIONS
from ...words import Language, tr
from ..numbers import brief, count, so_many
from ..sentences import of_moves
from .canvas import Canvas, rows_of
from .heat import Cell, draw_heat
from .intervals import percent_between
from .letters import width_of
from .sheet import Sheet
from .style import NAME, NARROW, SMALL, ThemeName, checked_width

FormName = Literal["matrix", "sankey"]
_MOST_STAGES, _MOST_STREAMS = 100, 10
_GAP, _THICKEST, _LEAST_NODE, _WIDEST_NODE = 20, 74, 36, 270
_LINE = 13  # pixels of a line of a box


class _Move(NamedTuple):
    """Moves from one stage to another: their places, their number, and what pointing at them shows."""

    start: int
    end: int
    n: int
    about: Mapping[str, str]


def plot_transitions(
    table: pd.DataFrame,
    *,
    form: FormName | None = None,
    theme: ThemeName = "light",
    width: int | None = None,
    language: Language | None = None,
) -> Any:
    """Draw the moves between stages.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.transitions`.
    form
        ``"sankey"``: the stages in order, with a stream for each pair of them, as thick as its moves are
        many: moves on at the right, moves back at the left. ``"matrix"``: a cell for each pair of stages,
        with the stage that items leave as its row and the stage that they enter as its column, darker for a
        larger share of the moves out of the stage; moves back lie below the diagonal. By default streams for
        up to ten stages, and a matrix beyond, and on a narrow sheet.
    theme
        ``"light"`` or ``"dark"``.
    width
        Width in pixels, 920 by default.
    language
        Language of its words and numbers, as for :func:`stagefunnel.show`.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 100 stages.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_transitions
    >>> shop = sf.datasets.worked_example()
    >>> moves = sf.transitions(shop.log, shop.pipeline)
    >>> plot_transitions(moves, form="sankey").to_dict()["title"]["text"]
    ['Most frequent: New → Lost (3 moves, 33% of those that left New)']
    """
    if form is not None:
        check_option("form", form, get_args(FormName))
    canvas = Canvas.of(table, TRANSITIONS, "transitions()", theme)
    canvas.refuse_groups("a chart of moves")
    table = canvas.table
    labels = _stages_in_order(table)
    if len(labels) > _MOST_STAGES:
        raise SchemaError(f"a chart has room for {_MOST_STAGES} stages, the table has {len(labels):,}")
    names = canvas.names_of(labels)
    is_free = form is None
    form = form or ("sankey" if len(labels) <= _MOST_STREAMS else "matrix")
    cells = [_cell_of(row, names) for row in rows_of(table)]
    title, *below = of_moves(table, names.__getitem__)
    below.insert(0, tr("Moves between stages: {moves}", moves=count(table["moves"].sum())))
    stages = list(names.values())
    if form == "matrix":
        below.append(tr("In a row: out of a stage; darker: more of these; moves back: below the diagonal"))
        return canvas.drawn(lambda sheet: _draw_matrix(sheet, cells, stages), title, below, width=width)
    place = {label: at for at, label in enumerate(labels)}
    moves = [
        _Move(place[row["from_stage"]], place[row["to_stage"]], int(row["moves"]), _about(row, names))
        for row in rows_of(table)
    ]

    def draw(sheet: Sheet) -> None:
        # A phone has no room for streams beside names.
        if is_free and sheet.is_narrow:
            _draw_matrix(sheet, cells, stages)
        else:
            _draw_streams(sheet, moves, stages)

    if not (is_free and checked_width(width) < NARROW):
        below.append(tr("Moves on at the right, moves back at the left; the thicker, the more moves"))
    return canvas.drawn(draw, title, below, width=width)


def _about(row: Mapping[str, Any], names: Mapping[Any, str]) -> dict[str, str]:
    return {
        "from": names[row["from_stage"]],
        "to": names[row["to_stage"]],
        "moves": count(row["moves"]),
        "items": count(row["items"]),
        "of those that left": percent_between(row, "share"),
    }


def _cell_of(row: Mapping[str, Any], names: Mapping[Any, str]) -> Cell:
    here, there = names[row["from_stage"]], names[row["to_stage"]]
    return Cell(here, there, float(row["share"]), brief(row["moves"]), _about(row, names))


def _stages_in_order(table: pd.DataFrame) -> list[Any]:
    """List the stages of the table in the order of the pipeline."""
    seen = {*table["from_stage"], *table["to_stage"]}
    column = table["from_stage"]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [label for label in column.cat.categories if label in seen]
    return list(dict.fromkeys([*table["from_stage"], *table["to_stage"]]))


def _draw_matrix(sheet: Sheet, cells: list[Cell], stages: list[str]) -> None:
    draw_heat(sheet, cells, stages, stages, 0, 0, sheet.look.heat, title="entered")


def _draw_streams(sheet: Sheet, moves: Sequence[_Move], stages: Sequence[str]) -> None:
    """Draw the stages below each other, moves on as arcs at their right and moves back at their left."""
    look = sheet.look
    most = max(
        max(
            sum(move.n for move in moves if move.start == at and (move.end > at) == on),
            sum(move.n for move in moves if move.end == at and (move.start < at) == on),
        )
        for at in range(len(stages))
        for on in (True, False)
    )
    scale = min(_THICKEST, 0.1 * sheet.width) / max(1, most)
    counts = [_came_and_went(moves, at) for at in range(len(stages))]
    names, are_apart = _width_of_nodes(sheet, stages, counts)
    has_back = any(move.end <= move.start for move in moves)
    longest = max((move.start - move.end for move in moves if move.end <= move.start), default=0)
    left = (min(0.2 * sheet.width, 46.0 + 26 * longest) if has_back else 0) + 4
    right = left + names
    least = _LEAST_NODE + (_LINE if are_apart else 0)
    tops, heights = _nodes(moves, stages, scale, least)
    for on in (True, False):
        own = [move for move in moves if (move.end > move.start) == on]
        edge = right if on else left
        room = (sheet.width - right - 66) if on else left - 38
        span = max((abs(move.end - move.start) for move in own), default=1) or 1
        ends = _slots(own, stages, tops, heights, scale)
        labels: list[tuple[float, float, float]] = []
        for move, (start, end) in sorted(
            zip(own, ends, strict=True), key=lambda one: abs(one[0].end - one[0].start), reverse=True
        ):
            reach = (
                room * (0.25 + 0.75 * (abs(move.end - move.start) / span))
                if on
                else room * (0.45 + 0.55 * (abs(move.end - move.start) / span))
            )
            thick = max(1.2, move.n * scale)
            _draw_arc(sheet, edge, start, end, reach - thick / 2, thick, on, move, labels)
    for at, name in enumerate(stages):
        sheet.bar(left, tops[at], names, heights[at], look.paper, {"stage": name}, edge=look.quiet)
        lines = counts[at] if are_apart else [", ".join(counts[at])]
        y = tops[at] + heights[at] / 2 - 2 - (_LINE / 2 if are_apart else 0)
        sheet.text(left + 10, y, name, size=NAME, bold=True, room=names - 18)
        for place, line in enumerate(lines, start=1):
            sheet.text(left + 10, y + 1 + _LINE * place, line, colour=look.quiet)


def _came_and_went(moves: Sequence[_Move], at: int) -> list[str]:
    came = sum(move.n for move in moves if move.end == at)
    went = sum(move.n for move in moves if move.start == at)
    return [so_many("in {n}", came, brief), so_many("out {n}", went, brief)]


def _width_of_nodes(
    sheet: Sheet, stages: Sequence[str], counts: Sequence[Sequence[str]]
) -> tuple[float, bool]:
    """Return how wide the boxes of stages are, and whether their numbers stand below each other in them."""
    joined = max(width_of(", ".join(texts), SMALL) for texts in counts)
    widest = max(joined, *(width_of(name, NAME, bold=True) for name in stages))
    # A number that is cut would be another one: what does not fit on one line has two.
    wide = max(
        min(_WIDEST_NODE, widest + 20, 0.36 * sheet.width),
        max(width_of(text, SMALL) for texts in counts for text in texts) + 20,
    )
    return wide, joined + 20 > wide


def _nodes(
    moves: Sequence[_Move], stages: Sequence[str], scale: float, least: float
) -> tuple[list[float], list[float]]:
    """Return where each stage begins and how high it is: as high as its streams, or as its name."""
    tops, heights = [], []
    y = 4.0
    for at in range(len(stages)):
        sides = []
        for on in (True, False):
            came = sum(move.n for move in moves if move.end == at and (move.end > move.start) == on)
            went = sum(move.n for move in moves if move.start == at and (move.end > move.start) == on)
            sides.append((came + went) * scale + 4)
        tops.append(y)
        heights.append(max(least, *sides))
        y += heights[-1] + _GAP
    return tops, heights


def _slots(
    own: Sequence[_Move],
    stages: Sequence[str],
    tops: Sequence[float],
    heights: Sequence[float],
    scale: float,
) -> list[tuple[float, float]]:
    """Return the middle of both ends of each stream, so that the streams of a stage lie beside each other."""
    found: dict[tuple[int, str], float] = {}
    for at in range(len(stages)):
        # What comes from above stands above what goes below; of these the nearest is outermost.
        here = [(move, "end") for move in own if move.end == at] + [
            (move, "start") for move in own if move.start == at
        ]

        def other(one: tuple[_Move, str]) -> int:
            move, side = one
            return move.start if side == "end" else move.end

        above = sorted((one for one in here if other(one) < at), key=other, reverse=True)
        below = sorted((one for one in here if other(one) >= at), key=other, reverse=True)
        total = sum(max(1.2, move.n * scale) for move, _ in here)
        y = tops[at] + (heights[at] - total) / 2
        for move, side in [*above, *below]:
            thick = max(1.2, move.n * scale)
            found[own.index(move), side] = y + thick / 2
            y += thick
    return [(found[at, "start"], found[at, "end"]) for at in range(len(own))]


def _draw_arc(
    sheet: Sheet,
    edge: float,
    start: float,
    end: float,
    reach: float,
    thick: float,
    on: bool,
    move: _Move,
    labels: list[tuple[float, float, float]],
) -> None:
    look = sheet.look
    side = 1 if on else -1
    middle, half = (start + end) / 2, (end - start) / 2
    points = []
    for step in range(33):
        angle = math.pi * step / 32
        # A superellipse leaves the stage level, and is wider at its apex than an ellipse.
        bend = math.sin(angle) ** 0.8
        points.append((edge + side * reach * bend, middle - half * math.cos(angle)))
    colour = look.moved if on else look.skipped
    sheet.stream(points, colour, thick, move.about)
    text = brief(move.n)
    wide = width_of(text, SMALL) + 4
    x = edge + side * (reach + thick / 2 + 4)
    left = x if on else x - wide
    box = (left, middle, wide)
    is_free = all(
        abs(middle - y) >= 14 or left + wide < other or other + width < left for other, y, width in labels
    )
    if is_free and left >= 0 and left + wide <= sheet.width:
        labels.append(box)
        # Streams that lie over each other are dark: a number has some paper below it.
        sheet.bar(left - (2 if on else -2), middle - 6, wide, 13, look.paper, opacity=0.85)
        sheet.text(x, middle + 4, text, colour=look.ink, align="left" if on else "right")
