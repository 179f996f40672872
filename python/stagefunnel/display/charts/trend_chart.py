"""The funnel of one period after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from ...errors import SchemaError, check_option
from ...tables.schema import FUNNEL
from ..numbers import count, percent
from ..sentences import KIND_TITLES, of_periods
from .style import (
    Theme,
    ThemeName,
    check_table,
    columns_before,
    finished,
    groups_of,
    layered,
    legend,
    panel_title,
    require_altair,
    rows_of,
    theme_of,
    unique_names,
)

if TYPE_CHECKING:
    import altair as alt

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
    """Draw the funnel of one period after the other, a line per stage.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.funnel_by_period` of one kind, with up to 12 groups.
    value
        ``"conversion_from_all"``, ``"conversion_from_previous"`` (without points where more came than to the
        stage before) or ``"reached"``.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        One panel per group, of the same scale. Of more than 8 stages the first 4 and the last 4 are drawn,
        which the title says.

    Raises
    ------
    SchemaError
        If the table is another, has no rows, both kinds or more than 12 groups.
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
    require_altair()
    import altair as alt

    look = theme_of(theme)
    check_option("value", value, get_args(ValueName))
    told = check_table(table, ("period", *FUNNEL), "funnel_by_period()")
    if "kind" in table.columns:
        raise SchemaError(
            'both kinds are too much for one chart; give table[table["kind"] == …].drop(columns="kind")'
        )
    by = [name for name in columns_before(table, "stage") if name != "period"]
    labels = list(table["stage"].unique())
    shown = (
        labels if len(labels) <= _MOST_LINES else [*labels[: _MOST_LINES // 2], *labels[-_MOST_LINES // 2 :]]
    )
    names = unique_names(labels, told.get("names", {}))
    drawn = table[table["stage"].isin(shown)]
    groups = groups_of(drawn, by, _MOST_GROUPS)
    panels = [
        _lines(rows, group, value, [names[label] for label in shown], names, look) for group, rows in groups
    ]
    n_columns = 1 if len(panels) == 1 else 2
    chart: alt.ConcatChart = alt.concat(*panels, columns=n_columns, spacing=24).resolve_scale(y="shared")
    kind = str(told.get("kind", ""))
    periods = table["period"]
    title = f"Funnel: {KIND_TITLES.get(kind, kind)}, from {periods.min()} to {periods.max()}"
    said = of_periods(table, names.__getitem__, by)
    if len(shown) < len(labels):
        said.append(f"{len(shown)} of {len(labels)} stages are drawn")
    return finished(chart, look, title + (f", by {', '.join(by)}" if by else ""), said)


def _lines(
    rows: pd.DataFrame, group: str, value: str, stages: list[str], names: dict[Any, str], look: Theme
) -> alt.LayerChart:
    import altair as alt

    is_share = value != "reached"
    records: list[dict[str, Any]] = [
        {
            "period": str(row["period"]),
            "stage": names[row["stage"]],
            # More than came to the stage before are no share of them.
            "value": float(row[value]) if not is_share or row[value] <= 1 else None,
            "said": percent(row[value]) if is_share else count(row[value]),
            "reached": count(row["reached"]),
            "all": count(row["base"]),
        }
        for row in rows_of(rows)
    ]
    periods = list(dict.fromkeys(record["period"] for record in records))
    scale = alt.Scale(domain=stages, range=list(look.series[: len(stages)]))
    # Every so many periods have their name written, so that long trends stay legible.
    step = max(1, -(-len(periods) // 14))
    axis = alt.Axis(title=None, labelAngle=-40, values=periods[::step], domain=True, ticks=True)
    points = alt.Chart(alt.InlineData(values=records)).encode(
        x=alt.X("period:O", sort=periods, axis=axis),
        y=alt.Y(
            "value:Q",
            axis=alt.Axis(
                title=_TITLES[value], format=".0%" if is_share else "~s", domain=False, tickCount=6
            ),
        ),
        color=alt.Color("stage:N", scale=scale, legend=legend()),
        tooltip=[
            alt.Tooltip("period:N"),
            alt.Tooltip("stage:N"),
            alt.Tooltip("said:N", title=_TITLES[value]),
            alt.Tooltip("reached:N"),
            alt.Tooltip("all:N", title="all items"),
        ],
    )
    layers = [points.mark_line(strokeWidth=2.2), points.mark_point(filled=True, size=32, opacity=1)]
    if not group:
        return layered(layers, width=_WIDTH, height=_HEIGHT)
    return layered(layers, width=340, height=180, title=panel_title(look, group, width=340))
