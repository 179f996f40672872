"""The chart of moves between stages: a matrix, or streams."""

from __future__ import annotations

from typing import Any, Literal, get_args

import pandas as pd

from ...errors import SchemaError, check_option
from ...tables.schema import TRANSITIONS
from ..numbers import brief, count, percent
from ..sentences import of_moves
from .canvas import Canvas, rows_of
from .heat import Side, heat_map, letter_on
from .library import alt
from .marks import chart_of, layered, tooltip
from .sankey import bands_of
from .style import Theme, ThemeName

FormName = Literal["matrix", "sankey"]
_CELL, _HEIGHT, _MOST_STAGES, _WIDTH = 74, 34, 60, 620
_TOOLTIP = ("from", "to", "moves", "items", "of those that left")


def plot_transitions(
    table: pd.DataFrame, *, form: FormName = "matrix", theme: ThemeName = "light"
) -> alt.LayerChart:
    """Draw the moves between stages.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.transitions`.
    form
        ``"matrix"``: a cell for each pair of stages, with the stage that items leave as its row and the
        stage that they enter as its column, darker for a larger share of the moves out of the stage; moves
        back lie below the diagonal. ``"sankey"``: streams from left to right, whose thickness is the number
        of moves.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 60 stages.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_transitions
    >>> shop = sf.datasets.worked_example()
    >>> moves = sf.transitions(shop.log, shop.pipeline)
    >>> plot_transitions(moves, form="sankey").to_dict()["title"]["text"]
    'Moves between stages'
    """
    check_option("form", form, get_args(FormName))
    canvas = Canvas.of(table, TRANSITIONS, "transitions()", theme)
    canvas.refuse_groups("a chart of moves")
    look, table = canvas.look, canvas.table
    labels = _stages_in_order(table)
    if len(labels) > _MOST_STAGES:
        raise SchemaError(f"a chart has room for {_MOST_STAGES} stages, the table has {len(labels):,}")
    names = canvas.names_of(labels)
    records: list[dict[str, Any]] = [
        {
            "from": names[row["from_stage"]],
            "to": names[row["to_stage"]],
            "n": int(row["moves"]),
            "share": float(row["share"]),
            "letter": letter_on(look, row["share"]),
            "label": brief(row["moves"]),
            "moves": count(row["moves"]),
            "items": count(row["items"]),
            "of those that left": percent(row["share"]),
        }
        for row in rows_of(table)
    ]
    draw = _matrix if form == "matrix" else _sankey
    chart = draw(records, list(names.values()), look)
    return canvas.finished(chart, "Moves between stages", of_moves(table, names.__getitem__), width=_WIDTH)


def _stages_in_order(table: pd.DataFrame) -> list[Any]:
    """List the stages of the table in the order of the pipeline."""
    seen = {*table["from_stage"], *table["to_stage"]}
    column = table["from_stage"]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [label for label in column.cat.categories if label in seen]
    return list(dict.fromkeys([*table["from_stage"], *table["to_stage"]]))


def _matrix(records: list[dict[str, Any]], stages: list[str], look: Theme) -> alt.LayerChart:
    return heat_map(
        look,
        records,
        columns=Side("to", stages, _CELL),
        rows=Side("from", stages, _HEIGHT),
        share="share",
        tooltip=tooltip(_TOOLTIP),
        title="entered",
        name_width=170,
    )


def _sankey(records: list[dict[str, Any]], stages: list[str], look: Theme) -> alt.LayerChart:
    bands = bands_of(records, stages)
    colours = [look.series[at % len(look.series)] for at in range(len(stages))]
    x = alt.X("x:Q", scale=alt.Scale(domain=[-0.42, 1.42]), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[bands.height, 0], nice=False), axis=None)
    streams = chart_of(bands.points).mark_area(opacity=0.55, interpolate="linear")
    streams = streams.encode(
        x=x,
        y=y,
        y2=alt.Y2("y2:Q"),
        detail=alt.Detail("stream:N"),
        color=alt.Color("from:N", scale=alt.Scale(domain=stages, range=colours), legend=None),
        tooltip=tooltip(_TOOLTIP),
    )
    nodes = chart_of(bands.nodes)
    bars = nodes.mark_rect(color=look.ink).encode(x=x, x2=alt.X2("x2:Q"), y=y, y2=alt.Y2("y2:Q"))
    left, right = (nodes.transform_filter(alt.datum.side == side) for side in ("from", "to"))
    style: dict[str, Any] = {"baseline": "middle", "fontSize": 11.5, "color": look.ink, "limit": 150}
    words = [left.mark_text(align="right", dx=-6, **style), right.mark_text(align="left", dx=6, **style)]
    named = [one.encode(x=alt.X("edge:Q"), y=alt.Y("middle:Q"), text=alt.Text("label:N")) for one in words]
    return layered([streams, bars, *named], width=_WIDTH, height=max(220, 26 * len(bands.nodes)))
