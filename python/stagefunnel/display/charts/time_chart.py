"""The chart of the time that items stay in each stage."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from ...tables.schema import STAGE_TIMES
from ..numbers import count, length
from ..sentences import PER_TITLES, of_times
from .canvas import Canvas, rows_of
from .lengths import LengthAxis, length_axis_of
from .library import alt
from .marks import chart_of, layered, numbers_behind, room_for, tooltip
from .style import ROW_HEIGHT, ThemeName, name_axis

_WIDTH, _BAR = 420, 10


def plot_time_in_stage(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.LayerChart:
    """Draw how long stages take: a bar for the middle of the items, a line at the median, a dot at the mean.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.time_in_stage`. The bar extends from its first to its last column of
        quantiles.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart
        A row per stage with a completed visit, and the median behind it.

    Raises
    ------
    SchemaError
        If the table is of another function or has no rows.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_time_in_stage
    >>> shop = sf.datasets.furniture_shop()
    >>> chart = plot_time_in_stage(sf.time_in_stage(shop.log, shop.pipeline))
    >>> chart.to_dict()["title"]["text"]
    'Time in stage, per visit'
    """
    canvas = Canvas.of(table, STAGE_TIMES, "time_in_stage()", theme)
    canvas.refuse_groups("a chart of times in stages")
    look, table = canvas.look, canvas.table
    names = canvas.names_of(table["stage"])
    quantiles = [str(name) for name in table.columns if re.fullmatch(r"q\d+(\.\d+)?", str(name))]
    completed = table[table["completed"] > 0]
    measures = ["mean", "median", *quantiles]
    working_day = canvas.remembered.get("working_day")
    scale = length_axis_of((completed[name].max() for name in measures), working_day)
    write = partial(length, working_day=working_day)
    records = [_row_record(row, names, quantiles, scale, write) for row in rows_of(completed)]
    ends = [record["high"] for record in records] + [record["mean"] for record in records]
    room = room_for(max([*ends, 1e-9]), 1.25)
    axis = alt.Axis(title=scale.title, grid=True, tickCount=6, domain=False, format=",.2~f")
    rows = chart_of(records).encode(
        y=alt.Y("stage:N", scale=alt.Scale(domain=list(names.values())), axis=name_axis(look)),
        tooltip=tooltip(("stage", "completed", *(f"{name} " for name in measures))),
    )
    layers = [
        rows.mark_bar(height=_BAR, cornerRadius=2, color=look.assumed).encode(
            x=alt.X("low:Q", scale=room, axis=axis), x2=alt.X2("high:Q")
        ),
        rows.mark_tick(thickness=3, size=18, color=look.passed, opacity=1).encode(x=alt.X("median:Q")),
        rows.mark_point(filled=True, size=42, color=look.lost, opacity=1).encode(x=alt.X("mean:Q")),
        numbers_behind(rows, look, dx=8).encode(x=alt.X("end:Q"), text=alt.Text("label:N")),
    ]
    chart = layered(layers, width=_WIDTH, height=alt.Step(ROW_HEIGHT))
    per = PER_TITLES.get(str(canvas.remembered.get("per", "")), "")
    title = f"Time in stage, {per}" if per else "Time in stage"
    return canvas.finished(chart, title, [*of_times(table, names.__getitem__), _key(quantiles)])


def _row_record(
    row: Mapping[str, Any],
    names: Mapping[Any, str],
    quantiles: Sequence[str],
    scale: LengthAxis,
    write: Callable[[Any], str],
) -> dict[str, Any]:
    at = {name: scale.of(row[name]) for name in ("mean", "median", *quantiles)}
    texts = {f"{name} ": write(row[name]) for name in at}
    low, high = min([at["median"], *at.values()]), max([at[name] for name in quantiles] + [at["median"]])
    if quantiles:
        low = min(at[name] for name in quantiles)
    return {
        "stage": names[row["stage"]],
        "completed": count(row["completed"]),
        "low": low,
        "high": high,
        "end": max(high, at["mean"]),
        "label": write(row["median"]),
        **{name: at[name] for name in ("mean", "median")},
        **texts,
    }


def _key(quantiles: Sequence[str]) -> str:
    """Say which mark is what."""
    words = "line: median; dot: mean"
    if quantiles:
        words = f"bar: {_percents(quantiles[0])} to {_percents(quantiles[-1])} of the completed; {words}"
    return words[0].upper() + words[1:]


def _percents(quantile: str) -> str:
    return f"{quantile.removeprefix('q')} %"
