"""Where items are lost from, and into what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ...tables.labels import MISSING
from ...tables.schema import LOSSES
from ..numbers import brief, count, length, percent
from ..sentences import of_losses
from .style import (
    ROW_HEIGHT,
    ThemeName,
    check_table,
    columns_before,
    finished,
    groups_of,
    legend,
    name_axis,
    panel_title,
    require_altair,
    theme_of,
    unique_names,
)

if TYPE_CHECKING:
    import altair as alt

_MOST_GROUPS, _WIDTH, _ROOM, _MOST_COLOURS = 12, 400, 1.25, 8


def plot_losses(table: pd.DataFrame, *, theme: ThemeName = "light") -> alt.ConcatChart:
    """Draw from which stages items were lost, and into which lost stage or for which reason.

    Parameters
    ----------
    table
        A table of :func:`stagefunnel.losses` with up to 12 groups.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    altair.ConcatChart
        A bar per stage, as long as the share of the losses that it has, one panel per group. Its parts are
        the reasons where there are some, else the lost stages.

    Raises
    ------
    SchemaError
        If the table is another, has no rows or has more than 12 groups.
    ImportError
        If altair is not installed.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.plots import plot_losses
    >>> shop = sf.datasets.worked_example()
    >>> plot_losses(sf.losses(shop.log, shop.pipeline)).to_dict()["title"]["subtitle"]
    ['Most often lost from: Won (2 of 5 lost, 40 %)']
    """
    require_altair()
    import altair as alt

    look = theme_of(theme)
    told = check_table(table, LOSSES, "losses()")
    by = columns_before(table, "from_stage")
    part = _part_column(table)
    names = unique_names(_labels(table["from_stage"]), told.get("names", {}))
    parts = unique_names(_labels(table[part]), told.get("names", {}))
    leading = table.groupby(part, observed=True, dropna=False)["items"].sum().sort_values(ascending=False)
    domain = [parts[_plain(value)] for value in leading.index][: _MOST_COLOURS - 1]
    if len(leading) > len(domain):
        domain.append("other")
    scale = alt.Scale(domain=domain, range=list(look.series[: len(domain)]))
    panels = []
    for group, rows in groups_of(table, by, _MOST_GROUPS):
        records = _records(rows, part, names, parts, domain)
        stages = list(dict.fromkeys(record["stage"] for record in records))
        totals = _totals(records)
        room = alt.Scale(domain=[0, _ROOM * max(record["share"] for record in totals)], nice=False)
        y = alt.Y("stage:N", scale=alt.Scale(domain=stages), axis=name_axis(look))
        bars = alt.Chart(alt.InlineData(values=records)).mark_bar()
        bars = bars.encode(
            y=y,
            x=alt.X("share:Q", scale=room, axis=None, stack="zero"),
            order=alt.Order("place:Q"),
            color=alt.Color("part:N", scale=scale, legend=legend()),
            tooltip=[
                alt.Tooltip(f"{name}:N") for name in ("stage", "into", "items", "of the lost", "until lost")
            ],
        )
        numbers = alt.Chart(alt.InlineData(values=totals)).mark_text(
            align="left", dx=6, fontSize=11.5, color=look.ink
        )
        numbers = numbers.encode(y=y, x=alt.X("share:Q", scale=room, axis=None), text="label:N")
        panel = alt.layer(bars, numbers).properties(width=_WIDTH, height=alt.Step(ROW_HEIGHT))
        if group:
            panel = panel.properties(title=panel_title(look, group, width=_WIDTH))
        panels.append(panel)
    title = "Where items are lost" + (f", by {', '.join(by)}" if by else "")
    chart = alt.concat(*panels, columns=min(2, len(panels)), spacing=24)
    return finished(chart, look, title, [] if by else of_losses(table, names.__getitem__))


def _part_column(table: pd.DataFrame) -> str:
    """Choose what divides a bar: the reason where there is a column of it, else the lost stage."""
    after = list(table.columns)[list(table.columns).index("lost_stage") + 1]
    return str(after) if after != "items" else "lost_stage"


def _plain(value: Any) -> Any:
    """Take the many forms of a missing value as one."""
    return MISSING if pd.isna(value) else value


def _labels(column: pd.Series) -> list[Any]:
    return [_plain(value) for value in column.unique()]


def _records(
    rows: pd.DataFrame, part: str, names: dict[Any, str], parts: dict[Any, str], shown: list[str]
) -> list[dict[str, Any]]:
    records = []
    for row in rows.to_dict("records"):
        into = parts[_plain(row[part])]
        colour = into if into in shown else "other"
        records.append(
            {
                "stage": names[_plain(row["from_stage"])],
                "part": colour,
                "place": shown.index(colour),
                "share": float(row["share"]),
                "into": into,
                "items": count(row["items"]),
                "n": int(row["items"]),
                "of the lost": percent(row["share"]),
                "until lost": length(row["median_until_lost"]) if "median_until_lost" in row else "",
            }
        )
    return records


def _totals(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    totals: dict[str, dict[str, Any]] = {}
    for record in records:
        total = totals.setdefault(record["stage"], {"stage": record["stage"], "share": 0.0, "n": 0})
        total["share"] += record["share"]
        total["n"] += record["n"]
    for total in totals.values():
        total["label"] = f"{brief(total['n'])} · {percent(total['share'])}"
    return list(totals.values())
