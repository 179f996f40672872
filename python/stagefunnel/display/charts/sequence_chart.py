"""The chart of a sequence: how many items reach each of its steps."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...tables.schema import SEQUENCE
from ..numbers import brief, count, percent
from ..sequence_sentences import sequence_findings, sequence_title
from .canvas import Canvas, rows_of
from .library import alt
from .marks import GAP, conversions_between, layered, room_for, side_by_side, stacked_bars
from .style import NAME_WIDTH, Theme, ThemeName, inert, name_axis, panel_title

_MOST_GROUPS, _WIDTH, _ROOM, _ROW_HEIGHT = 12, 400, 1.35, 42


def plot_sequence(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.ConcatChart:
    """Draw the funnel of a sequence: a bar per step, for items that went on, may still, or dropped out.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.sequence_funnel` with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        A panel per group. Between two bars stands the conversion from the previous step, unless more items
        reached a step than an optional step before it.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_sequence
    >>> rows = {"item": [1, 1, 2], "stage": ["visit", "order", "visit"], "time": [0, 2, 4]}
    >>> table = sf.sequence_funnel(sf.StageLog(rows), ["visit", "order"])
    >>> plot_sequence(table).to_dict()["title"]["text"]
    'Sequence: visit → order'
    """
    canvas = Canvas.of(table, SEQUENCE, "sequence_funnel()", theme)
    panels = [_group_chart(rows, group, canvas.look) for group, rows in canvas.groups(_MOST_GROUPS)]
    title = canvas.titled(sequence_title(canvas.remembered))
    width = min(2, len(panels)) * _WIDTH + NAME_WIDTH
    return canvas.finished(
        side_by_side(panels), title, sequence_findings(canvas.table, canvas.remembered), width=width
    )


def _group_chart(table: pd.DataFrame, group: str, look: Theme) -> alt.LayerChart:
    rows = rows_of(table)
    names = [inert(f"{row['step']}. {row['label']}") for row in rows]
    longest = max([row["reached"] for row in rows] + [1])
    pieces: list[dict[str, Any]] = []
    totals: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    before = [0, *(row["step"] for row in rows)]
    for name, row, above in zip(names, rows, before, strict=False):
        on = row["reached"] - row["dropped"] - row["immature"]
        texts = {part: count(row[part]) for part in ("reached", "dropped", "immature")}
        parts = (("went on", on), ("may still", row["immature"]), ("dropped out", row["dropped"]))
        pieces += [
            {"step": name, "part": part, "place": place, "n": int(value), **texts}
            for place, (part, value) in enumerate(parts)
            if value
        ]
        label = f"{brief(row['reached'])} · {percent(row['conversion_from_first'])}"
        totals.append({"step": name, "n": int(row["reached"]), "label": label})
        if above and above == row["step"] - 1 and row["conversion_from_previous"] <= 1:
            step = f"\N{DOWNWARDS ARROW} {percent(row['conversion_from_previous'])}"
            steps.append({"step": name, "text": step})
    order = alt.Scale(domain=names, paddingInner=GAP)
    y = alt.Y("step:N", scale=order, axis=name_axis(look))
    colours = alt.Scale(
        domain=["went on", "may still", "dropped out"], range=[look.passed, look.assumed, look.lost]
    )
    layers = stacked_bars(
        pieces,
        totals,
        look,
        y=y,
        length="n",
        room=room_for(longest, _ROOM),
        colours=colours,
        shown=("step", "reached", "dropped", "immature"),
    )
    layers.append(conversions_between(steps, "step", order, look, _ROW_HEIGHT))
    title = panel_title(look, group, width=_WIDTH) if group else None
    return layered(layers, width=_WIDTH, height=alt.Step(_ROW_HEIGHT), title=title)
