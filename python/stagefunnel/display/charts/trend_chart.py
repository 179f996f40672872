"""The chart of the funnel of each period."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, get_args

import pandas as pd

from ...errors import SchemaError, check_option, given, named
from ...tables.schema import FUNNEL
from ..numbers import count, percent
from ..period_sentences import of_periods, sides_of_periods, win_rates
from ..remarks import of_won_with_rows
from ..sentences import KIND_TITLES
from ..things import things_of
from .canvas import Canvas, Panels, rows_of
from .library import alt
from .marks import chart_of, layered, side_by_side, tooltip
from .style import Theme, ThemeName, legend, panel_title

ValueName = Literal["win_rate", "conversion_from_all", "conversion_from_previous", "reached"]
_MOST_GROUPS, _MOST_LINES, _WIDTH, _HEIGHT = 12, 8, 560, 260
_TITLES = {
    "win_rate": "won, of what was closed in the period",
    "conversion_from_all": "of all {items}",
    "conversion_from_previous": "of the previous stage",
    "reached": "{items}",
}
_WIN_RATE = "win rate"


def plot_trend(
    table: pd.DataFrame, *, value: ValueName | None = None, theme: ThemeName = "light"
) -> alt.ConcatChart:
    """Draw the funnel of each period, as a line per stage, or the win rate of each.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.funnel_by_period` of one kind, with up to 12 groups.
    value
        ``"conversion_from_all"``, ``"conversion_from_previous"`` (without a point where more items reached a
        stage than the one before), ``"reached"``, or ``"win_rate"``: one line, of what was closed in each
        period. By default that is drawn for ``basis="active"``, in which an item that stays open is in
        the base of many periods, and ``"conversion_from_all"`` for all others.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        One panel per group, all on one scale. Of more than 8 stages it has the first 4 and the last 4, and
        a sentence under the title says so. Periods that the log covers only in part are drawn hollow.

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
    if value is not None:
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
    value = value or _default_value(groups, canvas.remembered)
    drawn = [_WIN_RATE] if value == "win_rate" else [names[label] for label in shown]
    partial = {
        side.name for side in sides_of_periods(_periods_of(table), canvas.remembered) if side.is_partial
    }
    panels = [
        _lines(
            _win_rates(rows, canvas.remembered) if value == "win_rate" else _shares(rows, value, names),
            group,
            _axis_title(value, canvas.remembered),
            things_of(canvas.remembered),
            drawn,
            partial,
            canvas.look,
        )
        for group, rows in groups
    ]
    chart: alt.ConcatChart = side_by_side(panels).resolve_scale(y="shared")
    kind = str(canvas.remembered.get("kind", ""))
    periods = table["period"]
    title = f"Funnel: {KIND_TITLES.get(kind, kind)}, from {periods.min()} to {periods.max()}"
    seen = of_won_with_rows(table, canvas.remembered)
    sentences = of_periods(seen, canvas.remembered, names.__getitem__, canvas.by)
    if value != "win_rate" and len(shown) < len(labels):
        sentences.append(f"{len(shown)} of {len(labels)} stages are drawn")
    return canvas.finished(chart, canvas.titled(title), sentences)


def _default_value(groups: Panels, remembered: Mapping[str, Any]) -> ValueName:
    """Choose the win rate for items that are active in many periods, if the table knows how they stand."""
    if remembered.get("basis") != "active":
        return "conversion_from_all"
    closed = [n for _, rows in groups for n in win_rates(_periods_of(rows), remembered)[1]]
    return "conversion_from_all" if None in closed else "win_rate"


def _axis_title(value: str, remembered: Mapping[str, Any]) -> str:
    """Say what a value is a share of, by the basis of the trend."""
    basis = remembered.get("basis")
    if value != "conversion_from_all" or basis is None:
        return _TITLES[value].format(items=things_of(remembered))
    within = remembered.get("within")
    return f"of all {things_of(remembered)} {basis} in the period{f', within {within}' if within else ''}"


def _periods_of(rows: pd.DataFrame) -> list[pd.DataFrame]:
    return [part for _, part in rows.groupby("period", sort=False, observed=True)]


def _shares(rows: pd.DataFrame, value: str, names: Mapping[Any, str]) -> list[dict[str, Any]]:
    """Return a record of each period and stage."""
    is_share = value != "reached"
    return [
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


def _win_rates(rows: pd.DataFrame, remembered: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a record of the win rate of each period."""
    parts = _periods_of(rows)
    rates, closed = win_rates(parts, remembered)
    if None in closed:
        raise SchemaError(
            given("value", "win_rate"),
            " needs to know how the items of every period stand, which the table remembers beside its rows "
            "and has lost; draw the table as funnel_by_period() returns it, or another ",
            named("value"),
        )
    return [
        {
            "period": str(part["period"].iloc[0]),
            "stage": _WIN_RATE,
            "value": rate,
            "text": percent(rate),
            "reached": count(round((rate or 0) * (n or 0))),
            "all": count(n),
        }
        for part, rate, n in zip(parts, rates, closed, strict=True)
    ]


def _lines(
    records: Sequence[dict[str, Any]],
    group: str,
    title: str,
    things: str,
    stages: Sequence[str],
    partial: Collection[str],
    look: Theme,
) -> alt.LayerChart:
    """Draw a line for each stage; points of periods that are covered only in part are hollow."""
    is_share = title != things
    periods = list(dict.fromkeys(record["period"] for record in records))
    records = [record | {"covered": record["period"] not in partial} for record in records]
    scale = alt.Scale(domain=list(stages), range=list(look.series[: len(stages)]))
    # The axis names at most 14 periods, so that long trends stay legible.
    step = max(1, -(-len(periods) // 14))
    axis = alt.Axis(title=None, labelAngle=-40, values=periods[::step], domain=True, ticks=True)
    points = chart_of(records).encode(
        x=alt.X("period:O", sort=periods, axis=axis),
        y=alt.Y(
            "value:Q",
            axis=alt.Axis(title=title, format=".0%" if is_share else "~s", domain=False, tickCount=6),
        ),
        color=alt.Color("stage:N", scale=scale, legend=legend()),
        tooltip=tooltip(
            ("period", "stage", "text", "reached", "all"), {"text": title, "all": f"all {things}"}
        ),
    )
    hollow = alt.condition(alt.datum.covered, alt.value(1), alt.value(0))
    layers = [
        points.mark_line(strokeWidth=2.2),
        points.mark_point(filled=False, size=32, opacity=1, fill=look.paper),
        points.mark_point(filled=True, size=32).encode(opacity=hollow),
    ]
    if not group:
        return layered(layers, width=_WIDTH, height=_HEIGHT)
    return layered(layers, width=340, height=180, title=panel_title(look, group, width=340))
