"""Two funnels, two periods or several groups side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ...errors import SchemaError
from ...tables.schema import COMPARISON, FUNNEL
from ..numbers import brief, count, percent
from ..sentences import KIND_TITLES, of_series, series_of
from .style import (
    ThemeName,
    check_table,
    columns_before,
    finished,
    groups_of,
    inert,
    layered,
    legend,
    name_axis,
    require_altair,
    theme_of,
    unique_names,
)

if TYPE_CHECKING:
    import altair as alt

_MOST_SERIES, _WIDTH, _ROOM, _BAR = 8, 460, 1.3, 15


def plot_compare(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.LayerChart:
    """Draw how large a share of all items reached each stage: in two kinds, two periods or several groups.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.compare_periods`, or one of :func:`stagefunnel.funnel` with
        ``kind="both"`` or with a breakdown of up to 8 groups, of one kind.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart
        A bar per stage and series, with its share and count behind it.

    Raises
    ------
    SchemaError
        If the table is none of these, has no rows or has too many groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_compare
    >>> shop = sf.datasets.furniture_shop()
    >>> table = sf.compare_periods(shop.log, shop.pipeline, "2026-05", with_="previous")
    >>> plot_compare(table).to_dict()["title"]["text"]
    'Funnel: classic, 2026-05 compared with 2026-04'
    """
    require_altair()
    import altair as alt

    look = theme_of(theme)
    title, series = _series(table)
    names = unique_names(table["stage"].unique(), table.attrs.get("stagefunnel", {}).get("names", {}))
    stages = [names[label] for label in table["stage"].unique()]
    records = [record for name, rows in series for record in _records(name, rows, names)]
    order = [inert(name) for name, _ in series]
    scale = alt.Scale(domain=order, range=list(look.series[: len(order)]))
    bars = alt.Chart().encode(
        y=alt.Y("stage:N", scale=alt.Scale(domain=stages, paddingInner=0.3), axis=name_axis(look)),
        yOffset=alt.YOffset("series:N", sort=order),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("stage", "series", "reached", "of all")],
    )
    room = alt.Scale(domain=[0, _ROOM * max([record["share"] for record in records] + [1e-9])], nice=False)
    x = alt.X("share:Q", scale=room, axis=None)
    layers = [
        bars.mark_bar().encode(x=x, color=alt.Color("series:N", scale=scale, legend=legend())),
        bars.mark_text(align="left", dx=5, fontSize=11, color=look.ink).encode(x=x, text="label:N"),
    ]
    height = alt.Step(_BAR, **{"for": "offset"})
    chart = layered(layers, width=_WIDTH, height=height, data=alt.InlineData(values=records))
    return finished(chart, look, title, of_series(series, names.__getitem__))


def _series(table: pd.DataFrame) -> tuple[str, list[tuple[str, pd.DataFrame]]]:
    """Read what a table compares, each with rows that have the stage, the share and the count."""
    if isinstance(table, pd.DataFrame) and "reached_before" in table.columns:
        return _periods(table)
    told = check_table(table, FUNNEL, "compare_periods() or funnel()")
    by = columns_before(table, "stage")
    if by == ["kind"]:
        series = [(KIND_TITLES[str(kind)], rows) for kind, rows in table.groupby("kind", observed=True)]
        return "Funnel: " + " and ".join(name for name, _ in series), series
    if not by:
        raise SchemaError('one funnel has nothing to be compared with; give kind="both" or by=')
    if "kind" in by:
        raise SchemaError(
            'a breakdown of both kinds is too much for one chart; give table[table["kind"] == …]'
        )
    kind = str(told.get("kind", ""))
    return f"Funnel: {KIND_TITLES.get(kind, kind)}, by {', '.join(by)}", groups_of(table, by, _MOST_SERIES)


def _periods(table: pd.DataFrame) -> tuple[str, list[tuple[str, pd.DataFrame]]]:
    told = check_table(table, COMPARISON, "compare_periods()")
    if columns_before(table, "stage"):
        raise SchemaError("a comparison by groups is too much for one chart; give the rows of one group")
    now, before = (str(one) for one in told.get("called", ("now", "before")))
    kind = str(told.get("kind", ""))
    title = f"Funnel: {KIND_TITLES.get(kind, kind)}, {now} compared with {before}"
    return title, series_of(table)


def _records(series: str, rows: pd.DataFrame, names: Any) -> list[dict[str, Any]]:
    records = []
    for stage, reached, share in zip(
        rows["stage"], rows["reached"], rows["conversion_from_all"], strict=True
    ):
        label = f"{percent(share)} · {brief(reached)}"
        told = {"reached": count(reached), "of all": percent(share), "label": label}
        known = 0.0 if pd.isna(share) else float(share)
        records.append({"stage": names[stage], "series": inert(series), "share": known, **told})
    return records
