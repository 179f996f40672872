"""The chart of the time from one step of a sequence to another."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...errors import SchemaError
from ...tables.schema import CONVERSION_TIMES
from ..numbers import count, length, percent
from ..sequence_sentences import sequence_findings, sequence_title
from .canvas import Canvas, rows_of
from .lengths import length_axis_of
from .library import alt
from .marks import chart_of, layered, tooltip
from .style import ThemeName

_WIDTH, _HEIGHT = 560, 240


def plot_time_to_convert(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.LayerChart:
    """Draw how long matches take: a bar per bin, and a line of the share that is through by its end.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.time_to_convert`.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows or has groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_time_to_convert
    >>> rows = {"item": [1, 1, 2, 2], "stage": ["visit", "order"] * 2, "time": [0, 2, 4, 9]}
    >>> table = sf.time_to_convert(sf.StageLog(rows), ["visit", "order"])
    >>> plot_time_to_convert(table).to_dict()["title"]["text"]
    'Time to convert: visit → order'
    """
    canvas = Canvas.of(table, CONVERSION_TIMES, "time_to_convert()", theme)
    look, remembered, table = canvas.look, canvas.remembered, canvas.table
    if canvas.by:
        raise SchemaError(
            "a histogram has room for one group; give the rows of one group, without the column of groups"
        )
    working_day = remembered.get("working_day")
    scale = length_axis_of(table["end"], working_day)
    records: list[dict[str, Any]] = [
        {
            "start": scale.of(row["start"]),
            "end": scale.of(row["end"]) or 1e-9,
            "n": int(row["count"]),
            "to_date": float(row["share_to_date"]),
            "from": length(row["start"], working_day),
            "to": length(row["end"], working_day),
            "items": count(row["count"]),
            "through": percent(row["share_to_date"]),
        }
        for row in rows_of(table)
    ]
    least = 0.004 * (records[-1]["end"] - records[0]["start"])
    for record in records:
        record["right"] = max(record["end"] - least, record["start"] + least / 2)
    axis = alt.Axis(title=scale.title or None, grid=False, tickCount=8, format=",.2~f")
    room = alt.Scale(nice=False, zero=False)
    bins = chart_of(records).encode(tooltip=tooltip(("from", "to", "items", "through")))
    bars = bins.mark_bar(color=look.passed).encode(
        x=alt.X("start:Q", scale=room, axis=axis),
        x2=alt.X2("right:Q"),
        y=alt.Y("n:Q", axis=alt.Axis(title="items", domain=False, tickCount=5, format="~s")),
        y2=alt.datum(0),
    )
    line = bins.mark_line(color=look.lost, strokeWidth=2.2, point={"color": look.lost, "size": 22}).encode(
        x=alt.X("end:Q", scale=room),
        y=alt.Y(
            "to_date:Q",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(title="through by then", format=".0%", domain=False, grid=False, tickCount=5),
        ),
    )
    both = layered([bars, line], width=_WIDTH, height=_HEIGHT)
    chart: alt.LayerChart = both.resolve_scale(y="independent")
    return canvas.finished(
        chart, sequence_title(remembered), sequence_findings(table, remembered), width=_WIDTH + 40
    )
