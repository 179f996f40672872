"""How long items stay in each stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ...tables.schema import STAGE_TIMES
from ..numbers import count, length
from ..sentences import PER_TITLES, of_times
from .lengths import Scale, scale_of
from .style import (
    ROW_HEIGHT,
    ThemeName,
    check_table,
    finished,
    layered,
    name_axis,
    require_altair,
    rows_of,
    theme_of,
    unique_names,
)

if TYPE_CHECKING:
    import altair as alt

_WIDTH, _BAR = 420, 10


def plot_time_in_stage(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.LayerChart:
    """Draw how long stages take: a bar for the middle of the items, a line at the median, a dot at the mean.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.time_in_stage`. The bar reaches from its lowest to its highest quantile
        column.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.LayerChart
        A row per stage that was completed at least once, the median behind it.

    Raises
    ------
    SchemaError
        If the table is another or has no rows.
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
    require_altair()
    import altair as alt

    look = theme_of(theme)
    told = check_table(table, STAGE_TIMES, "time_in_stage()")
    names = unique_names(table["stage"], told.get("names", {}))
    quantiles = [str(name) for name in table.columns[list(table.columns).index("median") + 1 :]]
    known = table[table["completed"] > 0]
    measures = ["mean", "median", *quantiles]
    scale = scale_of(known[name].max() for name in measures)
    records = [_record(row, names, quantiles, scale) for row in rows_of(known)]
    ends = [record["high"] for record in records] + [record["mean"] for record in records]
    room = alt.Scale(domain=[0, 1.25 * max([*ends, 1e-9])], nice=False)
    axis = alt.Axis(title=scale.title, grid=True, tickCount=6, domain=False, format=",.2~f")
    rows = alt.Chart(alt.InlineData(values=records)).encode(
        y=alt.Y("stage:N", scale=alt.Scale(domain=list(names.values())), axis=name_axis(look)),
        tooltip=[
            alt.Tooltip(f"{name}:N") for name in ("stage", "completed", *(f"{one} " for one in measures))
        ],
    )
    layers = [
        rows.mark_bar(height=_BAR, cornerRadius=2, color=look.assumed).encode(
            x=alt.X("low:Q", scale=room, axis=axis), x2="high:Q"
        ),
        rows.mark_tick(thickness=3, size=18, color=look.passed, opacity=1).encode(x="median:Q"),
        rows.mark_point(filled=True, size=42, color=look.lost, opacity=1).encode(x="mean:Q"),
        rows.mark_text(align="left", dx=8, fontSize=11.5, color=look.ink).encode(x="end:Q", text="label:N"),
    ]
    chart = layered(layers, width=_WIDTH, height=alt.Step(ROW_HEIGHT))
    per = PER_TITLES.get(str(told.get("per", "")), "")
    title = f"Time in stage, {per}" if per else "Time in stage"
    return finished(chart, look, title, [*of_times(table, names.__getitem__), _legend(quantiles)])


def _record(row: dict[str, Any], names: Any, quantiles: list[str], scale: Scale) -> dict[str, Any]:
    at = {name: scale.of(row[name]) for name in ("mean", "median", *quantiles)}
    said = {f"{name} ": length(row[name]) for name in at}
    low, high = min([at["median"], *at.values()]), max([at[name] for name in quantiles] + [at["median"]])
    if quantiles:
        low = min(at[name] for name in quantiles)
    return {
        "stage": names[row["stage"]],
        "completed": count(row["completed"]),
        "low": low,
        "high": high,
        "end": max(high, at["mean"]),
        "label": length(row["median"]),
        **{name: at[name] for name in ("mean", "median")},
        **said,
    }


def _legend(quantiles: list[str]) -> str:
    said = "line: median; dot: mean"
    if quantiles:
        said = f"bar: {_percents(quantiles[0])} to {_percents(quantiles[-1])} of the completed; {said}"
    return said[0].upper() + said[1:]


def _percents(quantile: str) -> str:
    return f"{quantile.removeprefix('q')} %"
