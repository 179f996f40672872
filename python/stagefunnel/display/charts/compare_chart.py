"""The chart of two kinds of funnel, two periods or several groups side by side."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from ...errors import SchemaError, advised, named
from ...tables.schema import COMPARISON, FUNNEL
from ..numbers import brief, count, percent
from ..period_sentences import NameOf, of_comparison, of_groups, of_series, series_of
from ..remarks import of_stages_with_rows
from ..sentences import KIND_TITLES
from .canvas import Canvas, Panels
from .library import alt
from .marks import layered, numbers_behind, room_for, tooltip
from .style import ThemeName, inert, legend, name_axis

_MOST_SERIES, _WIDTH, _ROOM, _BAR = 8, 460, 1.3, 15


def plot_compare(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.LayerChart:
    """Draw the share of all items that reached each stage: in two kinds, two periods or several groups.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.compare_periods`, or one of :func:`stagefunnel.funnel` with
        ``kind="both"`` or, of one kind, with a breakdown of up to 8 groups.
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
    >>> table = sf.compare_periods(shop.log, shop.pipeline, "2026-05", against="previous")
    >>> plot_compare(table).to_dict()["title"]["text"]
    'Funnel: classic, 2026-05 compared with 2026-04'
    """
    is_of_periods = isinstance(table, pd.DataFrame) and "reached_before" in table.columns
    columns, made_by = (
        (COMPARISON, "compare_periods()") if is_of_periods else (FUNNEL, "compare_periods() or funnel()")
    )
    canvas = Canvas.of(table, columns, made_by, theme)
    table = canvas.table
    title, series = _periods(canvas) if is_of_periods else _kinds_or_groups(canvas)
    look, names = canvas.look, canvas.names_of(canvas.stages())
    stages = [*names.values()]
    records = [bar for name, rows in series for bar in _bars_of(name, rows, names)]
    order = [inert(name) for name, _ in series]
    scale = alt.Scale(domain=order, range=list(look.series[: len(order)]))
    bars = alt.Chart().encode(
        y=alt.Y("stage:N", scale=alt.Scale(domain=stages, paddingInner=0.3), axis=name_axis(look)),
        yOffset=alt.YOffset("series:N", sort=order),
        tooltip=tooltip(("stage", "series", "reached", "of all")),
    )
    longest = max([record["share"] for record in records] + [1e-9])
    x = alt.X("share:Q", scale=room_for(longest, _ROOM), axis=None)
    layers = [
        bars.mark_bar().encode(x=x, color=alt.Color("series:N", scale=scale, legend=legend())),
        numbers_behind(bars, look, dx=5, size=11).encode(x=x, text=alt.Text("label:N")),
    ]
    height = alt.Step(_BAR, **{"for": "offset"})
    chart = layered(layers, width=_WIDTH, height=height, records=records)
    return canvas.finished(chart, title, _sentences(canvas, series, names.__getitem__))


def _sentences(canvas: Canvas, series: Panels, name_of: NameOf) -> list[str]:
    remembered = canvas.remembered
    if "reached_before" in canvas.table.columns:
        return of_comparison(of_stages_with_rows(canvas.table, remembered), remembered, name_of)
    named = [(name, of_stages_with_rows(rows, remembered)) for name, rows in series]
    return of_series(named, name_of) if canvas.by == ["kind"] else of_groups(named, remembered, name_of)


def _kinds_or_groups(canvas: Canvas) -> tuple[str, Panels]:
    """Return the title of a funnel table, and the rows of each kind or of each group."""
    table, by = canvas.table, canvas.by
    if by == ["kind"]:
        series = [(KIND_TITLES[str(kind)], rows) for kind, rows in table.groupby("kind", observed=True)]
        return "Funnel: " + " and ".join(name for name, _ in series), series
    if not by:
        raise SchemaError(
            "one funnel has nothing to be compared with; give ", advised("kind", "both"), " or ", named("by")
        )
    if "kind" in by:
        raise SchemaError(
            'a breakdown of both kinds is too much for one chart; give table[table["kind"] == …]'
        )
    kind = str(canvas.remembered.get("kind", ""))
    return canvas.titled(f"Funnel: {KIND_TITLES.get(kind, kind)}"), canvas.groups(_MOST_SERIES)


def _periods(canvas: Canvas) -> tuple[str, Panels]:
    """Return the title of a comparison, and the rows of each period with the columns of a funnel."""
    if canvas.by:
        raise SchemaError("a comparison by groups is too much for one chart; give the rows of one group")
    now, before = map(str, canvas.remembered.get("called", ("now", "before")))
    kind = str(canvas.remembered.get("kind", ""))
    title = f"Funnel: {KIND_TITLES.get(kind, kind)}, {now} compared with {before}"
    return title, series_of(canvas.table)


def _bars_of(series: str, rows: pd.DataFrame, names: Mapping[Hashable, str]) -> list[dict[str, Any]]:
    bars = []
    for stage, reached, share in zip(
        rows["stage"], rows["reached"], rows["conversion_from_all"], strict=True
    ):
        label = f"{percent(share)} · {brief(reached)}"
        texts = {"reached": count(reached), "of all": percent(share), "label": label}
        length = 0.0 if pd.isna(share) else float(share)
        bars.append({"stage": names[stage], "series": inert(series), "share": length, **texts})
    return bars
