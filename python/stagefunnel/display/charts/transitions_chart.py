"""From which stage to which items move: as a matrix, or as streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from ...errors import SchemaError, check_option
from ...tables.schema import TRANSITIONS
from ..numbers import brief, count, percent
from ..sentences import of_moves
from .heat import heat_layers, letter_on
from .streams import bands_of
from .style import (
    Theme,
    ThemeName,
    check_table,
    finished,
    layered,
    name_axis,
    require_altair,
    rows_of,
    theme_of,
    unique_names,
)

if TYPE_CHECKING:
    import altair as alt

FormName = Literal["matrix", "sankey"]
_CELL, _HEIGHT, _MOST_STAGES, _WIDTH = 74, 34, 60, 620


def plot_transitions(
    table: pd.DataFrame, *, form: FormName = "matrix", theme: ThemeName = "light"
) -> alt.LayerChart:
    """Draw the moves between stages.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.transitions`.
    form
        ``"matrix"``: a cell for each pair of stages, rows left, columns entered, the darker the larger the
        share of the stage's leavers; moves back lie below the diagonal. ``"sankey"``: streams from left to
        right, as thick as the moves are many.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    SchemaError
        If the table is another, has no rows or has more than 60 stages.
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
    require_altair()
    check_option("form", form, get_args(FormName))
    look = theme_of(theme)
    told = check_table(table, TRANSITIONS, "transitions()")
    labels = _labels(table)
    if len(labels) > _MOST_STAGES:
        raise SchemaError(f"a chart has room for {_MOST_STAGES} stages, the table has {len(labels):,}")
    names = unique_names(labels, told.get("names", {}))
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
    drawn = (
        _matrix(records, list(names.values()), look) if form == "matrix" else _sankey(records, names, look)
    )
    said = of_moves(table, names.__getitem__)
    return finished(drawn, look, "Moves between stages", said, width=_WIDTH)


def _labels(table: pd.DataFrame) -> list[Any]:
    """List the stages in the pipeline's order, those of the table only."""
    seen = {*table["from_stage"], *table["to_stage"]}
    column = table["from_stage"]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [label for label in column.cat.categories if label in seen]
    return list(dict.fromkeys([*table["from_stage"], *table["to_stage"]]))


def _tooltip(alt: Any) -> list[Any]:
    return [alt.Tooltip(f"{name}:N") for name in ("from", "to", "moves", "items", "of those that left")]


def _matrix(records: list[dict[str, Any]], stages: list[str], look: Theme) -> alt.LayerChart:
    import altair as alt

    cells = alt.Chart(alt.InlineData(values=records)).encode(
        x=alt.X(
            "to:N",
            scale=alt.Scale(domain=stages),
            axis=alt.Axis(
                title="entered", orient="top", labelAngle=-35, labelLimit=170, ticks=False, domain=False
            ),
        ),
        y=alt.Y("from:N", scale=alt.Scale(domain=stages), axis=name_axis(look)),
        tooltip=_tooltip(alt),
    )
    return layered(
        heat_layers(cells, look, "share", "label"), width=alt.Step(_CELL), height=alt.Step(_HEIGHT)
    )


def _sankey(records: list[dict[str, Any]], names: dict[Any, str], look: Theme) -> alt.LayerChart:
    import altair as alt

    stages = list(names.values())
    bands = bands_of(records, stages)
    colours = [look.series[at % len(look.series)] for at in range(len(stages))]
    x = alt.X("x:Q", scale=alt.Scale(domain=[-0.42, 1.42]), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[bands.height, 0], nice=False), axis=None)
    streams = alt.Chart(alt.InlineData(values=bands.points)).mark_area(opacity=0.55, interpolate="linear")
    streams = streams.encode(
        x=x,
        y=y,
        y2="y2:Q",
        detail="stream:N",
        color=alt.Color("from:N", scale=alt.Scale(domain=stages, range=colours), legend=None),
        tooltip=_tooltip(alt),
    )
    nodes = alt.Chart(alt.InlineData(values=bands.nodes))
    bars = nodes.mark_rect(color=look.ink).encode(x=x, x2="x2:Q", y=y, y2="y2:Q")
    left, right = (nodes.transform_filter(alt.datum.side == side) for side in ("from", "to"))
    style: dict[str, Any] = {"baseline": "middle", "fontSize": 11.5, "color": look.ink, "limit": 150}
    words = [left.mark_text(align="right", dx=-6, **style), right.mark_text(align="left", dx=6, **style)]
    named = [one.encode(x=alt.X("edge:Q"), y=alt.Y("middle:Q"), text="label:N") for one in words]
    return layered([streams, bars, *named], width=_WIDTH, height=max(220, 26 * len(bands.nodes)))
