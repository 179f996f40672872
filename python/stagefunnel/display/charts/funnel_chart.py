"""The chart of a funnel: one bar per stage, with what was passed and what is only assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ...tables.schema import FUNNEL
from .canvas import Canvas
from .funnel_panels import Panel, story_of
from .library import alt
from .marks import (
    GAP,
    chart_of,
    conversions_between,
    layered,
    numbers_behind,
    room_for,
    side_by_side,
    tooltip,
)
from .style import NAME_WIDTH, Theme, ThemeName, legend, name_axis, panel_title

_WIDTH = 400
_ROOM = 1.42  # all items are at 1; the numbers behind the longest bars stand beyond it
_MANY_STAGES, _ROW_HEIGHT, _LOW_ROW_HEIGHT = 24, 42, 17


def plot_funnel(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.ConcatChart:
    """Draw a funnel table as horizontal bars.

    Stages stand from top to bottom in the pipeline's order, won and lost last. The length of a bar is the
    share of all items that reach the stage: solid for the items that passed it, lighter for the items that
    are only assumed to have passed it. Between two bars stands the conversion from the previous stage, but
    not in a classic funnel, and not where more items reached a stage than the one before: neither is a
    conversion. One tick shows how many items skipped the stage, another how many were lost from it, on the
    scale of the bars. A table of ``kind="both"`` makes two funnels side by side, a breakdown one panel per
    group. Sentences name the stage that is skipped most often and the stage from which most items are lost;
    pointing at a bar shows all its numbers.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.funnel`, of any kind, with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        A notebook shows it; ``save("funnel.png")`` and ``save("funnel.svg")`` need no browser.

    Raises
    ------
    SchemaError
        If the table is not a funnel table, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_funnel
    >>> shop = sf.datasets.worked_example()
    >>> chart = plot_funnel(sf.funnel(shop.log, shop.pipeline, kind="both"))
    >>> [panel["title"]["text"] for panel in chart.to_dict()["concat"]]
    ['Classic', 'With conversions']
    """
    canvas = Canvas.of(table, FUNNEL, "funnel()", theme).without("kind")
    story = story_of(canvas)
    columns = min(2, len(story.panels))
    used = {piece["part"] for panel in story.panels for piece in [*panel.pieces, *panel.ticks]}
    colours = {part: colour for part, colour in canvas.look.parts.items() if part in used}
    panels = [
        _panel_chart(
            panel,
            story.tooltip,
            canvas.look,
            colours,
            # The panel on the left has the names of both, if both have the same stages.
            names_stages=at % columns == 0 or panel.stages != story.panels[at - 1].stages,
        )
        for at, panel in enumerate(story.panels)
    ]
    return canvas.finished(
        side_by_side(panels, spacing={"column": 10, "row": 30}, align="each"),
        story.title,
        story.sentences,
        width=columns * _WIDTH + NAME_WIDTH,
        of_panels=[line for panel in story.panels for line in panel.sentences if panel.title],
    )


def _panel_chart(
    panel: Panel, headings: Mapping[str, str], look: Theme, colours: Mapping[str, str], *, names_stages: bool
) -> alt.LayerChart:
    is_low = len(panel.stages) > _MANY_STAGES
    order = alt.Scale(domain=panel.stages, paddingInner=0.22 if is_low else GAP)
    room = room_for(1, _ROOM)
    shades = alt.Scale(domain=list(colours), range=list(colours.values()))
    rows = alt.Chart().encode(
        y=alt.Y("stage:N", scale=order, axis=name_axis(look, labels=names_stages)),
        tooltip=tooltip(headings, headings),
    )
    colour = alt.Color("part:N", scale=shades, legend=legend())
    bars = rows.mark_bar().encode(x=alt.X("start:Q", scale=room, axis=None), x2=alt.X2("end:Q"), color=colour)
    numbers = numbers_behind(rows, look).encode(
        x=alt.X("label_at:Q", scale=room, axis=None), text=alt.Text("label:N")
    )
    layers: list[Any] = [bars, numbers]
    if panel.ticks:
        layers.append(_tick_marks(panel, order, room, colour, look))
    if panel.steps and not is_low:
        layers.append(conversions_between(panel.steps, "stage", order, look, _ROW_HEIGHT))
    height = alt.Step(_LOW_ROW_HEIGHT if is_low else _ROW_HEIGHT)
    title = panel_title(look, panel.title, panel.sentences, width=_WIDTH + 40) if panel.title else None
    return layered(layers, width=_WIDTH, height=height, title=title, records=panel.pieces)


def _tick_marks(panel: Panel, order: Any, room: Any, colour: Any, look: Theme) -> alt.Chart:
    """Mark how many items skipped a stage and how many were lost from it, on the scale of the bars."""
    # An edge in the colour of the paper keeps a tick visible on a bar of its own colour.
    height = _LOW_ROW_HEIGHT * 0.8 if len(panel.stages) > _MANY_STAGES else _ROW_HEIGHT * (1 - GAP)
    ticks = chart_of(panel.ticks).mark_tick(
        orient="vertical", thickness=4.5, size=height, stroke=look.paper, strokeWidth=1, opacity=1
    )
    drawn: alt.Chart = ticks.encode(
        y=alt.Y("stage:N", scale=order),
        x=alt.X("at:Q", scale=room, axis=None),
        color=colour,
        tooltip=[alt.Tooltip("text:N", title="at this stage")],
    )
    return drawn
