"""The chart of a sequence in each period."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...tables.schema import SEQUENCE_TREND
from ..numbers import count, percent
from ..sequence_sentences import has_window, is_whole, sequence_findings, sequence_title
from .canvas import Canvas, rows_of
from .library import alt
from .marks import chart_of, layered, side_by_side, tooltip
from .style import Theme, ThemeName, legend, panel_title

_MOST_GROUPS, _WIDTH, _HEIGHT = 12, 560, 260
_WHOLE, _OPEN, _NO_WINDOW = "windows over", "so far", "so far, no window"
_SHOWN = ("period", "entered", "converted", "conversion", "mature", "of mature")


def plot_sequence_trend(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.ConcatChart:
    """Draw which share of what entered in each period converted.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.sequence_trend` with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        A panel per group, all on one scale. A line joins the periods in which all windows are over. A period
        in which they are not is a hollow point, which shows what converted so far; without a window all
        are, and the axis says that older periods have had longer.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_sequence_trend
    >>> days = pd.to_datetime(["2026-01-05", "2026-01-06", "2026-03-02"])
    >>> log = sf.StageLog({"item": [1, 1, 2], "stage": ["visit", "order", "visit"], "time": days})
    >>> table = sf.sequence_trend(log, ["visit", "order"], window="7d")
    >>> plot_sequence_trend(table).to_dict()["title"]["text"][0]
    'Sequence, by the period it was entered in: visit → order,'
    """
    # The breakdown stands between the period and the counts.
    columns = (*SEQUENCE_TREND[1:], "period")
    canvas = Canvas.of(table, columns, "sequence_trend()", theme).without("period")
    remembered = canvas.remembered
    has_end = has_window(remembered)
    axis = ["converted so far;", "older periods have had longer"]
    if has_end:
        axis = [f"converted within {remembered['window']}"]
    periods = list(map(str, sorted(table["period"].unique())))
    panels = [
        _points(rows, group, periods, axis, _OPEN if has_end else _NO_WINDOW, canvas.look)
        for group, rows in canvas.groups(_MOST_GROUPS)
    ]
    chart: alt.ConcatChart = side_by_side(panels).resolve_scale(y="shared")
    title = canvas.titled(sequence_title(remembered))
    return canvas.finished(chart, title, sequence_findings(table, remembered))


def _points(
    rows: pd.DataFrame, group: str, periods: list[str], axis: list[str], open_still: str, look: Theme
) -> alt.LayerChart:
    records: list[dict[str, Any]] = [
        {
            "period": str(row["period"]),
            # A line has a gap where nothing entered.
            "value": float(row["conversion"]) if row["entered"] else None,
            "part": _WHOLE if whole and open_still == _OPEN else open_still,
            "conversion": percent(row["conversion"]),
            "of mature": percent(row["conversion_mature"]),
            **{name: count(row[name]) for name in ("entered", "converted", "mature")},
        }
        for row, whole in zip(rows_of(rows), is_whole(rows), strict=True)
    ]
    # The axis names at most 14 periods, so that long trends stay legible.
    step = max(1, -(-len(periods) // 14))
    parts = [_WHOLE, open_still] if open_still == _OPEN else [open_still]
    colours = alt.Scale(domain=parts, range=[look.passed, look.lost][-len(parts) :])
    points = chart_of(records).encode(
        x=alt.X(
            "period:O",
            scale=alt.Scale(domain=periods),
            axis=alt.Axis(title=None, labelAngle=-40, values=periods[::step], domain=True, ticks=True),
        ),
        y=alt.Y(
            "value:Q",
            scale=alt.Scale(zero=True),
            axis=alt.Axis(title=axis, format=".0%", domain=False, tickCount=6),
        ),
        color=alt.Color("part:N", scale=colours, legend=legend()),
        tooltip=tooltip(_SHOWN, {"conversion": "so far"}),
    )
    whole = points.transform_filter(alt.datum.part == _WHOLE)
    layers = [
        whole.mark_line(strokeWidth=2.2),
        whole.mark_point(filled=True, size=32, opacity=1),
        points.transform_filter(alt.datum.part != _WHOLE).mark_point(
            filled=False, size=44, opacity=1, strokeWidth=1.8
        ),
    ]
    if not group:
        return layered(layers, width=_WIDTH, height=_HEIGHT)
    return layered(layers, width=340, height=180, title=panel_title(look, group, width=340))
