"""The funnel as a chart: one bar per stage, what was passed and what is only assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from .funnel_panels import Panel, tell

if TYPE_CHECKING:
    import altair as alt

_WIDTH = 400
_NAME_WIDTH = 170
_ROOM = 1.42  # all items are at 1; what follows is room for the numbers behind the longest bars
_MANY_STAGES, _ROW_HEIGHT, _LOW_ROW_HEIGHT = 24, 28, 17

# Okabe and Ito's colours, which colour-blind eyes tell apart; assumed is a lighter shade of passed.
_COLOURS = {"passed": "#0072B2", "assumed": "#A3CDE8", "won": "#009E73", "lost": "#D55E00"}
_INK, _QUIET = "#2B2B2B", "#666666"


def plot_funnel(table: pd.DataFrame) -> alt.ConcatChart:
    """Draw a funnel table as horizontal bars.

    Stages stand from top to bottom in the pipeline's order, won and lost last. A bar is as long as the
    share of all items that reach the stage: solid for those that passed it, lighter for those that are
    only assumed to have. A table of ``kind="both"`` gives the two funnels side by side, a breakdown
    one panel per group. Sentences say which stage is skipped most often and from which most items are
    lost; pointing at a bar shows all its numbers.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.funnel`, of any kind, with up to 12 groups.

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
    try:
        import altair as alt
    except ImportError as error:
        raise ImportError('charts need altair: pip install "stagefunnel[plots]"') from error
    story = tell(table)
    columns = min(2, len(story.panels))
    title = alt.TitleParams(
        story.title,
        subtitle=story.sentences,
        anchor="start",
        fontSize=17,
        subtitleFontSize=12.5,
        subtitlePadding=7,
        color=_INK,
        subtitleColor=_QUIET,
        offset=18,
        limit=columns * _WIDTH + _NAME_WIDTH,
    )
    used = {piece["part"] for panel in story.panels for piece in panel.pieces}
    colours = {part: colour for part, colour in _COLOURS.items() if part in used}
    return alt.concat(
        *(
            _bars(panel, story.tooltip, colours, names_stages=at % columns == 0)
            for at, panel in enumerate(story.panels)
        ),
        columns=columns,
        spacing={"column": 10, "row": 30},
        align="each",
        title=title,
        background="white",
        padding=18,
        description=". ".join([story.title, *story.sentences]),
    )


def _bars(
    panel: Panel, tooltip: Mapping[str, str], colours: Mapping[str, str], *, names_stages: bool
) -> alt.LayerChart:
    import altair as alt

    axis = alt.Axis(
        title=None,
        domain=False,
        ticks=False,
        labels=names_stages,
        labelFontSize=12.5,
        labelColor=_INK,
        labelLimit=_NAME_WIDTH,
        labelPadding=8,
    )
    order = alt.Scale(domain=panel.stages, paddingInner=0.22)
    room = alt.Scale(domain=[0, _ROOM], nice=False)
    shades = alt.Scale(domain=list(colours), range=list(colours.values()))
    rows = alt.Chart().encode(
        y=alt.Y("stage:N", scale=order, axis=axis),
        tooltip=[alt.Tooltip(f"{field}:N", title=heading) for field, heading in tooltip.items()],
    )
    bars = rows.mark_bar().encode(
        x=alt.X("start:Q", scale=room, axis=None),
        x2=alt.X2("end:Q"),
        color=alt.Color("part:N", scale=shades, legend=alt.Legend(title=None, orient="bottom")),
    )
    numbers = rows.mark_text(align="left", dx=6, fontSize=11.5, color=_INK).encode(
        x=alt.X("end:Q", scale=room, axis=None), text=alt.Text("label:N")
    )
    title = alt.TitleParams(
        panel.title,
        subtitle=panel.sentences,
        anchor="start",
        fontSize=14,
        subtitleFontSize=12,
        color=_INK,
        subtitleColor=_QUIET,
        limit=_WIDTH + 60,
    )
    return alt.LayerChart(
        layer=[bars, numbers],
        data=alt.InlineData(values=panel.pieces),
        width=_WIDTH,
        height=alt.Step(_ROW_HEIGHT if len(panel.stages) <= _MANY_STAGES else _LOW_ROW_HEIGHT),
        view=alt.ViewBackground(stroke=None),
        title=title if panel.title else alt.Undefined,
    )
