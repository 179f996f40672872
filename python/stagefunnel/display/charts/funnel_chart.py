"""The funnel as a chart: one bar per stage, what was passed and what is only assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from .funnel_panels import Panel, tell
from .style import (
    NAME_WIDTH,
    Theme,
    ThemeName,
    finished,
    legend,
    name_axis,
    panel_title,
    require_altair,
    theme_of,
)

if TYPE_CHECKING:
    import altair as alt

_WIDTH = 400
_ROOM = 1.42  # all items are at 1; what follows is room for the numbers behind the longest bars
_MANY_STAGES, _ROW_HEIGHT, _LOW_ROW_HEIGHT = 24, 42, 17
_GAP = 0.42  # of a row, between two bars; the step from one to the next is written there


def plot_funnel(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.ConcatChart:
    """Draw a funnel table as horizontal bars.

    Stages stand from top to bottom in the pipeline's order, won and lost last. A bar is as long as the
    share of all items that reach the stage: solid for those that passed it, lighter for those that are
    only assumed to have. Between two bars stands the conversion from the previous stage, but not in a
    classic funnel, and not where more reached a stage than the one before: neither is a conversion. A tick
    tells how many skipped the stage, another how many were lost from it, on the scale of the bars. A table of
    ``kind="both"`` gives the two funnels side by side, a breakdown one panel per group. Sentences say which
    stage is skipped most often and from which most items are lost; pointing at a bar shows all its numbers.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.funnel`, of any kind, with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        Shows itself in a notebook; ``save("funnel.png")`` and ``save("funnel.svg")`` need no browser.

    Raises
    ------
    SchemaError
        If the table is no funnel table, has no rows or has more than 12 groups.
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
    require_altair()
    import altair as alt

    look = theme_of(theme)
    story = tell(table)
    columns = min(2, len(story.panels))
    used = {piece["part"] for panel in story.panels for piece in [*panel.pieces, *panel.ticks]}
    colours = {part: colour for part, colour in look.parts.items() if part in used}
    chart = alt.concat(
        *(
            _bars(panel, story.tooltip, look, colours, names_stages=at % columns == 0)
            for at, panel in enumerate(story.panels)
        ),
        columns=columns,
        spacing={"column": 10, "row": 30},
        align="each",
    )
    return finished(
        chart,
        look,
        story.title,
        story.sentences,
        width=columns * _WIDTH + NAME_WIDTH,
        of_panels=[line for panel in story.panels for line in panel.sentences if panel.title],
    )


def _bars(
    panel: Panel, tooltip: Mapping[str, str], look: Theme, colours: Mapping[str, str], *, names_stages: bool
) -> alt.LayerChart:
    import altair as alt

    is_low = len(panel.stages) > _MANY_STAGES
    order = alt.Scale(domain=panel.stages, paddingInner=0.22 if is_low else _GAP)
    room = alt.Scale(domain=[0, _ROOM], nice=False)
    shades = alt.Scale(domain=list(colours), range=list(colours.values()))
    rows = alt.Chart().encode(
        y=alt.Y("stage:N", scale=order, axis=name_axis(look, labels=names_stages)),
        tooltip=[alt.Tooltip(f"{field}:N", title=heading) for field, heading in tooltip.items()],
    )
    colour = alt.Color("part:N", scale=shades, legend=legend())
    bars = rows.mark_bar().encode(x=alt.X("start:Q", scale=room, axis=None), x2=alt.X2("end:Q"), color=colour)
    numbers = rows.mark_text(align="left", dx=6, fontSize=11.5, color=look.ink).encode(
        x=alt.X("label_at:Q", scale=room, axis=None), text=alt.Text("label:N")
    )
    layers: list[Any] = [bars, numbers]
    if panel.ticks:
        layers.append(_ticks(panel, order, room, colour, look))
    if panel.steps and not is_low:
        layers.append(_steps(panel, order, look))
    return alt.LayerChart(
        layer=layers,
        data=alt.InlineData(values=panel.pieces),
        width=_WIDTH,
        height=alt.Step(_LOW_ROW_HEIGHT if is_low else _ROW_HEIGHT),
        title=panel_title(look, panel.title, panel.sentences, width=_WIDTH + 40)
        if panel.title
        else alt.Undefined,
    )


def _ticks(panel: Panel, order: Any, room: Any, colour: Any, look: Theme) -> alt.Chart:
    """Mark on the scale of the bars how many skipped a stage and were lost from it."""
    require_altair()
    import altair as alt

    # A seam of the paper's colour keeps a tick visible on a bar of its own colour.
    height = _LOW_ROW_HEIGHT * 0.8 if len(panel.stages) > _MANY_STAGES else _ROW_HEIGHT * (1 - _GAP)
    ticks = alt.Chart(alt.InlineData(values=panel.ticks)).mark_tick(
        orient="vertical", thickness=4.5, size=height, stroke=look.paper, strokeWidth=1, opacity=1
    )
    drawn: alt.Chart = ticks.encode(
        y=alt.Y("stage:N", scale=order),
        x=alt.X("at:Q", scale=room, axis=None),
        color=colour,
        tooltip=[alt.Tooltip("said:N", title="at this stage")],
    )
    return drawn


def _steps(panel: Panel, order: Any, look: Theme) -> alt.Chart:
    """Write the conversion from the stage before into the gap above a bar."""
    require_altair()
    import altair as alt

    words = alt.Chart(alt.InlineData(values=panel.steps)).mark_text(
        align="left", baseline="middle", fontSize=10, color=look.quiet, dy=-round(_GAP * _ROW_HEIGHT / 2) + 1
    )
    drawn: alt.Chart = words.encode(
        y=alt.Y("stage:N", scale=order, bandPosition=0), x=alt.value(4), text=alt.Text("said:N")
    )
    return drawn
