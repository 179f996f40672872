"""The chart of the funnel of each period."""

from __future__ import annotations

from typing import Any, Literal, get_args

import pandas as pd

from ...errors import SchemaError, check_option
from ...tables.schema import FUNNEL
from ..numbers import count, percent
from ..sentences import KIND_TITLES, of_periods
from .canvas import Canvas, rows_of
from .library import alt
from .marks import chart_of, layered, side_by_side, tooltip
from .style import Theme, ThemeName, legend, panel_title

ValueName = Literal["conversion_from_all", "conversion_from_previous", "reached"]
_MOST_GROUPS, _MOST_LINES, _WIDTH, _HEIGHT = 12, 8, 560, 260
_TITLES = {
    "conversion_from_all": "of all items",
    "conversion_from_previous": "of the previous stage",
    "reached": "items",
}


def plot_trend(
    table: pd.DataFrame, *, value: ValueName = "conversion_from_all", theme: ThemeName = "light"
) -> alt.ConcatChart:
    """Draw the funnel of each period, as a line per stage.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.funnel_by_period` of one kind, with up to 12 groups.
    value
        ``"conversion_from_all"``, ``"conversion_from_previous"`` (without a point where more items reached a
        stage than the one before) or ``"reached"``.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        One panel per group, all on one scale. Of more than 8 stages it has the first 4 and the last 4, and
        a sentence under the title says so.

    Raises
    ------
    SchemaError
        If the table is of another function, has no rows, has both kinds or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_trend
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.funnel_by_period(shop.log, shop.pipeline, every="quarter", basis="created")
    >>> plot_trend(table).to_dict()["title"]["text"]
    'Funnel: classic, from 2025Q1 to 2026Q2'
    """
    check_option("value", value, get_args(ValueName))
    canvas = Canvas.of(table, (*FUNNEL, "period"), "funnel_by_period()", theme).without("period")
    table = canvas.table
    if "kind" in table.columns:
        raise SchemaError(
            'both kinds are too much for one chart; give table[table["kind"] == …].drop(columns="kind")'
        )
    labels = canvas.stages()
    shown = (
        labels if len(labels) <= _MOST_LINES else [*labels[: _MOST_LINES // 2], *labels[-_MOST_LINES // 2 :]]
    )
    names = canvas.names_of(labels)
    groups = canvas.groups(_MOST_GROUPS, table[table["stage"].isin(shown)])
    drawn = [names[label] for label in shown]
    panels = [_lines(rows, group, value, drawn, names, canvas.look) for group, rows in groups]
    chart: alt.ConcatChart = side_by_side(panels).resolve_scale(y="shared")
    kind = str(canvas.remembered.get("kind", ""))
    periods = table["period"]
    title = f"Funnel: {KIND_TITLES.get(kind, kind)}, from {periods.min()} to {periods.max()}"
    sentences = of_periods(table, names.__getitem__, canvas.by)
    if len(shown) < len(labels):
        sentences.append(f"{len(shown)} of {len(labels)} stages are drawn")
    return canvas.finished(chart, canvas.titled(title), sentences)


def _lines(
    rows: pd.DataFrame, group: str, value: str, stages: list[str], names: dict[Any, str], look: Theme
) -> alt.LayerChart:
    is_share = value != "reached"
    records: list[dict[str, Any]] = [
        {
            "period": str(row["period"]),
            "stage": names[row["stage"]],
            # More items than the previous stage has are not a share of it.
            "value": float(row[value]) if not is_share or row[value] <= 1 else None,
            "text": percent(row[value]) if is_share else count(row[value]),
            "reached": count(row["reached"]),
            "all": count(row["base"]),
        }
        for row in rows_of(rows)
    ]
    periods = list(dict.fromkeys(record["period"] for record in records))
    scale = alt.Scale(domain=stages, range=list(look.series[: len(stages)]))
    # The axis names at most 14 periods, so that long trends stay legible.
    step = max(1, -(-len(periods) // 14))
    axis = alt.Axis(title=None, labelAngle=-40, values=periods[::step], domain=True, ticks=True)
    points = chart_of(records).encode(
        x=alt.X("period:O", sort=periods, axis=axis),
        y=alt.Y(
            "value:Q",
            axis=alt.Axis(
                title=_TITLES[value], format=".0%" if is_share else "~s", domain=False, tickCount=6
            ),
        ),
        color=alt.Color("stage:N", scale=scale, legend=legend()),
        tooltip=tooltip(
            ("period", "stage", "text", "reached", "all"), {"text": _TITLES[value], "all": "all items"}
        ),
    )
    layers = [points.mark_line(strokeWidth=2.2), points.mark_point(filled=True, size=32, opacity=1)]
    if not group:
        return layered(layers, width=_WIDTH, height=_HEIGHT)
    return layered(layers, width=340, height=180, title=panel_title(look, group, width=340))
